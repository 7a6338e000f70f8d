"""`minent neural gpt2` from the shell: train, resume, fine-tune, generate, score, convert; without a network."""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("tokenizers")
pytest.importorskip("matplotlib")

import naive_gpt2
import tf_bundle
import torch
from safetensors.torch import load_file, save_file

from minent.cli import main
from minent.neural.gpt2.model import GPT2Config

TEXT = "却说宝玉正自发呆。黛玉笑道：你又来了。\n宝玉也笑了。\n" * 30
SIZES = {
    "vocab_size": 99,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "max_position_embeddings": 16,
    "attention_probs_dropout_prob": 0.1,
    "hidden_dropout_prob": 0.1,
    "hidden_act": "gelu",
    "initializer_range": 0.02,
}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("a command went to the network")

    monkeypatch.setattr("minent.cli.options.available_cores", lambda: 1)  # so small a model is slower with several
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gpt2")
    (folder / "novel.txt").write_text(TEXT, encoding="utf-8")
    (folder / "sizes.json").write_text(json.dumps(SIZES))
    assert _train(folder, "model", "--steps", "6") == 0
    (folder / "gbk.txt").write_bytes(TEXT.encode("gb18030"))
    for name, value in (("broken", 1e38), ("no-numbers", float("nan"))):  # too large for what they shall do; no numbers
        shutil.copytree(folder / "model", folder / name)
        weights = load_file(folder / "model/model.safetensors")
        save_file({key: tensor * 0 + value for key, tensor in weights.items()}, folder / name / "model.safetensors")
    return folder


def _train(home: Path, output: str, *more: str) -> int:
    fixed = ["--config", str(home / "sizes.json"), "--set", "schedule=constant", "--device", "cpu", "--threads", "1"]
    return main(["neural", "gpt2", "train", str(home / "novel.txt"), "-o", str(home / output), *fixed, *more])


def test_a_training_that_was_resumed_has_the_weights_of_one_that_was_not(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _train(home, "parts", "--steps", "3") == 0
    assert _train(home, "parts", "--steps", "6", "--resume") == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "minent: resumed at step 3" in told.err
    whole, parts = (load_file(home / name / "training.safetensors") for name in ("model", "parts"))
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_training_says_how_much_memory_it_takes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _train(home, "told", "--steps", "1") == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"minent: {len(TEXT):,} characters; {len(TEXT) + 1:,} units")
    assert "of memory for weights, gradients and adamw" in lines[1]
    assert _train(home, "told", "--steps", "1", "-q") == 0
    assert capsys.readouterr().err == ""


def test_the_model_goes_on_from_a_beginning(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "neural",
        "gpt2",
        "generate",
        str(home / "model"),
        "却说",
        "--length",
        "9",
        "--stop",
        "",
        "--seed",
        "4",
    ]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert text.startswith("却说") and 3 < len(text) <= 12 and text.endswith("\n")
    assert main([*arguments, "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["beginning"] + line["text"] + "\n" == text
    assert main([*arguments, "--no-cache"]) == 0
    assert capsys.readouterr().out == text


def test_lines_of_stdin_are_beginnings(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("宝玉\r\n黛玉\n".encode()), encoding="utf-8"))
    assert main(["neural", "gpt2", "generate", str(home / "model"), "--length", "3", "--count", "2", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["beginning"] for line in lines] == ["宝玉", "宝玉", "黛玉", "黛玉"]


def test_score_and_evaluate_tell_bits_per_character(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = str(home / "novel.txt")
    assert main(["neural", "gpt2", "score", str(home / "model"), corpus]) == 0
    table = capsys.readouterr().out.splitlines()
    assert main(["neural", "gpt2", "score", str(home / "model"), corpus, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert main(["neural", "gpt2", "evaluate", str(home / "model"), corpus]) == 0
    assert json.loads(capsys.readouterr().out) == figures
    assert figures["characters"] == len(TEXT)
    assert figures["bits_per_character"] == pytest.approx(figures["bits"] / len(TEXT))
    assert table[1].split() == [
        *(f"{len(TEXT):,}", f"{len(TEXT):,}", "0"),
        *(f"{figures['bits_per_character']:.4f}", f"{figures['perplexity_per_unit']:.2f}"),
    ]


def test_finetuning_goes_on_from_the_weights_of_another_training(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, output = str(home / "novel.txt"), home / "tuned"
    fixed = ["--steps", "2", "--recompute", "--threads", "1", "--device", "cpu", "--learning-rate", "1e-4"]
    assert main(["neural", "gpt2", "finetune", str(home / "model"), corpus, "-o", str(output), *fixed]) == 0
    assert "gradients and adafactor" in capsys.readouterr().err
    before, after = (load_file(folder / "model.safetensors") for folder in (home / "model", output))
    assert before.keys() == after.keys()
    assert all(torch.allclose(before[name], after[name], atol=1e-2) for name in before)
    assert not any(torch.equal(before[name], after[name]) for name in before if name.endswith("output.weight"))
    assert (output / "vocab.txt").read_bytes() == (home / "model" / "vocab.txt").read_bytes()


def test_a_checkpoint_of_tensorflow_is_converted(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = naive_gpt2.variables_of(12, 24, 2, 3, 40, 16)
    tf_bundle.write_bundle(tmp_path / "model.ckpt-7", {name: values for name, values in variables.items()})
    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n。\n红\n楼\n梦\n宝\n玉\n", encoding="utf-8")
    fixed = ["--config", str(home / "sizes.json"), "--vocab", str(vocabulary), "-o", str(tmp_path / "out")]
    for name in ("model.ckpt-7", "model.ckpt-7.index", "."):
        assert main(["neural", "gpt2", "convert", str(tmp_path / name), *fixed]) == 0
        assert "of memory for weights" in capsys.readouterr().err
    assert main(["neural", "gpt2", "generate", str(tmp_path / "out"), "红楼", "--length", "5"]) == 0
    assert capsys.readouterr().out.startswith("红楼")
    assert main(["neural", "gpt2", "convert", str(tmp_path / "absent"), *fixed]) == 1
    assert capsys.readouterr().err == f"minent: {tmp_path / 'absent.index'}: no such file or folder\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["generate", "{home}/absent", "x"], "is not the folder of a model"),
        (["score", "{home}/novel.txt", "x"], "is not the folder of a model"),
        (["train", "{home}/novel.txt", "-o", "{home}/x", "--config", "huge"], "sizes with a name are tiny, base"),
        (["train", "{home}/novel.txt", "-o", "{home}/x", "--config", "{home}/novel.txt"], "not a configuration"),
        (["train", "{home}/absent.txt", "-o", "{home}/x"], "no such file or folder"),
        (["train", "{home}/novel.txt", "-o", "{home}/x", "--vocab", "{home}/absent"], "no such file"),
        (["train", "{home}/gbk.txt", "-o", "{home}/x", "--errors", "strict"], "gbk.txt:1: not valid UTF-8 at byte 5"),
        (["generate", "{home}/model", "\udcff"], "TEXT:1: not valid UTF-8"),
        (["score", "{home}/broken", "{home}/novel.txt"], "its weights are of no use"),
        (["generate", "{home}/broken", "x"], "its weights are of no use"),
        (["generate", "{home}/no-numbers", "x"], "holds what is no number"),
        (["train", "{home}/sizes.json", "-o", "{home}/x", "--config", "base"], "too few for windows of 1024"),
        (["train", "{home}/novel.txt", "-o", "{home}/y", "--resume", "--config", "{home}/sizes.json"], "no training"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    arguments = [argument.format(home=home) for argument in arguments]
    assert main(["neural", "gpt2", *arguments]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("minent: ") and message in error
    assert "internal" not in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--steps", "1", "--held-out", "nan"], "'--held-out': nan is not a finite number"),
        (["train", "--set", "epochs=none"], "the training would not end"),
        (["train", "--epochs", "inf"], "'--epochs': inf is not a finite number"),
        (["train", "--steps", "1", "--held-out", "0", "--patience", "2"], "patience=2: nothing is held out"),
        (["finetune", "{home}/model", "--steps", "1", "--window", "17"], "window=17: the model has 16 positions"),
        (["generate", "{home}/model", "x", "--temperature", "nan"], "'--temperature': nan is not"),
        (["generate", "{home}/model", "x", "--temperature", "1e-40"], "temperature=1e-40"),
        (["generate", "{home}/model", "x", "--repetition-penalty", "inf"], "'--repetition-penalty': inf is not"),
        (["generate", "{home}/model", "x", "--top-p", "nan"], "'--top-p': nan is not"),
    ],
)
def test_a_choice_that_cannot_be_is_a_mistake_of_usage(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    arguments = [argument.format(home=home) for argument in arguments]
    if arguments[0] != "generate":
        arguments += [str(home / "novel.txt"), "-o", str(home / "never")]
    if arguments[0] == "train":
        arguments += ["--config", str(home / "sizes.json")]
    assert main(["neural", "gpt2", *arguments]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert message in error and "--help" in error
    assert not (home / "never").exists()


def test_a_new_model_has_as_many_positions_as_the_window(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for window in (8, 40):
        assert _train(home, "wide", "--steps", "1", "--window", str(window)) == 0
        config = json.loads((home / "wide" / "config.json").read_text())["config"]
        assert config["max_position_embeddings"] == window
        assert f"{GPT2Config(**config).parameters:,} weights" in capsys.readouterr().err


def test_text_in_another_encoding_is_told_of(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["neural", "gpt2", "score", str(home / "model"), str(home / "gbk.txt"), "--json"]) == 0
    told = capsys.readouterr().err
    assert "bytes were not valid text, the first at" in told and "gbk.txt:1; try --encoding auto" in told
    read = ["neural", "gpt2", "score", str(home / "model"), "--json"]
    assert main([*read, str(home / "gbk.txt"), "--encoding", "gb18030"]) == 0
    as_gbk = capsys.readouterr()
    assert main([*read, str(home / "novel.txt")]) == 0
    assert as_gbk.out == capsys.readouterr().out and "not valid" not in as_gbk.err


def test_a_training_leaves_a_picture_of_its_losses(home: Path) -> None:
    assert (home / "model" / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_a_conversion_leaves_nothing_of_the_model_that_was_there(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "model", tmp_path / "out")
    tf_bundle.write_bundle(tmp_path / "model.ckpt", dict(naive_gpt2.variables_of(12, 24, 2, 3, 40, 16)))
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n", encoding="utf-8")
    fixed = ["--config", str(home / "sizes.json"), "--vocab", str(tmp_path / "vocab.txt"), "-o", str(tmp_path / "out")]
    convert = ["neural", "gpt2", "convert", str(tmp_path / "model.ckpt"), *fixed]
    data = tmp_path / "model.ckpt.data-00000-of-00001"
    whole = data.read_bytes()
    data.write_bytes(whole[:-1])
    assert main(convert) == 1  # what was there stays
    assert all((tmp_path / "out" / path.name).read_bytes() == path.read_bytes() for path in (home / "model").iterdir())
    data.write_bytes(whole)
    assert main(convert) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"config.json", "model.safetensors", "vocab.txt"}


def test_text_goes_to_a_terminal_of_any_encoding_as_utf_8(home: Path) -> None:
    program = "import sys; from minent.cli import main; sys.exit(main(sys.argv[1:]))"
    command = ["neural", "gpt2", "generate", str(home / "model"), "宝玉", "--length", "2", "--threads", "1", "-q"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", program, *command], capture_output=True, env=environment, timeout=120)
    assert done.stderr == b"" and done.stdout.decode("utf-8").startswith("宝玉") and done.stdout.endswith(b"\n")

"""Couplet models are trained, go on, are loaded, measured and asked, by the commands that users run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("matplotlib")
pytest.importorskip("safetensors")
pytest.importorskip("pypinyin")

import numpy as np  # noqa: E402

from minent.cli import main  # noqa: E402
from minent.errors import ModelError  # noqa: E402
from minent.neural.couplet import load  # noqa: E402
from minent.neural.couplet.decoding import answer_lines  # noqa: E402
from minent.neural.couplet.evaluation import agreement, evaluate_model  # noqa: E402
from minent.neural.couplet.models import KINDS  # noqa: E402
from minent.neural.couplet.pairs import Pairs, read_pairs  # noqa: E402
from minent.neural.couplet.settings import MODELS, RULES, DecodingSettings  # noqa: E402

ABOVE, BELOW = "天花红高春日山长", "地柳绿低秋月水短"  # each answers the one below it
SIZES = {
    "aligned": ["--set", "dim=16", "--set", "heads=2", "--set", "encoder_layers=1", "--set", "decoder_layers=1"],
    "gated-cnn": ["--set", "dim=32", "--set", "layers=2"],
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 lines in which every character has one answer."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("couplets") / "pairs.tsv"
    numbers = [rng.permutation(8)[: rng.integers(2, 6)] for _ in range(300)]
    lines = ["".join(side[number] for number in line) for line in numbers for side in (ABOVE, BELOW)]
    path.write_text("".join(f"{a}\t{b}\n" for a, b in zip(lines[::2], lines[1::2], strict=True)), encoding="utf-8")
    return path


def train(data: Path, folder: Path, model: str, *options: str) -> int:
    common = ["--threads", "1", "--batch-size", "32", "--set", "longest=4", "--set", "held_out=0.1", "-q"]
    return main(
        ["neural", "couplet", "train", str(data), "-o", str(folder), "--model", model, *SIZES[model], *common, *options]
    )


@pytest.fixture(scope="module", params=MODELS)
def trained(request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / request.param
    options = ("--learning-rate", "0.01", "--epochs", "12", "--set", "warmup=0", "--set", "dropout=0")
    assert train(data, folder, request.param, *options) == 0
    return folder


def test_a_model_learns_what_answers_what(trained: Path, data: Path) -> None:
    figures = evaluate_model(load(trained), read_pairs([data]), DecodingSettings(rules=("upper", "repeats")))
    assert figures["pairs"] == 300
    assert figures["unknown_characters"] == 0
    assert 1 < figures["perplexity"] < 2
    for name in ("with_rules", "without_rules"):
        assert figures[name]["exact_characters"] > 0.9
        assert figures[name]["bleu_2"] > 0.8
    assert figures["with_rules"]["kept"]["repeats"] == 1.0
    assert figures["true_lines"]["kept"] == {rule: pytest.approx(1.0) for rule in RULES if rule != "tones"} | {
        "tones": pytest.approx(figures["true_lines"]["kept"]["tones"])
    }


def test_the_folder_holds_weights_and_sizes_that_load_alone(trained: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        shutil.copy(trained / name, tmp_path)
    model = load(tmp_path)
    upper = torch.tensor([[1, 2, 3], [3, 2, 0]])
    with torch.no_grad():
        logits = model(upper, upper)
    assert logits.shape == (2, 3, len(model.config.characters) + 1)
    assert not model.training
    assert set(model.config.characters) == set(ABOVE + BELOW)


@pytest.mark.parametrize("model", MODELS)
def test_a_training_that_was_resumed_ends_with_the_same_weights(data: Path, tmp_path: Path, model: str) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    schedule = ("--set", "schedule=constant", "--set", "warmup=3")
    assert train(data, whole, model, "--steps", "9", *schedule) == 0
    assert train(data, parts, model, "--steps", "4", *schedule) == 0
    assert train(data, parts, model, "--steps", "9", "--resume", *schedule) == 0
    first, second = (load(folder).state_dict() for folder in (whole, parts))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_training_on_other_pairs_is_not_resumed(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(data, tmp_path / "model", "gated-cnn", "--steps", "1") == 0
    other = tmp_path / "other.tsv"
    other.write_text("天\t地\n" * 40, encoding="utf-8")
    assert train(other, tmp_path / "model", "gated-cnn", "--steps", "2", "--resume") == 1
    assert capsys.readouterr().err.startswith("minent: ")


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--set", "heads=4"], 1, "of a model with another heads"),
        (["--set", "accumulate=2"], 1, "another data or batch size"),
        (["--model", "gated-cnn", "--set", "layers=2"], 1, "another model"),
        (["--seed", "1"], 1, "another"),
    ],
)
def test_a_training_of_another_model_is_not_resumed(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, told: str
) -> None:
    sizes = ["--set", "dim=16"] if "gated-cnn" in options else SIZES["aligned"]
    common = ["--threads", "1", "-q", "-o", str(tmp_path / "model")]
    command = ["neural", "couplet", "train", str(data), *common]
    assert main([*command, *SIZES["aligned"], "--steps", "1"]) == 0
    assert (tmp_path / "model" / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert main([*command, *sizes, "--steps", "2", "--resume", *options]) == code
    assert told in capsys.readouterr().err


def test_pairs_in_another_encoding_are_the_same_pairs(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gbk = tmp_path / "gbk.tsv"
    gbk.write_bytes(data.read_bytes().decode().encode("gb18030"))
    assert train(gbk, tmp_path / "model", "gated-cnn", "--steps", "1") == 1
    assert capsys.readouterr().err.endswith("gbk.tsv:1: not valid utf-8 at byte 1; name its encoding with --encoding\n")
    assert train(data, tmp_path / "model", "gated-cnn", "--steps", "1") == 0
    assert train(gbk, tmp_path / "model", "gated-cnn", "--steps", "2", "--resume", "--encoding", "gbk") == 0
    figures = []
    for path, encoding in ((data, "utf-8"), (gbk, "gb18030")):
        command = ["neural", "couplet", "evaluate", str(tmp_path / "model"), str(path), "--beam", "1", "--threads", "1"]
        capsys.readouterr()
        assert main([*command, "-q", "--encoding", encoding]) == 0
        figures.append(capsys.readouterr().out)
    assert figures[0] == figures[1]


def test_generate_writes_upper_and_lower_lines(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        "neural",
        "couplet",
        "generate",
        str(trained),
        "花 红",
        "天，山",
        "-q",
        "--threads",
        "1",
        "--without",
        "tones",
    ]
    assert main(command) == 0
    first, second = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert first == ["花红", "柳绿"]
    assert second[0] == "天，山" and second[1][1] == "，"
    assert main([*command, "-n", "3", "--scores"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == ["花红"] * 3 + ["天，山"] * 3
    scores = [float(row[2]) for row in rows]
    assert scores[:3] == sorted(scores[:3], reverse=True)
    assert main([*command, "--temperature", "1", "--seed", "5"]) == 0
    drawn = capsys.readouterr().out
    assert main([*command, "--temperature", "1", "--seed", "5"]) == 0
    assert capsys.readouterr().out == drawn


def test_evaluate_prints_json(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    upper, lower = tmp_path / "in.txt", tmp_path / "out.txt"
    upper.write_text("花 红\n天 山\n", encoding="utf-8")
    lower.write_text("柳 绿\n地 水\n", encoding="utf-8")
    command = [
        "neural",
        "couplet",
        "evaluate",
        str(trained),
        str(upper),
        "--lower",
        str(lower),
        "--without",
        "all",
        "-q",
    ]
    assert main([*command, "--threads", "1"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["pairs"] == 2 and figures["characters"] == 4 and figures["rules"] == []
    assert figures["with_rules"] == figures["without_rules"]
    assert np.exp(figures["nats_per_character"]) == pytest.approx(figures["perplexity"])


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 64), "not a whole safetensors file"),
        (lambda folder: (folder / "model.safetensors").unlink(), "no such file"),
        (lambda folder: (folder / "config.json").write_text("{}"), "not the configuration"),
        (lambda folder: (folder / "config.json").unlink(), "no such file"),
        (lambda folder: edit(folder, lambda content: content.update(model="gpt2")), "not of couplets"),
        (lambda folder: edit(folder, lambda content: content["config"].update(dim=10**12)), "dim"),
        (lambda folder: edit(folder, lambda content: content["config"].update(dim=64)), "another config"),
        (lambda folder: edit(folder, lambda content: content["config"].update(characters="天天")), "twice"),
        (lambda folder: edit(folder, lambda content: content["config"].update(characters=7)), "characters"),
        (lambda folder: edit(folder, lambda content: content["config"].pop("characters")), "missing"),
        (lambda folder: edit(folder, swap_two_characters), "another config"),
    ],
)
def test_a_damaged_folder_is_one_line_of_error(trained: Path, tmp_path: Path, damage, problem: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(trained, folder)
    damage(folder)
    with pytest.raises(ModelError, match=problem):
        load(folder)


def edit(folder: Path, change) -> None:
    path = folder / "config.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def swap_two_characters(content) -> None:
    characters = content["config"]["characters"]
    content["config"]["characters"] = characters[1] + characters[0] + characters[2:]


def test_what_is_no_folder_of_a_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not the folder of a model"):
        load(tmp_path / "absent")
    with pytest.raises(ModelError):
        load(tmp_path)


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--set", "width=4", "--model", "gated-cnn"], 2, "odd"),
        (["--set", "nonsense=4"], 2, "nonsense"),
        (["--set", "held_out=2"], 2, "held_out"),
        (["--set", "characters=天地"], 2, "characters follows from the data"),
        (["--set", "held_out=0", "--patience", "2"], 2, "nothing is held out"),
        (["--set", "steps=none"], 2, "--steps is given too"),
        (["--set", "min_count=999"], 1, "no character stands 999 times"),
        (["--lower", "a", "--lower", "b"], 2, "--lower as often as DATA"),
        (["--exclude", "absent.txt"], 1, "absent.txt"),
    ],
)
def test_a_wrong_choice_is_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, told: str
) -> None:
    command = ["neural", "couplet", "train", str(data), "-o", str(tmp_path / "model"), "--steps", "1", "--threads", "1"]
    assert main([*command, *options]) == code
    errors = capsys.readouterr().err.splitlines()
    assert told in errors[-1] and errors[-1].startswith("minent: ")


def test_an_upper_line_with_a_control_character_is_refused(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["neural", "couplet", "generate", str(trained), "花\x1b[2J", "--threads", "1"]) == 1
    error = capsys.readouterr().err
    assert "TEXT:1" in error and "\x1b" not in error


@pytest.mark.parametrize("model", MODELS)
def test_weights_that_are_no_numbers_give_no_figures(model: str) -> None:
    config, make = KINDS[f"couplet-{model}"]
    broken = make(config("天地"))
    with torch.no_grad():
        for parameter in broken.parameters():
            parameter.fill_(float("nan"))
    for settings in (DecodingSettings(), DecodingSettings(temperature=1.0)):
        with pytest.raises(ModelError, match="no numbers"):
            answer_lines(broken, ["天地"], settings)
    with pytest.raises(ModelError, match="nan nats"):
        evaluate_model(broken, Pairs(["天"], ["地"]), DecodingSettings())


def test_agreement_counts_by_place() -> None:
    pairs = Pairs(["天地", "风雨", "山，水"], ["日月", "云雷", "江，河"])
    found = agreement(pairs, ["日星", None, "江，河"])
    assert found["unanswered"] == 1
    assert found["exact_characters"] == 4 / 7
    assert found["exact_lines"] == 1 / 3
    assert found["kept"]["marks"] == 1.0
    assert found["bleu_2"] == pytest.approx(np.sqrt(4 / 5 * 2 / 3) * np.exp(1 - 7 / 5))

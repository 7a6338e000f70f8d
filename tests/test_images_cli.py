"""`minent neural vae` and `minent neural cluster` from data to figures and pictures, on tiny models."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
Image = pytest.importorskip("PIL.Image")
pytest.importorskip("matplotlib")

from minent.cli import main  # noqa: E402
from minent.neural import cluster, vae  # noqa: E402
from minent.neural.folder_lock import alone  # noqa: E402

SIDE = 8


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Upright and lying bars as idx files: 60 to learn from, 20 of the test, labels 0 and 1."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "bars"
    folder.mkdir()
    for prefix, count in (("train", 60), ("t10k", 20)):
        labels = np.arange(count) % 2
        pixels = np.zeros((count, SIDE, SIDE), dtype=np.uint8)
        for number, label in enumerate(labels):
            at = int(rng.integers(2, 6))
            pixels[number][(slice(None), at) if label else at] = 255
        for what, values in (("images-idx3", pixels), ("labels-idx1", labels)):
            head = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
            (folder / f"{prefix}-{what}-ubyte").write_bytes(head + values.astype(np.uint8).tobytes())
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["neural", *map(str, arguments)])
    told = capsys.readouterr()
    return code, told.out, told.err


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return image.size


def test_a_vae_is_trained_evaluated_and_draws(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "vae"
    train = ("vae", "train", "--idx", pictures, "-o", folder, "--latent", 2, "--set", "hidden=16", "--threads", 1)
    train += ("--set", "log_every=5", "--batch-size", 20, "--learning-rate", 0.01)
    assert run(capsys, *train, "--steps", 20)[0] == 0
    assert {"config.json", "samples.png", "reconstructions.png", "loss.png"} <= {path.name for path in folder.iterdir()}
    code, out, _ = run(capsys, "vae", "evaluate", folder, pictures, "--bounds", "1,5,20")
    before = json.loads(out)
    assert code == 0 and before["pictures"] == 20 and before["L_1"] > before["L_5"] > before["L_20"]
    assert run(capsys, *train, "--steps", 300, "--resume")[0] == 0
    after = json.loads(run(capsys, "vae", "evaluate", folder, pictures, "--bounds", "20", "--limit", 10)[1])
    assert after["L_20"] < before["L_20"] - 5 and after["pictures"] == 10
    assert after["active_units"] == len(after["posterior_variances"]) == 2
    for what, count, columns, data in (
        ("samples", 4, 2, ()),
        ("grid", 9, 3, ()),
        ("reconstructions", 2, 2, (pictures,)),
        ("interpolations", 4, 10, (pictures,)),
    ):
        target = tmp_path / f"{what}.png"
        assert run(capsys, "vae", "sample", folder, *data, "--what", what, "-n", count, "-o", target)[0] == 0
        assert size(target)[0] == 34 * columns - 2, what  # pictures of 8 pixels become 32 wide, with 2 between
    assert vae.load(folder).shape == (1, SIDE, SIDE)


def test_the_same_seed_draws_the_same_and_another_another(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "vae"
    run(capsys, "vae", "train", pictures, "-o", folder, "--steps", 2, "--network", "conv", "--likelihood", "gaussian")
    drawn = []
    for seed in (0, 0, 1):
        assert run(capsys, "vae", "sample", folder, "-o", tmp_path / "x.png", "--seed", seed)[0] == 0
        drawn.append((tmp_path / "x.png").read_bytes())
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("recipe", ["article", "default"])
def test_bars_are_parted_into_upright_and_lying_ones(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], recipe: str
) -> None:
    folder = tmp_path / "cluster"
    code, _, _ = run(
        *(capsys, "cluster", "train", pictures, "-o", folder, "--recipe", recipe, "--classes", 2, "--steps", 12),
        *("--set", "latent=4", "--set", "turn=0", "--set", "log_every=4", "--threads", 1),
    )
    assert code == 0
    assert {"samples.png", "members.png", "loss.png"} <= {path.name for path in folder.iterdir()}
    code, out, _ = run(capsys, "cluster", "evaluate", folder, pictures, "--kmeans")
    figures = json.loads(out)
    assert code == 0 and figures["pictures"] == 20 == sum(figures["sizes"]) and figures["kmeans"]["majority"] >= 0.5
    for more in ((), ("--members", pictures)):
        assert run(capsys, "cluster", "sample", folder, "-n", 3, "-o", tmp_path / "rows.png", *more)[0] == 0
        assert size(tmp_path / "rows.png")[0] == 3 * 32 + 2 * 2
    probs = cluster.load(folder).classify(torch.zeros(1, 1, SIDE, SIDE))
    assert probs.shape == (1, 2) and probs.sum().item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("recipe", "wanted"), [("article", "--augment"), ("default", "--no-augment")])
def test_examples_are_changed_where_that_is_wanted(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], recipe: str, wanted: str
) -> None:
    kept = []
    for name, more in (("a", ()), ("b", (wanted,))):
        command = ("cluster", "train", pictures, "-o", tmp_path / name, "--recipe", recipe, "--network", "mlp")
        few = ("--steps", 1, "--set", "latent=4", "--set", "hidden=8", "--threads", 1, "--batch-size", 8)
        assert run(capsys, *command, *few, *more)[0] == 0
        kept.append(json.loads((tmp_path / name / "metrics.jsonl").read_text().splitlines()[-1])["loss"])
    assert kept[0] != kept[1]


def test_starts_leave_time_for_the_training(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("cluster", "train", pictures, "-o", tmp_path / "x", "--minutes", 0.001, "--set", "starts=50")
    code, _, error = run(capsys, *command, "--set", "hidden=8", "--threads", 1, "--batch-size", 8)
    assert code == 0 and "0 of 50 starts done" in error and (tmp_path / "x" / "model.safetensors").exists()


@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_with_another_training_is_told_before_data_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], resume: bool
) -> None:
    (tmp_path / "x").mkdir()
    command = ("vae", "train", tmp_path / "absent", "-o", tmp_path / "x")
    with alone(tmp_path / "x"):
        code, _, error = run(capsys, *command, *["--resume"] * resume)
    assert code == 1 and "x: another training is at work there" in error
    assert "absent: no such folder" in run(capsys, *command)[2]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
@pytest.mark.parametrize("name", ["pipe", "folder/metrics.jsonl"])
def test_a_pipe_is_no_folder_of_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    os.mkfifo(tmp_path / name)
    output = tmp_path / name.partition("/")[0]
    code, _, error = run(capsys, "vae", "train", tmp_path / "absent", "-o", output)
    assert code == 1 and output.name in error and "absent" not in error


def test_a_vae_draws_what_it_keeps(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, again = tmp_path / "vae", tmp_path / "again.png"
    more = ("--set", "evaluate_every=1", "--set", "hidden=8", "--learning-rate", 3, "--threads", 1)  # diverges
    assert run(capsys, "vae", "train", pictures, "-o", folder, "--steps", 12, *more)[0] == 0
    assert run(capsys, "vae", "sample", folder, "-n", 64, "-o", again)[0] == 0
    assert again.read_bytes() == (folder / "samples.png").read_bytes()
    held_out = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    losses = [line["evaluation"]["loss"] for line in held_out if "evaluation" in line]
    assert losses and min(losses) < losses[-1]  # so the last weights are not the ones that are kept


def test_the_seed_of_words_is_one_however_it_is_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "text.txt").write_text("".join(map(str, rng.choice(list("天地人日月山水。"), 900))), encoding="utf-8")
    (tmp_path / "words.txt").write_text("".join(f"{word} 9\n" for word in "天地人日月山水"), encoding="utf-8")
    kept = []
    for name, more in (("a", ("--seed", 5)), ("b", ("--set", "seed=5")), ("c", ())):
        command = ("cluster", "train", tmp_path / "text.txt", "--words", tmp_path / "words.txt", "-o", tmp_path / name)
        few = ("--steps", 1, "--set", "dim=3", "--set", "min_count=5", "--set", "hidden=8", "--threads", 1)
        assert run(capsys, *command, *few, *more)[0] == 0
        kept.append([(tmp_path / name / f"{part}.safetensors").read_bytes() for part in ("vectors", "model")])
    assert kept[0] == kept[1] and kept[0][0] != kept[2][0] and kept[0][1] != kept[2][1]


def test_words_get_classes_that_templates_can_take(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    kinds = ["猫狗马牛羊", "跑跳飞游走", "大小高低美"]
    lines = ["".join(str(rng.choice(list(kinds[k]))) for k in (2, 0, 1)) for _ in range(400)]
    (tmp_path / "text.txt").write_text("。\n".join(lines), encoding="utf-8")
    (tmp_path / "gbk.txt").write_text("。\n".join(lines), encoding="gb18030")
    (tmp_path / "words.txt").write_text("".join(f"{word} 9\n" for kind in kinds for word in kind), encoding="utf-8")
    folder, table = tmp_path / "classes", tmp_path / "classes.tsv"
    code, _, error = run(
        *(capsys, "cluster", "train", tmp_path / "gbk.txt", "--encoding", "gb18030"),
        *("--words", tmp_path / "words.txt", "-o", folder),
        *("--classes", 3, "--steps", 300, "--batch-size", 15, "--threads", 1),
        *(part for pair in ("min_count=5", "dim=4", "hidden=32", "latent=4") for part in ("--set", pair)),
    )
    assert code == 0 and "vectors of 15 words" in error
    assert run(capsys, "cluster", "classes", folder, "-o", table)[0] == 0
    found = dict(line.split("\t") for line in table.read_text(encoding="utf-8").splitlines())
    assert len(found) == 15 and all(len({found[word] for word in kind}) == 1 for kind in kinds)
    assert len(set(found.values())) > 1
    gold = tmp_path / "gold.conllu"
    tags = {word: tag for kind, tag in zip(kinds, ("NOUN", "VERB", "ADJ"), strict=True) for word in kind}
    gold.write_text("".join(f"1\t{word}\t_\t{tag}{chr(9) + '_'}" + "\t_" * 5 + "\n" for word, tag in tags.items()))
    code, out, _ = run(capsys, "cluster", "evaluate", folder, "--gold", gold, "--kmeans", "--compare", table)
    figures = json.loads(out)
    assert code == 0 and figures["judged"] == 15 and figures["kmeans"]["one_to_one"] == 1
    assert figures["homogeneity"] > 0.5 and figures["completeness"] == 1
    shared = ("majority", "one_to_one", "nmi")
    assert [figures["compare"][str(table)][name] for name in shared] == [figures[name] for name in shared]
    templates = tmp_path / "templates.tsv"
    mine = ["templates", str(tmp_path / "text.txt"), "-l", str(tmp_path / "words.txt"), "-o", str(templates)]
    code = main([*mine, "--min-count", "5", "--classes", str(table)])
    assert code == 0 and "<" in templates.read_text(encoding="utf-8")
    assert run(capsys, "cluster", "sample", folder, "-o", tmp_path / "x.png")[0] == 2
    assert "parts words; --gold FILE judges its classes" in run(capsys, "cluster", "evaluate", folder)[2]
    (tmp_path / "more").mkdir()
    for number in range(4):
        Image.new("L", (8, 8), 60 * number).save(tmp_path / "more" / f"{number}.png")
    few = ("--steps", 1, "--threads", 1, "--classes", 2, "--split", "all")
    assert run(capsys, "cluster", "train", tmp_path / "more", "-o", folder, *few)[0] == 0
    code, _, error = run(capsys, "cluster", "classes", folder)
    assert code == 1 and "was not trained on words" in error  # files of the earlier model went with it


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (("vae", "train", "-o", "x"), 2, "name a folder of pictures, or a font with --glyphs"),
        (("vae", "train", "no-such-folder", "-o", "x"), 1, "no-such-folder: no such folder"),
        (("vae", "train", "--idx", ".", "-o", "x"), 1, "dataset-fashion-mnist"),
        (("vae", "train", "a", "b", "-o", "x"), 2, "name one DATA"),
        (("vae", "train", "--glyphs", "none.ttc", "-o", "x"), 1, "fonts-noto-cjk"),
        (("vae", "evaluate", "no-such-model", "."), 1, "no-such-model: is not the folder of a model"),
        (("vae", "evaluate", "x", ".", "--bounds", "1,a"), 2, "not whole numbers"),
        (("cluster", "train", "--words", "l.tsv", "-o", "x"), 2, "--words needs text"),
        (("cluster", "train", ".", "--set", "turn=-1", "-o", "x"), 2, "turn=-1"),
        (("cluster", "train", ".", "--encoding", "big5", "-o", "x"), 2, "--encoding is of text: it goes with --words"),
        (("cluster", "evaluate", "x", "--compare", "t"), 2, "--compare needs --gold"),
    ],
)
def test_what_is_missing_is_told_in_one_line(
    arguments: tuple[Any, ...],
    code: int,
    problem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    found, out, error = run(capsys, *arguments)
    assert found == code and problem in error and out == "" and "Traceback" not in error
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("system", "pair"),
    [
        *(("gan", pair) for pair in ("channels=3", "size=16", "classes=2", "architecture=style")),
        *(("vae", pair) for pair in ("channels=3", "width=16", "height=16")),
        *(("cluster", pair) for pair in ("channels=3", "height=16", "output=linear")),
        *(("fvae", pair) for pair in ("channels=3", "size=16", "model=glow")),
    ],
)
def test_settings_that_follow_from_the_data_are_refused(
    system: str, pair: str, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, error = run(capsys, system, "train", pictures, "-o", tmp_path / "x", "--steps", 2, "--set", pair)
    assert code == 2 and f"{pair}: {pair.partition('=')[0]} follows from the data and the options" in error
    code, _, error = run(capsys, system, "train", pictures, "-o", tmp_path / "x", "--steps", 2, "--set", "nothing=1")
    assert code == 2 and "KEY=VALUE with one of the keys steps, " in error and "channels" not in error
    own = {"vae": "hidden", "cluster": "window", "gan": "critic_steps", "fvae": "sigma"}
    assert "log_every" in error and own[system] in error
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("gan", "sample", "m", "-o", "x", "--truncation", "nan"), "nan is not a finite number"),
        (("fvae", "sample", "m", "-o", "x", "--temperature", "NaN"), "NaN is not a finite number"),
        (("cluster", "sample", "m", "-o", "x", "--deviation", "nan"), "nan is not a finite number"),
        (("cluster", "classes", "m", "-o", "x", "--least", "nan"), "nan is not a finite number"),
        (("vae", "sample", "m", "digits", "-o", "x"), "DATA is for pictures: they are read with --what recon"),
        (("vae", "sample", "m", "--what", "grid", "--size", "32", "-o", "x"), "--size is for pictures: "),
        (
            ("fvae", "sample", "m", "--glyphs", "a.ttf", "-o", "x"),
            "--glyphs is for pictures: they are read with --re",
        ),
        (("cluster", "sample", "m", "digits", "-o", "x"), "they are read with --members alone"),
        (("cluster", "evaluate", "m", "digits", "--gold", "t"), "DATA is for pictures: --gold judges words"),
        (("fvae", "sample", "m", "digits", "--reconstruct", "--interpolate", "-o", "x"), "choose one"),
        (("vae", "train", "digits", "--characters", "9", "-o", "x"), "--characters 9: it goes with --glyphs"),
        (
            ("vae", "train", "digits", "--steps", "2", "--set", "steps=9", "-o", "x"),
            "--set steps=9: --steps is given too",
        ),
        (
            ("gan", "train", "digits", "--learning-rate", "1", "--set", "learning-rate=2", "-o", "x"),
            "--learning-rate is given too",
        ),
        (("cluster", "train", "digits", "--set", "window=9", "-o", "x"), "window=9 is of word vectors"),
        (("cluster", "train", "digits", "--set", "noise=1", "-o", "x"), "noise=1 is of words alone"),
        (
            ("cluster", "train", "t", "--words", "w", "--set", "flip=1", "-o", "x"),
            "flip=1 is of pictures, not of words",
        ),
        (("cluster", "train", "digits", "--classes", "5", "--set", "classes=7", "-o", "x"), "--classes is given too"),
        (("gan", "train", "digits", "--lr-d", "1", "--set", "lr-d=2", "-o", "x"), "lr-d=2: --lr-d is given too"),
        (("vae", "train", "digits", "-k", "5", "--set", "samples=2", "-o", "x"), "samples=2: --samples is given too"),
        (("vae", "train", "digits", "-o", ""), "-o: names no folder"),
        (("vae", "train", "digits", "--labels", "font", "-o", "x"), "--labels font: it goes with --glyphs"),
        (
            ("cluster", "sample", "m", "digits", "--members", "--deviation", "2", "-o", "x"),
            "--deviation 2: is of",
        ),
        (("fvae", "sample", "m", "digits", "--reconstruct", "--temperature", "2", "-o", "x"), "--temperature 2: is of"),
        (
            ("fvae", "evaluate", "m", "digits", "--pictures", "9"),
            "--pictures is of the distance",
        ),
        (("fvae", "evaluate", "m", "digits", "--temperature", "2"), "--temperature is of the distance"),
        (
            ("cluster", "train", "t.txt", "--words", "w", "--network", "conv", "-o", "x"),
            "word vectors are no pictures",
        ),
        (("vae", "train", ".", "-o", "x", "--minutes", "inf"), "inf is not a finite number"),
        (("vae", "train", ".", "-o", "x", "--threads", "100000000"), "not in the range"),
        (
            ("cluster", "train", "t.txt", "--words", "w", "-o", "x", "--size", "8"),
            "of pictures do not go with",
        ),
        (
            ("cluster", "train", "t.txt", "--words", "w", "-o", "x", "--set", "words=100"),
            "words=100: more than dim=",
        ),
    ],
)
def test_what_would_be_ignored_or_is_no_number_is_refused(
    arguments: tuple[str, ...],
    problem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, error = run(capsys, *arguments)
    assert code == 2 and problem in error and out == "" and not (tmp_path / "x").exists()


def test_every_class_has_a_size_even_if_nothing_is_in_it(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ("--classes", 50, "--steps", 1, "--threads", 1, "--batch-size", 20)
    assert run(capsys, "cluster", "train", pictures, "-o", tmp_path / "x", *few)[0] == 0
    figures = json.loads(run(capsys, "cluster", "evaluate", tmp_path / "x", pictures)[1])
    assert len(figures["sizes"]) == len(figures["majority_labels"]) == 50 and sum(figures["sizes"]) == 20


def test_a_checkpoint_of_another_model_is_refused(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "vae", "train", pictures, "-o", tmp_path / "vae", "--steps", 1, "--set", "hidden=4")
    code, _, error = run(capsys, "cluster", "evaluate", tmp_path / "vae", pictures)
    assert code == 1 and "holds a model of the kind vae, not cluster" in error
    code, _, error = run(capsys, "vae", "evaluate", tmp_path / "vae", pictures, "--size", 12)
    assert code == 2 and "the pictures are 12 × 12, grey, those of the model 8 × 8, grey: --size;" in error
    code, _, error = run(
        capsys,
        "vae",
        "train",
        pictures,
        "-o",
        tmp_path / "vae",
        "--objective",
        "iwae",
        "--resume",
        "--steps",
        2,
        "--set",
        "hidden=4",
    )
    assert code == 1 and "is of a model with another objective" in error
    code, _, error = run(capsys, "vae", "train", pictures, "-o", tmp_path / "no", "--resume", "--steps", 2)
    assert code == 1 and "holds no training to resume" in error and not (tmp_path / "no").exists()

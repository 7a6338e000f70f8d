"""`minent neural gan` and `minent neural fvae`: from idx files to figures and pictures, and their refusals."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("PIL")
pytest.importorskip("matplotlib")

from click.testing import CliRunner
from PIL import Image

from minent.cli import main
from minent.cli.neural.fvae import command as fvae_command
from minent.cli.neural.gan import command as gan_command
from minent.errors import MinentError
from minent.neural.fvae.settings import FvaeConfig
from minent.neural.gan.settings import GanConfig
from minent.neural.settings import TrainingSettings, field_types

QUICK = ("--steps", "3", "--batch-size", "8", "--device", "cpu", "--threads", "1", "--set", "log_every=1", "-q")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """idx files: 40 pictures of 8 × 8 to learn from, 20 to test."""
    folder = tmp_path_factory.mktemp("idx")
    rng = np.random.default_rng(0)
    for name, count in (("train", 40), ("t10k", 20)):
        labels = (np.arange(count) % 3).astype(np.uint8)
        pixels = rng.integers(0, 60, (count, 8, 8)).astype(np.uint8) + 60 * labels[:, None, None]
        head = struct.pack(">I3I", 0x803, count, 8, 8)
        (folder / f"{name}-images-idx3-ubyte").write_bytes(head + pixels.astype(np.uint8).tobytes())
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, count) + labels.tobytes())
    return str(folder)


@pytest.fixture(scope="module")
def judge(data: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("judge") / "model")
    run(gan_command, "judge", data, "-o", folder, *QUICK)
    return folder


def run(command: Any, *arguments: str, code: int = 0) -> Any:
    result = CliRunner().invoke(command, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit | MinentError):
        raise result.exception
    assert (result.exit_code == 0) == (code == 0), result.output
    return result


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


@pytest.mark.parametrize(
    "switches",
    [
        (),
        ("--architecture", "biggan", "--conditional", "--set", "width=4", "--ema", "0.9"),
        ("--architecture", "style", "--set", "grow=1", "--set", "width=4"),
        ("--penalty", "r1", "--spectral-norm", "--bottleneck", "0.5", "--lr-d", "0.001", "--lr-g", "0.0005"),
    ],
)
def test_gan_trains_evaluates_and_samples(data: str, judge: str, tmp_path: Path, switches: tuple[str, ...]) -> None:
    folder = str(tmp_path / "gan")
    run(gan_command, "train", data, "-o", folder, *switches, *QUICK)
    assert {"config.json", "model.safetensors", "metrics.jsonl", "samples"} <= {
        path.name for path in Path(folder).iterdir()
    }
    result = run(gan_command, "evaluate", folder, data, "--judge", judge, "--pictures", "50", "--device", "cpu")
    figures = json.loads(result.stdout)
    assert figures["frechet_distance"] >= 0
    assert 0 <= figures["judge_accuracy"] <= 1
    assert (figures["pictures"], figures["real_pictures"]) == (50, 20)
    run(gan_command, "sample", folder, "-o", str(tmp_path / "a.png"), "--truncation", "0.5", "--seed", "3")
    run(gan_command, "sample", folder, "-o", str(tmp_path / "b.png"), "--truncation", "0.5", "--seed", "3")
    run(gan_command, "sample", folder, "-o", str(tmp_path / "c.png"), "--truncation", "0.5", "--seed", "4")
    labelled = run(
        gan_command,
        "sample",
        folder,
        "-o",
        str(tmp_path / "d.png"),
        "--label",
        "1",
        code=int("--conditional" not in switches),
    )
    assert ("knows 0 labels" in labelled.output) == ("--conditional" not in switches)
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c
    run(gan_command, "train", data, "-o", folder, *switches, *QUICK, "--steps", "5", "--resume")
    assert json.loads((Path(folder) / "metrics.jsonl").read_text().splitlines()[-1])["step"] == 5


@pytest.mark.parametrize("model", ["fvae", "glow", "vae"])
def test_fvae_trains_evaluates_and_samples(data: str, judge: str, tmp_path: Path, model: str) -> None:
    folder = str(tmp_path / "model")
    sizes = ("--set", "width=4", "--set", "flow_width=4", "--set", "depth=1", "--set", "blocks=1")
    run(fvae_command, "train", data, "-o", folder, "--model", model, *sizes, *QUICK)
    result = run(fvae_command, "evaluate", folder, data, "--judge", judge, "--pictures", "50", "--device", "cpu")
    figures = json.loads(result.stdout)
    assert figures["model"] == model
    assert figures["bits_per_dimension"] > 0
    assert figures["frechet_distance"] >= 0
    png = tmp_path / "p.png"
    run(fvae_command, "sample", folder, "-o", str(png), "--temperature", "0.7", "-n", "9")
    assert size_of(png) == (100, 100)  # three of 32 pixels and two gaps
    run(fvae_command, "sample", folder, data, "-o", str(png), "--reconstruct", "-n", "8")
    assert size_of(png) == (16 * 34 - 2, 32)
    assert {"samples.png", "reconstructions.png", "loss.png"} <= {path.name for path in Path(folder).iterdir()}
    alone = run(fvae_command, "sample", folder, data, "-o", str(png), "--interpolate", "-n", "1", code=2)
    assert "two pictures or more" in alone.output
    run(fvae_command, "sample", folder, data, "-o", str(png), "--interpolate", "-n", "4")
    assert size_of(png) == (8 * 34 - 2, 2 * 34 - 2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--penalty", "gp", "--loss", "hinge"), "bounds the critic"),
        (("--set", "nonsense=1"), "KEY=VALUE"),
        (("--architecture", "introvae", "--conditional"), "introvae"),
        (("--ema", "1.0"), "ema"),
        (("--precision", "bf16"), "fp32"),
        (("--patience", "2"), "patience=2: nothing is held out"),
    ],
)
def test_rules_that_do_not_fit_are_a_usage_error(
    data: str, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = run(gan_command, "train", data, "-o", str(tmp_path / "x"), *arguments, *QUICK, code=2)
    assert result.exit_code == 2
    assert said in result.output


def write_labels(folder: Path, name: str, labels: np.ndarray) -> None:
    (folder / f"{name}-labels-idx1-ubyte").write_bytes(
        struct.pack(">II", 0x801, len(labels)) + labels.astype(np.uint8).tobytes()
    )


def test_a_judge_knows_labels_of_the_test_alone_and_refuses_what_it_cannot_learn(data: str, tmp_path: Path) -> None:
    for path in Path(data).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    write_labels(tmp_path, "t10k", np.arange(20) % 4)  # 3 is not learned
    run(gan_command, "judge", str(tmp_path), "-o", str(tmp_path / "J"), *QUICK)
    for name, count in (("train", 40), ("t10k", 20)):
        write_labels(tmp_path, name, np.zeros(count))
    assert "classes=1" in run(gan_command, "judge", str(tmp_path), "-o", str(tmp_path / "K"), *QUICK, code=2).output
    told = run(gan_command, "judge", data, "-o", str(tmp_path / "L"), "--split", "test", *QUICK, code=2).output
    assert "a judge learns from train" in told


def test_one_rate_of_both_players_can_be_set(data: str, tmp_path: Path) -> None:
    run(gan_command, "train", data, "-o", str(tmp_path / "g"), "--set", "learning_rate=0.004", *QUICK)
    config = json.loads((tmp_path / "g" / "config.json").read_text())["config"]
    assert config["lr_d"] == config["lr_g"] == 0.004


def test_evaluate_without_a_judge_says_how_to_get_one(data: str, tmp_path: Path) -> None:
    run(gan_command, "train", data, "-o", str(tmp_path / "g"), *QUICK)
    result = run(gan_command, "evaluate", str(tmp_path / "g"), data, code=2)
    assert "minent neural gan judge" in result.output
    other = run(fvae_command, "sample", str(tmp_path / "g"), "-o", str(tmp_path / "x.png"), code=1)
    assert "holds a model of the kind gan, not fvae" in str(other.exception)


def test_help_names_both_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["neural", "--help"]) in (0, None)
    told = capsys.readouterr().out
    assert "gan " in told and "fvae " in told


@pytest.mark.parametrize("config", [GanConfig, FvaeConfig])
def test_set_knows_whether_a_key_is_of_the_training_or_of_the_model(config: type) -> None:
    assert not field_types(config).keys() & field_types(TrainingSettings).keys()

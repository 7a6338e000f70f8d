"""GANs: every architecture and penalty trains, resumes, stops as it should, and comes back from its folder."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("PIL")

import torch
from PIL import Image
from safetensors.torch import load_file

from minent.errors import CorpusError, ModelError, OutputError, TrainingError
from minent.neural import gan
from minent.neural.checkpoint import save_model
from minent.neural.gan.learning import GanTask, draw, train_gan
from minent.neural.gan.networks import make_generator
from minent.neural.gan.settings import ARCHITECTURES, PENALTIES, RECIPES, configure
from minent.neural.images.data import Images
from minent.neural.judge import Judge, JudgeConfig, judge_pictures, load_judge, name_labels, train_judge
from minent.neural.settings import TrainingSettings
from minent.neural.tensors import stream_tensors
from minent.neural.training import train

SETTINGS = TrainingSettings(steps=4, batch_size=8, device="cpu", log_every=1, clip=0.0, checkpoint_minutes=0)


def bars(count: int = 24, size: int = 8, seed: int = 0) -> Images:
    """Bright on dark: label 0 in the upper half, label 1 in the lower."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    pixels = rng.integers(0, 40, (count, 1, size, size), dtype=np.uint8)
    for number, label in enumerate(labels):
        pixels[number, :, label * size // 2 : (label + 1) * size // 2] += 200
    return Images(pixels, labels, ("up", "down"), (), "bars")


CASES: list[dict[str, Any]] = [
    *({"architecture": name} for name in ARCHITECTURES),
    *({"architecture": "dcgan", "penalty": name} for name in PENALTIES),
    *({"architecture": name, "classes": 2} for name in ARCHITECTURES if name != "introvae"),
    {"architecture": "style", "grow": 1, "classes": 2},
    {"architecture": "progressive", "grow": 1, "penalty": "r1", "bottleneck": 1.0},
    {"architecture": "resnet", "penalty": "r1", "classes": 2, "bottleneck": 1.0, "ema": 0.9, "orthogonal": 0.01},
    {"architecture": "dcgan", "loss": "least-squares", "critic_steps": 2, "spectral_norm": True},
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case.values())))
def test_the_switches_train_and_the_folder_gives_the_generator_back(tmp_path: Path, case: dict[str, Any]) -> None:
    config = configure(1, 8, width=4, latent=8, **case)
    task = GanTask(config, bars(), SETTINGS, tmp_path / "model")
    before = [
        {name: value.clone() for name, value in player.state_dict().items()} for player in (task.model, task.judge)
    ]
    result = train(task, tmp_path / "model")
    assert result.steps == 4
    for player, old in zip((task.model, task.judge), before, strict=True):
        moved = [name for name, value in player.named_parameters() if not torch.equal(value, old[name])]
        assert len(moved) > 1
        assert all(torch.isfinite(value).all() for value in player.parameters())
    line = json.loads((tmp_path / "model" / "metrics.jsonl").read_text().splitlines()[-1])
    assert {"loss", "judge", "generator"} <= line.keys()
    assert ("penalty" in line) == (config.penalty != "none")
    assert ("kl" in line) == (config.bottleneck > 0 or config.architecture == "introvae")
    generator = gan.load(tmp_path / "model")
    kept = (task.average or task.model).state_dict()
    assert all(torch.equal(value, kept[name]) for name, value in generator.state_dict().items())
    pictures = draw(generator, 6, truncation=0.5)
    assert pictures.shape == (6, 1, 8, 8)
    assert pictures.min() >= 0 and pictures.max() <= 1 and pictures.std() > 0
    with Image.open(tmp_path / "model" / "samples" / "0000004.png") as grid:
        assert grid.width > 64


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if "penalty" not in RECIPES[name]])
def test_a_gan_learns_where_the_pictures_are_bright(tmp_path: Path, name: str) -> None:
    data = bars(64).take(np.arange(0, 64, 2))  # the upper half alone
    config = configure(1, 8, name, width=8, latent=8, lr_d=2e-3, lr_g=2e-3, ema=0.0)
    train_gan(config, data, tmp_path / "model", dataclasses.replace(SETTINGS, steps=80, batch_size=16))
    pictures = draw(gan.load(tmp_path / "model"), 64)
    assert pictures[:, :, :4].mean() > pictures[:, :, 4:].mean() + 0.3


@pytest.mark.parametrize("name", ["dcgan", "resnet"])
def test_a_conditional_gan_learns_what_a_label_means(tmp_path: Path, name: str) -> None:
    config = configure(1, 8, name, width=8, latent=8, classes=2, lr_d=2e-3, lr_g=2e-3)
    train_gan(config, bars(64), tmp_path / "model", dataclasses.replace(SETTINGS, steps=150, batch_size=16))
    generator = gan.load(tmp_path / "model")
    up, down = (draw(generator, 64, label=label) for label in (0, 1))
    for bright, dark in ((up[:, :, :4], up[:, :, 4:]), (down[:, :, 4:], down[:, :, :4])):
        assert bright.mean() > dark.mean() + 0.3


@pytest.mark.parametrize(
    "case",
    [
        {"architecture": "biggan", "classes": 2},
        {"architecture": "style", "grow": 2},
        {"architecture": "dcgan", "penalty": "ct", "bottleneck": 0.5, "bottleneck_rate": 0.1},
        {"architecture": "introvae"},
    ],
    ids=lambda case: case["architecture"],
)
def test_a_resumed_game_ends_as_one_that_was_not_interrupted(tmp_path: Path, case: dict[str, Any]) -> None:
    config = configure(1, 8, width=4, latent=8, **case)
    whole = GanTask(config, bars(), dataclasses.replace(SETTINGS, steps=7))
    train(whole, tmp_path / "whole")
    train_gan(config, bars(), tmp_path / "parts", dataclasses.replace(SETTINGS, steps=3))
    train_gan(config, bars(), tmp_path / "parts", dataclasses.replace(SETTINGS, steps=7), resume=True)
    one, two = (load_file(tmp_path / part / "training.safetensors") for part in ("whole", "parts"))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_other_rules_are_not_resumed(tmp_path: Path) -> None:
    config = configure(1, 8, "dcgan", width=4, latent=8)
    train_gan(config, bars(), tmp_path, SETTINGS)
    with pytest.raises(ModelError, match="was trained with penalty=none, not r1"):
        train_gan(dataclasses.replace(config, penalty="r1"), bars(), tmp_path, SETTINGS, resume=True)
    with pytest.raises(ModelError, match="trained with another data"):
        train_gan(config, bars(seed=1), tmp_path, SETTINGS, resume=True)


@pytest.mark.parametrize("architecture", ["dcgan", "introvae"])
def test_a_loss_that_is_no_number_stops_the_game_and_keeps_the_checkpoint(tmp_path: Path, architecture: str) -> None:
    config = configure(1, 8, architecture, width=4, latent=8)
    train_gan(config, bars(), tmp_path, dataclasses.replace(SETTINGS, steps=3))
    kept = (tmp_path / "model.safetensors").read_bytes()
    task = GanTask(config, bars(), SETTINGS)
    task.batch = lambda number: (torch.full((8, 1, 8, 8), math.nan), None)  # type: ignore[method-assign]
    with pytest.raises(TrainingError, match=r"step 3: the \w+ is nan; --resume goes on from step 3"):
        train(task, tmp_path, resume=True)
    assert (tmp_path / "model.safetensors").read_bytes() == kept


def test_out_of_memory_says_which_setting_to_lower(tmp_path: Path) -> None:
    task = GanTask(configure(1, 8, "dcgan", width=4, latent=8), bars(), SETTINGS)

    def fail(number: int) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    task.batch = fail  # type: ignore[method-assign]
    with pytest.raises(
        TrainingError,
        match="nothing was saved yet; a smaller --batch-size, --size or --set width=N needs less",
    ):
        train(task, tmp_path)


def test_grids_in_a_folder_that_is_not_a_models_are_left_alone(tmp_path: Path) -> None:
    grid = tmp_path / "samples" / "0000500.png"
    grid.parent.mkdir()
    grid.write_bytes(b"mine")
    with pytest.raises(OutputError, match="other things than a model"):
        train_gan(configure(1, 8, "dcgan", width=4, latent=8), bars(), tmp_path, SETTINGS)
    assert grid.read_bytes() == b"mine"


def test_the_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    train_judge(bars(), bars(8), tmp_path / "judge", dataclasses.replace(SETTINGS, steps=1))
    with pytest.raises(ModelError, match="holds a model of the kind judge, not gan"):
        gan.load(tmp_path / "judge")
    train_gan(configure(1, 8, "dcgan", width=4, latent=8), bars(), tmp_path / "gan", SETTINGS)
    with pytest.raises(ModelError, match="holds a model of the kind gan, not judge"):
        load_judge(tmp_path / "gan")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    config = configure(1, 8, "dcgan", width=4, latent=8)
    generator = make_generator(config)
    next(generator.parameters()).data.view(-1)[3] = value
    save_model(tmp_path, "gan", dataclasses.asdict(config), partial(stream_tensors, generator.state_dict()))
    with pytest.raises(ModelError, match="holds what is no number"):
        gan.load(tmp_path)


def test_an_earlier_generator_stays_until_another_one_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gan"
    train_gan(configure(1, 8, "dcgan", width=4, latent=8), bars(), folder, SETTINGS)
    early = sorted(path.name for path in (folder / "samples").iterdir())
    kept = (folder / "model.safetensors").read_bytes()
    often = dataclasses.replace(SETTINGS, evaluate_every=1, checkpoint_minutes=9)
    monkeypatch.setattr(GanTask, "drawn_at", lambda self: 77)

    def interrupted(self: Any, step: int) -> Any:
        if step == 2:
            raise KeyboardInterrupt
        return {"loss": 1.0}, 8

    with monkeypatch.context() as patch:
        patch.setattr(GanTask, "update", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train_gan(configure(1, 8, "dcgan", width=8, latent=8), bars(), folder, often)
    assert gan.load(folder).config.width == 4 and (folder / "model.safetensors").read_bytes() == kept
    assert early and sorted(path.name for path in (folder / "samples").iterdir()) == [*early, "0000077.png"]
    with pytest.raises(ValueError, match="nothing is held out"):
        train_gan(configure(1, 8, "dcgan", latent=8), bars(), folder, dataclasses.replace(SETTINGS, patience=2))
    assert sorted(path.name for path in (folder / "samples").iterdir()) == [*early, "0000077.png"]
    longer = dataclasses.replace(SETTINGS, steps=6)
    train_gan(configure(1, 8, "dcgan", width=4, latent=8), bars(), folder, longer, resume=True)  # nor is it lost
    monkeypatch.setattr(GanTask, "drawn_at", lambda self: 5)
    train_gan(configure(1, 8, "dcgan", width=8, latent=8), bars(), folder, SETTINGS)
    assert [path.name for path in (folder / "samples").iterdir()] == ["0000005.png"]  # grids of others went


def test_samples_that_are_no_folder_are_told_and_what_is_kept(tmp_path: Path) -> None:
    (tmp_path / "gan").mkdir()
    train_gan(configure(1, 8, "dcgan", width=4, latent=8), bars(), tmp_path / "gan", SETTINGS)
    shutil.rmtree(tmp_path / "gan" / "samples")
    (tmp_path / "gan" / "samples").write_text("mine")
    told: list[str] = []
    with pytest.raises(OutputError, match="samples: File exists"):
        train_gan(configure(1, 8, "dcgan", width=4, latent=8), bars(), tmp_path / "gan", SETTINGS, report=told.append)
    assert told[-1].startswith("the weights of step ") and (tmp_path / "gan" / "samples").read_text() == "mine"


def test_a_judge_that_was_not_trained_is_refused(tmp_path: Path) -> None:
    judge = Judge(JudgeConfig(1, 8, 2, name_labels(bars())))
    for value in (math.nan, 1e30):
        judge.body[-3].weight.data.fill_(value)
        judge.body[-2].running_var.fill_(1.0)
        with pytest.raises(ModelError, match="x: its features are too large to be those of a trained judge"):
            judge_pictures(judge.eval(), bars(), torch.rand(8, 1, 8, 8), "x")


def test_a_judge_of_fewer_classes_does_not_name_them(tmp_path: Path) -> None:
    images = dataclasses.replace(bars(), label_names=("0", "1", "2"))
    judge = Judge(JudgeConfig(1, 8, 2, name_labels(images))).eval()
    assert "judge_accuracy" not in judge_pictures(judge, images, torch.rand(8, 1, 8, 8), "x")


@pytest.mark.parametrize("growth", [-1.0, 1.5])
def test_a_generator_that_has_grown_too_far_is_refused(tmp_path: Path, growth: float) -> None:
    config = configure(1, 8, "style", width=4, latent=8)
    generator = make_generator(config)
    generator.net.growth.fill_(growth)
    save_model(tmp_path, "gan", dataclasses.asdict(config), partial(stream_tensors, generator.state_dict()))
    with pytest.raises(ModelError, match=r"has grown to .* of 1"):
        gan.load(tmp_path)


def test_what_a_gan_cannot_do_is_refused() -> None:
    config = configure(1, 8, "dcgan", width=4, latent=8)
    for change in ({"precision": "bf16"}, {"accumulate": 2}):
        with pytest.raises(ValueError, match="precision=fp32 and accumulate=1"):
            GanTask(config, bars(), dataclasses.replace(SETTINGS, **change))  # type: ignore[arg-type]
    unlabelled = dataclasses.replace(bars(), labels=None)
    with pytest.raises(ValueError, match="no labels"):
        GanTask(dataclasses.replace(config, classes=2), unlabelled, SETTINGS)
    with pytest.raises(CorpusError, match="has no labels"):
        train_judge(unlabelled, unlabelled, "unused", SETTINGS)


def test_a_judge_learns_its_labels_and_sees_that_noise_is_farther_from_pictures_than_pictures(tmp_path: Path) -> None:
    result = train_judge(bars(200), bars(60, seed=1), tmp_path, dataclasses.replace(SETTINGS, steps=30, batch_size=32))
    assert result.best["accuracy"] > 0.95
    judge = load_judge(tmp_path)
    real = bars(300, seed=2)
    near = torch.from_numpy(bars(300, seed=3).pixels).float() / 255
    found = judge_pictures(judge, real, near, "judge")
    assert found["judge_accuracy"] > 0.95
    assert found["frechet_distance"] < 0.1 * judge_pictures(judge, real, torch.rand_like(near), "j")["frechet_distance"]
    with pytest.raises(ModelError, match="judges pictures of"):
        judge_pictures(judge, bars(20, size=16), near, "judge")
    with pytest.raises(ModelError, match=r"not of \(1, 16, 16\)"):
        judge_pictures(judge, real, torch.zeros(5, 1, 16, 16), "judge")
    with pytest.raises(CorpusError, match="3 pictures are too few"):
        judge_pictures(judge, bars(3), near, "judge")
    other = dataclasses.replace(real, label_names=("down", "up"))
    assert "judge_accuracy" not in judge_pictures(judge, other, near, "judge")  # it has not learned these labels


def test_a_judge_learns_hundreds_of_classes_from_a_few_pictures_of_each(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(1281) % 320  # of 1,281 pictures one is a batch of its own
    shapes = rng.integers(0, 200, (320, 1, 8, 8))
    names = tuple(map(str, range(320)))
    drawn = [(shapes[labels] + rng.integers(0, 56, (1281, 1, 8, 8))).astype(np.uint8) for _ in range(2)]
    learned, tested = (Images(pixels, labels, names, (), "shapes") for pixels in drawn)
    settings = dataclasses.replace(SETTINGS, steps=None, epochs=8, batch_size=128, learning_rate=5e-3)
    assert train_judge(learned, tested, tmp_path, settings).best["accuracy"] > 0.9

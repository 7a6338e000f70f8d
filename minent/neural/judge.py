"""A small classifier of pictures, trained here, whose features judge generated ones."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from minent.errors import CorpusError, ModelError
from minent.files import display_path
from minent.neural.batches import ShuffledBatches
from minent.neural.checkpoint import build_model
from minent.neural.device import choose_device, seed_step
from minent.neural.frechet import frechet_distance
from minent.neural.images.data import Images
from minent.neural.images.settings import check_channels
from minent.neural.settings import TrainingSettings
from minent.neural.task import Figures, Task
from minent.neural.training import TrainingResult, train

TRAINING = TrainingSettings(epochs=2, batch_size=128, learning_rate=2e-3, schedule="cosine")
FEATURES = 64
TOGETHER = 500  # pictures that are judged at once
LEAST_REAL = 4  # two in each half
LARGEST_FEATURE = 1e6  # they are normalised


@dataclass(frozen=True)
class JudgeConfig:
    """channels, size : of the pictures; classes : their labels; labels : a digest of what these are called"""

    channels: int
    size: int
    classes: int
    labels: str = ""

    def __post_init__(self) -> None:
        check_channels(self.channels)
        for name, least, most in (("size", 4, 512), ("classes", 2, 10_000)):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name}={getattr(self, name)}: must be between {least} and {most}")


class Judge(nn.Module):
    """Two convolutions of stride 2, a hidden layer whose values are the features, and a linear classifier."""

    def __init__(self, config: JudgeConfig) -> None:
        super().__init__()
        self.config = config
        side = -(-config.size // 4)
        self.body = nn.Sequential(
            nn.Conv2d(config.channels, 32, 3, 2, 1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, 2, 1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * side * side, FEATURES, bias=False),
            nn.BatchNorm1d(FEATURES),  # without it they may all die, where there are thousands of classes
            nn.ReLU(),
        )
        self.head = nn.Linear(FEATURES, config.classes)

    def forward(self, x: Any) -> Any:
        """x (batch, channels, size, size) in [0, 1] → logits (batch, classes)."""
        if len(x) == 1 and self.training:  # a batch of one has no variance: it is its own second picture
            return self.head(self.body(torch.cat([x, x])))[:1]
        return self.head(self.body(x))

    def features(self, pictures: Any) -> Any:
        """Of pictures (n, channels, size, size), uint8 or float from 0 to 1; float32[n, FEATURES]."""
        with torch.no_grad():
            return np.concatenate([self.body(self.as_input(part)).cpu().numpy() for part in pictures.split(TOGETHER)])

    def as_input(self, pictures: Any) -> Any:
        """Pictures on the judge's device, from 0 to 1; floats are rounded to the 256 values that a picture has."""
        device = next(self.parameters()).device
        if pictures.dtype != torch.uint8:
            pictures = (pictures.clamp(0, 1) * 255).round()
        return pictures.to(device).float() / 255


class JudgeTask(Task):
    """Labelled images; others judge it."""

    kind = "judge"
    unit = "images"

    def __init__(self, images: Images, test: Images, settings: TrainingSettings) -> None:
        super().__init__(settings, choose_device(settings.device))
        if images.labels is None or test.labels is None:
            raise CorpusError(images.source, "has no labels to train a judge with", "--judge DIR takes another's")
        seed_step(settings.seed, -1)
        known = max((images, test), key=lambda each: len(each.label_names))  # an idx file tells of labels it has
        config = JudgeConfig(images.shape[0], images.shape[1], len(known.label_names), name_labels(known))
        self.config = dataclasses.asdict(config)
        self.model = Judge(config).to(self.device)
        adam = torch.optim.Adam(self.model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
        self.optimizers = {"adam": adam}
        self.images, self.test = images, test
        self.batches = ShuffledBatches(len(images), settings.batch_size, settings.seed)
        self.steps_per_epoch = -(-len(self.batches) // settings.accumulate)
        self.data = f"{images.digest()} {settings.batch_size}"

    def batch(self, number: int) -> Any:
        """Pictures (batch, channels, size, size) and labels (batch,)."""
        assert self.images.labels is not None
        numbers = self.batches.at(number)
        labels = torch.from_numpy(self.images.labels[numbers]).to(self.device)
        return self.images.tensor(numbers, self.device), labels

    def loss(self, batch: Any) -> tuple[Any, Figures, int]:
        """Cross-entropy in nats."""
        pictures, labels = batch
        return functional.cross_entropy(self.model(pictures), labels), {}, len(labels)

    @property
    def is_judged(self) -> bool:
        """By the test images."""
        return True

    def evaluate(self) -> Figures:
        """Cross-entropy and accuracy of the test pictures."""
        return judge_accuracy(self.model, self.test)


def name_labels(images: Images) -> str:
    """A digest of what the labels are called: pictures with others cannot tell whether a judge is right."""
    return hashlib.sha256("\n".join(images.label_names).encode()).hexdigest()[:16]


def judge_accuracy(judge: Any, images: Images) -> Figures:
    """Cross-entropy in nats, and the share of labelled pictures that the judge names rightly."""
    assert images.labels is not None
    device = next(judge.parameters()).device
    nats, right = 0.0, 0
    with torch.no_grad():
        for at in range(0, len(images), TOGETHER):
            numbers = np.arange(at, min(at + TOGETHER, len(images)))
            labels = torch.from_numpy(images.labels[numbers]).to(device)
            logits = judge(images.tensor(numbers, device))
            nats += float(functional.cross_entropy(logits, labels, reduction="sum"))
            right += int((logits.argmax(dim=1) == labels).sum())
    return {"loss": nats / len(images), "accuracy": right / len(images)}


def train_judge(
    images: Images,
    test: Images,
    folder: str | Path,
    settings: TrainingSettings,
    *,
    resume: bool = False,
    report: Callable[[str], object] = lambda message: None,
    progress: bool = False,
) -> TrainingResult:
    """Train a judge. Errors: CorpusError where there are no labels; those of `minent.neural.training.train`."""
    return train(JudgeTask(images, test, settings), folder, resume=resume, report=report, progress=progress)


def load_judge(folder: str | os.PathLike[str], device: Any = None) -> Any:
    """The judge in a folder. ModelError: none."""
    return build_model(folder, "judge", JudgeConfig, Judge, device)


def judge_pictures(judge: Any, real: Images, pictures: Any, shown: str) -> dict[str, Any]:
    """Fréchet distance of float pictures (n, channels, size, size) from 0 to 1 to real ones, and the judge's accuracy.

    With it goes the distance between two halves of the real ones: what no model can be asked to fall below by much.
    ModelError: the judge is for pictures of another shape. CorpusError: fewer than LEAST_REAL real ones.
    """
    wanted = (judge.config.channels, judge.config.size, judge.config.size)
    for shape in (real.shape, tuple(pictures.shape[1:])):
        if shape != wanted:
            raise ModelError(display_path(shown), f"judges pictures of {wanted}, not of {shape}")
    if len(real) < LEAST_REAL:
        raise CorpusError(real.source, f"{len(real)} pictures are too few for a Fréchet distance of their halves")
    of_real, of_pictures = judge.features(torch.from_numpy(real.pixels)), judge.features(pictures)
    if not max(np.abs(of_real).max(), np.abs(of_pictures).max()) <= LARGEST_FEATURE:  # nor is what is no number
        raise ModelError(display_path(shown), "its features are too large to be those of a trained judge")
    found: dict[str, Any] = {
        "frechet_distance": frechet_distance(of_real, of_pictures),
        "frechet_distance_of_halves": frechet_distance(of_real[::2], of_real[1::2]),
        "pictures": len(pictures),
        "real_pictures": len(real),
    }
    names_all = len(real.label_names) <= judge.config.classes and judge.config.labels == name_labels(real)
    if real.labels is not None and names_all:
        found["judge_accuracy"] = judge_accuracy(judge, real)["accuracy"]
    return found

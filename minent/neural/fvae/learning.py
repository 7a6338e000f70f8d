"""From images to a trained f-VAE, flow or VAE in a folder, the three of one size where that is wanted."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from minent.neural.batches import ShuffledBatches
from minent.neural.device import choose_device, seed_step
from minent.neural.fvae.model import Fvae, bits_per_dimension
from minent.neural.fvae.settings import FvaeConfig
from minent.neural.settings import TrainingSettings
from minent.neural.task import Figures, Task
from minent.neural.training import TrainingResult, train

JUDGED = 512  # images whose bound is computed at once
MOST_HELD_OUT = 2048  # images that choose the weights


def parameters_of(config: FvaeConfig) -> int:
    """How many numbers a model learns; it is not made."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in Fvae(config).parameters())


def with_size_of(config: FvaeConfig, other: FvaeConfig) -> FvaeConfig:
    """The configuration with the widths changed so that the model has as nearly as possible the size of `other`."""

    def of_width(width: int) -> FvaeConfig:
        if config.model == "glow":
            return dataclasses.replace(config, flow_width=width)
        return dataclasses.replace(config, width=width)

    wanted = parameters_of(other)
    low, high = 1, 4096
    while low < high:  # the least width that is large enough
        middle = (low + high) // 2
        if parameters_of(of_width(middle)) < wanted:
            low = middle + 1
        else:
            high = middle
    near = [of_width(max(1, low - 1)), of_width(low)]
    return min(near, key=lambda each: abs(parameters_of(each) - wanted))


def dequantise(images: Any) -> Any:
    """uint8 images to float32 in [−1, 1), each value anywhere in its own 256th: a density of it bounds bits."""
    return (images.float() + torch.rand(images.shape, device=images.device)) / 128 - 1


class FvaeTask(Task):
    """Images uint8 (n, channels, size, size), and held-out ones."""

    kind = "fvae"
    unit = "images"
    memory_hint = "a smaller --batch-size, --size or --set width=N needs less"

    def __init__(
        self, config: FvaeConfig, images: Any, held_out: Any, settings: TrainingSettings, device: Any = None
    ) -> None:
        super().__init__(settings, device or choose_device(settings.device))
        seed_step(settings.seed, -1)
        self.config = dataclasses.asdict(config)
        self.model = Fvae(config).to(self.device)
        self.optimizers = {
            "adam": torch.optim.Adam(
                self.model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
            )
        }
        self.images = torch.as_tensor(images)
        self.held_out = torch.as_tensor(held_out)[:MOST_HELD_OUT]
        self.batches = ShuffledBatches(len(self.images), settings.batch_size, settings.seed)
        self.steps_per_epoch = -(-len(self.batches) // settings.accumulate)
        digest = hashlib.sha256(repr((config, settings.batch_size, tuple(self.images.shape))).encode())
        digest.update(self.images.numpy().tobytes())
        self.data = digest.hexdigest()

    def batch(self, number: int) -> Any:
        """Float images (batch, channels, size, size)."""
        rows = torch.from_numpy(self.batches.at(number))
        return dequantise(self.images[rows].to(self.device))

    def loss(self, batch: Any) -> tuple[Any, Figures, int]:
        """Nats of a dimension."""
        loss, error = self.model.loss(batch)
        bits = float(bits_per_dimension(loss.detach(), 1))
        return loss, {"bits_per_dimension": bits, "error": float(error.detach())}, len(batch)

    @property
    def is_judged(self) -> bool:
        """Whether images are held out."""
        return len(self.held_out) > 0

    def evaluate(self) -> Figures:
        """Nats and bits of a dimension, and squared error of a pixel, of the held-out images."""
        return judge_bound(self.model, self.held_out) if len(self.held_out) else {}


def judge_bound(model: Any, images: Any) -> Figures:
    """Mean bound and error of uint8 images (n, channels, size, size), without gradients."""
    nats = error = 0.0
    device = next(model.parameters()).device
    with torch.no_grad():
        for part in torch.as_tensor(images).split(JUDGED):
            bound = model.bound(dequantise(part.to(device)))
            nats += float(bound.nats.double().sum())
            error += float(bound.error.double().sum())
    mean = nats / len(images) / model.dimensions
    return {"loss": mean, "bits_per_dimension": bits_per_dimension(mean, 1), "error": error / len(images)}


def train_fvae(
    config: FvaeConfig,
    images: Any,
    held_out: Any,
    folder: str | Path,
    settings: TrainingSettings,
    *,
    resume: bool = False,
    report: Callable[[str], object] = lambda message: None,
    progress: bool = False,
) -> TrainingResult:
    """Train a model of this configuration on uint8 images. Errors: `minent.neural.training.train`."""
    task = FvaeTask(config, images, held_out, settings)
    report(f"{config.model}: {parameters_of(config):,} parameters")
    return train(task, folder, resume=resume, report=report, progress=progress)

"""Training of a clustering VAE on pictures or word vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from minent.neural.batches import ShuffledBatches
from minent.neural.cluster.loss import cluster_loss
from minent.neural.cluster.model import KIND, ClusterConfig, ClusterVae
from minent.neural.cluster.settings import ClusterSettings
from minent.neural.device import choose_device, seed_step
from minent.neural.plot import plot_losses
from minent.neural.settings import TrainingSettings, with_pairs
from minent.neural.training import Figures, Task, TrainingResult, train

ADAM_EPSILON = 1e-7  # of Keras


class ClusterTask(Task):
    """One clustering VAE and what it is to part into classes."""

    unit = "examples"

    def __init__(
        self, model: Any, examples: Any, choices: ClusterSettings, settings: TrainingSettings, device: Any
    ) -> None:
        super().__init__(settings, device)
        self.kind, self.config = KIND, asdict(model.config)
        self.model = model.to(device)
        self.optimizers = {
            "adam": torch.optim.Adam(
                model.parameters(), settings.learning_rate, eps=ADAM_EPSILON, weight_decay=settings.weight_decay
            )
        }
        self.examples, self.choices = examples, choices
        self.batches = ShuffledBatches(len(examples), settings.batch_size, settings.seed)
        self.steps_per_epoch = -(-len(self.batches) // settings.accumulate)
        told = repr((examples.digest(), settings.batch_size, self.config, choices))
        self.data = hashlib.sha256(told.encode()).hexdigest()

    def batch(self, number: int) -> Any:
        """The step, and examples; float32 (batch, channels, height, width)."""
        return number // self.settings.accumulate, self.examples.tensor(self.batches.at(number), self.device)

    def loss(self, batch: Any) -> tuple[Any, Figures, int]:
        """The loss of `cluster_loss`, and its terms."""
        step, x = batch
        loss, figures = cluster_loss(self.model, x, step, self.choices)
        return loss, figures, len(x)


def train_clusters(
    examples: Any,
    folder: str | Path,
    settings: TrainingSettings,
    choices: ClusterSettings,
    sizes: Sequence[str] = (),
    fields: dict[str, Any] | None = None,
    extras: dict[str, bytes] | None = None,
    *,
    resume: bool = False,
    report: Callable[[str], object] = lambda message: None,
    progress: bool = False,
) -> Any:
    """Train a clustering VAE; the model, in evaluation mode, and how the training ended.

    examples : Images or WordVectors; fields, sizes : of ClusterConfig; extras : further files of the folder
    Errors: `minent.neural.training.train`; ValueError: no such size, or out of bounds.
    """
    channels, height, width = examples.shape
    config = with_pairs(ClusterConfig(channels, height, width, **(fields or {})), sizes)
    device = choose_device(settings.device)
    seed_step(settings.seed, -1)
    task = ClusterTask(ClusterVae(config), examples, choices, settings, device)
    task.extras = extras or {}
    result: TrainingResult = train(task, folder, resume=resume, report=report, progress=progress)
    plot_losses(folder)
    return task.model.eval(), result


@torch.no_grad()
def classify(model: Any, examples: Any, batch: int = 500) -> Any:
    """p(y|x) of all examples; float32[n, classes]."""
    device = model.centres.device
    found = [
        model.classify(examples.tensor(np.arange(begin, min(begin + batch, len(examples))), device)).cpu().numpy()
        for begin in range(0, len(examples), batch)
    ]
    return np.concatenate(found)

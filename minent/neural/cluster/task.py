"""Training of a clustering VAE on pictures or word vectors."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from minent.neural.batches import ShuffledBatches
from minent.neural.checkpoint import prepare_folder
from minent.neural.cluster.loss import cluster_loss
from minent.neural.cluster.model import KIND, ClusterConfig, ClusterVae
from minent.neural.cluster.neighbours import find_neighbours
from minent.neural.cluster.settings import ClusterSettings
from minent.neural.device import choose_device, seed_step
from minent.neural.plot import plot_losses
from minent.neural.settings import TrainingSettings, with_pairs
from minent.neural.task import Figures, Task
from minent.neural.training import TrainingResult, train
from minent.neural.words import vectors

ADAM_EPSILON = 1e-7  # of Keras
TRIAL_STEPS = 300  # of a short training, of which the last JUDGED_STEPS are judged
JUDGED_STEPS = 50
LEAST_MINUTES = 0.01


class ClusterTask(Task):
    """One clustering VAE and what it is to part into classes."""

    unit = "examples"
    memory_hint = "fewer --classes, a smaller --batch-size or --set hidden=N need less"

    def __init__(
        self, model: Any, examples: Any, choices: ClusterSettings, settings: TrainingSettings, device: Any
    ) -> None:
        super().__init__(settings, device)
        self.kind, self.config = KIND, asdict(model.config)
        self.model = model.to(device, memory_format=torch.channels_last)  # faster convolutions, the same products
        self.begin()
        self.examples, self.choices = examples, choices
        paired = choices.nearest_share > 0 and (choices.information > 0 or choices.finer > 0)
        self.neighbours = find_neighbours(examples, choices.nearest) if paired else None
        self.batches = ShuffledBatches(len(examples), settings.batch_size, settings.seed)
        self.steps_per_epoch = -(-len(self.batches) // settings.accumulate)
        told = repr((examples.digest(), settings.batch_size, _not_default(model.config), _not_default(choices)))
        self.data = hashlib.sha256(told.encode()).hexdigest()

    def begin(self, weights: dict[str, Any] | None = None) -> None:
        """A new optimiser, and these weights where they are given."""
        if weights is not None:
            self.model.load_state_dict(weights)
        rate, decay = self.settings.learning_rate, self.settings.weight_decay
        adam = torch.optim.Adam(self.model.parameters(), rate, eps=ADAM_EPSILON, weight_decay=decay)
        self.optimizers = {"adam": adam}

    def batch(self, number: int) -> Any:
        """The step, examples, and what is of their class; twice float32 (batch, channels, height, width)."""
        chosen = self.batches.at(number)
        x = self.examples.tensor(chosen, self.device)
        step = number // self.settings.accumulate
        if self.neighbours is None or not self.neighbours.shape[1]:
            return step, x, x
        rng = np.random.default_rng((self.settings.seed, number))
        nearest = self.neighbours[chosen, rng.integers(self.neighbours.shape[1], size=len(chosen))]
        others = np.where(rng.random(len(chosen)) < self.choices.nearest_share, nearest, chosen)
        return step, x, self.examples.tensor(others, self.device)

    def loss(self, batch: Any) -> tuple[Any, Figures, int]:
        """The loss of `cluster_loss`, and its terms."""
        step, x, other = batch
        loss, figures = cluster_loss(self.model, x, other, step, self.choices)
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
    fixed = ("channels", "height", "width", "output")
    config = with_pairs(ClusterConfig(channels, height, width, **(fields or {})), sizes, fixed)
    device = choose_device(settings.device)
    seed_step(settings.seed, -1)
    task = ClusterTask(ClusterVae(config), examples, choices, settings, device)
    task.extras = extras or {}
    task.outdated = () if extras else (vectors.FILE, vectors.WORDS)
    if choices.starts > 1 and not resume:
        prepare_folder(folder)  # before the time that the starts take
        began = time.monotonic()
        task.begin(_best_start(task, report))
        if settings.minutes is not None:
            left = max(settings.minutes - (time.monotonic() - began) / 60, LEAST_MINUTES)
            task.settings = dataclasses.replace(settings, minutes=left)
    result: TrainingResult = train(task, folder, resume=resume, report=report, progress=progress)
    plot_losses(folder)
    return task.model.eval(), result


def _best_start(task: ClusterTask, report: Callable[[str], object]) -> dict[str, Any]:
    """The weights of the least loss among those of short trainings: where seeds end differently, they differ early."""
    best, least = {}, math.inf
    began, minutes = time.monotonic(), task.settings.minutes or math.inf
    for start in range(task.choices.starts):
        if start and time.monotonic() - began >= 60 * minutes / 2:
            report(f"half of the {minutes:g} minutes are over: no further start")
            break
        seed_step(task.settings.seed, -1 - start)
        task.begin(ClusterVae(task.model.config).state_dict())
        losses = [_trial_step(task, step) for step in range(TRIAL_STEPS)]
        loss = float(np.mean(losses[-JUDGED_STEPS:]))
        report(f"start {start + 1} of {task.choices.starts}: loss {loss:,.4g} after {TRIAL_STEPS} steps")
        if loss < least:
            best, least = {name: value.clone() for name, value in task.model.state_dict().items()}, loss
    return best


def _trial_step(task: ClusterTask, step: int) -> float:
    """One step whose learning rate only rises; its loss."""
    seed_step(task.settings.seed, step)
    factor = min(1.0, (step + 1) / task.settings.warmup) if task.settings.warmup else 1.0
    for group in task.optimizers["adam"].param_groups:
        group["lr"] = factor * task.settings.learning_rate
    return task.update(step)[0]["loss"]


def _not_default(settings: Any) -> list[tuple[str, Any]]:
    """The fields that have not their default: a field that a later version adds lets older trainings go on."""
    fields = dataclasses.fields(settings)
    values = [(field.name, getattr(settings, field.name), field.default) for field in fields]
    return [(name, value) for name, value, default in values if value != default]


@torch.no_grad()
def classify(model: Any, examples: Any, batch: int = 500) -> Any:
    """p(y|x) of all examples; float32[n, classes]."""
    device = model.centres.device
    found = [
        model.classify(examples.tensor(np.arange(begin, min(begin + batch, len(examples))), device)).cpu().numpy()
        for begin in range(0, len(examples), batch)
    ]
    return np.concatenate(found)

"""Training of a clustering VAE on pictures or word vectors."""

from __future__ import annotations

import dataclasses
import functools
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
FIXED = ("channels", "height", "width", "output")  # these follow from the data


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

    @functools.cached_property
    def neighbours(self) -> Any:
        """Numbers of the nearest other examples of each, int64[n, k]; None where no loss asks for them."""
        choices = self.choices
        paired = choices.nearest_share > 0 and (choices.information > 0 or choices.finer > 0)
        return find_neighbours(self.examples, choices.nearest) if paired else None

    def prepare(self, report: Callable[[str], object]) -> None:
        """Begin with the weights of the least loss among those of short trainings, in half of the minutes at most."""
        if self.choices.starts > 1:
            self.begin(_best_start(self, report))

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
    config = with_pairs(ClusterConfig(channels, height, width, **(fields or {})), sizes, FIXED)
    device = choose_device(settings.device)
    seed_step(settings.seed, -1)
    task = ClusterTask(ClusterVae(config), examples, choices, settings, device)
    task.extras = extras or {}
    task.outdated = () if extras else (vectors.FILE, vectors.WORDS)
    result: TrainingResult = train(task, folder, resume=resume, report=report, progress=progress)
    plot_losses(folder)
    return task.model.eval(), result


def _best_start(task: ClusterTask, report: Callable[[str], object]) -> dict[str, Any]:
    """The weights of the least loss among those of short trainings: where seeds end differently, they differ early.

    A start that is not done when half of the minutes are over does not count; the weights as they were made if none is.
    """
    best, least = _copy(task.model.state_dict()), math.inf
    minutes = task.settings.minutes or math.inf
    end = time.monotonic() + 60 * minutes / 2
    for start in range(task.choices.starts):
        seed_step(task.settings.seed, -1 - start)
        task.begin(ClusterVae(task.model.config).state_dict())
        losses: list[float] = []
        while len(losses) < TRIAL_STEPS and time.monotonic() < end:
            losses.append(_trial_step(task, len(losses)))
        if len(losses) < TRIAL_STEPS:
            report(f"half of the {minutes:g} minutes are over: {start} of {task.choices.starts} starts done")
            break
        loss = float(np.mean(losses[-JUDGED_STEPS:]))
        report(f"start {start + 1} of {task.choices.starts}: loss {loss:,.4g} after {TRIAL_STEPS} steps")
        if loss < least:
            best, least = _copy(task.model.state_dict()), loss
    return best


def _copy(weights: dict[str, Any]) -> dict[str, Any]:
    return {name: value.clone() for name, value in weights.items()}


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

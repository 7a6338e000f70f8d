"""What a training is of: a model, its data, and what one step does."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import torch

from minent.errors import TrainingError
from minent.neural.device import autocast
from minent.neural.settings import TrainingSettings

Figures = dict[str, float]


class Task(ABC):
    """What one training has of its own: the model, its data, and the step.

    kind, config : of the model, as config.json holds them
    model : what is trained; it lies on `device`
    optimizers : by name; their learning rates are the highest of the schedule
    data : a digest of the data and of what decides the batches; a resumed training must have the same
    steps_per_epoch : steps that see every example once
    unit : what the rate counts (characters, images)
    extras : further files of the folder, such as a vocabulary
    outdated : files of an earlier model in the folder that this one does not have; they go with its weights
    memory_hint : which setting to lower when memory runs out
    """

    kind: str
    config: Mapping[str, Any]
    model: Any
    optimizers: Mapping[str, Any]
    data: str
    steps_per_epoch: int
    unit = "examples"
    memory_hint = "a smaller --batch-size needs less"

    def __init__(self, settings: TrainingSettings, device: Any) -> None:
        self.settings, self.device = settings, device
        self.extras: dict[str, bytes] = {}
        self.outdated: tuple[str, ...] = ()

    @abstractmethod
    def batch(self, number: int) -> Any:
        """The batch of this number on the device: the same each time it is asked for, over all epochs."""

    @abstractmethod
    def loss(self, batch: Any) -> tuple[Any, Figures, int]:
        """The loss to go down (a scalar with its graph), further figures to tell, and how many units it is of."""

    def prepare(self, report: Callable[[str], object]) -> None:  # noqa: B027 - most tasks need nothing
        """What comes before the first step of a training that is not resumed; it counts among its minutes."""

    @property
    def is_judged(self) -> bool:
        """Whether `evaluate` gives a loss, by which the best weights are chosen."""
        return False

    def evaluate(self) -> Figures:
        """Figures on held-out data; `loss` among them decides which weights are the best. Empty: there are none."""
        return {}

    def update(self, step: int) -> tuple[Figures, int]:
        """One step of optimisation: figures, `loss` among them, and units seen. Models with two players override it."""
        parts = self.settings.accumulate
        figures: Figures = {}
        amount = 0
        for part in range(parts):
            with autocast(self.device, self.settings.precision):
                loss, more, units = self.loss(self.batch(step * parts + part))
            told = {"loss": loss.item(), **more}
            check_finite(told, step)
            (loss / parts).backward()
            for key, value in told.items():
                figures[key] = figures.get(key, 0.0) + value / parts
            amount += units
        self.clip_and_step(step)
        return figures, amount

    def clip_and_step(self, step: int, name: str | None = None) -> None:
        """Let the optimisers, or the one of this name, take a step with clipped gradients; forget the gradients."""
        for key, optimizer in self.optimizers.items():
            if name is None or key == name:
                parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
                norm = torch.nn.utils.clip_grad_norm_(parameters, self.settings.clip or math.inf)
                check_finite({"gradient": norm.item()}, step)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)

    def modules(self) -> Mapping[str, Any]:
        """Every module that changes in training, by name; more than the model where there is a second player."""
        return {"model": self.model}

    def best_weights(self) -> Mapping[str, Any]:
        """What model.safetensors gets; an average over steps, for instance."""
        weights: Mapping[str, Any] = self.model.state_dict()
        return weights


def check_finite(figures: Figures, step: int) -> None:
    """Raise TrainingError where a figure is no number, or infinite."""
    for key, value in figures.items():
        if not math.isfinite(value):
            raise _not_a_number(step, key, value)


def check_weights(task: Task, step: int) -> None:
    """Raise TrainingError where a weight is no number, so that it replaces none."""
    for module, weights in task.modules().items():
        for name, value in weights.state_dict().items():
            if value.dtype.is_floating_point and not torch.isfinite(value).all():
                raise _not_a_number(step, f"{module}/{name}", math.nan)


def _not_a_number(step: int, name: str, value: float) -> TrainingError:
    hint = "a smaller --learning-rate, more warm-up or --precision fp32 may help"
    return TrainingError(step, f"the {name} is {value}", hint)

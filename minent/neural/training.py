"""One training loop for all neural models: it resumes to the same weights, and stops before it saves nonsense."""

from __future__ import annotations

import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from minent.errors import ModelError, TrainingError
from minent.files import atomic_open, display_path
from minent.neural import checkpoint
from minent.neural.checkpoint import METRICS, TRAINING
from minent.neural.device import autocast, describe_device, is_out_of_memory, seed_step
from minent.neural.settings import TrainingSettings
from minent.progress import status_line

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

    @abstractmethod
    def batch(self, number: int) -> Any:
        """The batch of this number on the device: the same each time it is asked for, over all epochs."""

    @abstractmethod
    def loss(self, batch: Any) -> tuple[Any, Figures, int]:
        """The loss to go down (a scalar with its graph), further figures to tell, and how many units it is of."""

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


@dataclass(frozen=True)
class TrainingResult:
    """How a training ended. `seconds` count over all resumed parts; `best` are the figures of the weights kept."""

    steps: int
    epochs: float
    seconds: float
    reason: str
    best: Figures


@dataclass
class Progress:
    """Where a training is; saved in training.safetensors."""

    step: int = 0
    seconds: float = 0.0
    best: Figures | None = None
    judged_step: int = 0
    evaluations_without_gain: int = 0


def train(
    task: Task,
    folder: str | Path,
    *,
    resume: bool = False,
    report: Callable[[str], object] = lambda message: None,
    progress: bool = False,
) -> TrainingResult:
    """Train until steps, epochs, minutes or patience end, and leave the best weights in `folder`.

    The weights after a step depend on the settings, the data and the number of the step alone (on one device and
    number of threads), so a training that was resumed ends as one that was not. Errors: TrainingError where the loss
    or a gradient is no number any more or memory ran out; ModelError where `resume` finds no training, or another's;
    ValueError where no setting ends the training, or patience has nothing to judge by.
    """
    settings = task.settings
    if settings.steps is None and settings.epochs is None and settings.minutes is None:
        raise ValueError("give steps, epochs or minutes: the training would not end")
    if settings.patience is not None and not task.is_judged:
        raise ValueError(f"patience={settings.patience}: nothing is held out that judges the weights")
    path = Path(folder) if resume else checkpoint.prepare_folder(folder)
    loop = _Loop(task, path, report)
    if resume:
        loop.restore()
    else:
        (path / METRICS).unlink(missing_ok=True)
    try:
        with status_line(progress) as show, open(path / METRICS, "a", encoding="utf-8") as metrics:
            return loop.run(show, lambda line: _append(metrics, line))
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise _out_of_memory(task, loop.at.step) from error
    except MemoryError as error:
        raise _out_of_memory(task, loop.at.step) from error
    except KeyboardInterrupt:
        kept = f"step {loop.saved_step:,} is kept; --resume goes on" if loop.saved_step else "nothing was saved yet"
        report(f"interrupted at step {loop.at.step:,}: {kept}")
        raise


def _progress_of(content: Mapping[str, Any]) -> Progress:
    """What a file says of a training's place. TypeError, ValueError: it is none."""
    at = Progress(**content)
    whole = (at.step, at.judged_step, at.evaluations_without_gain)
    if any(type(number) is not int or number < 0 for number in whole) or not math.isfinite(at.seconds):
        raise ValueError("not the place of a training")
    if at.best is not None and not isinstance(at.best.get("loss"), float):
        raise ValueError("not held-out figures")
    return at


class _Loop:
    def __init__(self, task: Task, folder: Path, report: Callable[[str], object]) -> None:
        self.task, self.settings, self.folder, self.report = task, task.settings, folder, report
        self.at = Progress()
        self.saved_step = 0
        self.resumed_seconds = 0.0
        self.began = self.last_save = time.monotonic()
        self.rates = {
            name: [group["lr"] for group in optimizer.param_groups] for name, optimizer in task.optimizers.items()
        }

    def run(self, show: Callable[[str], object], write: Callable[[Mapping[str, Any]], None]) -> TrainingResult:
        task, settings, at = self.task, self.settings, self.at
        evaluate_every = settings.evaluate_every or task.steps_per_epoch
        self.report(f"training on {describe_device(task.device)}, {settings.precision}; {self.plan()}")
        window = _Window()
        while (reason := self.why_stop()) is None:
            seed_step(settings.seed, at.step)
            self.set_learning_rate()
            for module in task.modules().values():
                module.train()
            figures, amount = task.update(at.step)
            check_finite(figures, at.step)
            at.step += 1
            at.seconds = self.resumed_seconds + time.monotonic() - self.began
            window.add(figures, amount)
            if at.step % settings.log_every == 0:
                show(f"step {at.step:,}  {window.describe(task.unit)}")
                write({"step": at.step, "epoch": self.epochs(), "seconds": round(at.seconds, 3), **window.close()})
            if at.step % evaluate_every == 0:
                self.evaluate(write)
            if time.monotonic() - self.last_save >= 60 * settings.checkpoint_minutes:
                self.save()
        if window.steps:
            write({"step": at.step, "epoch": self.epochs(), "seconds": round(at.seconds, 3), **window.close()})
        if at.judged_step != at.step:
            self.evaluate(write)
        self.save()
        return TrainingResult(at.step, self.epochs(), at.seconds, reason, at.best or {})

    def plan(self) -> str:
        settings = self.settings
        ends = [
            f"{value:,g} {name}"
            for name, value in (("steps", settings.steps), ("epochs", settings.epochs), ("minutes", settings.minutes))
            if value is not None
        ]
        return f"{self.task.steps_per_epoch:,} steps an epoch, until {' or '.join(ends)}"

    def epochs(self) -> float:
        return round(self.at.step / self.task.steps_per_epoch, 4)

    def last_step(self) -> float:
        limits = [math.inf if self.settings.steps is None else float(self.settings.steps)]
        if self.settings.epochs is not None:
            limits.append(math.ceil(self.settings.epochs * self.task.steps_per_epoch))
        return min(limits)

    def why_stop(self) -> str | None:
        settings, at = self.settings, self.at
        if at.step >= self.last_step():
            return "epochs" if at.step != settings.steps else "steps"
        if settings.patience is not None and at.evaluations_without_gain >= settings.patience:
            return "patience"
        if settings.minutes is not None and at.seconds >= 60 * settings.minutes:
            return "minutes"
        return None

    def set_learning_rate(self) -> None:
        """Rise over `warmup` steps, then fall with the share of the steps or of the minutes that is used."""
        settings, at = self.settings, self.at
        done = at.step / self.last_step()
        if settings.minutes is not None:
            done = max(done, at.seconds / (60 * settings.minutes))
        done = min(done, 1.0)
        factor = {"constant": 1.0, "linear": 1 - done, "cosine": (1 + math.cos(math.pi * done)) / 2}[settings.schedule]
        factor *= min(1.0, (at.step + 1) / settings.warmup) if settings.warmup else 1.0
        for name, optimizer in self.task.optimizers.items():
            for group, rate in zip(optimizer.param_groups, self.rates[name], strict=True):
                group["lr"] = rate * factor

    def evaluate(self, write: Callable[[Mapping[str, Any]], None]) -> None:
        """Judge the weights; the best go to model.safetensors at once."""
        at = self.at
        seed_step(self.settings.seed, at.step)
        for module in self.task.modules().values():
            module.eval()
        with torch.no_grad():
            figures = self.task.evaluate()
        if not figures:
            return
        check_finite(figures, at.step)
        at.judged_step = at.step
        at.seconds = self.resumed_seconds + time.monotonic() - self.began
        write({"step": at.step, "epoch": self.epochs(), "seconds": round(at.seconds, 3), "evaluation": figures})
        self.report(f"step {at.step:,}, {at.seconds:,.0f} s: held-out {describe(figures)}")
        if at.best is None or figures["loss"] < at.best["loss"]:
            at.best, at.evaluations_without_gain = figures, 0
            self.save_weights()
        else:
            at.evaluations_without_gain += 1

    def save_weights(self) -> None:
        task = self.task
        if not self.saved_step:  # a training that this one replaces: its weights go now
            (self.folder / TRAINING).unlink(missing_ok=True)
        note = {"step": self.at.step, **(self.at.best or {})}
        checkpoint.save_config(self.folder, task.kind, task.config)  # first: it marks the folder as that of a model
        for name, content in task.extras.items():
            with atomic_open(self.folder / name) as stream:
                stream.write(content)
        checkpoint.save_model(self.folder, task.kind, task.config, task.best_weights(), note)

    def save(self) -> None:
        """Keep this moment: training.safetensors, and the weights too while no evaluation has chosen any."""
        task, at = self.task, self.at
        tensors: dict[str, Any] = {}
        plain: dict[str, Any] = {}
        for name, module in task.modules().items():
            tensors |= {f"module/{name}/{key}": value for key, value in module.state_dict().items()}
        for key, value in tensors.items():
            if value.dtype.is_floating_point and not torch.isfinite(value).all():
                raise _not_a_number(at.step, key.removeprefix("module/"), math.nan)
        for name, optimizer in task.optimizers.items():
            more, plain[name] = checkpoint.flatten_optimizer(name, optimizer)
            tensors |= more
        state = {"task": task.kind, "config": dict(task.config), "data": task.data, "seed": self.settings.seed}
        state["progress"] = vars(at)
        if at.best is None:
            self.save_weights()
        checkpoint.save_training(self.folder, tensors, {**state, "optimizers": plain})
        self.saved_step, self.last_save = at.step, time.monotonic()

    def restore(self) -> None:
        """Go back to the last moment that was kept. ModelError: none, or of another training."""
        tensors, state = checkpoint.read_training(self.folder)
        shown = display_path(self.folder / TRAINING)
        mine = {"model": ("task", self.task.kind), "data or batch size": ("data", self.task.data)}
        for what, (key, value) in (mine | {"seed": ("seed", self.settings.seed)}).items():
            if state.get(key) != value:
                if what != "model":  # the data of some models tell of their sizes too
                    self.same_config(state, shown)
                raise ModelError(shown, f"was trained with another {what}", "leave --resume out to start anew")
        self.same_config(state, shown)
        try:
            for name, module in self.task.modules().items():
                prefix = f"module/{name}/"
                own = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
                module.load_state_dict(own, strict=True)
            for name, optimizer in self.task.optimizers.items():
                given = [{key: group[key] for key in group if key != "params"} for group in optimizer.param_groups]
                checkpoint.unflatten_optimizer(name, optimizer, tensors, state["optimizers"][name])
                for group, own in zip(optimizer.param_groups, given, strict=True):
                    group.update(own)  # a weight decay that was given anew holds
                _check_state(optimizer)
            self.at = _progress_of(state["progress"])
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelError(shown, "does not fit this model", "leave --resume out to start anew") from error
        self.saved_step, self.resumed_seconds = self.at.step, self.at.seconds
        _drop_lines_after(self.folder / METRICS, self.at.step)
        self.report(f"resumed at step {self.at.step:,}")

    def same_config(self, state: Mapping[str, Any], shown: str) -> None:
        """ModelError where a field of the model was another: not all of them change the shapes of the weights."""
        kept, mine = state.get("config", {}), json.loads(json.dumps(dict(self.task.config)))
        for key in kept if isinstance(kept, dict) else {}:
            if kept[key] != mine.get(key):
                problem = f"is of a model with another {key}"
                raise ModelError(shown, problem, "give the same sizes, or leave --resume out to start anew")


def _check_state(optimizer: Any) -> None:
    """RuntimeError where what an optimiser keeps of a parameter cannot be of it: its shape is another one's."""
    for parameter, values in optimizer.state.items():
        for value in values.values():
            if isinstance(value, torch.Tensor) and value.dim() > 0:
                torch.broadcast_to(value, parameter.shape)


class _Window:
    """Means of figures, and the rate, since the last line of the log."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.sums: Figures = {}
        self.steps = self.amount = 0
        self.began = time.monotonic()

    def add(self, figures: Figures, amount: int) -> None:
        for key, value in figures.items():
            self.sums[key] = self.sums.get(key, 0.0) + value
        self.steps += 1
        self.amount += amount

    def means(self) -> Figures:
        return {key: value / self.steps for key, value in self.sums.items()}

    def rate(self) -> float:
        """Units a second."""
        return self.amount / max(time.monotonic() - self.began, 1e-9)

    def describe(self, unit: str) -> str:
        return f"{describe(self.means())}  {self.rate():,.0f} {unit}/s"

    def close(self) -> dict[str, float]:
        line = {**self.means(), "rate": round(self.rate(), 1)}
        self.clear()
        return line


def describe(figures: Figures) -> str:
    """Figures in one line."""
    return "  ".join(f"{key} {value:,.4g}" for key, value in figures.items())


def check_finite(figures: Figures, step: int) -> None:
    """Raise TrainingError where a figure is no number, or infinite."""
    for key, value in figures.items():
        if not math.isfinite(value):
            raise _not_a_number(step, key, value)


def _not_a_number(step: int, name: str, value: float) -> TrainingError:
    hint = "the last checkpoint is kept; a smaller --learning-rate, more warm-up or --precision fp32 may help"
    return TrainingError(step, f"the {name} is {value}", hint)


def _out_of_memory(task: Task, step: int) -> TrainingError:
    return TrainingError(step, f"out of memory on {task.device}", task.memory_hint)


def _append(stream: Any, line: Mapping[str, Any]) -> None:
    stream.write(json.dumps(dict(line), ensure_ascii=False) + "\n")
    stream.flush()


def _drop_lines_after(path: Path, step: int) -> None:
    """Forget what the log says of steps that will be done again."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line + "\n")
        except (ValueError, KeyError, TypeError, RecursionError):
            continue  # cut off while it was written
    with atomic_open(path, "w") as stream:
        stream.write("".join(kept))

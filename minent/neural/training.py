"""One training loop for all neural models: it resumes to the same weights, and stops before it saves nonsense."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from minent.errors import OutputError, TrainingError
from minent.files import atomic_open, output_errors, remove_leftovers
from minent.neural import checkpoint
from minent.neural.checkpoint import METRICS, TRAINING
from minent.neural.device import describe_device, is_out_of_memory, seed_step
from minent.neural.folder_lock import alone
from minent.neural.moment import Progress, restore_moment, save_moment
from minent.neural.task import Figures, Task, check_finite, check_weights
from minent.neural.tensors import stream_tensors
from minent.progress import status_line


@dataclass(frozen=True)
class TrainingResult:
    """How a training ended. `seconds` count over all resumed parts; `best` are the figures of the weights kept."""

    steps: int
    epochs: float
    seconds: float
    reason: str
    best: Figures


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
    number of threads), so a training that was resumed ends as one that was not.

    Errors: TrainingError where the loss or a gradient is no number any more or memory ran out; OutputError where
    something cannot be written; ModelError where `resume` finds no training, or another's; ValueError where no setting
    ends the training, or patience has nothing to judge by.
    """
    settings = task.settings
    if settings.steps is None and settings.epochs is None and settings.minutes is None:
        raise ValueError("give steps, epochs or minutes: the training would not end")
    if settings.patience is not None and not task.is_judged:
        raise ValueError(f"patience={settings.patience}: nothing is held out that judges the weights")
    path = Path(folder)
    made = [] if resume else checkpoint.prepare_folder(folder)
    with alone(path):  # who finds another training there leaves the folder to it
        try:
            return _train(_Loop(task, path, report), resume, report, progress)
        except BaseException:
            checkpoint.remove_folders(made)
            raise


def _train(loop: _Loop, resume: bool, report: Callable[[str], object], progress: bool) -> TrainingResult:
    for name in (*checkpoint.OURS, *loop.task.extras):
        remove_leftovers(loop.folder / name)
    if resume:
        loop.restore()
    try:
        with status_line(progress) as show, _memory_errors_told(loop):
            if not resume:
                loop.task.prepare(report)
            return loop.run(show)
    except TrainingError as error:
        raise TrainingError(error.step, f"{error.problem}; {loop.kept()}", error.hint) from error
    except OutputError:
        report(loop.kept())
        raise
    except KeyboardInterrupt:
        report(f"interrupted at step {loop.at.step:,}: {loop.kept()}")
        raise


class _Loop:
    def __init__(self, task: Task, folder: Path, report: Callable[[str], object]) -> None:
        self.task, self.settings, self.folder, self.report = task, task.settings, folder, report
        self.at = Progress()
        self.log = _Log(folder / METRICS)
        self.saved_step = self.weights_step = 0
        self.resumed_seconds = 0.0
        self.began = self.last_save = time.monotonic()
        self.rates = {
            name: [group["lr"] for group in optimizer.param_groups] for name, optimizer in task.optimizers.items()
        }

    def run(self, show: Callable[[str], object]) -> TrainingResult:
        task, settings, at, write = self.task, self.settings, self.at, self.log.write
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
                self.evaluate()
            if time.monotonic() - self.last_save >= 60 * settings.checkpoint_minutes:
                self.save()
        if window.steps:
            write({"step": at.step, "epoch": self.epochs(), "seconds": round(at.seconds, 3), **window.close()})
        if at.judged_step != at.step:
            self.evaluate()
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

    def evaluate(self) -> None:
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
        self.log.write(
            {"step": at.step, "epoch": self.epochs(), "seconds": round(at.seconds, 3), "evaluation": figures}
        )
        self.report(f"step {at.step:,}, {at.seconds:,.0f} s: held-out {describe(figures)}")
        if at.best is None or figures["loss"] < at.best["loss"]:
            at.best, at.evaluations_without_gain = figures, 0
            self.save_weights()
        else:
            at.evaluations_without_gain += 1

    def save_weights(self) -> None:
        """Keep the weights, and what belongs to them; where they cannot be written, an earlier model stays."""
        task = self.task
        checkpoint.save_model(
            self.folder,
            task.kind,
            task.config,
            partial(stream_tensors, task.best_weights()),
            {"step": self.at.step, **(self.at.best or {})},
            extras=task.extras,
            replaced=() if self.saved_step else (TRAINING, *self.log.outdated(), *task.outdated),
        )
        self.log.begin()
        self.weights_step = self.at.step

    def kept(self) -> str:
        """What somebody has whose training stops now."""
        found = [f"the weights of step {self.weights_step:,} are kept"] if self.weights_step else []
        found += [f"--resume goes on from step {self.saved_step:,}"] if self.saved_step else []
        if not found:
            there = (self.folder / checkpoint.WEIGHTS).exists()
            return "the earlier model is unchanged" if there else "nothing was saved yet"
        return "; ".join(found)

    def save(self) -> None:
        """Keep this moment: training.safetensors, and the weights too while no evaluation has chosen any."""
        check_weights(self.task, self.at.step)
        if self.at.best is None:
            self.save_weights()
        save_moment(self.folder, self.task, self.at)
        self.saved_step, self.last_save = self.at.step, time.monotonic()

    def restore(self) -> None:
        """Go back to the last moment that was kept. ModelError: none, or of another training."""
        self.at = restore_moment(self.folder, self.task)
        self.saved_step, self.resumed_seconds = self.at.step, self.at.seconds
        self.log.drop_after(self.at.step)
        self.report(f"resumed at step {self.at.step:,}")


class _Log:
    """metrics.jsonl. What is to replace another's log waits until the weights that it tells of replace the other's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.waiting: list[str] | None = [] if path.exists() else None

    def write(self, line: Mapping[str, Any]) -> None:
        """Add a line at the end."""
        text = json.dumps(dict(line), ensure_ascii=False) + "\n"
        if self.waiting is None:
            self._append(text)
        else:
            self.waiting.append(text)

    def outdated(self) -> list[str]:
        """The log of an earlier training that is still there."""
        return [] if self.waiting is None else [self.path.name]

    def begin(self) -> None:
        """Write what waits: the earlier log is gone."""
        text, self.waiting = "".join(self.waiting or []), None
        if text:
            self._append(text)

    def drop_after(self, step: int) -> None:
        """Go on with the log that is there, but forget what it says of steps that will be done again."""
        self.waiting = None
        if not self.path.exists():
            return
        kept = []
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                if json.loads(line)["step"] <= step:
                    kept.append(line + "\n")
            except (ValueError, KeyError, TypeError, RecursionError):
                continue  # cut off while it was written
        with atomic_open(self.path, "w") as stream:
            stream.write("".join(kept))

    def _append(self, text: str) -> None:
        with output_errors(str(self.path)), open(self.path, "a", encoding="utf-8") as stream:
            stream.write(text)


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


@contextmanager
def _memory_errors_told(loop: _Loop) -> Iterator[None]:
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        task = loop.task
        raise TrainingError(loop.at.step, f"out of memory on {task.device}", task.memory_hint) from error

"""The shared loop of neural models: resumed trainings, files that are whole or absent, and stops with a reason."""

from __future__ import annotations

import dataclasses
import errno
import json
import math
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch
from hypothesis import given
from hypothesis import strategies as st
from line_task import SETTINGS, Line, LineConfig
from safetensors.torch import load_file

from minent.errors import ModelError, OutputError, TrainingError
from minent.neural import checkpoint, moment
from minent.neural.batches import EqualLengthBatches, ShuffledBatches
from minent.neural.folder_lock import alone
from minent.neural.moment import read_moment, write_moment
from minent.neural.settings import TrainingSettings, from_mapping, with_pairs
from minent.neural.task import Task
from minent.neural.training import train


def weights_of(task: Task) -> list[Any]:
    return [value.clone() for value in task.model.state_dict().values()]


def test_the_same_seed_gives_the_same_weights_and_another_gives_others(tmp_path: Path) -> None:
    tasks = [Line(dataclasses.replace(SETTINGS, seed=seed)) for seed in (3, 3, 4)]
    for number, task in enumerate(tasks):
        train(task, tmp_path / str(number))
    first, second, third = map(weights_of, tasks)
    assert all(map(torch.equal, first, second))
    assert not all(map(torch.equal, first, third))


@pytest.mark.parametrize("optimizer", [torch.optim.AdamW, torch.optim.Adafactor, torch.optim.SGD])
@pytest.mark.parametrize("fails_at", [1, 13, 22])
def test_a_resumed_training_ends_as_one_that_was_not_interrupted(tmp_path: Path, optimizer: Any, fails_at: int) -> None:
    whole = Line(SETTINGS, optimizer)
    result = train(whole, tmp_path / "whole")
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        train(Line(SETTINGS, optimizer, fails_at), tmp_path / "parts", report=said.append)
    assert said[-1].endswith(f"--resume goes on from step {fails_at}")
    resumed = Line(SETTINGS, optimizer)
    again = train(resumed, tmp_path / "parts", resume=True)
    assert (again.steps, again.best, again.reason) == (result.steps, result.best, "steps")
    assert all(map(torch.equal, weights_of(whole), weights_of(resumed)))
    best = [load_file(tmp_path / part / "model.safetensors") for part in ("whole", "parts")]
    assert all(torch.equal(best[0][name], best[1][name]) for name in best[0])
    lines = [_log(tmp_path / part) for part in ("whole", "parts")]
    assert [line["step"] for line in lines[0]] == [line["step"] for line in lines[1]]
    assert [line.get("evaluation") for line in lines[0]] == [line.get("evaluation") for line in lines[1]]


def test_steps_of_accumulated_parts_follow_the_gradient_of_the_whole_batch(tmp_path: Path) -> None:
    class Plain(Line):
        def __init__(self, settings: TrainingSettings) -> None:
            super().__init__(settings, torch.optim.SGD)
            self.model = torch.nn.Linear(4, 1)
            torch.nn.init.ones_(self.model.weight)
            torch.nn.init.zeros_(self.model.bias)
            self.optimizers = {"one": torch.optim.SGD(self.model.parameters(), lr=0.1)}

        def loss(self, batch: Any) -> Any:
            return ((self.model(batch[0]) - 2 * batch[1]) ** 2).mean(), {}, len(batch[0])

    base = dataclasses.replace(SETTINGS, steps=3, clip=0.0, schedule="constant", warmup=0)
    tasks = [Plain(dataclasses.replace(base, batch_size=b, accumulate=a)) for b, a in ((20, 1), (5, 4))]
    for number, task in enumerate(tasks):
        train(task, tmp_path / str(number))
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(*map(weights_of, tasks), strict=True))


def test_the_log_has_loss_and_rate_and_held_out_figures(tmp_path: Path) -> None:
    train(Line(SETTINGS), tmp_path / "out")
    lines = _log(tmp_path / "out")
    steps = [line for line in lines if "loss" in line]
    assert [line["step"] for line in steps] == [4, 8, 12, 16, 20, 23]  # the last of what was left
    assert all(line["rate"] > 0 and line["twice"] == 2 and line["loss"] > 0 for line in steps)
    assert [line["step"] for line in lines if "evaluation" in line] == [6, 12, 18, 23]
    assert (tmp_path / "out" / "note.txt").read_bytes() == b"kept"


def test_patience_without_anything_held_out_is_refused(tmp_path: Path) -> None:
    class Unjudged(Line):
        is_judged = False

    with pytest.raises(ValueError, match="patience=2: nothing is held out"):
        train(Unjudged(dataclasses.replace(SETTINGS, steps=100, patience=2)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_weights_that_are_kept_are_the_best_held_out_ones(tmp_path: Path) -> None:
    class Worse(Line):
        figures: Iterator[float]

        def evaluate(self) -> dict[str, float]:
            loss = next(self.figures)
            if loss == 1.0:
                self.at_best = weights_of(self)
            return {"loss": loss}

    task = Worse(dataclasses.replace(SETTINGS, steps=100, patience=2))
    task.figures = iter([3.0, 1.0, 2.0, 1.5])
    result = train(task, tmp_path / "out")
    assert (result.reason, result.steps, result.best) == ("patience", 24, {"loss": 1.0})
    kept = load_file(tmp_path / "out" / "model.safetensors")
    assert all(map(torch.equal, kept.values(), [task.at_best[i] for i in _order(task, kept)]))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_stops_the_training_and_keeps_the_last_checkpoint(
    tmp_path: Path, value: float
) -> None:
    class Breaks(Line):
        def loss(self, batch: Any) -> Any:
            loss, more, units = super().loss(batch)
            return loss * (value if self.broken else 1.0), more, units

        def batch(self, number: int) -> Any:
            self.broken = number == 9
            return super().batch(number)

    told = rf"step 9: the loss is {value}; the weights of step \d are kept; --resume goes on from step 9; a smaller"
    with pytest.raises(TrainingError, match=told) as caught:
        train(Breaks(SETTINGS), tmp_path / "out")
    assert caught.value.exit_code == 1
    kept, state = read_moment(tmp_path / "out")
    assert state["progress"]["step"] == 9
    assert all(torch.isfinite(tensor).all() for tensor in kept.values())
    resumed, whole = Line(SETTINGS), Line(SETTINGS)
    train(resumed, tmp_path / "out", resume=True)
    train(whole, tmp_path / "whole")
    assert all(map(torch.equal, weights_of(resumed), weights_of(whole)))


def test_a_gradient_that_is_no_number_stops_before_the_weights_are_changed(tmp_path: Path) -> None:
    class Root(Line):
        def loss(self, batch: Any) -> Any:
            return (self.model(batch[0]) * 0).sum().sqrt(), {}, 1  # 0, with a gradient of 0 · ∞

    task = Root(SETTINGS)
    before = [parameter.clone() for parameter in task.model.parameters()]
    with pytest.raises(TrainingError, match="gradient is nan; nothing was saved yet"):
        train(task, tmp_path / "out")
    assert all(map(torch.equal, before, task.model.parameters()))


def test_a_disk_that_is_full_leaves_the_weights_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object) -> None:
        raise OutputError(str(path), "no space left on device")

    monkeypatch.setattr(moment, "write_tensors", refuse)
    told: list[str] = []
    with pytest.raises(OutputError, match=r"training\.safetensors: no space left"):
        train(Line(SETTINGS), tmp_path / "out", report=told.append)
    assert told[-1] == "the weights of step 1 are kept"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"config.json", "model.safetensors", "note.txt"}
    (tmp_path / "out" / "training.safetensors").mkdir()
    with pytest.raises(OutputError, match=r"training\.safetensors: "):
        train(Line(SETTINGS), tmp_path / "out")


@pytest.mark.parametrize(("fails_at", "name"), [(0, "config.json"), (1, "model.safetensors"), (2, "note.txt")])
def test_an_earlier_model_stays_whole_where_another_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int, name: str
) -> None:
    train(Line(SETTINGS), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, None)

    synced = iter([None] * fails_at)  # config.json, model.safetensors, note.txt
    monkeypatch.setattr(os, "fsync", lambda descriptor: next(synced, 0) is None or refuse())
    other = Line(SETTINGS)
    other.config, other.extras = {**other.config, "name": "other"}, {"note.txt": b"another"}
    told: list[str] = []
    with pytest.raises(OutputError, match=f"{name}: no space left"):
        train(other, tmp_path, report=told.append)
    assert told[-1] == "the earlier model is unchanged"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    monkeypatch.undo()
    train(Line(dataclasses.replace(SETTINGS, seed=1, steps=4)), tmp_path)
    assert [line["step"] for line in _log(tmp_path) if "loss" in line] == [4]  # its own log, whole


def test_a_log_that_cannot_be_written_ends_the_training_and_what_is_kept_is_told(tmp_path: Path) -> None:
    class Blocked(Line):
        def batch(self, number: int) -> Any:
            if number == 9:
                (tmp_path / "metrics.jsonl").unlink()
                (tmp_path / "metrics.jsonl").mkdir()
            return super().batch(number)

    told: list[str] = []
    with pytest.raises(OutputError, match=r"metrics\.jsonl: is a folder"):
        train(Blocked(SETTINGS), tmp_path, report=told.append)
    assert re.fullmatch(r"the weights of step \d are kept; --resume goes on from step \d+", told[-1])
    (tmp_path / "metrics.jsonl").rmdir()
    with pytest.raises(KeyboardInterrupt):
        train(Line(SETTINGS, fails_at=15), tmp_path, resume=True, report=told.append)
    assert re.fullmatch(r"interrupted at step 15: .*--resume goes on from step 15", told[-1])


def test_a_training_removes_the_folders_that_it_made_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    for name in ("mine", "mine/a", "b/c/d"):
        with pytest.raises(KeyboardInterrupt):
            train(Line(SETTINGS, fails_at=0), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"] and not list((tmp_path / "mine").iterdir())
    make = checkpoint.prepare_folder

    def lose_the_race(folder: Path) -> list[Path]:
        made = make(folder)
        holder.enter_context(alone(folder))  # another training began there
        return made

    monkeypatch.setattr(checkpoint, "prepare_folder", lose_the_race)
    with ExitStack() as holder, pytest.raises(OutputError, match="another training is at work there"):
        train(Line(SETTINGS), tmp_path / "late")
    assert (tmp_path / "late").is_dir()


def test_two_trainings_are_not_at_work_in_one_folder(tmp_path: Path) -> None:
    told: list[str] = []

    class Twice(Line):
        def batch(self, number: int) -> Any:
            if number == 3:
                for resume in (True, False):
                    with pytest.raises(OutputError, match="line: another training is at work there"):
                        train(Line(SETTINGS), tmp_path / "line", resume=resume, report=told.append)
            return super().batch(number)

    result = train(Twice(SETTINGS), tmp_path / "line")
    assert result.steps == 23 and told == []
    train(Line(SETTINGS), tmp_path / "line")  # nor does a lock stay


def test_what_a_killed_training_has_left_half_written_goes(tmp_path: Path) -> None:
    left = [
        ".model.safetensors.0123456789ab.part",
        ".training.safetensors.ffffffffffff.part",
        ".note.txt.0a0a0a0a0a0a.part",
    ]
    others = [".samples.png.0123456789ab.part", ".model.safetensors.part", ".model.safetensors.0123456789ab.part.txt"]
    for name in [*left, *others]:
        (tmp_path / name).touch()
    train(Line(SETTINGS), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == sorted(others)


def test_memory_that_runs_out_is_told_with_the_setting_to_lower(tmp_path: Path) -> None:
    class Greedy(Line):
        def loss(self, batch: Any) -> Any:
            raise torch.OutOfMemoryError("CUDA out of memory")

    for made in (False, True):
        with pytest.raises(TrainingError, match="out of memory on cpu; nothing was saved yet; a smaller --batch-size"):
            train(Greedy(SETTINGS), tmp_path / "out")
        assert (tmp_path / "out").exists() == made  # what is made for nothing goes, what was there stays
        (tmp_path / "out").mkdir(exist_ok=True)


@pytest.mark.parametrize(
    ("limits", "steps", "reason"),
    [
        ({"steps": 5, "epochs": 9}, 5, "steps"),
        ({"steps": None, "epochs": 1.5}, 9, "epochs"),
        ({"steps": 500, "minutes": 1e-9}, 1, "minutes"),
    ],
)
def test_a_training_ends_with_the_first_of_its_limits(
    tmp_path: Path, limits: dict[str, Any], steps: int, reason: str
) -> None:
    result = train(Line(dataclasses.replace(SETTINGS, **limits)), tmp_path / "out")
    assert (result.steps, result.reason) == (steps, reason)
    assert (tmp_path / "out" / "model.safetensors").exists()


def test_the_learning_rate_rises_and_falls(tmp_path: Path) -> None:
    class Watched(Line):
        def update(self, step: int) -> Any:
            rates.append(self.optimizers["one"].param_groups[0]["lr"])
            return super().update(step)

    rates: list[float] = []
    settings = dataclasses.replace(SETTINGS, steps=10, warmup=2, schedule="linear", learning_rate=1.0)
    train(Watched(settings), tmp_path / "out")
    assert rates == pytest.approx([0.5, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])


@pytest.mark.parametrize(
    ("change", "message"),
    [({"seed": 5}, "another seed"), ({"batch_size": 8}, "another data or batch size")],
)
def test_a_training_is_resumed_with_its_own_seed_and_data_only(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    train(Line(SETTINGS), tmp_path / "out")
    with pytest.raises(ModelError, match=message):
        train(Line(dataclasses.replace(SETTINGS, **change)), tmp_path / "out", resume=True)


def test_what_cannot_be_resumed_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no training to resume"):
        train(Line(SETTINGS), tmp_path / "out", resume=True)
    train(Line(SETTINGS), tmp_path / "out")
    path = tmp_path / "out" / "training.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match="not a whole safetensors file"):
        train(Line(SETTINGS), tmp_path / "out", resume=True)


def _with_state(folder: Path, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> None:
    """Change tensors and state of a training that was kept."""
    tensors, state = read_moment(folder)
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    change(tensors, state)
    write_moment(folder, tensors, state)


def _first_moment(tensors: dict[str, Any], state: dict[str, Any]) -> None:
    tensors["optimizer/one/0/exp_avg"] = torch.zeros(3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors, state: state.update(optimizers=5), "does not fit this model"),
        (lambda tensors, state: state["progress"].update(best=[1]), "does not fit this model"),
        (lambda tensors, state: state["config"].update(dropout=0.5), "of a model with another dropout"),
        (_first_moment, "does not fit this model"),
    ],
)
def test_the_state_of_another_training_is_not_resumed(tmp_path: Path, change: Any, message: str) -> None:
    train(Line(SETTINGS), tmp_path / "out")
    _with_state(tmp_path / "out", change)
    with pytest.raises(ModelError, match=message):
        train(Line(SETTINGS), tmp_path / "out", resume=True)


def test_settings_that_are_given_anew_hold_when_a_training_is_resumed(tmp_path: Path) -> None:
    class Decaying(Line):
        def __init__(self, decay: float) -> None:
            super().__init__(dataclasses.replace(SETTINGS, steps=3))
            self.optimizers = {"one": torch.optim.AdamW(self.model.parameters(), lr=0.1, weight_decay=decay)}

    train(Decaying(0.5), tmp_path / "out")
    _with_state(tmp_path / "out", lambda _, state: state["optimizers"]["one"]["groups"][0].update(betas="xy"))
    task = Decaying(0.25)
    task.settings = dataclasses.replace(task.settings, steps=5)
    assert train(task, tmp_path / "out", resume=True).steps == 5
    group = task.optimizers["one"].param_groups[0]
    assert (group["weight_decay"], group["betas"]) == (0.25, (0.9, 0.999))


def test_a_training_that_would_not_end_is_refused_before_the_last_one_is_lost(tmp_path: Path) -> None:
    train(Line(SETTINGS), tmp_path / "out")
    with pytest.raises(ValueError, match="would not end"):
        train(Line(dataclasses.replace(SETTINGS, steps=None)), tmp_path / "out")
    assert (tmp_path / "out" / "training.safetensors").exists()


def test_a_log_that_was_damaged_does_not_stop_a_training(tmp_path: Path) -> None:
    train(Line(SETTINGS), tmp_path / "out")
    with open(tmp_path / "out" / "metrics.jsonl", "a") as stream:
        stream.write("[" * 100_000 + '\n[5]\n{"step": 1e999, "loss": 1}\n{"st')
    before = _log_steps(tmp_path / "out")
    train(Line(dataclasses.replace(SETTINGS, steps=24)), tmp_path / "out", resume=True)
    assert _log_steps(tmp_path / "out") == [*before, 24, 24]


def test_a_folder_with_weights_but_no_vocabulary_yet_is_one_of_ours(tmp_path: Path) -> None:
    class Killed(Line):
        def best_weights(self) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(Killed(SETTINGS), tmp_path / "out")
    train(Line(SETTINGS), tmp_path / "out")


def test_a_folder_that_holds_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("do not lose this")
    with pytest.raises(OutputError, match="other things"):
        train(Line(SETTINGS), tmp_path)
    (tmp_path / "config.json").write_text('{"mine": 1}')
    with pytest.raises(ModelError, match="not the configuration of a minent model"):
        train(Line(SETTINGS), tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["config.json", "thesis.txt"]


@given(st.integers(1, 40), st.integers(1, 9), st.integers(0, 5))
def test_an_epoch_of_batches_has_every_example_once(examples: int, size: int, seed: int) -> None:
    lengths = np.random.default_rng(seed).integers(1, 4, examples)
    for batches in (ShuffledBatches(examples, size, seed), EqualLengthBatches(lengths, size, seed)):
        for epoch in (1, 0):
            found = [batches.at(epoch * len(batches) + number) for number in range(len(batches))]
            assert sorted(np.concatenate(found).tolist()) == list(range(examples))
            assert max(map(len, found)) <= size
    assert all(len(set(lengths[batch])) == 1 for batch in found)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["speed=3"], "not KEY=VALUE"),
        (["steps"], "not KEY=VALUE"),
        (["steps=many"], "not of type int"),
        (["steps=0"], "at least 1"),
        (["learning_rate=nan"], "above 0"),
        (["epochs=inf"], "above 0, and finite"),
        (["schedule=steep"], "choose constant"),
    ],
)
def test_a_setting_that_is_wrong_is_told(pairs: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        with_pairs(TrainingSettings(), pairs)


def test_a_mapping_with_types_of_its_own_is_refused() -> None:
    assert from_mapping(LineConfig, {"width": 3, "dropout": 1}) == LineConfig(3, dropout=1)
    for values in ({"width": True}, {"width": 3.0}, {"width": None}, {"width": 3, "name": 1}):
        with pytest.raises(ValueError, match="not of type"):
            from_mapping(LineConfig, values)


def _log_steps(folder: Path) -> list[int]:
    found = []
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        with suppress(ValueError, TypeError, RecursionError):
            found.append(json.loads(line)["step"])
    return [step for step in found if math.isfinite(step)]


def _log(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def _order(task: Task, kept: dict[str, Any]) -> list[int]:
    names = list(task.model.state_dict())
    return [names.index(name) for name in kept]

"""A moment of a training as one file, training.safetensors, from which it goes on as if it had not stopped."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from minent.errors import ModelError
from minent.files import display_path
from minent.neural.checkpoint import FORMAT, TRAINING
from minent.neural.task import Figures, Task
from minent.neural.tensors import read_tensors, write_tensors


@dataclass
class Progress:
    """Where a training is."""

    step: int = 0
    seconds: float = 0.0
    best: Figures | None = None
    judged_step: int = 0
    evaluations_without_gain: int = 0


def save_moment(folder: Path, task: Task, at: Progress) -> None:
    """Keep all that a training needs to go on from here. OutputError: it cannot be written."""
    tensors: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    for name, module in task.modules().items():
        tensors |= {f"module/{name}/{key}": value for key, value in module.state_dict().items()}
    for name, optimizer in task.optimizers.items():
        more, plain[name] = flatten_optimizer(name, optimizer)
        tensors |= more
    state = {"task": task.kind, "config": dict(task.config), "data": task.data, "seed": task.settings.seed}
    write_moment(folder, tensors, {**state, "progress": vars(at), "optimizers": plain})


def restore_moment(folder: Path, task: Task) -> Progress:
    """Give a task back what was kept of it. ModelError: nothing was, or it is of another training."""
    tensors, state = read_moment(folder)
    shown = display_path(folder / TRAINING)
    mine = {"model": ("task", task.kind), "data or batch size": ("data", task.data)}
    for what, (key, value) in (mine | {"seed": ("seed", task.settings.seed)}).items():
        if state.get(key) != value:
            if what != "model":  # the data of some models tell of their sizes too
                _require_config(state, task, shown)
            raise ModelError(shown, f"was trained with another {what}", "leave --resume out to start anew")
    _require_config(state, task, shown)
    try:
        for name, module in task.modules().items():
            prefix = f"module/{name}/"
            own = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
            module.load_state_dict(own, strict=True)
        for name, optimizer in task.optimizers.items():
            given = [{key: group[key] for key in group if key != "params"} for group in optimizer.param_groups]
            unflatten_optimizer(name, optimizer, tensors, state["optimizers"][name])
            for group, own in zip(optimizer.param_groups, given, strict=True):
                group.update(own)  # a weight decay that was given anew holds
            _require_shapes(optimizer)
        return _progress_of(state["progress"])
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(shown, "does not fit this model", "leave --resume out to start anew") from error


def write_moment(folder: Path, tensors: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Write tensors and state into one file, so that they are of one moment. OutputError: it cannot be written."""
    write_tensors(folder / TRAINING, tensors, {"format": FORMAT, "state": json.dumps(dict(state))})


def read_moment(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors and state of a training. ModelError: there is none, or it is not whole."""
    require_moment(folder)
    path = folder / TRAINING
    shown = display_path(path)
    tensors, metadata = read_tensors(path)
    state = None
    with suppress(ValueError, RecursionError):
        state = json.loads(metadata.get("state", ""))
    if metadata.get("format") != FORMAT or not isinstance(state, dict):
        raise ModelError(shown, "not the state of a training")
    return tensors, state


def require_moment(folder: Path) -> None:
    """ModelError: a folder holds no training to go on with."""
    if not (folder / TRAINING).exists():
        raise ModelError(display_path(folder), "holds no training to resume", "leave --resume out to start one")


def flatten_optimizer(name: str, optimizer: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The state of an optimiser as named tensors, and the rest of it as plain values."""
    content = optimizer.state_dict()
    tensors: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    for number, values in content["state"].items():
        for key, value in values.items():
            if isinstance(value, torch.Tensor):
                tensors[f"optimizer/{name}/{number}/{key}"] = value
            else:
                plain.setdefault(str(number), {})[key] = value
    return tensors, {"groups": content["param_groups"], "plain": plain}


def unflatten_optimizer(name: str, optimizer: Any, tensors: Mapping[str, Any], plain: Mapping[str, Any]) -> None:
    """Give an optimiser the state that `flatten_optimizer` took from one like it. KeyError, ValueError: unlike it."""
    state: dict[int, dict[str, Any]] = {int(number): dict(values) for number, values in plain["plain"].items()}
    prefix = f"optimizer/{name}/"
    for path, tensor in tensors.items():
        if path.startswith(prefix):
            number, _, key = path[len(prefix) :].partition("/")
            state.setdefault(int(number), {})[key] = tensor.clone()
    optimizer.load_state_dict({"state": state, "param_groups": plain["groups"]})


def _require_config(state: Mapping[str, Any], task: Task, shown: str) -> None:
    """ModelError where a field of the model was another: not all of them change the shapes of the weights."""
    kept, mine = state.get("config", {}), json.loads(json.dumps(dict(task.config)))
    for key in kept if isinstance(kept, dict) else {}:
        if kept[key] != mine.get(key):
            problem = f"is of a model with another {key}"
            raise ModelError(shown, problem, "give the same sizes, or leave --resume out to start anew")


def _require_shapes(optimizer: Any) -> None:
    """RuntimeError where what an optimiser keeps of a parameter cannot be of it: its shape is another one's."""
    for parameter, values in optimizer.state.items():
        for value in values.values():
            if isinstance(value, torch.Tensor) and value.dim() > 0:
                torch.broadcast_to(value, parameter.shape)


def _progress_of(content: Mapping[str, Any]) -> Progress:
    """What a file says of a training's place. TypeError, ValueError: it is none."""
    at = Progress(**content)
    whole = (at.step, at.judged_step, at.evaluations_without_gain)
    if any(type(number) is not int or number < 0 for number in whole) or not math.isfinite(at.seconds):
        raise ValueError("not the place of a training")
    if at.best is not None and not isinstance(at.best.get("loss"), float):
        raise ValueError("not held-out figures")
    return at

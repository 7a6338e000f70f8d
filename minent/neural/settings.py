"""How a neural model is trained: every default of the shared loop, with the standard library only."""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("fp32", "bf16")
SCHEDULES = ("constant", "linear", "cosine")

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class TrainingSettings:
    """When a training ends, how fast it learns, and what it writes on the way.

    steps, epochs, minutes : the training ends with the first of these; minutes count over all resumed parts
    seed : of the weights, the order of the data and whatever is drawn
    device, precision : of DEVICES and PRECISIONS; bf16 computes in bfloat16 and keeps the weights in float32
    batch_size, accumulate : examples of one forward pass; passes that make one step together
    learning_rate, warmup, schedule : the highest rate; steps in which it rises from 0; how it then falls to 0
    weight_decay, clip : of the optimiser; largest norm of a gradient, 0 for no limit
    evaluate_every, patience : steps between held-out evaluations (None: an epoch); evaluations without improvement
        after which the training ends (None: never)
    checkpoint_minutes, log_every : minutes between checkpoints; steps between lines of metrics.jsonl
    """

    steps: int | None = None
    epochs: float | None = None
    minutes: float | None = None
    seed: int = 0
    device: str = "auto"
    precision: str = "fp32"
    batch_size: int = 32
    accumulate: int = 1
    learning_rate: float = 1e-3
    warmup: int = 0
    schedule: str = "constant"
    weight_decay: float = 0.0
    clip: float = 1.0
    evaluate_every: int | None = None
    patience: int | None = None
    checkpoint_minutes: float = 2.0
    log_every: int = 50

    def __post_init__(self) -> None:
        for name, choices in (("device", DEVICES), ("precision", PRECISIONS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)}: choose {', '.join(choices)}")
        for name in ("batch_size", "accumulate", "log_every", "evaluate_every", "patience", "steps"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)}: must be at least 1")
        for name in ("epochs", "minutes", "learning_rate"):
            if getattr(self, name) is not None and not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name}={getattr(self, name)}: must be above 0, and finite")
        for name in ("warmup", "weight_decay", "clip", "checkpoint_minutes"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name}={getattr(self, name)}: must not be negative")
        if not 0 <= self.seed < 1 << 32:
            raise ValueError(f"seed={self.seed}: must be between 0 and {(1 << 32) - 1}")


def with_pairs(settings: Settings, pairs: Iterable[str], fixed: Collection[str] = ()) -> Settings:
    """Settings with fields replaced by `key=value` texts. ValueError: no such field, or a value of another type.

    fixed : fields that follow from the data, or have an option of their own

    >>> with_pairs(TrainingSettings(), ["warmup=20", "schedule=cosine", "patience=none"]).warmup
    20
    """
    kinds = field_types(type(settings))
    changed = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        key = key.strip().replace("-", "_")
        if not equals or key not in kinds:
            known = ", ".join(name for name in kinds if name not in fixed)
            raise ValueError(f"{pair}: not KEY=VALUE with one of the keys {known}")
        if key in fixed:
            raise ValueError(f"{pair}: {key} follows from the data and the options")
        changed[key] = parse_value(text.strip(), kinds[key], key)
    return dataclasses.replace(settings, **changed)  # type: ignore[type-var]


def parse_value(text: str, kind: Any, key: str) -> object:
    """A text as a value of a type such as `int | None`. ValueError where it is none."""
    kinds = typing.get_args(kind) if typing.get_origin(kind) in (types.UnionType, typing.Union) else (kind,)
    if text.lower() == "none" and types.NoneType in kinds:
        return None
    if bool in kinds:
        if text.lower() not in ("true", "false"):
            raise ValueError(f"{key}={text}: choose true or false")
        return text.lower() == "true"
    plain = next(each for each in kinds if each is not types.NoneType)
    try:
        value: object = plain(text)
    except ValueError as error:
        raise ValueError(f"{key}={text}: not of type {plain.__name__}") from error
    return value


def from_mapping(kind: type[Settings], values: Mapping[str, Any]) -> Settings:
    """A dataclass of plain fields from what a JSON file held. ValueError: missing, unknown or of another type."""
    kinds = field_types(kind)
    unknown = sorted(set(values) - set(kinds))
    if unknown:
        raise ValueError(f"unknown: {', '.join(map(str, unknown[:5]))}")
    required = {
        field.name
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    missing = sorted(required - set(values))
    if missing:
        raise ValueError(f"missing: {', '.join(missing[:5])}")
    for key, value in values.items():
        allowed = typing.get_args(kinds[key]) or (kinds[key],)
        if float in allowed and type(value) is int:
            continue
        if all(isinstance(each, type) for each in allowed) and type(value) not in allowed:
            raise ValueError(f"{key} is {json.dumps(value)[:40]}, not of type {'/'.join(t.__name__ for t in allowed)}")
    return kind(**values)


def field_types(kind: type) -> dict[str, Any]:
    """The types of the fields of a dataclass."""
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}

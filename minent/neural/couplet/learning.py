"""From pairs to a trained couplet model in a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from minent.errors import CorpusError
from minent.neural.couplet.characters import count_characters
from minent.neural.couplet.models import KINDS
from minent.neural.couplet.pairs import Pairs, not_longer
from minent.neural.couplet.settings import MOST_HELD_OUT, DataSettings
from minent.neural.couplet.task import CoupletTask
from minent.neural.device import choose_device, seed_step
from minent.neural.settings import TrainingSettings, with_pairs
from minent.neural.training import TrainingResult, train

FIXED = ("characters",)  # of the configuration; they follow from the data


@dataclass(frozen=True)
class Split:
    """Pairs to learn from, and those by which weights are chosen."""

    learned: Pairs
    held_out: Pairs


def split_pairs(pairs: Pairs, settings: DataSettings, seed: int) -> Split:
    """Some pairs at random held out, and those too long left out. CorpusError: no pair is left to learn from."""
    short = not_longer(pairs, settings.longest)
    order = np.random.default_rng(seed).permutation(len(short)).tolist()
    held_out = min(MOST_HELD_OUT, int(settings.held_out * len(short)))
    if len(order) <= held_out:
        raise CorpusError("couplets", f"no pair of at most {settings.longest} characters a line to learn from")
    return Split(short.where(sorted(order[held_out:])), short.where(sorted(order[:held_out])))


def train_couplets(
    name: str,
    split: Split,
    folder: str | Path,
    settings: TrainingSettings,
    data: DataSettings,
    sizes: Sequence[str] = (),
    *,
    resume: bool = False,
    report: Callable[[str], object] = lambda message: None,
    progress: bool = False,
) -> TrainingResult:
    """Train the model of this name. `sizes`: `key=value` of its configuration. Errors: `minent.neural.training.train`.

    ValueError: no such size, or one out of its bounds, or a patience where no pair is held out.
    """
    kind = f"couplet-{name}"
    config_type, make = KINDS[kind]
    characters = count_characters([*split.learned.upper, *split.learned.lower], data.min_count)
    if not characters:
        raise CorpusError("couplets", f"no character stands {data.min_count} times", "--set min_count=1 takes all")
    config: Any = with_pairs(config_type(characters), sizes, FIXED)
    device = choose_device(settings.device)
    seed_step(settings.seed, -1)
    task = CoupletTask(kind, make(config), split.learned, split.held_out, settings, device)
    return train(task, folder, resume=resume, report=report, progress=progress)

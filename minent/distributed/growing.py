"""Frequent paths of components on a cluster, level by level: only frequent prefixes and paths come here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.distributed.counts import AtLeast, Chosen, Counts, Pairs, as_pairs
from minent.engines.rows import Row, Rows, Shared
from minent.tables import Interner
from minent.templates.growing import Paths, StepTally, grow_levels

SUMS, PLACES = range(2)

Reader = Callable[[Iterator[Row]], Iterator[Any]]


def grow_paths(
    components: Rows, read: Reader, share: Callable[[Any], Shared[Any]], least: int, least_places: int
) -> Paths:
    """All paths that occur `least` times in components that weigh `least_places`; see `patterns.grow_patterns`.

    components, read : rows, and how a task makes tables of components of them
    """

    def ask(trie: NDArray[np.int64], newest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        counts = Counts(components, _MakeSteps(share((trie, newest))), {SUMS: None, PLACES: None}, read)
        answers = counts.ask({SUMS: Chosen(AtLeast(least)), PLACES: Chosen(AtLeast(least_places))})
        counts.release()
        keys, sums = answers[SUMS]
        kept = np.isin(keys, answers[PLACES][0])
        return keys[kept], sums[kept]

    return grow_levels(ask)


@dataclass(frozen=True)
class _MakeSteps:
    shared: Shared[Any]

    def __call__(self) -> _StepTally:
        return _StepTally(*self.shared.value)


class _StepTally:
    """What the components of a task add."""

    def __init__(self, trie: NDArray[np.int64], newest: int) -> None:
        self._tally = StepTally(trie, newest)

    def add(self, table: Interner) -> None:
        self._tally.add(table)

    def size(self) -> int:
        return self._tally.nbytes

    def take(self) -> Iterator[tuple[int, Pairs]]:
        keys, sums, places = self._tally.take()
        yield SUMS, as_pairs(keys, sums)
        yield PLACES, as_pairs(keys, places)

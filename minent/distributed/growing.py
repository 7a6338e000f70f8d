"""Frequent paths of components on a cluster, level by level: only frequent prefixes and paths come here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.distributed.counts import AtLeast, Chosen, Counts, Pairs, as_pairs
from minent.engines.rows import Row, Rows, Shared
from minent.kernels.pattern_steps import ENDING, PREFIX_BITS, count_steps
from minent.tables import Counter, Interner
from minent.templates.mining import component_nodes

SUMS, PLACES = range(2)
LABEL_MASK = (1 << (PREFIX_BITS - 1)) - 1

Reader = Callable[[Iterator[Row]], Iterator[Any]]
Paths = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]


def grow_paths(
    components: Rows, read: Reader, share: Callable[[Any], Shared[Any]], least: int, least_places: int
) -> Paths:
    """All paths that occur `least` times in components that weigh `least_places`; see `patterns.grow_patterns`.

    components, read : rows, and how a task makes tables of components of them
    """
    labels: list[NDArray[np.int64]] = [np.zeros(1, dtype=np.int64)]  # of each prefix, the last one, by level
    parents: list[NDArray[np.int64]] = [np.zeros(1, dtype=np.int64)]  # its place in the level before
    trie, newest, size = Counter(1 << 4), 0, 1
    found: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]] = []  # level, keys and counts of the paths that end
    while len(labels[-1]):
        counts = Counts(components, _MakeSteps(share((trie.table, newest))), {SUMS: None, PLACES: None}, read)
        answers = counts.ask({SUMS: Chosen(AtLeast(least)), PLACES: Chosen(AtLeast(least_places))})
        counts.release()
        keys, sums = answers[SUMS]
        kept = np.isin(keys, answers[PLACES][0])
        keys, sums = keys[kept], sums[kept]
        ends = (keys & 1) == ENDING
        found.append((len(labels) - 1, keys[ends], sums[ends]))
        steps = keys[~ends]
        owners, some_labels = steps >> PREFIX_BITS, (steps >> 1) & LABEL_MASK
        trie.grow(len(trie) + len(steps))
        children = Counter.from_items((newest + owners) << 32 | some_labels, size + np.arange(len(steps)))
        trie.merge(children)
        newest, size = size, size + len(steps)
        labels.append(some_labels)
        parents.append(owners)
    return _written(found, labels, parents)


def _written(
    found: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]],
    labels: list[NDArray[np.int64]],
    parents: list[NDArray[np.int64]],
) -> Paths:
    """Paths as words, 0 for a slot, one after the other; where each ends; counts."""
    content: list[int] = []
    ends: list[int] = []
    counts: list[int] = []
    for level, keys, sums in found:
        for key, count in zip(keys.tolist(), sums.tolist(), strict=True):
            path, place = [], key >> PREFIX_BITS
            for depth in range(level, 0, -1):
                path.append(int(labels[depth][place]))
                place = int(parents[depth][place])
            for label in reversed(path):
                content += [0, label >> 1] if label & 1 else [label >> 1]
            if key >> 1 & 1:
                content.append(0)
            ends.append(len(content))
            counts.append(count)
    return np.array(content, np.int32), np.array(ends, np.int64), np.array(counts, np.int64)


@dataclass(frozen=True)
class _MakeSteps:
    shared: Shared[Any]

    def __call__(self) -> _StepTally:
        return _StepTally(*self.shared.value)


class _StepTally:
    """What the components of a task add to the steps behind the newest prefixes."""

    def __init__(self, trie: NDArray[np.int64], newest: int) -> None:
        self._prefixes = (trie, newest)
        self._start()

    def _start(self) -> None:
        self._keys = Counter(1 << 10)
        self._sums = np.zeros((1 << 10, 2), dtype=np.int64)
        self._owners = np.full(1 << 10, -1, dtype=np.int64)

    def add(self, table: Interner) -> None:
        self._owners[:] = -1  # components are numbered by table
        nodes, weights, at = component_nodes(table), table.counts[: len(table)], 0
        while True:
            tally = (self._keys.table, self._keys.used, self._sums, self._owners)
            at = count_steps(nodes, weights, at, self._prefixes, tally)
            if at == len(weights):
                return
            self._keys.grow(2 * len(self._keys))
            room = len(self._keys.table) // 2
            more = room - len(self._owners)
            if more > 0:
                self._sums = np.concatenate([self._sums, np.zeros((more, 2), dtype=np.int64)])
                self._owners = np.concatenate([self._owners, np.full(more, -1, dtype=np.int64)])

    def size(self) -> int:
        return self._keys.table.nbytes + self._sums.nbytes + self._owners.nbytes

    def take(self) -> Iterator[tuple[int, Pairs]]:
        keys, numbers = self._keys.items()
        yield SUMS, as_pairs(keys, self._sums[numbers, 0])
        yield PLACES, as_pairs(keys, self._sums[numbers, 1])
        self._start()

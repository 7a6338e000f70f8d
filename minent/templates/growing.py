"""Frequent paths of components that are read in parts, level by level."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.kernels.pattern_steps import ENDING, PREFIX_BITS, count_steps
from minent.kernels.patterns import read_components
from minent.kernels.spill import add_pairs
from minent.spill import SpillingCounter, SpillingInterner
from minent.tables import Counter, Interner

LABEL_MASK = (1 << (PREFIX_BITS - 1)) - 1
MOST_PATHS = 1 << 30  # of a component, for sums of them by weight must not wrap

Paths = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]
"""Words, 0 for a slot, one path after the other; where each ends; counts."""

Ask = Callable[[NDArray[np.int64], int], tuple[NDArray[np.int64], NDArray[np.int64]]]
"""From the trie of the frequent prefixes and its newest level (kernels/pattern_steps.py) to the keys of the frequent
steps behind them and of the frequent paths that end there, in one order wherever the components are; and their sums."""


def component_nodes(table: Interner) -> tuple[NDArray[Any], ...]:
    """The words of all components of a table, side by side; see `kernels.patterns.read_components`."""
    number = len(table)
    size = int(table.state[1] - number) // 2
    words, links, owners = (np.empty(size, dtype=np.int32) for _ in range(3))
    traits, bounds = np.empty(size, dtype=np.uint8), np.empty(size, dtype=np.int64)
    read_components(table.content, table.entries, number, words, links, owners, traits, bounds)
    return words, links, owners, traits, bounds


def grow_levels(ask: Ask) -> Paths:
    """All frequent paths; see `patterns.grow_patterns`. Memory: the frequent prefixes."""
    labels: list[NDArray[np.int64]] = [np.zeros(1, dtype=np.int64)]  # of each prefix, the last one, by level
    parents: list[NDArray[np.int64]] = [np.zeros(1, dtype=np.int64)]  # its place in the level before
    trie, newest, size = Counter(1 << 4), 0, 1
    found: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]] = []  # level, keys and counts of the paths that end
    while len(labels[-1]):
        keys, sums = ask(trie.table, newest)
        ends = (keys & 1) == ENDING
        found.append((len(labels) - 1, keys[ends], sums[ends]))
        steps = keys[~ends]
        owners, some_labels = steps >> PREFIX_BITS, (steps >> 1) & LABEL_MASK
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


def grow_in_parts(components: SpillingInterner, least: int, least_places: int) -> Paths:
    """All frequent paths of components that were spilled, each in one spill only.

    Memory: five eighths of their share for a part of them, the rest for what is counted in it.
    """
    share = None if components.share is None else components.share // 8

    def ask(trie: NDArray[np.int64], newest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        sums, places = (SpillingCounter(share, components.file.folder) for _ in range(2))

        def hand_on(keys: NDArray[np.int64], some_sums: NDArray[np.int64], some_places: NDArray[np.int64]) -> None:
            _add(sums, keys, some_sums)
            _add(places, keys, some_places)

        tally = StepTally(trie, newest, share, hand_on)
        for part in components.parts():
            tally.add(part)
            hand_on(*tally.take())
        often, counts = _at_least(sums, least)
        wide, _ = _at_least(places, least_places)
        kept = np.isin(often, wide)
        return often[kept], counts[kept]

    return grow_levels(ask)


def _add(counter: SpillingCounter, keys: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
    pairs, at = np.column_stack([keys, counts]).ravel(), 0
    while (at := add_pairs(counter.table, counter.used, pairs, at, 1, 0)) < len(keys):
        counter.grow()


def _at_least(counter: SpillingCounter, least: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The keys with such counts, rising, and their counts."""
    blocks = list(counter.blocks(lambda keys, counts: counts >= least))
    keys, counts = (np.concatenate(column) for column in zip(*blocks, strict=True))
    order = np.argsort(keys)
    return keys[order], counts[order]


class StepTally:
    """What components add to the steps behind the newest prefixes.

    share, hand_on : what would fill more than so many bytes is handed on, as `take` gives it; None: nothing is
    """

    def __init__(
        self,
        trie: NDArray[np.int64],
        newest: int,
        share: int | None = None,
        hand_on: Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]], None] | None = None,
    ) -> None:
        self._prefixes, self._share, self._hand_on = (trie, newest), share, hand_on
        self._start()

    def _start(self) -> None:
        self._keys = Counter(1 << 10)
        self._sums = np.zeros((1 << 10, 2), dtype=np.int64)
        self._owners = np.full(1 << 10, -1, dtype=np.int64)

    @property
    def nbytes(self) -> int:
        """Bytes of what grows."""
        return self._keys.table.nbytes + self._sums.nbytes + self._owners.nbytes

    def add(self, table: Interner) -> None:
        """Count a table of components."""
        self._owners[:] = -1  # components are numbered by table
        nodes, weights, at = component_nodes(table), table.counts[: len(table)], 0
        while True:
            tally = (self._keys.table, self._keys.used, self._sums, self._owners)
            before = at
            at = count_steps(nodes, weights, at, self._prefixes, tally)
            if at == len(weights):
                return
            # old and new table; a single component may need more
            if self._hand_on and self._share is not None and 3 * self.nbytes > self._share and at > before:
                self._hand_on(*self.take())
            else:
                self._grow()

    def _grow(self) -> None:
        self._keys.grow(2 * len(self._keys))
        more = len(self._keys.table) // 2 - len(self._owners)
        if more > 0:
            self._sums = np.concatenate([self._sums, np.zeros((more, 2), dtype=np.int64)])
            self._owners = np.concatenate([self._owners, np.full(more, -1, dtype=np.int64)])

    def take(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The keys, their sums, and the weight of the components of each; nothing is left."""
        keys, numbers = self._keys.items()
        sums = self._sums[numbers]
        self._start()
        return keys, sums[:, 0], sums[:, 1]

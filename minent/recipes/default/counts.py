"""Exact sums of counts by packed key, gathered from shards in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.kernels.packed import merged
from minent.kernels.spill import GROUPS, group_pairs, take_split
from minent.spill import SLOT, Sink, Spill, Spilling

KEY = 80  # bytes of a key while lists are summed
LEAST_KEYS = 1 << 10
HIGHEST_LEAST = 1 << 16

Counted = tuple[NDArray[np.uint64], NDArray[np.int64]]


class KeyCounts(Spilling):
    """Adds (key, count) lists; the result is sorted by key, so it does not depend on the order of adding.

    Lists are held until they outweigh what is summed already: memory is at most KEY bytes for every distinct key, or
    `share` bytes, where that is given: then sums go to a temporary file in `folder`.
    """

    def __init__(self, share: int | None = None, folder: str | None = None) -> None:
        super().__init__(share, folder)
        self._keys = np.empty(0, np.uint64)
        self._counts = np.empty(0, np.int64)
        self._waiting: list[tuple[NDArray[np.uint64], NDArray[np.int64]]] = []
        self._waiting_size = 0

    def add(self, keys: NDArray[np.uint64], counts: NDArray[np.integer]) -> None:
        """Add a list of keys (repeats allowed) with their counts."""
        if self.share is not None and keys.size > self._most // 4 > 0:  # a list that would not fit
            for at in range(0, keys.size, self._most // 4):
                self._add(keys[at : at + self._most // 4], counts[at : at + self._most // 4])
        else:
            self._add(keys, counts)

    def _add(self, keys: NDArray[np.uint64], counts: NDArray[np.integer]) -> None:
        self._waiting.append((keys, counts.astype(np.int64)))
        self._waiting_size += keys.size
        limit = max(1 << 20, self._keys.size)
        if self.share is not None:
            limit = min(limit, self._most // 4)
        if self._waiting_size > limit:
            self._sum()
            if self.share is not None and self._keys.size > self._most // 2:
                self.spill()

    @property
    def _most(self) -> int:
        """Keys that can be summed at once."""
        return max((self.share or 0) // KEY, LEAST_KEYS)

    def merge(self, other: KeyCounts) -> None:
        """Add what another worker has; takes over its share."""
        self.take(other)
        for keys, counts in [(other._keys, other._counts), *other._waiting]:
            self.add(keys, counts)

    @property
    def total(self) -> int:
        """The sum of all counts."""
        waiting = sum(int(counts.sum()) for _, counts in self._waiting)
        return int(self._counts.sum()) + waiting + sum(spill.total for spill in self.spills)

    def result(self, least: int = 1, keep: Callable[[NDArray[np.uint64]], NDArray[np.bool_]] | None = None) -> Counted:
        """Keys in ascending order with their sums, those of at least `least` and those to `keep`."""
        parts = []
        for keys, counts in self.parts():
            if least > 1:
                kept = counts >= least
                if keep is not None:
                    kept |= keep(keys)
                keys, counts = keys[kept], counts[kept]
            parts.append((keys, counts))
        if len(parts) == 1:
            return parts[0]
        keys = np.concatenate([np.empty(0, np.uint64), *(keys for keys, _ in parts)])
        counts = np.concatenate([np.empty(0, np.int64), *(counts for _, counts in parts)])
        order = np.argsort(keys)
        return keys[order], counts[order]

    def least_for(self, most: int, least: int) -> int:
        """The least count, `least` or more, that at most `most` keys reach."""
        numbers = np.zeros(HIGHEST_LEAST + 1, np.int64)  # of keys by count
        for _, counts in self.parts():
            numbers += np.bincount(np.minimum(counts, HIGHEST_LEAST), minlength=numbers.size)
        reached = np.cumsum(numbers[::-1])[::-1]
        while least < HIGHEST_LEAST and reached[least] > most:
            least += 1
        return least

    def parts(self) -> Iterator[Counted]:
        """All keys with their sums, in parts that have no key in common, each in ascending order."""
        self._sum()
        if not self.spills:
            yield self._keys, self._counts
            return
        self.spill()
        for first, end, splits, split in self.batches(SLOT, KEY):
            blocks = []
            for spill in self.spills:
                for block in spill.blocks(first, end, SLOT):
                    pairs = block.view(np.int64).copy()
                    blocks.append(pairs[: 2 * take_split(pairs, splits, split)].copy() if splits > 1 else pairs)
            pairs = np.concatenate([np.empty(0, np.int64), *blocks])
            yield _summed(pairs[::2].view(np.uint64), pairs[1::2])

    def spill(self) -> None:
        """Write what is summed to the file, and forget it."""
        self._sum()
        if self._keys.size:
            self.spills.append(_write((self._keys, self._counts), self.file))
            self._keys, self._counts = np.empty(0, np.uint64), np.empty(0, np.int64)

    def written(self, sink: Sink) -> Iterator[Spill]:
        """Write everything to a file, group by group; nothing is left."""
        for part in self.parts():
            yield _write(part, sink)
        self._keys, self._counts, self.spills = np.empty(0, np.uint64), np.empty(0, np.int64), []

    def _sum(self) -> None:
        if not self._waiting:
            return
        keys = np.concatenate([self._keys, *(keys for keys, _ in self._waiting)])
        counts = np.concatenate([self._counts, *(counts for _, counts in self._waiting)])
        self._waiting, self._waiting_size = [], 0
        self._keys, self._counts = _summed(keys, counts)


@dataclass(frozen=True)
class CountsMaker:
    """Makes KeyCounts of one share and folder."""

    share: int | None = None
    folder: str | None = None

    def __call__(self) -> KeyCounts:
        return KeyCounts(self.share, self.folder)


def _summed(keys: NDArray[np.uint64], counts: NDArray[np.int64]) -> Counted:
    order = np.argsort(keys)
    found: Counted = merged(keys[order], counts[order])
    return found


def _write(counted: Counted, sink: Sink) -> Spill:
    """Append keys and counts to a file, grouped."""
    keys, counts = counted
    pairs = np.empty(2 * keys.size, np.int64)
    pairs[::2], pairs[1::2] = keys.view(np.int64), counts
    sizes = np.empty(GROUPS, np.int64)
    group_pairs(pairs, keys.size, sizes)
    sink.write(pairs)
    return sink.last_spill(sizes * SLOT, int(counts.sum()))


def table_size(entries: int) -> int:
    """Slots of an open-addressing table for `entries` keys: a power of two, at most 0.6 full."""
    return 1 << max(8, (entries * 5 // 3).bit_length())

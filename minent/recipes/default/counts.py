"""Exact sums of counts by packed key, gathered from shards in any order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from minent.kernels.packed import merged


class KeyCounts:
    """Adds (key, count) lists; the result is sorted by key, so it does not depend on the order of adding.

    Lists are held until they outweigh what is summed already: memory is at most about 3 × 16 bytes for
    every distinct key.
    """

    def __init__(self) -> None:
        self._keys = np.empty(0, np.uint64)
        self._counts = np.empty(0, np.int64)
        self._waiting: list[tuple[NDArray[np.uint64], NDArray[np.int64]]] = []
        self._waiting_size = 0

    def add(self, keys: NDArray[np.uint64], counts: NDArray[np.integer]) -> None:
        """Add a list of keys (repeats allowed) with their counts."""
        self._waiting.append((keys, counts.astype(np.int64)))
        self._waiting_size += keys.size
        if self._waiting_size > max(1 << 20, self._keys.size):
            self._sum()

    def result(self, least: int = 1) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Keys in ascending order with their sums, those of at least `least`: (uint64[m], int64[m])."""
        self._sum()
        if least <= 1:
            return self._keys, self._counts
        kept = self._counts >= least
        return self._keys[kept], self._counts[kept]

    def _sum(self) -> None:
        if not self._waiting:
            return
        keys = np.concatenate([self._keys, *(keys for keys, _ in self._waiting)])
        counts = np.concatenate([self._counts, *(counts for _, counts in self._waiting)])
        order = np.argsort(keys)
        self._keys, self._counts = merged(keys[order], counts[order])
        self._waiting, self._waiting_size = [], 0


def table_size(entries: int) -> int:
    """Slots of an open-addressing table for `entries` keys: a power of two, at most 0.6 full."""
    return 1 << max(8, (entries * 5 // 3).bit_length())

"""Counts of the words that stand side by side in a cutting."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from minent.kernels.bonds import count_neighbours
from minent.kernels.sweep import WordModel
from minent.recipes.default.counts import KeyCounts
from minent.recipes.default.stream import Shard

Pairs: TypeAlias = tuple[NDArray[np.uint64], NDArray[np.integer]]
"""Pairs of places of words in a model, `left << 32 | right`, in no order, and their counts."""


class Neighbours:
    """Counts of pairs of adjacent words of a model, added up over shards."""

    def __init__(self, model: WordModel, classes: int, least: int, counts: KeyCounts | None = None) -> None:
        self.model, self.classes, self.least = model, classes, least
        self.counts = counts or KeyCounts()

    def read(self, shard: Shard, boundaries: NDArray[np.uint8]) -> Pairs:
        """The pairs of one shard. Does not change this object."""
        found: Pairs = count_neighbours(self.model, shard.units, boundaries, self.classes, self.least)
        return found

    def add(self, pairs: Pairs) -> None:
        """Take the pairs of one more shard."""
        self.counts.add(*pairs)

    def pairs(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
        """Packed left word, packed right word and count of every pair."""
        keys, counts = self.counts.result()
        model = self.model
        width = model.singles.size
        packed = np.concatenate(
            [np.arange(width, dtype=np.uint64), model.pairs[:, 0].astype(np.uint64), model.words[:, 0]]
        )
        low = np.uint64(0xFFFFFFFF)
        return packed[keys >> np.uint64(32)], packed[keys & low], counts

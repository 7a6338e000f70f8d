"""Where a recipe cuts: at every boundary that lies inside no good n-gram and no protected word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.counting import CodedCorpus, NgramLevels, Pieces, split_key
from minent.kernels.pieces import find_ngrams, mark_ngrams, mark_pairs, mark_words
from minent.recipes.lists import WordLists
from minent.settings import LexiconSettings
from minent.tables import Counter, Interner


class GoodPairs:
    """The pairs of units that hold together, given as keys of 2-grams (kernels/ngram.py)."""

    SIDE = 8192  # pairs of the units with smaller ids are bits of a square of 8 MB at most

    def __init__(self, keys: NDArray[np.int64], units: int) -> None:
        first, second = split_key(keys)
        self.side = min(self.SIDE, (units + 7) // 8 * 8)
        small = (first < self.side) & (second < self.side)
        square = np.zeros(self.side * self.side // 8, dtype=np.uint8)
        place = first[small] * self.side + second[small]
        np.bitwise_or.at(square, place >> 3, (1 << (place & 7)).astype(np.uint8))
        self.square = square
        self.table = Counter.from_items(keys[~small], np.ones(int((~small).sum()), dtype=np.int64)).table

    def mark(self, units: NDArray[np.int32], joined: NDArray[np.uint8]) -> None:
        """Mark the boundaries inside these pairs."""
        mark_pairs(units, self.square, self.side, self.table, joined)


class GoodNgrams:
    """The n-grams of one order that hold together: their keys, over the numbers of the order below."""

    def __init__(self, levels: NgramLevels, keys: NDArray[np.int64], order: int) -> None:
        self.levels, self.order = levels, order
        self.table = Counter.from_items(keys, np.ones(len(keys), dtype=np.int64)).table

    def mark(self, units: NDArray[np.int32], joined: NDArray[np.uint8]) -> None:
        """Mark the boundaries inside these n-grams."""
        mark_ngrams(self.levels.numbers(units, self.order - 1), units, self.order, self.table, joined)

    def positions(self, units: NDArray[np.int32]) -> NDArray[np.bool_]:
        """bool[n]: where one of these n-grams starts."""
        numbers = self.levels.numbers(units, self.order - 1)
        found = np.zeros(len(units), dtype=np.uint8)
        find_ngrams(numbers, units, self.order, self.table, found)
        return found.astype(np.bool_)


@dataclass(frozen=True)
class Joiner:
    """Marks the boundaries of a coded stream which lie inside a good n-gram or a protected word. Can be pickled."""

    good: Sequence[GoodNgrams] | Sequence[GoodPairs]
    protected: Interner | None

    def __call__(self, units: NDArray[np.int32], joined: NDArray[np.uint8]) -> None:
        for ngrams in self.good:
            ngrams.mark(units, joined)
        if self.protected is not None:
            longest = int(np.diff(self.protected.ends(), prepend=0).max())
            mark_words(units, self.protected.runs, self.protected.entries, longest, joined)


def unwanted_words(
    pieces: Pieces, corpus: CodedCorpus, settings: LexiconSettings, lists: WordLists
) -> NDArray[np.bool_]:
    """bool[words]: the candidates that are banned or too long."""
    unwanted = lists.banned_mask(pieces.words, corpus.alphabet)
    if settings.max_length is not None:
        too_long = np.diff(pieces.words.ends(), prepend=0) > settings.max_length
        unwanted |= too_long & ~lists.protected_mask(pieces.words, corpus.alphabet)
    return unwanted

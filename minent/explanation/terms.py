"""The way of some words through the part of the default recipe that makes long words of words."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from minent.counting import PieceCounter, Pieces
from minent.explanation.pieces import judged
from minent.explanation.steps import Pair, Redundancy, Term, Terms
from minent.kernels.ngram import UNIT_BITS
from minent.kernels.pieces import find_units
from minent.recipes.long_words import MIN_PMI
from minent.tables import Interner

CUTTINGS = 64  # of one word into words that are followed
TOLD = 3  # of them

Numbers = tuple[int, ...]


class LongTerms:
    """Remembers what becomes of some words, given with their units, as rows of the words that make them.

    texts : of the words by number;  above : a pair of words must occur more often
    """

    def __init__(self, words: Mapping[str, Sequence[str]], texts: Sequence[str], above: float) -> None:
        self.texts, self.above, self.least = texts, above, 0.0
        parts = {part for units in words.values() for part in _parts(units)}
        numbers = {text: number for number, text in enumerate(texts) if text in parts}
        self.words = {
            word: list(itertools.islice(_cuttings(tuple(units), numbers), CUTTINGS)) for word, units in words.items()
        }
        self._pairs: dict[int, tuple[int, float]] = {}
        self._keys = np.array(
            sorted({_key(pair) for rows in self.words.values() for row in rows for pair in itertools.pairwise(row)}),
            dtype=np.int64,
        )
        self._counts: dict[Numbers, int] = {}
        self._judged: dict[Numbers, Redundancy] = {}

    def add_pairs(self, keys: NDArray[np.int64], counts: NDArray[np.int64], strengths: NDArray[np.float64]) -> None:
        """Some of all pairs of neighbouring words."""
        here = np.isin(keys, self._keys)
        found = zip(keys[here].tolist(), counts[here].tolist(), strengths[here].tolist(), strict=True)
        self._pairs.update({key: (count, strength) for key, count, strength in found})

    def add_counts(self, counted: PieceCounter, least: float) -> None:
        """All pieces; those that occur more than `least` times stay."""
        self.least = least
        wanted, one = Interner(np.int32), np.ones(1, dtype=np.int64)
        rows = {row for cuttings in self.words.values() for row in cuttings}
        for row in sorted(rows):
            wanted.add_rows(np.array([row], dtype=np.int32), len(row) * one, 0 * one)
        found = counted.frequent(math.inf, wanted).words
        for row in rows:
            entry = find_units(found.runs, found.entries, np.array(row, dtype=np.int32))
            self._counts[row] = int(found.counts[entry]) if entry >= 0 else 0

    def judge(
        self,
        pieces: Pieces,
        level: NDArray[np.int64],
        longest: int,
        threshold: float,
        logs: tuple[NDArray[np.float64], NDArray[np.float64], float],
    ) -> None:
        """The pieces of a level are about to be judged (`Observer.removal`)."""
        words, entries = pieces.words, set(level.tolist())
        for row in {row for cuttings in self.words.values() for row in cuttings}:
            units = np.array(row, dtype=np.int32)
            entry = int(find_units(words.runs, words.entries, units))
            if entry in entries:
                self._judged[row] = judged(pieces, entry, units, longest, threshold, logs, self.texts)

    def step(self, word: str) -> Terms:
        """The step of one of the words, with the cuttings that were met most often."""
        terms = [self._term(row) for row in self.words[word]]
        terms.sort(key=lambda term: (-term.count, -min(pair.count for pair in term.pairs)))
        told = [term for term in terms[:TOLD] if term is terms[0] or min(pair.count for pair in term.pairs)]
        return Terms(tuple(told), self.above, MIN_PMI, self.least)

    def _term(self, row: Numbers) -> Term:
        pairs = []
        for left, right in itertools.pairwise(row):
            count, strength = self._pairs.get(_key((left, right)), (0, None))
            pairs.append(Pair(self.texts[left], self.texts[right], count, strength))
        return Term(tuple(pairs), self._counts.get(row, 0), self._judged.get(row))


def _parts(units: Sequence[str]) -> Iterator[str]:
    for first in range(len(units)):
        for end in range(first + 1, len(units) + 1):
            yield "".join(units[first:end])


def _cuttings(units: tuple[str, ...], numbers: Mapping[str, int]) -> Iterator[Numbers]:
    """Rows of two words or more that make these units, those with long words first."""
    for rest in _rows(units, numbers):
        if len(rest) > 1:
            yield rest


def _rows(units: tuple[str, ...], numbers: Mapping[str, int]) -> Iterator[Numbers]:
    if not units:
        yield ()
    for size in range(len(units), 0, -1):
        number = numbers.get("".join(units[:size]), 0)
        if number:
            yield from ((number, *rest) for rest in _rows(units[size:], numbers))


def _key(pair: Numbers) -> int:
    return pair[0] << UNIT_BITS | pair[1]

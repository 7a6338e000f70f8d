"""What a corpus says of strings of units: counts, PMI and F_ab at every cut, entropies of their neighbours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from minent.association import merge_gain, pmi
from minent.corpus.alphabet import Alphabet, UnitCounts, runs_in
from minent.counting import CodedCorpus
from minent.explanation.steps import Pair
from minent.recipes.sampled import LATIN_COUNT, class_alphabet
from minent.word_statistics import LONGEST, MOST_NEIGHBOURS, word_statistics


@dataclass(frozen=True)
class Cut:
    """A cut of a word into two strings, as the text has them.

    pmi : ln(count · units / (left · right)), nats (cohesion 凝固度 at the weakest cut)
    merge_gain : F_ab, by how many nats a unit of text merging the two would lower its information
    """

    left: str
    right: str
    left_count: int
    right_count: int
    pmi: float
    merge_gain: float


class Figures:
    """Figures of some strings in a corpus. Logarithms are natural (nats).

    units : UnitCounts of the corpus;  total, pairs : units, and adjacent units, of the text
    """

    def __init__(self, corpus: CodedCorpus, units: UnitCounts, strings: Iterable[str]) -> None:
        self.total, self.pairs = units.total, units.pairs
        texts = list(dict.fromkeys(strings))
        self._places = {text: k for k, text in enumerate(texts)}
        found = word_statistics(corpus, texts)
        self._counts = found.occurrences.tolist()
        self._cohesion = found.pmi.tolist()
        self._entropies = np.column_stack([found.left_entropy, found.right_entropy]).tolist()
        self.sampled = sum(self._counts) > MOST_NEIGHBOURS  # then entropies are of some of the neighbours

    def count(self, text: str) -> int:
        """Occurrences, inside other words too; they may overlap."""
        return int(self._counts[self._places[text]])

    def cohesion(self, text: str) -> float | None:
        """PMI at the weakest cut; None for one unit, and for what does not occur."""
        value = float(self._cohesion[self._places[text]])
        return None if math.isnan(value) else value

    def entropies(self, text: str) -> tuple[float | None, float | None]:
        """Left and right branching entropy; None for what does not occur."""
        left, right = self._entropies[self._places[text]]
        return (None, None) if math.isnan(left) else (float(left), float(right))

    def pair(self, left: str, right: str, pairs: int) -> Pair:
        """Two units side by side, `pairs` of them in all."""
        count = self.count(left + right)
        if not count:
            return Pair(left, right, 0, None)
        return Pair(left, right, count, float(pmi(count, self.count(left), self.count(right), self.total, pairs)))

    def cuts(self, units: Sequence[str]) -> tuple[Cut, ...]:
        """Every cut of a word into two; none if it does not occur."""
        count = self.count("".join(units))
        return tuple(self._cut(units, place, count) for place in range(1, len(units))) if count else ()

    def _cut(self, units: Sequence[str], place: int, count: int) -> Cut:
        left, right = "".join(units[:place]), "".join(units[place:])
        counts = self.count(left), self.count(right)
        shares = [each / self.total for each in (count, *counts)]
        return Cut(left, right, *counts, float(pmi(count, *counts, self.total)), merge_gain(*shares))


def strings_of(units: Sequence[str]) -> list[str]:
    """A word and the parts of its cuts; only the word where it is so long that nothing is counted."""
    word = "".join(units)
    if len(units) > LONGEST:
        return [word]
    cuts = range(1, len(units))
    return [word, *("".join(units[:k]) for k in cuts), *("".join(units[k:]) for k in cuts)]


def alphabet_of(units: UnitCounts, classes: bool, words: Sequence[str]) -> Alphabet:
    """The units of a corpus: with classes of numbers and rare Latin runs, or each by itself."""
    if classes and units.whole_runs:
        return class_alphabet(units)
    return Alphabet.from_counts(units, LATIN_COUNT, runs_in(words, units.whole_runs))

"""The way of some words through the default recipe: its last cutting, then joining and splitting."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.corpus.alphabet import Alphabet
from minent.counting import CodedCorpus, PieceCounter, Pieces
from minent.explanation.figures import Figures
from minent.explanation.spelling import coded_word
from minent.explanation.steps import Bond, Joining, Kind, Kinds, Listing, Pair, Part, Spelling, Splitting, Step
from minent.explanation.terms import LongTerms
from minent.kernels.packed import LONGEST, UNIT_BITS
from minent.recipes.default.bonds import Bonds
from minent.recipes.default.factors import PairTable
from minent.recipes.default.neighbours import Neighbours
from minent.recipes.default.settings import DefaultSettings
from minent.recipes.default.sweep import Counts
from minent.recipes.mined import MinedWords
from minent.recipes.observer import Observer

LONGEST_JOINED = 2 * LONGEST  # units
LONGER = 3  # joined words that are told

Units = tuple[int, ...]


@dataclass(frozen=True)
class Phase:
    """What one cutting says of a word. strengths : PMI of its neighbouring units as the recipe has it, nats."""

    name: str
    count: int
    total: int
    strengths: tuple[float | None, ...]
    splitting: Splitting
    joining: Joining


class SampledObserver(Observer):
    """Remembers what becomes of some words, given as a lexicon writes them."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = list(words)
        self.phases: dict[str, list[Phase]] = {word: [] for word in self.words}
        self.final: dict[str, int] = {}
        self.long_terms: LongTerms | None = None

    def start(self, corpus: CodedCorpus) -> None:
        self.alphabet: Alphabet = corpus.alphabet
        self._units = {word: tuple(coded_word(word, corpus.alphabet).tolist()) for word in self.words}

    def decided(
        self,
        phase: str,
        words: Counts,
        listed: NDArray[np.bool_],
        pairs: PairTable,
        neighbours: Neighbours,
        bonds: Bonds,
        settings: DefaultSettings,
    ) -> None:
        self.settings = settings
        cutting = _Cutting(words, listed, neighbours, settings, self.alphabet, self._units.values())
        strengths = _strengths(pairs, settings, self._units.values())
        for word, units in self._units.items():
            if units:
                self.phases[word].append(
                    Phase(
                        phase,
                        cutting.count(units),
                        cutting.total,
                        tuple(strengths.get(pair) for pair in itertools.pairwise(units)),
                        cutting.splitting(units),
                        cutting.joining(units, bonds),
                    )
                )

    def term_pairs(
        self,
        words: Sequence[str],
        keys: NDArray[np.int64],
        counts: NDArray[np.int64],
        strengths: NDArray[np.float64],
        above: float,
    ) -> None:
        if self.long_terms is None:
            texts = {word: [self.alphabet.texts[unit] for unit in units] for word, units in self._units.items()}
            self.long_terms = LongTerms(
                {word: units for word, units in texts.items() if len(units) > LONGEST}, words, above
            )
        self.long_terms.add_pairs(keys, counts, strengths)

    def terms(self, counted: PieceCounter, kept: Pieces, least: float) -> None:
        if self.long_terms is not None:
            self.long_terms.add_counts(counted, least)

    def removal(
        self,
        pieces: Pieces,
        level: NDArray[np.int64],
        longest: int,
        threshold: float,
        log_counts: NDArray[np.float64],
        log_singles: NDArray[np.float64],
        log_total: float,
    ) -> None:
        if self.long_terms is not None:
            self.long_terms.judge(pieces, level, longest, threshold, (log_counts, log_singles, log_total))

    def mined(self, words: MinedWords) -> None:
        wanted = set(self.words)
        found = zip(words.texts, words.counts.tolist(), strict=True)
        self.final = {text: count for text, count in found if text in wanted}
        self.chosen = words.chosen

    def steps(self, word: str, units: Sequence[str], figures: Figures) -> list[Step]:
        """The steps of one of the words."""
        if not self.phases[word]:
            return [Spelling("the text does not have all of its units")]
        *kinds, last = self.phases[word]
        steps: list[Step] = []
        if kinds:
            steps.append(
                Kinds(tuple(Kind(kind.name, kind.count, kind.total, kind.joining.count_after) for kind in kinds))
            )
        rare = self.settings.rare_pmi if not kinds and self.settings.min_count is None else None
        pairs = [
            Pair(left, right, figures.count(left + right), strength)
            for left, right, strength in zip(units, units[1:], last.strengths, strict=False)
        ]
        if not last.joining.is_only_way:
            steps.append(Listing(last.count, last.total, self.settings.min_count or 2, tuple(pairs), rare))
        if last.splitting.cuts:
            steps.append(last.splitting)
        steps.append(last.joining)
        if self.long_terms is not None and word in self.long_terms.words:
            steps.append(self.long_terms.step(word))
        return steps


class _Cutting:
    """The counts of one cutting, and the decisions on joining and splitting that follow from them for some words."""

    def __init__(
        self,
        words: Counts,
        listed: NDArray[np.bool_],
        neighbours: Neighbours,
        settings: DefaultSettings,
        alphabet: Alphabet,
        wanted: Iterable[Units],
    ) -> None:
        self._keys, self._counts = words
        self._listed, self._settings, self._alphabet = listed, settings, alphabet
        self._classes = neighbours.classes
        self.total = int(self._counts.sum())
        self._pairs = neighbours.pairs()
        self._beside = _beside(self._pairs, wanted)

    def count(self, units: Units) -> int:
        """Tokens of a word."""
        place = self._place(units)
        return 0 if place < 0 else int(self._counts[place])

    def is_listed(self, units: Units) -> bool:
        """Whether a word was a word before it was judged."""
        place = self._place(units)
        return place >= 0 and bool(self._listed[place])

    def splitting(self, units: Units) -> Splitting:
        """The cuts of a word that could split it; none if it is not listed or has a class unit."""
        cuts = []
        if self.is_listed(units) and min(units) > self._classes:
            for place in range(1, len(units)):
                left, right = units[:place], units[place:]
                row = self._settings.split_pmi[place - 1 : place]
                threshold = row[0][len(right) - 1] if row and len(right) <= len(row[0]) else -math.inf
                if threshold > -math.inf:
                    cuts.append(self._bond(left, right, threshold, self.is_listed))
        return Splitting(self.total, tuple(cuts))

    def joining(self, units: Units, bonds: Bonds) -> Joining:
        """The pairs of words that could become this word; none if it is a word already."""
        least, cuts = self._settings.join_count, []
        if not self._stays(units) and len(units) <= self._settings.longest_joined and min(units) > self._classes:
            for left, right in _cuts(units):
                threshold = self._settings.join_pmi[len(left) - 1][len(right) - 1]
                cuts.append(self._bond(left, right, threshold, self._stays))
        longer = tuple(itertools.islice(self._longer(units, bonds), LONGER))
        share, after = self._settings.inseparable, _count_after(units, bonds)
        return Joining(self.total, least, share, tuple(cuts), len(units) > LONGEST, after, longer, self._term(units))

    def _term(self, units: Units) -> Bond | None:
        """A word of more than four units of which this one is a piece that hardly occurs without the other."""
        if not self._stays(units):
            return None
        for parts, beside in self._joinable(units):
            threshold = self._settings.join_pmi[len(parts[0]) - 1][len(parts[1]) - 1]
            bond = self._bond(*parts, threshold, self._stays, beside)
            if self._are_inseparable(parts, beside) and not bond.problem:
                return bond
        return None

    def _are_inseparable(self, parts: tuple[Units, Units], beside: int) -> bool:
        size, settings = sum(map(len, parts)), self._settings
        fits = LONGEST < size <= settings.longest_joined
        return fits and beside >= settings.inseparable * max(map(self.count, parts))

    def _joinable(self, units: Units) -> Iterator[tuple[tuple[Units, Units], int]]:
        """The pairs of neighbours that a word is part of, and how often they are side by side; frequent ones first."""
        left, right, beside = self._pairs
        key = np.uint64(_key(units))
        rows = np.flatnonzero(((left == key) | (right == key)) & (beside >= self._settings.join_count))
        for row in rows[np.argsort(-beside[rows], kind="stable")].tolist():
            yield (_units_of(int(left[row])), _units_of(int(right[row]))), int(beside[row])

    def _longer(self, units: Units, bonds: Bonds) -> Iterator[Part]:
        """The joined words that took tokens from a word, those that took most first."""
        if not self._stays(units):
            return
        for parts, beside in self._joinable(units):
            whole = parts[0] + parts[1]
            threshold = self._settings.join_pmi[len(parts[0]) - 1][len(parts[1]) - 1]
            joined = not self.is_listed(whole) and _count_after(whole, bonds) > 0
            if joined and all(map(self.is_listed, parts)):
                strength = self._bond(*parts, threshold, self.is_listed, beside).pmi
                if self._are_inseparable(parts, beside) or (strength is not None and strength > threshold):
                    yield Part(self._text(whole), beside)

    def _stays(self, units: Units) -> bool:
        return self.is_listed(units) and self.splitting(units).verdict(True)

    def _bond(
        self,
        left: Units,
        right: Units,
        threshold: float,
        is_word: Callable[[Units], bool],
        beside: int | None = None,
    ) -> Bond:
        no_words = [self._text(part) for part in (left, right) if not is_word(part)]
        problem = (
            f"{' and '.join(no_words)} {'is no word' if len(no_words) == 1 else 'are no words'}" if no_words else ""
        )
        counts = self.count(left), self.count(right)
        beside = self._beside.get((_key(left), _key(right)), 0) if beside is None else beside
        together = beside + self.count(left + right)
        strength = None
        if together and not problem:
            strength = math.log(together * float(self.total) / (float(counts[0]) * counts[1]))
        return Bond(self._text(left), self._text(right), *counts, beside, together, threshold, strength, problem)

    def _text(self, units: Units) -> str:
        return self._alphabet.text(np.array(units, dtype=np.int32))

    def _place(self, units: Units) -> int:
        """Where a word is among the keys; -1 if it is not."""
        if len(units) > LONGEST or not len(self._keys):
            return -1
        place = min(int(np.searchsorted(self._keys, np.uint64(_key(units)))), len(self._keys) - 1)
        return place if int(self._keys[place]) == _key(units) else -1


def _key(units: Units) -> int:
    """A word of up to four units as one number (kernels/packed.py)."""
    key = 0
    for unit in units:
        key = key << UNIT_BITS | unit
    return key


def _units_of(key: int) -> Units:
    """The units of a packed word."""
    units: Units = ()
    while key:
        units = (key & ((1 << UNIT_BITS) - 1), *units)
        key >>= UNIT_BITS
    return units


def _cuts(units: Units) -> Iterator[tuple[Units, Units]]:
    """The cuts of some units into two words of up to four."""
    for place in range(max(1, len(units) - LONGEST), min(len(units), LONGEST + 1)):
        yield units[:place], units[place:]


def _beside(
    pairs: tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]], words: Iterable[Units]
) -> dict[tuple[int, int], int]:
    """How often the parts of some words, and the parts of these, are side by side."""
    cuts = {cut for units in words if len(units) <= LONGEST_JOINED for cut in _cuts(units)}
    cuts |= {inner for cut in cuts for part in cut for inner in _cuts(part)}
    wanted = {(_key(left), _key(right)) for left, right in cuts}
    left, right, beside = pairs
    for side in (0, 1):
        keys = (left, right)[side]
        some = np.isin(keys, np.array(sorted({pair[side] for pair in wanted}), dtype=np.uint64))
        left, right, beside = left[some], right[some], beside[some]
    found = zip(zip(left.tolist(), right.tolist(), strict=True), beside.tolist(), strict=True)
    return {pair: count for pair, count in found if pair in wanted}


def _strengths(pairs: PairTable, settings: DefaultSettings, words: Iterable[Units]) -> dict[tuple[int, int], float]:
    """PMI of the neighbouring units of some words as the recipe has it: between pmi_threshold − pmi_clip and + it."""
    wanted = {_key(pair) for units in words for pair in itertools.pairwise(units)}
    rows = np.flatnonzero(np.isin(pairs.rows[:, 0], np.array(sorted(wanted), dtype=np.uint32)))
    rows = rows[pairs.rows[rows, 0] > 0]
    experts = np.log(pairs.rows.view(np.float32)[rows, 2].astype(np.float64))
    values = settings.pmi_threshold + experts / settings.pmi_power
    keys = pairs.rows[rows, 0].tolist()
    mask = (1 << UNIT_BITS) - 1  # six digits: what single precision holds
    return {(key >> UNIT_BITS, key & mask): round(value, 6) for key, value in zip(keys, values.tolist(), strict=True)}


def _count_after(units: Units, bonds: Bonds) -> int:
    """Tokens of a word after joining and splitting; 0 if it is none."""
    if len(units) > LONGEST_JOINED:
        return 0
    if len(units) > LONGEST:
        row = np.array([*units, *[0] * (LONGEST_JOINED - len(units))], dtype=np.int32)
        return int(bonds.long_counts[(bonds.long_units == row).all(axis=1)].sum())
    keys, counts = bonds.words
    place = int(np.searchsorted(keys, np.uint64(_key(units))))
    is_word = place < len(keys) and int(keys[place]) == _key(units) and bool(bonds.listed[place])
    return int(counts[place]) if is_word else 0

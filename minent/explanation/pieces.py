"""The way of some words through the recipes that cut text into pieces: plain and cohesion."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from minent.corpus.alphabet import Alphabet
from minent.counting import CodedCorpus, PieceCounter, Pieces
from minent.explanation.figures import Figures
from minent.explanation.spelling import coded_word, units_of
from minent.explanation.steps import Candidate, Ngram, Ngrams, Pairs, Part, Received, Redundancy, Step
from minent.kernels.pieces import best_cutting, find_units
from minent.recipes.mined import MinedWords
from minent.recipes.observer import Observer
from minent.settings import LexiconSettings
from minent.tables import Interner

LONGER = 3  # pieces around a word that are told


class PieceObserver(Observer):
    """Remembers what becomes of some words, given as a lexicon writes them. protect : words that are never cut"""

    def __init__(self, words: Iterable[str], protect: Iterable[str] = (), whole_runs: bool = True) -> None:
        self.words = list(words)
        self._protected = {pair for word in protect for pair in itertools.pairwise(units_of(word, whole_runs))}
        self.candidate: dict[str, Candidate] = {}
        self.redundancy: dict[str, Redundancy] = {}
        self.final: dict[str, int] = {}

    def start(self, corpus: CodedCorpus) -> None:
        self.alphabet: Alphabet = corpus.alphabet
        self._units = {word: coded_word(word, corpus.alphabet) for word in self.words}

    def candidates(self, counted: PieceCounter, kept: Pieces, least: float) -> None:
        wanted = Interner(np.int32)
        for units in self._units.values():
            if len(units) > 1:
                size = np.full(1, len(units), dtype=np.int64)
                wanted.add_rows(units[None, :], size, np.zeros(1, dtype=np.int64))
        found = counted.frequent(math.inf, wanted).words
        for word, units in self._units.items():
            count = int(counted.singles[units[0]]) if len(units) == 1 else 0
            if len(units) > 1:
                entry = find_units(found.runs, found.entries, units)
                count = int(found.counts[entry]) if entry >= 0 else 0
            self.candidate[word] = Candidate(count, least, self._longer(units, kept))

    def _longer(self, units: NDArray[np.int32], kept: Pieces) -> tuple[Part, ...]:
        """The most frequent of the pieces that have more than these units inside."""
        if not len(units):
            return ()
        words = kept.words
        content, ends = words.content[: words.state[1]], words.ends()
        starts = np.flatnonzero(content == units[0])
        for k, unit in enumerate(units[1:].tolist(), start=1):
            starts = starts[starts + k < len(content)]
            starts = starts[content[starts + k] == unit]
        entries = np.searchsorted(ends, starts, side="right")
        first = np.concatenate([[0], ends])[entries]
        inside = (starts + len(units) <= ends[entries]) & (ends[entries] - first > len(units))
        entries = np.unique(entries[inside])
        best = entries[np.argsort(-words.counts[entries], kind="stable")[:LONGER]]
        return tuple(
            Part(self.alphabet.text(content[ends[k - 1] if k else 0 : ends[k]]), int(words.counts[k]))
            for k in best.tolist()
        )

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
        words = pieces.words
        entries = set(level.tolist())
        for word, units in self._units.items():
            entry = int(find_units(words.runs, words.entries, units)) if len(units) > 1 else -1
            if entry not in entries or threshold == -math.inf:
                continue
            logs = log_counts, log_singles, log_total
            self.redundancy[word] = judged(pieces, entry, units, longest, threshold, logs, self.alphabet.texts)

    def mined(self, words: MinedWords) -> None:
        wanted = set(self.words)
        found = zip(words.texts, words.counts.tolist(), strict=True)
        self.final = {text: count for text, count in found if text in wanted}
        self.chosen = words.chosen

    def steps(self, word: str, units: Sequence[str], settings: LexiconSettings, figures: Figures) -> list[Step]:
        """The steps of one of the words; `settings` with what the recipe has chosen."""
        candidate = self.candidate[word]
        if len(units) == 1 and not len(self._units[word]):  # a run that has no id is a piece wherever it occurs
            candidate = Candidate(figures.count(word), candidate.above, ())
        steps: list[Step] = []
        if len(units) > 1:
            is_plain = settings.recipe == "plain"
            steps.append(self._pairs(units, settings, figures) if is_plain else _ngram_step(units, settings, figures))
        steps.append(candidate)
        if len(units) == 1:
            listed = candidate.count if candidate.verdict(True) else 0
            steps.append(Received(self.final.get(word, 0) - listed))
        elif word in self.redundancy:
            steps.append(self.redundancy[word])
        return steps

    def _pairs(self, units: Sequence[str], settings: LexiconSettings, figures: Figures) -> Pairs:
        assert settings.min_prob is not None and settings.min_pmi is not None
        pairs = [figures.pair(left, right, figures.pairs) for left, right in itertools.pairwise(units)]
        pairs = [dataclasses.replace(pair, protected=(pair.left, pair.right) in self._protected) for pair in pairs]
        return Pairs(tuple(pairs), settings.min_prob * figures.pairs, settings.min_pmi)


def judged(
    pieces: Pieces,
    entry: int,
    units: NDArray[np.int32],
    longest: int,
    threshold: float,
    logs: tuple[NDArray[np.float64], NDArray[np.float64], float],
    texts: Sequence[str],
) -> Redundancy:
    """An entry of some pieces against its best cutting into others; arguments as in `Observer.removal`.

    logs : log_counts, log_singles, log_total;  texts : of the units
    """
    words, end = pieces.words, int(pieces.words.ends()[entry])
    score, lengths = np.empty(len(units) + 1), np.zeros(len(units), dtype=np.int64)
    best = best_cutting(
        words.content, end - len(units), end, longest, words.runs, words.entries, words.counts, *logs, score, lengths
    )
    parts, at = [], 0
    while at < len(units):
        part = units[at : at + int(lengths[at])]
        if len(part) == 1:
            count = int(pieces.singles[part[0]])
        else:
            count = int(words.counts[find_units(words.runs, words.entries, part)])
        parts.append(Part("".join(texts[unit] for unit in part.tolist()), count))
        at += len(part)
    strength = float(logs[0][entry] - logs[2] - best)
    least = None if threshold == math.inf else threshold
    return Redundancy(int(words.counts[entry]), max(pieces.total, 1), tuple(parts), strength, least)


def _ngram_step(units: Sequence[str], settings: LexiconSettings, figures: Figures) -> Ngrams:
    assert settings.min_count is not None and settings.min_pmi is not None
    order = min(settings.order, len(units))
    texts = ["".join(units[k : k + order]) for k in range(len(units) - order + 1)]
    threshold = (order - 1) * settings.min_pmi
    ngrams = [Ngram(text, figures.count(text), figures.cohesion(text), threshold) for text in texts]
    return Ngrams(tuple(ngrams), settings.min_count)


def needed_strings(units: Sequence[str], settings: LexiconSettings | None) -> list[str]:
    """The strings whose figures the steps compare."""
    if settings is None or len(units) < 2:
        return []
    order = min(settings.order, len(units)) if settings.recipe == "cohesion" else 2
    return ["".join(units[k : k + order]) for k in range(len(units) - order + 1)] + list(units)

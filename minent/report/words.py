"""The words of a lexicon in a text: how often it is cut into each, how firm they are, and what they save."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.corpus.alphabet import LATIN_CLASS, NUMBER_CLASS, RARE_LATIN, Alphabet, UnitCounts
from minent.evaluation import is_judged
from minent.lexicon import Lexicon
from minent.progress import progress_bar
from minent.segmentation import Segmenter
from minent.word_statistics import WordStatistics

NO_LATIN = 1 << 62  # occurrences that no run of Latin letters has
DIGIT = "0"  # stands for a number
STEP = 1 << 10  # words between two steps of the progress bar


@dataclass(frozen=True)
class WordTable:
    """Words by falling saving, then by falling count, then by text; figures as arrays in that order.

    lengths : int64, units;  counts : int64, tokens of the text that are this word
    saved_bits, cuttings : of `savings`;  pmi, left_entropy, right_entropy : of `word_statistics`, nats
    is_new : whether a word occurs that lists could have, and no known list has; None without known lists
    """

    words: list[str]
    lengths: NDArray[np.int64]
    counts: NDArray[np.int64]
    saved_bits: NDArray[np.float64]
    cuttings: list[tuple[str, ...]]
    pmi: NDArray[np.float64]
    left_entropy: NDArray[np.float64]
    right_entropy: NDArray[np.float64]
    is_new: NDArray[np.bool_] | None

    def __len__(self) -> int:
        return len(self.words)

    def new_words(self) -> list[str]:
        """Those that no known list has."""
        return [] if self.is_new is None else [self.words[k] for k in np.flatnonzero(self.is_new).tolist()]


def word_table(
    words: Sequence[str],
    counts: Mapping[str, int],
    units: UnitCounts,
    statistics: WordStatistics,
    known: Collection[str] | None = None,
    progress: bool = False,
) -> WordTable:
    """The table of some words.

    counts : of all tokens of the text, by `entry_counts`;  units : of the text;  statistics : of these words
    """
    own = np.array([counts.get(word, 0) for word in words], dtype=np.int64)
    saved, cuttings = savings(words, counts, units.whole_runs, progress)
    ranks = np.where(np.isnan(saved), -np.inf, saved)
    order = sorted(range(len(words)), key=lambda k: (-ranks[k], -own[k], words[k]))
    chosen = [words[k] for k in order]
    is_new = None
    if known is not None:
        marks = [own[k] > 0 and is_judged(words[k]) and words[k] not in known for k in order]
        is_new = np.array(marks, dtype=np.bool_)
    return WordTable(
        chosen,
        unit_lengths(chosen, units),
        own[order],
        saved[order],
        [cuttings[k] for k in order],
        statistics.pmi[order],
        statistics.left_entropy[order],
        statistics.right_entropy[order],
        is_new,
    )


def entry_counts(tokens: Mapping[str, int], entries: Collection[str], units: UnitCounts) -> dict[str, int]:
    """The counts of tokens by the entries of a lexicon that they are: 1998年 and 2001年 are <N>年 if that is one.

    What is no entry keeps its text, but a number is <N>, if the text was read with runs as units.
    entries : a set, or what tells as fast what it holds;  units : of the text that the tokens are from
    """
    counts: dict[str, int] = {}
    others = []
    for token, count in tokens.items():
        if token in entries:
            counts[token] = counts.get(token, 0) + count
        else:
            others.append(token)
    forms = [others, others]
    if units.whole_runs:  # a lexicon has classes for numbers and rare runs of Latin letters, or for nothing
        with_latin = Alphabet.with_classes(units, 1, limit=NO_LATIN)
        without = Alphabet.with_classes(units, NO_LATIN, limit=NO_LATIN)
        forms = [_written(others, with_latin), _written(others, without)]
    for token, *candidates in zip(others, *forms, strict=True):
        entry = next((form for form in candidates if form in entries), candidates[0])
        counts[entry] = counts.get(entry, 0) + tokens[token]
    return counts


def _written(tokens: Sequence[str], alphabet: Alphabet) -> list[str]:
    """The tokens with the classes that an alphabet has."""
    stream, ends = alphabet.encode_words(tokens)
    texts, units = alphabet.texts, stream.tolist()
    starts = [0, *ends.tolist()]
    return ["".join([texts[unit] for unit in units[a:b]]) for a, b in itertools.pairwise(starts)]


def unit_lengths(words: Sequence[str], units: UnitCounts) -> NDArray[np.int64]:
    """Units of each word; one at least."""
    stream, ends = Alphabet.with_classes(units, NO_LATIN).encode_words(words)
    units_to = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(stream > 0)])
    ends = np.concatenate([np.zeros(1, dtype=np.int64), ends])
    return np.maximum(np.diff(units_to[ends]), 1)


def savings(
    words: Sequence[str], counts: Mapping[str, int], whole_runs: bool = True, progress: bool = False
) -> tuple[NDArray[np.float64], list[tuple[str, ...]]]:
    """Bits that each word saves its text, and its best cutting into other words of the text.

    A word w saves n (ln p_w − Σ ln p_part − 1) nats at least, n being its count, p = count/total, and the parts those
    of the cutting with the largest Σ ln p_part: the bound F* of kexue.fm/archives/5476, (2.17), times all tokens.
    Below 0 the text would be shorter without the word. NaN, and no cutting, for a word that does not occur, or is one
    unit.

    counts : of all tokens of the text, by entry

    >>> saved, cuttings = savings(["科学", "学"], {"科学": 8, "科": 4, "学": 4})      # 8 (ln 8 − 1) / ln 2
    >>> round(float(saved[0]), 2), cuttings
    (12.46, [('科', '学'), ()])
    """
    used = Lexicon.from_counts({word: count for word, count in counts.items() if count})
    segmenter = Segmenter(used, units="run" if whole_runs else "char", unknown_model=False)
    saved, cuttings = np.full(len(words), np.nan), []
    with progress_bar(len(words), "words", "weigh words", progress) as advance:
        for k, word in enumerate(words):
            if k % STEP == STEP - 1:
                advance(STEP)
            cutting: tuple[str, ...] = ()
            if len(word) > 1 and word in used:
                score, cutting = _best_cutting(word, segmenter)
                entry = used[word]
                if cutting:
                    saved[k] = entry.count * (entry.log_prob - score - 1) / math.log(2)
            cuttings.append(cutting)
    return saved, cuttings


def _best_cutting(word: str, segmenter: Segmenter) -> tuple[float, tuple[str, ...]]:
    """The best cutting of a word into others, and its log-probability in nats; () if it is one unit."""
    text = word.replace(NUMBER_CLASS, DIGIT).replace(LATIN_CLASS, RARE_LATIN)
    for score, parts in segmenter.nbest(text, 2):
        if len(parts) > 1:
            if text != word:
                parts = [part.replace(DIGIT, NUMBER_CLASS).replace(RARE_LATIN, LATIN_CLASS) for part in parts]
            return score, tuple(parts)
    return 0.0, ()

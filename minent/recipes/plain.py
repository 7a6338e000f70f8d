"""The plain recipe: cut where neighbours are weak, count pieces, remove redundant ones (kexue.fm/archives/5476)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from minent.association import pmi
from minent.counting import CodedCorpus, NgramLevels, Pieces, split_key
from minent.recipes.cutting import GoodPairs, joiner, unwanted_words
from minent.recipes.lists import WordLists
from minent.recipes.mined import MinedWords, words_of_pieces
from minent.recipes.redundancy import remove_redundant_words
from minent.settings import LexiconSettings

PAIR_COUNT = 10  # in a corpus of PAIR_UNITS units, a joined pair occurs this often at least …
PAIR_UNITS = 2_000_000  # … and in a larger one more, as the square root of its size
MIN_PMI = 2.0  # nats


def choose_thresholds(units: int, pairs: int, settings: LexiconSettings) -> LexiconSettings:
    """Fill in the thresholds that are not given, from the size of the corpus.

    A pair must occur PAIR_COUNT times in PAIR_UNITS units; the count grows with the square root of the size, between
    a fixed count (which lets chance pairs in as the text grows) and a fixed probability (which shuts rare words out).
    """
    count = max(2.0, PAIR_COUNT * math.sqrt(units / PAIR_UNITS))
    least = min(0.5, float(f"{count / pairs:.3g}")) if pairs else 0.0  # 0.5: a text of four units or fewer
    return settings.with_chosen(min_prob=least, min_pmi=MIN_PMI)


def mine_plain(corpus: CodedCorpus, settings: LexiconSettings, lists: WordLists) -> MinedWords:
    """Mine words with the plain recipe; thresholds that are None are chosen from the size of the corpus."""
    unit_counts = corpus.alphabet.counts
    total = int(unit_counts.sum())
    keys, counts = corpus.count_ngrams(NgramLevels()).items()
    pairs = int(counts.sum())
    settings = choose_thresholds(total, pairs, settings)
    assert settings.min_prob is not None and settings.min_pmi is not None
    left, right = split_key(keys)
    strength = pmi(counts, unit_counts[left], unit_counts[right], max(total, 1), max(pairs, 1))
    strong = keys[(counts > settings.min_prob * pairs) & (strength > settings.min_pmi)]
    good = [GoodPairs(strong, len(corpus.alphabet))]
    pieces = corpus.count_pieces(joiner(good, lists.protected_table(corpus.alphabet)))
    protected = lists.protected_mask(pieces.words, corpus.alphabet)
    truncate(pieces, settings.min_prob * pieces.total, protected)
    remove_redundant_words(pieces, settings.redundancy, protected, unwanted_words(pieces, corpus, settings, lists))
    return words_of_pieces(pieces, corpus.alphabet, {"min_prob": settings.min_prob, "min_pmi": settings.min_pmi})


def truncate(pieces: Pieces, least: float, protected: NDArray[np.bool_]) -> None:
    """Forget the candidates that occur `least` times or less, but the protected ones (step 3)."""
    counts = pieces.words.counts[: len(pieces.words)]
    counts[(counts <= least) & ~protected] = 0
    pieces.singles[pieces.singles <= least] = 0

"""The plain recipe: cut where neighbours are weak, count pieces, remove redundant ones (kexue.fm/archives/5476)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from minent.association import pmi
from minent.counting import CodedCorpus, NgramLevels, split_key
from minent.recipes.cutting import GoodPairs, Joiner, unwanted_words
from minent.recipes.lists import WordLists
from minent.recipes.mined import MinedWords, words_of_pieces
from minent.recipes.observer import NOBODY, Observer
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


def mine_plain(
    corpus: CodedCorpus, settings: LexiconSettings, lists: WordLists, observer: Observer = NOBODY
) -> MinedWords:
    """Mine words with the plain recipe; thresholds that are None are chosen from the size of the corpus."""
    unit_counts, rest = corpus.alphabet.counts, corpus.alphabet.rest
    total = int(unit_counts.sum())
    counted = corpus.count_ngrams(NgramLevels())
    pairs = counted.total
    settings = choose_thresholds(total, pairs, settings)
    assert settings.min_prob is not None and settings.min_pmi is not None
    least, min_pmi = settings.min_prob * pairs, settings.min_pmi

    def are_strong(keys: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
        left, right = split_key(keys)
        strength = pmi(counts, unit_counts[left], unit_counts[right], max(total, 1), max(pairs, 1))
        strong: NDArray[np.bool_] = (counts > least) & (strength > min_pmi)
        if rest:
            strong &= (left != rest) & (right != rest)
        return strong

    keys = np.concatenate([keys for keys, _ in counted.blocks(are_strong)])
    del counted
    good = [GoodPairs(keys, len(corpus.alphabet))]
    wanted = lists.protected_table(corpus.alphabet)
    candidates = corpus.count_pieces(Joiner(good, wanted))
    least = settings.min_prob * candidates.total
    pieces = candidates.frequent(least, wanted)
    observer.candidates(candidates, pieces, least)
    del candidates
    rare = rare_words(corpus, least)
    pieces.singles[rest] = sum(rare.values())
    corpus.memory.require_words(pieces.distinct + len(rare))
    protected = lists.protected_mask(pieces.words, corpus.alphabet)
    unwanted = unwanted_words(pieces, corpus, settings, lists)
    remove_redundant_words(pieces, settings.redundancy, protected, unwanted, observer)
    chosen = {"min_prob": settings.min_prob, "min_pmi": settings.min_pmi}
    return words_of_pieces(pieces, corpus.alphabet, chosen).with_singles(rare)


def rare_words(corpus: CodedCorpus, least: float) -> dict[str, int]:
    """The runs without an id of their own that occur more than `least` times: each is a piece wherever it occurs."""
    if not corpus.alphabet.rest:
        return {}
    assert corpus.units is not None
    found = {}
    for text, count in corpus.units.rare_runs(least, corpus.alphabet.runs):
        found[text] = count
        if len(found) % 1000 == 0:
            corpus.memory.require_words(len(found))
    return found


def rare_count(units: int, pairs: int, settings: LexiconSettings) -> int:
    """A unit that occurs less often is in no joined pair, whatever the text is (see `choose_thresholds`)."""
    least = choose_thresholds(units, pairs, settings).min_prob
    assert least is not None
    return math.floor(least * pairs) + 1

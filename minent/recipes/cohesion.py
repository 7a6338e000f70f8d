"""The cohesion recipe: n-grams up to order 4 that hold together at their weakest cut (kexue.fm/archives/4256, 6920)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from minent.association import pmi
from minent.counting import CodedCorpus, NgramLevels, Pieces, split_key
from minent.recipes.cutting import GoodNgrams, Joiner, unwanted_words
from minent.recipes.lists import WordLists
from minent.recipes.mined import MinedWords, words_of_pieces
from minent.recipes.observer import NOBODY, Observer
from minent.recipes.redundancy import remove_redundant_words
from minent.settings import LexiconSettings
from minent.spill import SpillingCounter

NGRAM_COUNT = 8  # in a corpus of CORPUS_UNITS units, a frequent n-gram occurs this often at least …
CORPUS_UNITS = 2_000_000  # … and in a larger one more, as the square root of its size
NGRAM = 100  # bytes of a frequent n-gram in the tables, for each order up to its own
MIN_PMI = 2.0  # nats, for 2-grams; 4 for 3-grams, 6 for 4-grams


def mine_cohesion(
    corpus: CodedCorpus, settings: LexiconSettings, lists: WordLists, observer: Observer = NOBODY
) -> MinedWords:
    """Mine words by cohesion; a threshold that is None is chosen from the size of the corpus.

    Candidates are the pieces left when the text is cut wherever no good n-gram covers the boundary; a candidate
    stays if it is a good n-gram itself or, when longer than the order, all its n-grams of that order are good. The
    count of one that goes is given to its best cutting into those that stay.
    """
    total = int(corpus.alphabet.counts.sum())
    settings = settings.with_chosen(min_count=rare_count(total, 0, settings), min_pmi=MIN_PMI)
    assert settings.min_count is not None and settings.min_pmi is not None
    good = good_ngrams(corpus, settings, total)
    wanted = lists.protected_table(corpus.alphabet)
    candidates = corpus.count_pieces(Joiner(good, wanted))
    pieces = candidates.frequent(settings.min_count - 1, wanted)
    pieces.singles[corpus.alphabet.rest] = 0
    observer.candidates(candidates, pieces, settings.min_count - 1)
    del candidates
    corpus.memory.require_words(pieces.distinct)
    protected = lists.protected_mask(pieces.words, corpus.alphabet)
    unwanted = unwanted_words(pieces, corpus, settings, lists) | (loose_words(pieces, good) & ~protected)
    remove_redundant_words(pieces, None, protected, unwanted, observer)
    return words_of_pieces(pieces, corpus.alphabet, {"min_count": settings.min_count, "min_pmi": settings.min_pmi})


def rare_count(units: int, pairs: int, settings: LexiconSettings) -> int:
    """A unit that occurs less often is in no frequent n-gram: the least count, given or chosen for so many units."""
    return settings.min_count or max(2, round(NGRAM_COUNT * math.sqrt(units / CORPUS_UNITS)))


def good_ngrams(corpus: CodedCorpus, settings: LexiconSettings, total: int) -> list[GoodNgrams]:
    """For each order, the frequent n-grams whose PMI at the weakest cut is above the order's threshold."""
    least, base = settings.min_count or 1, settings.min_pmi or 0.0
    levels = NgramLevels()
    counts_of = [corpus.alphabet.counts]  # counts of the frequent n-grams, by order − 1 and number
    rows = np.arange(len(corpus.alphabet), dtype=np.int32)[:, None]  # their units, by number
    good = []
    for order in range(2, settings.order + 1):
        keys, counts = frequent_ngrams(corpus.count_ngrams(levels), least, corpus.alphabet.rest if order == 2 else 0)
        corpus.memory.require(
            order * NGRAM * len(keys), f"{len(keys):,} frequent {order}-grams", "a higher --min-count keeps fewer"
        )
        prefixes, lasts = split_key(keys)
        rows = np.column_stack([rows[prefixes], lasts]).astype(np.int32)
        weakest = np.full(len(keys), np.inf)
        for cut in range(1, order):
            left = counts_of[cut - 1][numbers_of(rows[:, :cut], levels)]
            right = counts_of[order - cut - 1][numbers_of(rows[:, cut:], levels)]
            weakest = np.minimum(weakest, pmi(counts, left, right, max(total, 1)))
        good.append(GoodNgrams(levels, keys[weakest > (order - 1) * base], order))
        levels = levels.extended(keys)
        counts_of.append(np.concatenate([[0], counts]))
        rows = np.vstack([np.zeros((1, order), dtype=np.int32), rows])
    return good


def frequent_ngrams(counted: SpillingCounter, least: int, rest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keys, rising, and counts of the n-grams that occur `least` times and do not have the unit `rest` (0: no such)."""

    def are_frequent(keys: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
        frequent: NDArray[np.bool_] = counts >= least
        if rest:
            first, last = split_key(keys)
            frequent &= (first != rest) & (last != rest)
        return frequent

    blocks = list(counted.blocks(are_frequent))
    keys, counts = np.concatenate([keys for keys, _ in blocks]), np.concatenate([counts for _, counts in blocks])
    order = np.argsort(keys)
    return keys[order], counts[order]


def numbers_of(rows: NDArray[np.int32], levels: NgramLevels) -> NDArray[np.int64]:
    """The number of each row of units, all of which are frequent n-grams."""
    size, order = rows.shape
    stream = np.zeros((size, order + 1), dtype=np.int32)
    stream[:, :order] = rows
    return levels.numbers(stream.ravel(), order)[:: order + 1].astype(np.int64)


def loose_words(pieces: Pieces, good: list[GoodNgrams]) -> NDArray[np.bool_]:
    """bool[words]: the candidates with an n-gram that does not hold together.

    Up to the longest order the candidate itself must be good; above it, all its n-grams of that order.
    """
    words = pieces.words
    ends = words.ends()
    lengths = np.diff(ends, prepend=0)
    loose = np.zeros(len(words), dtype=np.bool_)
    for ngrams in good:
        exact = lengths == ngrams.order
        here = exact | (lengths > ngrams.order) if ngrams is good[-1] else exact
        entries = np.flatnonzero(here)
        if not len(entries):
            continue
        stream = np.concatenate(
            [np.append(words.content[ends[k] - lengths[k] : ends[k]], np.int32(0)) for k in entries]
        )
        covered = ngrams.positions(stream)
        starts = np.cumsum(lengths[entries] + 1) - lengths[entries] - 1
        sums = np.concatenate([[0], np.cumsum(covered)])
        windows = lengths[entries] - ngrams.order + 1
        loose[entries] = sums[starts + windows] - sums[starts] < windows
    return loose

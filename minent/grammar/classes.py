"""Word classes of a text by exchange clustering."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from minent.grammar.text import FIRST_WORD, Text
from minent.kernels.classes import count_class_pairs, exchange


def cluster_words(text: Text, classes: int, sweeps: int) -> NDArray[np.int32]:
    """Class of every id: int32[ids]; 0 for boundaries, 1 for rare words, 2 … classes + 1 for the vocabulary.

    Start: the i-th most frequent word is in class i mod `classes`; words are moved in order of frequency, until
    nothing moves, `sweeps` times at most. Deterministic.
    """
    keys, counts = text.bigrams()
    size = len(text.counts)
    after = _rows(keys // size, keys % size, counts, size)
    backwards = np.argsort(keys % size, kind="stable")
    before = _rows((keys % size)[backwards], (keys // size)[backwards], counts[backwards], size)
    places = np.arange(size - FIRST_WORD)
    found = np.concatenate([[0, 1], FIRST_WORD + places % classes]).astype(np.int32)
    pairs = np.zeros((classes + FIRST_WORD, classes + FIRST_WORD), dtype=np.int64)
    totals = np.zeros(classes + FIRST_WORD, dtype=np.int64)
    count_class_pairs(*after, found, pairs, totals)
    word_counts = np.bincount(keys // size, weights=counts, minlength=size).astype(np.int64)
    order = FIRST_WORD + places
    for _ in range(sweeps):
        if not exchange(after, before, order, found, pairs, totals, word_counts):
            break
    return found


def _rows(
    lefts: NDArray[np.int64], rights: NDArray[np.int64], counts: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """Sorted pairs in CSR form: starts int64[size + 1], neighbours int32[m], counts int64[m]."""
    return np.searchsorted(lefts, np.arange(size + 1)), rights.astype(np.int32), counts.astype(np.int64)

"""How firmly two neighbouring words hold together: their PMI, smoothed by that of their classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.grammar.text import FIRST_WORD, Text

SMOOTHING = 3.0  # expected occurrences added at the PMI of the classes
LEAST_COUNT = 3  # of a pair that is kept

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bonds:
    """Frequent pairs of neighbours.

    keys : int64[m] ascending, left id · ids + right id;  counts : int32[m]
    ratios : float64[C, C] — of the count of two classes as neighbours to that expected from their frequencies
    """

    keys: NDArray[np.int64]
    counts: NDArray[np.int32]
    ratios: Floats

    def strengths(self, ids: NDArray[np.int32], classes: NDArray[np.int32], word_counts: NDArray[np.int64]) -> Floats:
        """PMI of each two neighbours, float64[len(ids) − 1], in nats.

        ids, classes : of the words in a row;  word_counts : int64[ids], of the whole training text
        ln (n_ab + k) / (n_a n_b / N + k / r), with r the ratio of the classes; pairs that were dropped count as 0.
        """
        if len(ids) < 2:
            return np.zeros(0)
        keys = ids[:-1].astype(np.int64) * len(word_counts) + ids[1:]
        places = np.minimum(np.searchsorted(self.keys, keys), max(len(self.keys) - 1, 0))
        if len(self.keys):
            found = np.where(self.keys[places] == keys, self.counts[places], 0)
        else:
            found = np.zeros(len(keys), dtype=np.int32)
        expected = word_counts[ids[:-1]] * (word_counts[ids[1:]] / max(int(word_counts.sum()), 1))
        ratios = self.ratios[classes[:-1], classes[1:]]
        result: Floats = np.log((found + SMOOTHING) / (expected + SMOOTHING / ratios))
        return result


def count_bonds(text: Text, classes: NDArray[np.int32]) -> Bonds:
    """Count neighbours, of the vocabulary, and classes that are neighbours."""
    keys, counts = text.bigrams()
    size, kinds = len(text.counts), int(classes.max()) + 1
    lefts, rights = keys // size, keys % size
    pairs = np.bincount(classes[lefts].astype(np.int64) * kinds + classes[rights], counts, kinds * kinds)
    pairs = pairs.reshape(kinds, kinds)
    expected = pairs.sum(axis=1, keepdims=True) * pairs.sum(axis=0) / max(pairs.sum(), 1)
    kept = (counts >= LEAST_COUNT) & (lefts >= FIRST_WORD) & (rights >= FIRST_WORD)
    return Bonds(keys[kept], counts[kept].astype(np.int32), (pairs + 1) / (expected + 1))

"""Where clauses begin and end, from punctuation: statistics of words, and of pairs of word classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.grammar.text import BOUNDARY, Text

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Edges:
    """ln of how often a mark stands there, over the rate of marks per word, in nats.

    begin, end : float64[ids] — before and behind a word
    pair_begin, pair_end : float64[C, C] — before and behind two neighbouring words, by their classes
    """

    begin: Floats
    end: Floats
    pair_begin: Floats
    pair_end: Floats


def count_edges(text: Text, classes: NDArray[np.int32], prior: float) -> Edges:
    """Count marks beside words; `prior` more at the rate of its class are added to a word, at that of all to a pair."""
    ids = text.ids
    kinds = classes[ids].astype(np.int64)
    marks = ids == BOUNDARY
    words = text.counts.astype(np.float64)
    words[BOUNDARY] = 0
    rate = marks.sum() / max(int((~marks).sum()), 1)
    class_words = np.bincount(classes, weights=words)

    def of_words(beside: NDArray[np.int32]) -> Floats:
        counts = np.bincount(beside, minlength=len(words)).astype(np.float64)
        counts[BOUNDARY] = 0
        of_class = (np.bincount(classes, weights=counts) + prior * rate) / (class_words + prior)
        result: Floats = np.log((counts + prior * of_class[classes]) / (words + prior) / rate)
        result[BOUNDARY] = 0
        return result

    size = len(class_words)
    both = ~marks[:-1] & ~marks[1:]
    pairs = kinds[:-1] * size + kinds[1:]

    def of_pairs(chosen: NDArray[np.bool_]) -> Floats:
        counts, all_counts = (np.bincount(pairs[which], minlength=size * size) for which in (chosen & both, both))
        result: Floats = np.log((counts + prior * rate) / (all_counts + prior) / rate)
        return result.reshape(size, size)

    before = np.concatenate([[True], marks[:-2]]) if len(ids) > 1 else np.zeros(0, dtype=bool)
    behind = np.concatenate([marks[2:], [True]]) if len(ids) > 1 else np.zeros(0, dtype=bool)
    return Edges(of_words(ids[1:][marks[:-1]]), of_words(ids[:-1][marks[1:]]), of_pairs(before), of_pairs(behind))

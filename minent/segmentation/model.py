"""The unigram model of a lexicon: the value of every word in nats, with protected words far above all others."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.lexicon import Lexicon

PROTECTION = 1e4  # nats a character: far above what any cutting around a protected word can win


@dataclass(frozen=True)
class UnigramModel:
    """Words, the value of each (float64, nats), and that of a unit that is no word."""

    words: list[str]
    values: NDArray[np.float64]
    unknown: float

    @classmethod
    def of(cls, lexicon: Lexicon, protect: Collection[str] = ()) -> UnigramModel:
        """ln max(count, 1) − ln total of every word, ln 1 − ln total for an unknown unit: jieba's rule.

        A protected word has PROTECTION on top for each of its characters.
        """
        values, unknown = word_log_probs(lexicon.counts, lexicon.total)
        if not protect:
            return cls(lexicon.words, values, unknown)
        model = dict(zip(lexicon.words, values.tolist(), strict=True))
        for word in sorted(protect):
            model[word] = model.get(word, unknown) + PROTECTION * len(word)
        return cls(list(model), np.array(list(model.values())), unknown)


def word_log_probs(counts: NDArray[np.int64], total: int) -> tuple[NDArray[np.float64], float]:
    """The values of words by their counts, and of an unknown unit.

    The logarithm is that of the C library, as in Python: NumPy's may differ in the last bit, and ties with it.
    """
    log_total = math.log(max(total, 1))
    distinct, places = np.unique(np.maximum(counts, 1), return_inverse=True)
    logs = np.array([math.log(count) for count in distinct.tolist()], dtype=np.float64)
    return logs[places] - log_total, math.log(1) - log_total

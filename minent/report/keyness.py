"""Which words one text has more of than another: log-likelihood and log ratio of their counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.corpus.alphabet import UnitCounts
from minent.report.words import unit_lengths

LEAST = 10.83  # G² of chance alone is above it once in a thousand words (χ² with one degree of freedom)
MOST = 20_000


@dataclass(frozen=True)
class Keywords:
    """Words by falling G², then by text, and what they are judged by.

    lengths : int64[words], units;  counts : int64[words, 2] — here, and in the other text;  totals : tokens of both
    log_likelihood : G²;  log_ratio : doublings of the share, positive for words of which here is more
    left_out : words with G² ≥ LEAST that are not among these MOST
    """

    words: list[str]
    lengths: NDArray[np.int64]
    counts: NDArray[np.int64]
    totals: tuple[int, int]
    log_likelihood: NDArray[np.float64]
    log_ratio: NDArray[np.float64]
    left_out: int = 0

    def top(self, number: int, here: bool) -> list[str]:
        """The words with the largest G² of which there is more here, or in the other text."""
        side = self.log_ratio > 0 if here else self.log_ratio < 0
        return [self.words[k] for k in np.flatnonzero(side)[:number].tolist()]


def compare_counts(here: Mapping[str, int], there: Mapping[str, int], units: UnitCounts, most: int = MOST) -> Keywords:
    """The words that two texts do not share: those with G² ≥ LEAST, `most` at most.  units : of either text"""
    words = sorted({*here, *there})
    counts = np.array([[here.get(word, 0), there.get(word, 0)] for word in words], dtype=np.int64).reshape(-1, 2)
    totals = (sum(here.values()), sum(there.values()))
    values = log_likelihood(counts, totals)
    order = np.argsort(-values, kind="stable")
    kept = order[values[order] >= LEAST]
    chosen = kept[:most]
    texts = [words[k] for k in chosen.tolist()]
    return Keywords(
        texts,
        unit_lengths(texts, units),
        counts[chosen],
        totals,
        values[chosen],
        log_ratio(counts[chosen], totals),
        len(kept) - len(chosen),
    )


def log_likelihood(counts: NDArray[np.int64], totals: tuple[int, int]) -> NDArray[np.float64]:
    """G² = 2 Σ O ln(O/E) over the two texts, E being what each would have of a word if their shares were equal.

    Source: Rayson and Garside (2000), after Dunning (1993).  counts : int64[words, 2]

    >>> round(float(log_likelihood(np.array([[10, 0]]), (500, 500))[0]), 2)      # 20 ln 2
    13.86
    """
    observed = counts.astype(np.float64)
    shares = np.array(totals, dtype=np.float64) / max(sum(totals), 1)
    expected = observed.sum(axis=1, keepdims=True) * shares
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(observed > 0, observed * np.log(observed / expected), 0.0)
    result: NDArray[np.float64] = np.maximum(2 * terms.sum(axis=1), 0.0)
    return result


def log_ratio(counts: NDArray[np.int64], totals: tuple[int, int]) -> NDArray[np.float64]:
    """log₂ of the ratio of the two shares; a count of 0 is taken for 0.5. Source: Hardie (2014).

    >>> log_ratio(np.array([[8, 2], [0, 1]]), (1000, 1000)).tolist()
    [2.0, -1.0]
    """
    shares = np.maximum(counts, 0.5) / np.maximum(np.array(totals, dtype=np.float64), 1.0)
    result: NDArray[np.float64] = np.log2(shares[:, 0] / shares[:, 1])
    return result

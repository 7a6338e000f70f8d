"""Confidence intervals by drawing the lines of a text anew."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

CONFIDENCE = 0.95


def bootstrap_f1(line_sums: Mapping[tuple[int, int], int], samples: int, seed: int) -> tuple[float, float] | None:
    """95 % percentile interval of F1 when lines are drawn anew, with replacement (Efron 1979).

    line_sums : how many lines have (correct, true + test words). Lines that agree in these are alike, so to
        draw n lines is one multinomial draw over the distinct pairs: its cost hardly grows with the number of
        lines, and the result does not depend on their order.
    Returns None where there are no words, or samples is 0.
    """
    pairs = sorted(pair for pair in line_sums if pair[1])
    if not pairs or not samples:
        return None
    numbers = np.array([line_sums[pair] for pair in pairs])
    correct, words = np.array(pairs).T
    rng = np.random.default_rng(seed)
    f1 = np.empty(samples)
    for sample in range(samples):
        drawn = rng.multinomial(numbers.sum(), numbers / numbers.sum())
        f1[sample] = 2 * (drawn @ correct) / (drawn @ words)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(f1, (tail, 1 - tail))
    return (float(low), float(high))

"""How strongly neighbours belong together: pure functions of counts, in nats. Source: kexue.fm/archives/5476."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pmi(
    pair: ArrayLike, left: ArrayLike, right: ArrayLike, total: float, pairs: float | None = None
) -> NDArray[np.float64]:
    """Pointwise mutual information ln p_ab/(p_a p_b), in nats. Source: (2.15).

    `total` units in all, `pairs` adjacent pairs in all (default: as many). Counts may be arrays; 0 gives −inf.

    >>> round(float(pmi(pair=8, left=8, right=10, total=100)), 4)     # ln 10
    2.3026
    """
    pairs = total if pairs is None else pairs
    with np.errstate(divide="ignore"):
        joint = np.log(np.asarray(pair, dtype=np.float64)) - math.log(pairs)
        apart = np.log(np.asarray(left, dtype=np.float64)) + np.log(np.asarray(right, dtype=np.float64))
    return np.asarray(joint - apart + 2 * math.log(total))


def merge_gain(pair: float, left: float, right: float) -> float:
    """F_ab: how much merging a and b lowers the information of the text, in nats a unit; from probabilities.

    F_ab = p_ab ln(p_ab/(p_a p_b)) − (1 − p_ab) ln(1 − p_ab) + Σ (p_i − p_ab) ln(1 − p_ab/p_i).  Source: (2.11).

    >>> round(merge_gain(pair=0.1, left=0.1, right=0.1), 4)     # 0.1 ln 10 − 0.9 ln 0.9
    0.3251
    """
    if not 0 < pair <= min(left, right) <= max(left, right) <= 1:
        raise ValueError(f"need 0 < p_ab <= p_a, p_b <= 1; got {pair}, {left}, {right}")
    gain = pair * math.log(pair / (left * right))
    if pair < 1:
        gain -= (1 - pair) * math.log1p(-pair)
    for single in (left, right):
        if pair < single:
            gain += (single - pair) * math.log1p(-pair / single)
    return gain


def merge_gain_bound(pair: float, *parts: float) -> float:
    """F*: the lower bound p_ab (ln(p_ab/Π p_i) − 1) of the merge gain, from probabilities. Source: (2.15), (2.17).

    >>> round(merge_gain_bound(0.1, 0.1, 0.1), 4)               # 0.1 (ln 10 − 1)
    0.1303
    """
    return pair * (math.log(pair) - sum(math.log(part) for part in parts) - 1)

"""A first cutting of the text by the normalised variation of branching entropy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from minent.kernels.nvbe import best_cutting, branching_entropy, extend_grams

LONGEST = 4  # units in a word of the first cutting


def first_cutting(units: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Where words end: uint8[n], 1 after the last unit of a word.

    units : uint16[n], 0 = separator.  A word's worth is its autonomy times its length; autonomy is the
    variation of branching entropy on both sides, less its mean over all n-grams of that length.
    Source: Magistry, Sagot (ACL 2012).
    """
    ids, autonomies = grams(units)
    boundaries = np.zeros(units.size, np.uint8)
    best_cutting(units, tuple(ids), tuple(autonomies), boundaries)
    return boundaries


def grams(units: NDArray[np.uint16]) -> tuple[list[NDArray[np.int32]], list[NDArray[np.float32]]]:
    """Ids of the n-grams of 1–4 units at every place (-1: none), and the autonomy of each id."""
    counts = np.bincount(units, minlength=1).astype(np.int32)
    counts[0] = 0
    ids = np.where(units == 0, -1, units.astype(np.int32)).astype(np.int32)
    prefixes = suffixes = np.zeros(counts.size, np.int32)
    shorter_right = shorter_left = np.zeros(1)  # of the empty string: any constant, it cancels
    all_ids, autonomies = [], []
    for order in range(1, LONGEST + 1):
        longer, longer_counts, longer_prefixes, longer_suffixes = extend_grams(units, ids, counts.size, order + 1)
        right = branching_entropy(counts, longer_prefixes, longer_counts)
        left = branching_entropy(counts, longer_suffixes, longer_counts)
        variation = right - shorter_right[prefixes]  # step by step: the arrays are as long as the text
        variation += left
        variation -= shorter_left[suffixes]
        present = variation if order > 1 else variation[counts > 0]
        variation -= present.mean() if present.size else 0.0
        autonomies.append(variation.astype(np.float32))
        all_ids.append(ids)
        del present, variation
        ids, counts, prefixes, suffixes = longer, longer_counts, longer_prefixes, longer_suffixes
        shorter_right, shorter_left = right, left
    return all_ids, autonomies

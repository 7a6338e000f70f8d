"""The lattice of a piece of text under a lexicon: how sure each boundary is, the best cutting, new strings in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from minent.kernels.boundaries import admit_strings
from minent.kernels.lattice import arc_posteriors, rank_cuttings
from minent.kernels.viterbi import read_elements
from minent.segmentation.cuts import Bytes
from minent.segmentation.cutter import Arcs, Cutter
from minent.segmentation.lattice import Lattice


def read_lattice(data: Bytes, cutter: Cutter, state: NDArray[np.int64]) -> Lattice:
    """The lattice of a piece of text under a lexicon; `state` is that of `read_elements`, which see."""
    codes = np.empty(len(data) + 1, dtype=np.int32)
    starts = np.empty(len(data) + 1, dtype=np.int64)
    marks = np.empty(len(data) + 1, dtype=np.uint8)
    count, _ = read_elements(data, 0, cutter.alphabet, codes, starts, marks, state)
    arcs = cutter.arcs(codes[: count + 1], marks[: count + 1], count)
    return Lattice(data, starts[: count + 1], marks[:count], *arcs)


def arcs_of(lattice: Lattice) -> Arcs:
    """The arcs alone."""
    return lattice.arc_ptr, lattice.arc_lengths, lattice.arc_values


def with_strings(
    lattice: Lattice,
    words: Lattice,
    units: NDArray[np.bool_],
    log_odds: NDArray[np.float64],
    limit: float,
    longest: int,
    value: float,
) -> Lattice:
    """A lattice whose arcs that are none of `words` are the strings that the log-odds admit (kernels/boundaries.py)."""
    arc_ptr = np.empty(len(units) + 1, dtype=np.int64)
    lengths, values = np.empty(0, dtype=np.int32), np.empty(0)
    given = (arcs_of(lattice), (words.arc_ptr, words.arc_lengths), units, log_odds, limit, longest, value)
    size = admit_strings(*given, arc_ptr, lengths, values)
    lengths, values = np.empty(size, dtype=np.int32), np.empty(size)
    admit_strings(*given, arc_ptr, lengths, values)
    return Lattice(lattice.data, lattice.starts, lattice.marks, arc_ptr, lengths, values)


def boundary_shares(arcs: Arcs) -> NDArray[np.float64]:
    """The probability of a boundary before each element, under p(cutting) ∝ exp(sum of values); float64[n]."""
    arc_ptr, lengths, values = arcs
    if not len(values):
        return np.empty(0)
    shares = np.empty(len(values))
    arc_posteriors(arc_ptr, lengths, values, shares)
    return np.minimum(np.add.reduceat(shares, arc_ptr[:-1]), 1.0)


def best_steps(arcs: Arcs) -> NDArray[np.int32]:
    """Elements of the word of the best cutting that starts at each element, if one does; int32[n]."""
    arc_ptr, lengths, values = arcs
    count = len(arc_ptr) - 1
    scores = np.empty((count + 1, 1))
    steps = np.zeros((count + 1, 1), dtype=np.int32)
    ranks = np.zeros((count + 1, 1), dtype=np.int32)
    rank_cuttings(arc_ptr, lengths, values, scores, steps, ranks, np.zeros(count + 1, dtype=np.int64))
    return steps[:count, 0]


def best_starts(arcs: Arcs) -> NDArray[np.int64]:
    """Where the words of the best cutting start, in elements; int64[words]."""
    starts, at = [], 0
    steps = best_steps(arcs).tolist()
    while at < len(steps):
        starts.append(at)
        at += steps[at]
    return np.array(starts, dtype=np.int64)

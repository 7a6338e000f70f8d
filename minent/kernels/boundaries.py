"""Which strings beside the words of a lexicon a tagger admits to the lattice of a text.

A lattice is arc_ptr int64[n + 1], arc_lengths int32[m], arc_values float64[m], arcs ordered by start, the longest
first, see kernels/lattice.py.
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel


@kernel
def admit_strings(lattice, words, units, log_odds, limit, longest, value, arc_ptr, arc_lengths, arc_values):
    """Write a lattice again, with the strings that a tagger admits and without those that it does not.

    Admitted is a string of units where the log-odds of a boundary are below `limit` at every place inside. Words and
    single elements stay. Of the other arcs those admitted stay; and strings of two to `longest` units that have no arc
    get one of this value, if admitted.

    lattice : (arc_ptr, arc_lengths, arc_values);  words : (arc_ptr, arc_lengths) of the arcs that are words
    units : bool[n] — whether each element is a unit;  log_odds : float64[n], nats, of the boundary before each element
    arc_ptr : int64[n + 1], out;  arc_lengths : int32[m'], out;  arc_values : float64[m'], out; the last two empty: the
        arcs are only counted
    Returns the number of arcs.
    """
    old_ptr, old_lengths, old_values = lattice
    word_ptr, word_lengths = words
    count = len(units)
    arcs = np.int64(0)
    for at in range(count):
        arc_ptr[at] = arcs
        old = old_ptr[at]
        old_end = old_ptr[at + 1]
        word = word_ptr[at]
        word_end = word_ptr[at + 1]
        length = max(longest, 1)
        if old < old_end:
            length = max(length, np.int64(old_lengths[old]))
        reach = 1
        if units[at]:
            while reach < length and at + reach < count and units[at + reach] and log_odds[at + reach] < limit:
                reach += 1
        while length > 0:
            is_old = old < old_end and old_lengths[old] == length
            while word < word_end and word_lengths[word] > length:
                word += 1
            is_word = word < word_end and word_lengths[word] == length
            stays = is_old and (is_word or length <= reach)
            if stays or (not is_old and 1 < length <= min(reach, longest)):
                if len(arc_lengths) > 0:
                    arc_lengths[arcs] = length
                    arc_values[arcs] = old_values[old] if is_old else value
                arcs += 1
            if is_old:
                old += 1
            length -= 1
    arc_ptr[count] = arcs
    return arcs

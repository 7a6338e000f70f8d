"""Counts of adjacent words of a cutting, for joining them."""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel
from minent.kernels.factors import COUNT
from minent.kernels.packed import doubled, entries, find, find_row

_BITS = np.uint64(16)
_HALF = np.uint64(32)


@kernel
def word_place(model, key, length):
    """Place of a packed word in a model (`sweep.WordModel`), -1 if it is none of its words."""
    singles, pairs, _, words, _, _ = model
    place = np.int64(-1)
    if length == 1:
        if singles[key] > 0:
            place = np.int64(key)
    elif length == 2:
        row = find_row(pairs, np.uint32(key))
        if pairs[row, 3] & COUNT:
            place = singles.size + row
    else:
        row = find_row(words, key)
        if words[row, 0] == key:
            place = singles.size + pairs.shape[0] + row
    return place


@kernel
def count_neighbours(model, units, boundaries, classes, least):
    """Count the pairs of words that stand side by side in a segment, both of them words of the model.

    units : uint16[n], 0 = separator;  boundaries : uint8[n], 1 where a word of at most four units ends
    classes : words that hold a unit up to this one are left out
    Returns the pairs seen at least `least` times, in no order: uint64[m] `left place << 32 | right place`, int32[m].
    """
    keys = np.zeros(1 << 12, np.uint64)
    counts = np.zeros(1 << 12, np.int32)
    used = 0
    before = np.int64(-1)
    key = np.uint64(0)
    length = 0
    holds_class = False
    for i in range(units.size):
        if units[i] == 0:
            before = -1
            continue
        key = (key << _BITS) | np.uint64(units[i])
        length += 1
        holds_class |= units[i] <= classes
        if boundaries[i] == 0:
            continue
        place = np.int64(-1) if holds_class else word_place(model, key, length)
        if before >= 0 and place >= 0:
            pair = np.uint64(before) << _HALF | np.uint64(place)
            slot = find(keys, pair)
            if keys[slot] == 0:
                keys[slot] = pair
                used += 1
            counts[slot] += 1
            if 2 * used > keys.size:
                keys, counts = doubled(keys, counts)
        before = place
        key = np.uint64(0)
        length = 0
        holds_class = False
    return entries(keys, counts, least)

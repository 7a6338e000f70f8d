"""Open-addressing tables of words packed into uint64: up to four 16-bit units, first highest, 0 = empty."""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel

UNIT_BITS = 16
LONGEST = 4  # units that fit into one key

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
_BITS = np.uint64(UNIT_BITS)
_MASK = np.uint64(0xFFFF)


@kernel
def find(keys, key):
    """Slot of `key` in a table, or of the empty slot where it belongs (linear probing).

    keys : uint64[2**m], never full, 0 = empty;  key : uint64, not 0
    """
    mask = keys.size - 1
    slot = np.int64((key * _GOLDEN) >> _HALF) & mask
    while keys[slot] != key and keys[slot] != 0:
        slot = (slot + 1) & mask
    return slot


@kernel
def find_row(rows, key):
    """Like `find`, in a table whose first column is the key: uint32[2**m, c] or uint64[2**m, c]."""
    mask = rows.shape[0] - 1
    slot = np.int64((np.uint64(key) * _GOLDEN) >> _HALF) & mask
    while rows[slot, 0] != key and rows[slot, 0] != 0:
        slot = (slot + 1) & mask
    return slot


@kernel
def doubled(keys, counts):
    """The same table with twice the slots: (uint64[2n], int32[2n])."""
    more_keys = np.zeros(2 * keys.size, np.uint64)
    more_counts = np.zeros(2 * keys.size, np.int32)
    for slot in range(keys.size):
        if keys[slot] != 0:
            place = find(more_keys, keys[slot])
            more_keys[place] = keys[slot]
            more_counts[place] = counts[slot]
    return more_keys, more_counts


@kernel
def fill_rows(rows, keys):
    """Enter distinct `keys` into the first column of an empty table; returns their rows, int64[keys.size]."""
    places = np.empty(keys.size, np.int64)
    for i in range(keys.size):
        places[i] = find_row(rows, keys[i])
        rows[places[i], 0] = keys[i]
    return places


@kernel
def entries(keys, counts, least):
    """The keys that were counted at least `least` times, in slot order: (uint64[m], int32[m])."""
    m = 0
    for slot in range(keys.size):
        if keys[slot] != 0 and counts[slot] >= least:
            m += 1
    kept_keys = np.empty(m, np.uint64)
    kept_counts = np.empty(m, np.int32)
    m = 0
    for slot in range(keys.size):
        if keys[slot] != 0 and counts[slot] >= least:
            kept_keys[m] = keys[slot]
            kept_counts[m] = counts[slot]
            m += 1
    return kept_keys, kept_counts


@kernel
def merged(keys, counts):
    """Sum the counts of equal keys that stand side by side.

    keys : uint64[n], sorted;  counts : int64[n].  Returns (uint64[m], int64[m]).
    """
    sums_keys = np.empty(keys.size, np.uint64)
    sums = np.empty(keys.size, np.int64)
    m = 0
    for i in range(keys.size):
        if m > 0 and sums_keys[m - 1] == keys[i]:
            sums[m - 1] += counts[i]
        else:
            sums_keys[m] = keys[i]
            sums[m] = counts[i]
            m += 1
    return sums_keys[:m].copy(), sums[:m].copy()


@kernel
def key_length(key):
    """Number of units in a packed word."""
    length = 0
    while key != 0:
        key = key >> _BITS
        length += 1
    return length


@kernel
def key_unit(key, length, i):
    """Unit `i` of a packed word of `length` units."""
    return np.int64((key >> np.uint64(UNIT_BITS * (length - 1 - i))) & _MASK)


@kernel
def packed_range(units, start, end):
    """Pack units[start:end] (at most four) into one key."""
    key = np.uint64(0)
    for i in range(start, end):
        key = (key << _BITS) | np.uint64(units[i])
    return key


@kernel
def unpacked(keys):
    """Rows of unit ids, filled with 0 after the last, and lengths: (int32[n, 4], int32[n])."""
    rows = np.zeros((keys.size, LONGEST), np.int32)
    lengths = np.empty(keys.size, np.int32)
    for w in range(keys.size):
        length = key_length(keys[w])
        lengths[w] = length
        for i in range(length):
            rows[w, i] = key_unit(keys[w], length, i)
    return rows, lengths

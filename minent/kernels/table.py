"""Open-addressing counters: int64 key → int64 value.

A table is one array `int64[2 * size]`, size a power of two: key at 2s, value at 2s + 1, so that a probe touches one
cache line. Keys are ≥ 0; −1 marks a free slot. Linear probing; nothing is ever removed.
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel

SPREAD = np.uint64(0x9E3779B97F4A7C15)
SHIFT = np.uint64(32)


@kernel
def find_slot(table, key):
    """Index of the key's place in the array: where it is, or the free place where it belongs."""
    mask = (len(table) >> 1) - 1
    slot = np.int64((np.uint64(key) * SPREAD) >> SHIFT) & mask
    while table[2 * slot] != key and table[2 * slot] >= 0:
        slot = (slot + 1) & mask
    return 2 * slot


@kernel
def find_value(table, key):
    """Value of a key; −1 if it has none."""
    place = find_slot(table, key)
    return table[place + 1] if table[place] >= 0 else np.int64(-1)


@kernel
def add_value(table, key, value):
    """Add to the value of a key; returns 1 if the key is new, else 0. There must be a free slot."""
    place = find_slot(table, key)
    if table[place] < 0:
        table[place] = key
        table[place + 1] = value
        return 1
    table[place + 1] += value
    return 0


@kernel
def add_table(table, other):
    """Add all entries of another table; returns the number of new keys. There must be room for all of them."""
    new = 0
    for place in range(0, len(other), 2):
        if other[place] >= 0:
            new += add_value(table, other[place], other[place + 1])
    return new

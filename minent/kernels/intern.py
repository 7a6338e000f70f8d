"""Tables that number distinct sequences: runs of bytes, pieces of unit ids.

A table is three arrays, for content of any integer type:

slots   int32[power of two] — entry that sits there, -1 where none does; linear probing
entries uint64[capacity, 2] — hash of each entry, end of its content (it starts where that of the one before ends)
content uint8[] or int32[]  — the sequences, one after the other

They are handed over as `runs = (slots, content)` and `entries`, with `state[0]` entries and `state[1]` elements of
content in use. A full table is grown by the caller: `minent.counting.Interner`.
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel

HASH_PRIME = np.uint64(0x100000001B3)
HASH_SPREAD = np.uint64(0x9E3779B97F4A7C15)
HASH_SHIFT = np.uint64(32)


@kernel
def hash_step(code, element):
    """Take one more element into a running hash (FNV-1a)."""
    return (code ^ np.uint64(element)) * HASH_PRIME


@kernel
def home_slot(code, size):
    """Slot of a hash in a table of `size` (a power of two) slots."""
    return np.int64(((code * HASH_SPREAD) >> HASH_SHIFT) & np.uint64(size - 1))


@kernel
def find_run(runs, entries, data, start, stop, code):
    """Number of the entry `data[start:stop]`, whose hash is `code`; -1 if there is none."""
    slots, content = runs
    size = len(slots)
    slot = home_slot(code, size)
    while True:
        entry = slots[slot]
        if entry < 0:
            return np.int64(-1)
        if entries[entry, 0] == code:
            first = np.int64(entries[entry - 1, 1]) if entry > 0 else np.int64(0)
            length = np.int64(entries[entry, 1]) - first
            if length == stop - start:
                same = True
                for k in range(length):
                    if content[first + k] != data[start + k]:
                        same = False
                        break
                if same:
                    return np.int64(entry)
        slot = (slot + 1) & (size - 1)


@kernel
def intern_run(runs, entries, state, data, start, stop, code):
    """Number of the entry `data[start:stop]`, made if need be; -1 if the table has no room for it."""
    entry = find_run(runs, entries, data, start, stop, code)
    if entry >= 0:
        return entry
    slots, content = runs
    entry = state[0]
    first = state[1]
    length = stop - start
    if entry >= len(entries) or first + length > len(content) or 2 * (entry + 1) > len(slots):
        return np.int64(-1)
    for k in range(length):
        content[first + k] = data[start + k]
    entries[entry, 0] = code
    entries[entry, 1] = np.uint64(first + length)
    state[0] = entry + 1
    state[1] = first + length
    place_entry(slots, code, entry)
    return entry


@kernel
def place_entry(slots, code, entry):
    """Put an entry that is not there yet into the first free slot after its home."""
    size = len(slots)
    slot = home_slot(code, size)
    while slots[slot] >= 0:
        slot = (slot + 1) & (size - 1)
    slots[slot] = entry


@kernel
def place_entries(slots, entries, count):
    """Fill empty `slots` with the first `count` entries (after growing)."""
    for entry in range(count):
        place_entry(slots, entries[entry, 0], entry)


@kernel
def merge_entries(runs, entries, counts, state, entries_b, content_b, counts_b, start):
    """Add the entries `start…` of another table to this one, with their counts.

    Returns the first entry that was not added: len(counts_b), or the one for which there is no room.
    """
    for other in range(start, len(counts_b)):
        first = np.int64(entries_b[other - 1, 1]) if other > 0 else np.int64(0)
        stop = np.int64(entries_b[other, 1])
        entry = intern_run(runs, entries, state, content_b, first, stop, entries_b[other, 0])
        if entry < 0:
            return other
        counts[entry] += counts_b[other]
    return len(counts_b)

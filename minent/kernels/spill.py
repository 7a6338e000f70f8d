"""Tables as spills on the disk: records grouped by a hash of their key, so that equal keys meet again, group by group.

A spill of a counter (kernels/table.py) is int64 pairs `key, count`. A spill of a table of sequences (kernels/intern.py)
is uint32 words: hash (low, high), count (low, high), length, and the elements. Grouping takes place inside the table
that is given up: no second one is needed.
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel
from minent.kernels.intern import find_run, intern_run
from minent.kernels.sample import mixed
from minent.kernels.table import add_value

GROUPS = 1 << 10
HEAD = 5  # words of a record before its elements

_GROUP_SHIFT = np.uint64(54)
_SPLIT_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)

DONE, NO_ROOM, DAMAGED = range(3)


@kernel
def group_of(code):
    """The group of a key or hash: the top bits of a hash that the tables do not use."""
    return np.int64(mixed(np.uint64(code)) >> _GROUP_SHIFT)


@kernel
def is_in_split(code, splits, split):
    """Whether a key or hash belongs to one of `splits` (a power of two) equal parts of its group."""
    return np.int64((mixed(np.uint64(code)) >> _SPLIT_SHIFT) & np.uint64(splits - 1)) == split


@kernel
def gather_pairs(table):
    """Move the entries of a counter to its front, as pairs; returns how many there are."""
    size = 0
    for place in range(0, len(table), 2):
        if table[place] >= 0:
            key = table[place]
            count = table[place + 1]
            table[2 * size] = key
            table[2 * size + 1] = count
            size += 1
    return size


@kernel
def group_pairs(pairs, size, sizes):
    """Bring the first `size` pairs into the order of their groups, in place (McIlroy's American flag sort).

    pairs : int64[≥ 2 size], in and out;  sizes : int64[GROUPS], out — pairs of each group
    """
    sizes[:] = 0
    for k in range(size):
        sizes[group_of(pairs[2 * k])] += 1
    ends = np.cumsum(sizes)
    nexts = ends - sizes
    for group in range(GROUPS):
        while nexts[group] < ends[group]:
            at = 2 * nexts[group]
            home = group_of(pairs[at])
            place = 2 * nexts[home]
            if home != group:
                key = pairs[at]
                count = pairs[at + 1]
                pairs[at] = pairs[place]
                pairs[at + 1] = pairs[place + 1]
                pairs[place] = key
                pairs[place + 1] = count
            nexts[home] += 1


@kernel
def add_pairs(table, used, pairs, at, splits, split):
    """Add the pairs from number `at` on that belong to a split to a counter.

    Returns the pair reached: all of them, or the first for which the table (filled to at most 5/8) has no room.
    """
    limit = (len(table) >> 1) * 5 // 8
    size = len(pairs) >> 1
    while at < size:
        key = pairs[2 * at]
        if splits == 1 or is_in_split(key, splits, split):
            if used[0] >= limit:
                return at
            used[0] += add_value(table, key, pairs[2 * at + 1])
        at += 1
    return at


@kernel
def take_split(pairs, splits, split):
    """Move the pairs that belong to a split to the front, in their order; returns how many there are."""
    size = 0
    for k in range(len(pairs) >> 1):
        if is_in_split(pairs[2 * k], splits, split):
            pairs[2 * size] = pairs[2 * k]
            pairs[2 * size + 1] = pairs[2 * k + 1]
            size += 1
    return size


@kernel
def group_entries(entries, size, order, sizes):
    """The entries of a table of sequences in the order of their groups.

    order : int32[≥ size], out — numbers of entries;  sizes : int64[GROUPS], out — words of the records of each group
    """
    numbers = np.zeros(GROUPS, dtype=np.int64)
    sizes[:] = 0
    first = np.int64(0)
    for entry in range(size):
        group = group_of(entries[entry, 0])
        numbers[group] += 1
        stop = np.int64(entries[entry, 1])
        sizes[group] += HEAD + stop - first
        first = stop
    nexts = np.cumsum(numbers) - numbers
    for entry in range(size):
        group = group_of(entries[entry, 0])
        order[nexts[group]] = entry
        nexts[group] += 1


@kernel
def write_records(order, at, size, entries, content, counts, words):
    """Write the entries order[at:size] as records, as many as fit.

    words : uint32[n], out.  Returns (the place in `order` reached, words written).
    """
    written = 0
    while at < size:
        entry = order[at]
        first = np.int64(entries[entry - 1, 1]) if entry > 0 else np.int64(0)
        length = np.int64(entries[entry, 1]) - first
        if written + HEAD + length > len(words):
            break
        code = entries[entry, 0]
        count = np.uint64(counts[entry])
        words[written] = code & _LOW
        words[written + 1] = code >> _HALF
        words[written + 2] = count & _LOW
        words[written + 3] = count >> _HALF
        words[written + 4] = length
        for k in range(length):
            words[written + HEAD + k] = content[first + k]
        written += HEAD + length
        at += 1
    return at, written


@kernel
def add_records(words, at, splits, split, above, runs, entries, counts, state):
    """Add the records from word `at` on that belong to a split to a table of sequences.

    above : elements must be below it (a hostile file would lead a kernel out of its arrays)

    Returns (the word reached, DONE | NO_ROOM | DAMAGED): DONE stops before a record that is not whole.
    """
    while at + HEAD <= len(words):
        code = np.uint64(words[at]) | np.uint64(words[at + 1]) << _HALF
        count = np.int64(np.uint64(words[at + 2]) | np.uint64(words[at + 3]) << _HALF)
        start = at + HEAD
        stop = start + np.int64(words[at + 4])
        if stop == start or count < 1:
            return at, DAMAGED
        if stop > len(words):
            break
        if splits == 1 or is_in_split(code, splits, split):
            for k in range(start, stop):
                if words[k] >= above:
                    return at, DAMAGED
            entry = intern_run(runs, entries, state, words, start, stop, code)
            if entry < 0:
                return at, NO_ROOM
            counts[entry] += count
        at = stop
    return at, DONE


@kernel
def sum_records(words, above, largest):
    """Walk over records as `add_records` does, and add up their counts, which must be below `largest`.

    Returns (the word reached, the sum, DONE | DAMAGED).
    """
    at = 0
    total = np.int64(0)
    while at + HEAD <= len(words):
        count = np.int64(np.uint64(words[at + 2]) | np.uint64(words[at + 3]) << _HALF)
        start = at + HEAD
        stop = start + np.int64(words[at + 4])
        if stop == start or count < 1 or count >= largest:
            return at, total, DAMAGED
        if stop > len(words):
            break
        for k in range(start, stop):
            if words[k] >= above:
                return at, total, DAMAGED
        total += count
        at = stop
    return at, total, DONE


@kernel
def add_frequent(entries_b, content_b, counts_b, start, least, wanted, runs, entries, counts, state):
    """Add the entries `start…` of another table that occur more than `least` times or are in the table `wanted`.

    wanted : (runs, entries) of a table.  Returns the entry reached: len(counts_b), or the first that has no room.
    """
    for other in range(start, len(counts_b)):
        first = np.int64(entries_b[other - 1, 1]) if other > 0 else np.int64(0)
        stop = np.int64(entries_b[other, 1])
        code = entries_b[other, 0]
        if counts_b[other] <= least and find_run(wanted[0], wanted[1], content_b, first, stop, code) < 0:
            continue
        entry = intern_run(runs, entries, state, content_b, first, stop, code)
        if entry < 0:
            return other
        counts[entry] += counts_b[other]
    return len(counts_b)


@kernel
def digest_entries(entries, counts):
    """The sum of a hash of every entry with its count: equal for equal content in any order, in uint64[2]."""
    sums = np.zeros(2, dtype=np.uint64)
    for entry in range(len(counts)):
        code = mixed(entries[entry, 0] ^ mixed(np.uint64(counts[entry])))
        sums[0] += code
        sums[1] += mixed(code ^ entries[entry, 0])
    return sums

"""The coded stream as the default recipe reads it: 16-bit units, short segments, hashed lines, pairs."""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel
from minent.kernels.packed import doubled, entries, find

_BITS = np.uint64(16)
_ODD = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(29)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


@kernel
def mixed(value):
    """Finaliser of splitmix64 (Steele, Lea, Flood 2014): a bijection of uint64 that looks random."""
    value = (value ^ (value >> _S30)) * _MIX_1
    value = (value ^ (value >> _S27)) * _MIX_2
    return value ^ (value >> _S31)


@kernel
def narrow(units, line_ends, run, longest, narrow_units, narrow_ends):
    """Write a chunk of the coded stream as uint16, with a separator inside segments above `longest` units.

    Ids above 65,535 become separators: they are too rare to be part of a word.

    units : int32[n];  line_ends : int64[m], ascending, a line ends before units[line_ends[j]]
    run : units since the last separator before this chunk
    narrow_units : uint16[n + n // longest + 1], out;  narrow_ends : int64[m], out
    Returns (units written, the new run).
    """
    written = 0
    line = 0
    for i in range(units.size):
        while line < line_ends.size and line_ends[line] <= i:
            narrow_ends[line] = written
            line += 1
        unit = units[i]
        if unit == 0 or unit > 0xFFFF:
            unit = 0
            run = 0
        elif run == longest:
            narrow_units[written] = 0
            written += 1
            run = 1
        else:
            run += 1
        narrow_units[written] = unit
        written += 1
    while line < line_ends.size:
        narrow_ends[line] = written
        line += 1
    return written, run


@kernel
def hash_lines(units, line_ends, longest, seed):
    """Cut a shard into pieces and hash their content.

    A piece ends where a line ends, and in a long line at the first separator after `longest` units,
    so that a text on one line can be sampled too.

    units : uint16[n];  line_ends : int64[m], ascending;  seed : uint64
    Returns (ends int64[p], hashes uint64[p]); piece j is units[ends[j - 1]:ends[j]], never empty.
    """
    ends = np.empty(line_ends.size + units.size // longest + 2, np.int64)
    hashes = np.empty(ends.size, np.uint64)
    pieces = 0
    line = 0
    start = 0
    code = seed
    for i in range(units.size):
        code = (code ^ np.uint64(units[i])) * _ODD
        code ^= code >> _SHIFT
        while line < line_ends.size and line_ends[line] < i + 1:
            line += 1
        at_line_end = line < line_ends.size and line_ends[line] == i + 1
        if at_line_end or i + 1 == units.size or (units[i] == 0 and i + 1 - start >= longest):
            ends[pieces] = i + 1
            hashes[pieces] = mixed(code)
            pieces += 1
            start = i + 1
            code = seed
    return ends[:pieces].copy(), hashes[:pieces].copy()


@kernel
def gather(units, starts, lengths, size):
    """Copy the pieces units[starts[j] : starts[j] + lengths[j]] one after another into uint16[size]."""
    copy = np.empty(size, np.uint16)
    place = 0
    for j in range(starts.size):
        for i in range(starts[j], starts[j] + lengths[j]):
            copy[place] = units[i]
            place += 1
    return copy


@kernel
def count_pairs(units):
    """Count adjacent units: (uint64[m] keys `left << 16 | right`, int32[m] counts), in no order.

    units : uint16[n], 0 = separator
    """
    keys = np.zeros(1 << 12, np.uint64)
    counts = np.zeros(1 << 12, np.int32)
    used = 0
    for i in range(units.size - 1):
        if units[i] == 0 or units[i + 1] == 0:
            continue
        key = (np.uint64(units[i]) << _BITS) | np.uint64(units[i + 1])
        slot = find(keys, key)
        if keys[slot] == 0:
            keys[slot] = key
            used += 1
        counts[slot] += 1
        if 2 * used > keys.size:
            keys, counts = doubled(keys, counts)
    return entries(keys, counts, 1)

"""UTF-8 bytes → units and boundaries: the decoder, the counter of units and the encoder of the coded stream."""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel
from minent.kernels.intern import find_run, hash_step, intern_run

# classes of code points, as in minent.corpus.units (kernels import nothing above them)
HAN, LATIN, DIGIT = 1, 2, 3
DIACRITICS_FIRST, DIACRITICS_LAST = 0x300, 0x36F
POINT, WIDE_POINT = 0x2E, 0xFF0E
PERCENT, WIDE_PERCENT, PER_MILLE = 0x25, 0xFF05, 0x2030
HASH_START = np.uint64(0xCBF29CE484222325)


@kernel
def code_point(first, second, third, fourth):
    """Decode one UTF-8 character from its bytes (0 where the text ends): (code point, length); invalid is (-1, 1).

    Overlong forms, surrogates and code points above U+10FFFF are invalid, as in RFC 3629. Takes the bytes and not the
    array: handing an array to a function of many exits costs more, in reference counts, than the decoding.
    """
    point, length = -1, 1
    if first < 0x80:
        point = first
    elif first < 0xE0:
        if first >= 0xC2 and (second & 0xC0) == 0x80:
            point, length = ((first & 0x1F) << 6) | (second & 0x3F), 2
    elif first < 0xF0:
        value = ((first & 0x0F) << 12) | ((second & 0x3F) << 6) | (third & 0x3F)
        if (second & 0xC0) == 0x80 and (third & 0xC0) == 0x80 and value >= 0x800 and (value >> 11) != 0x1B:
            point, length = value, 3
    else:
        value = ((first & 0x07) << 18) | ((second & 0x3F) << 12) | ((third & 0x3F) << 6) | (fourth & 0x3F)
        valid = (second & 0xC0) == 0x80 and (third & 0xC0) == 0x80 and (fourth & 0xC0) == 0x80
        if valid and first < 0xF8 and 0x10000 <= value <= 0x10FFFF:
            point, length = value, 4
    return point, length


@kernel
def decode(data, at, end):
    """Decode the character at `data[at]`, at < end: (code point, length in bytes); an invalid byte is (-1, 1)."""
    first = np.int64(data[at])
    second = np.int64(data[at + 1]) if at + 1 < end else 0
    third = np.int64(data[at + 2]) if at + 2 < end else 0
    fourth = np.int64(data[at + 3]) if at + 3 < end else 0
    return code_point(first, second, third, fourth)


@kernel
def common_han(first, second, third):
    """Code point of three bytes if they are a character of U+4E00–9FFF, the block of nearly all text; else 0."""
    point = ((first & 0x0F) << 12) | ((second & 0x3F) << 6) | (third & 0x3F)
    valid = 0xE4 <= first <= 0xE9 and (second & 0xC0) == 0x80 and (third & 0xC0) == 0x80 and point >= 0x4E00
    return point if valid else 0


@kernel
def run_end(data, at, end, kind, classes):
    """Where the run of Latin letters or of digits that starts at `at` ends, and the hash of its bytes.

    A combining diacritic (U+0300–036F) continues a Latin run. A number goes on after a decimal point that stands
    between digits, and ends with a percent or per mille sign: 3.14％. Returns (end of the run, uint64 hash).
    """
    start = at
    while at < end:
        point, length = decode(data, at, end)
        if point < 0:
            break
        inside = classes[point] == kind
        if not inside and at > start:
            if kind == LATIN:
                inside = DIACRITICS_FIRST <= point <= DIACRITICS_LAST
            elif point == POINT or point == WIDE_POINT:
                after, _ = decode(data, at + length, end) if at + length < end else (-1, 1)
                inside = after >= 0 and classes[after] == DIGIT
            elif point == PERCENT or point == WIDE_PERCENT or point == PER_MILLE:
                at += length
                break
        if not inside:
            break
        at += length
    code = HASH_START
    for k in range(start, at):
        code = hash_step(code, data[k])
    return at, code


@kernel
def count_units(data, at, classes, whole_runs, han_counts, runs, entries, run_counts, state, found):
    """Count the units of `data[at:]`, and the segments: units with nothing else between them.

    whole_runs : bool — a run of Latin letters or of digits is one unit; else every letter or digit of ASCII is one
    han_counts : int64[UNIT_LIMIT], in and out — count of each one-character unit, by code point
    runs, entries, run_counts — table of runs (kernels/intern.py) with uint8 content and its counts
    state : int64[≥ 2], in and out — entries used, content used
    found : int64[4], in and out — segments, whether the last one may go on (0 or 1), invalid bytes, offset of the
        first of them (or -1)

    Returns the position reached: len(data), or the start of a run for which the table has no room.
    """
    end = len(data)
    segments = np.int64(0)
    inside = found[1]
    while at < end:
        begin = at
        while at + 2 < end:
            common = common_han(np.int64(data[at]), np.int64(data[at + 1]), np.int64(data[at + 2]))
            if common == 0:
                break
            han_counts[common] += 1
            at += 3
        if at > begin:
            segments += 1 - inside
            inside = 1
        if at == end:
            break
        point, length = decode(data, at, end)
        kind = classes[point] if point >= 0 else 0
        if kind == HAN or (not whole_runs and point < 0x80 and (kind == LATIN or kind == DIGIT)):
            han_counts[point] += 1
        elif whole_runs and (kind == LATIN or kind == DIGIT):
            stop, code = run_end(data, at, end, kind, classes)
            entry = intern_run(runs, entries, state, data, at, stop, code)
            if entry < 0:
                break
            run_counts[entry] += 1
            length = stop - at
        else:
            if point < 0:
                if found[3] < 0:
                    found[3] = at
                found[2] += 1
            inside = 0
            at += length
            continue
        segments += 1 - inside
        inside = 1
        at += length
    found[0] += segments
    found[1] = inside
    return at


@kernel
def encode(data, classes, whole_runs, char_units, runs, entries, run_units, fallback, units, line_ends):
    """Write the coded stream of `data`: unit ids, every segment followed by one 0.

    char_units : int32[UNIT_LIMIT] — id of a one-character unit by code point, 0 where it has none
    runs, entries, run_units : table of runs (kernels/intern.py) and the id of each
    fallback : int32[4] — id of a unit without one, by class (HAN, LATIN, DIGIT); 0 makes it a boundary
    units : int32[len(data) + 1], out
    line_ends : int64[lines], out — length of the stream after each line end; not written when empty

    Returns (length of the stream, line ends written).
    """
    end = len(data)
    at = 0
    size = 0
    lines = 0
    while at < end:
        while at + 2 < end:
            common = common_han(np.int64(data[at]), np.int64(data[at + 1]), np.int64(data[at + 2]))
            unit = char_units[common]
            if unit == 0:
                break
            units[size] = unit
            size += 1
            at += 3
        if at == end:
            break
        point, length = decode(data, at, end)
        unit = np.int32(0)
        if point >= 0:
            kind = classes[point]
            if kind == HAN or (not whole_runs and point < 0x80 and (kind == LATIN or kind == DIGIT)):
                unit = char_units[point]
                if unit == 0:
                    unit = fallback[kind]
            elif whole_runs and (kind == LATIN or kind == DIGIT):
                stop, code = run_end(data, at, end, kind, classes)
                entry = find_run(runs, entries, data, at, stop, code)
                if entry >= 0:
                    unit = run_units[entry]
                if unit == 0:
                    unit = fallback[kind]
                length = stop - at
        if unit > 0:
            units[size] = unit
            size += 1
        elif size > 0 and units[size - 1] != 0:
            units[size] = 0
            size += 1
        if point == 10 and len(line_ends) > 0:
            line_ends[lines] = size
            lines += 1
        at += length
    if size > 0 and units[size - 1] != 0:
        units[size] = 0
        size += 1
    return size, lines

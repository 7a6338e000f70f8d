"""Segmented text → counts of its words."""

from __future__ import annotations

from minent.kernels import kernel
from minent.kernels.intern import hash_step, intern_run
from minent.kernels.scan import DIGIT, HAN, HASH_START, LATIN, decode


@kernel
def count_tokens(data, at, classes, separator, words, entries, counts, state):
    """Count the words of segmented text from `at` on; tokens that begin with a sign or a space are not words.

    data : uint8[n] — UTF-8 text with a byte `separator` before every token
    words, entries, counts, state : table of uint8 content (kernels/intern.py)

    Returns the position reached: n, or the start of a word for which the table has no room.
    """
    end = len(data)
    while at < end:
        point, length = decode(data, at, end)
        kind = classes[point] if point >= 0 else 0
        if kind != HAN and kind != LATIN and kind != DIGIT:
            at += length
            continue
        stop = at
        code = HASH_START
        while stop < end and data[stop] != separator:
            code = hash_step(code, data[stop])
            stop += 1
        entry = intern_run(words, entries, state, data, at, stop, code)
        if entry < 0:
            return at
        counts[entry] += 1
        at = stop
    return at

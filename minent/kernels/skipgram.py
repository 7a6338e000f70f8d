"""Segmented text → word numbers; word numbers → counts of skip-grams.

Word stream: int32, word numbers ≥ 1, every sentence followed by exactly one 0, as in the coded stream of units. A
skip-gram is an ordered pair of words of one sentence at a distance of at most `window`; its key is first << 32 |
second.

There are far more distinct skip-grams than strong ones. So they are counted twice: first in buckets, without keys,
which gives every pair an upper bound; then exactly, but only the pairs whose bound could be strong (Park, Chen and Yu
1995).
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel
from minent.kernels.intern import hash_step, intern_run
from minent.kernels.scan import DIGIT, HAN, HASH_START, LATIN, code_point
from minent.kernels.table import add_value

SPACE = 4  # class of code points, as in minent.corpus.units
TOKEN_START = 0xFF  # no byte of UTF-8
LINE_END = 0x0A
BUCKET_SPREAD = np.uint64(0x9E3779B97F4A7C15)
SPACED, SIGNS_ARE_WORDS = 1, 2  # flags of `code_words`
FULL_BUCKET = np.uint32(0xFFFFFFFF)


@kernel
def is_stop(point):
    """Whether a sign ends a sentence that goes on after commas: 。！？；… in all their forms, and line ends."""
    wide = point == 0x3002 or point == 0xFF01 or point == 0xFF1F or point == 0xFF1B or point == 0xFF61
    narrow = point == 0x21 or point == 0x3F or point == 0x3B or point == 0x0A or point == 0x0D
    return (
        wide or narrow or point == 0x2026 or point == 0x22EF or 0x203C <= point <= 0x203D or 0x2047 <= point <= 0x2049
    )


@kernel
def code_words(data, at, classes, flags, words, entries, counts, state, stream, size):
    """Number the words of segmented text from `at` on.

    data : uint8[n] — tokens with TOKEN_START before each; or, with the flag SPACED, tokens between whitespace, in lines
    flags : 0, SPACED, SIGNS_ARE_WORDS or both
    words, entries, counts, state : table of uint8 content (kernels/intern.py); state[2:] counts invalid bytes and holds
        the place of the first (before: 0, −1)
    stream : int32[n + 1], out — entry + 1 for each word. A token is a word if it has a Han character, Latin letter or
        digit in it and is valid UTF-8; every other token ends the sentence, and so does a line end. With
        SIGNS_ARE_WORDS only those with a full stop or the like do, and spaces and what is not valid
    size : length of the stream so far

    Returns (position reached: n, or the start of a word for which the table has no room; length of the stream).
    """
    end = len(data)
    spaced = flags & SPACED != 0
    while at < end:
        start = at
        if not spaced and data[at] == TOKEN_START:
            start = at + 1
        stop = start
        code = HASH_START
        has_unit = False
        has_sign = False
        stops = flags & SIGNS_ARE_WORDS == 0
        valid = True
        ended = False
        length = 1
        while stop < end:
            first = np.int64(data[stop])
            if not spaced and first == TOKEN_START:
                break
            second = np.int64(data[stop + 1]) if stop + 1 < end else np.int64(0)
            third = np.int64(data[stop + 2]) if stop + 2 < end else np.int64(0)
            fourth = np.int64(data[stop + 3]) if stop + 3 < end else np.int64(0)
            point, length = code_point(first, second, third, fourth)
            kind = classes[point] if point >= 0 else 0
            ended = spaced and kind == SPACE
            if ended:
                break
            has_unit |= kind == HAN or kind == LATIN or kind == DIGIT
            has_sign |= kind != SPACE
            stops |= is_stop(point)
            if point < 0:
                valid = False
                state[3] = stop if state[3] < 0 else state[3]
                state[2] += 1
            for k in range(stop, stop + length):
                code = hash_step(code, data[k])
            stop += length
        if valid and (has_unit or (has_sign and not stops)):
            entry = intern_run(words, entries, state, data, start, stop, code)
            if entry < 0:
                return at, size
            counts[entry] += 1
            stream[size] = entry + 1
            size += 1
        elif stop > at and size > 0 and stream[size - 1] != 0:  # a lone TOKEN_START is an invalid byte
            stream[size] = 0
            size += 1
        at = stop
        if ended:
            if data[stop] == LINE_END and size > 0 and stream[size - 1] != 0:
                stream[size] = 0
                size += 1
            at = stop + length  # of the whitespace that was read last
    if size > 0 and stream[size - 1] != 0:
        stream[size] = 0
        size += 1
    return at, size


@kernel
def pair_bucket(key, buckets):
    """The bucket of a skip-gram; their number is a power of two of at least 2^8."""
    return np.int64((np.uint64(key) * BUCKET_SPREAD) >> np.uint64(24)) & (buckets - 1)


@kernel
def count_buckets(stream, window, buckets):
    """Count the skip-grams of a word stream in buckets.

    buckets : uint32[power of two], in and out; a full one stays full
    Returns the number of skip-grams.
    """
    total = 0
    number = len(buckets)
    for at in range(len(stream)):
        first = np.int64(stream[at]) << 32
        if first == 0:
            continue
        after = at + 1
        while after <= at + window and stream[after] > 0:
            bucket = pair_bucket(first | np.int64(stream[after]), number)
            if buckets[bucket] != FULL_BUCKET:
                buckets[bucket] += np.uint32(1)
            after += 1
        total += after - at - 1
    return total


@kernel
def count_skip_grams(stream, at, window, buckets, word_counts, least, ratio, table, used):
    """Count the skip-grams that start at `at…` and could be strong.

    buckets : uint32[] — upper bounds;  word_counts : int64[words + 1]
    least, ratio : a pair (a, b) counts if its bound is ≥ least and > ratio · word_counts[a] · word_counts[b]
    table, used : counter (kernels/table.py)

    Returns the position reached: len(stream), or less if the table has to grow first.
    """
    limit = (len(table) >> 1) * 5 // 8 - window
    number = len(buckets)
    while at < len(stream):
        first = np.int64(stream[at])
        if first == 0:
            at += 1
            continue
        if used[0] >= limit:
            return at
        rare = ratio * np.float64(word_counts[first])
        after = at + 1
        while after <= at + window and stream[after] > 0:
            second = np.int64(stream[after])
            key = (first << 32) | second
            bound = buckets[pair_bucket(key, number)]
            if bound >= least and np.float64(bound) > rare * np.float64(word_counts[second]):
                used[0] += add_value(table, key, 1)
            after += 1
        at += 1
    return np.int64(len(stream))

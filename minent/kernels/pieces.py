"""Cutting the coded stream into pieces, and counting them."""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel
from minent.kernels.intern import find_run, hash_step, intern_run
from minent.kernels.scan import HASH_START
from minent.kernels.table import add_value, find_value

SHORT_BITS = 21
TIE = 1e-9  # nats; cuttings closer than that are equal: rounding decides nothing


@kernel
def mark_ngrams(numbers, units, order, table, joined):
    """Mark every boundary inside the n-grams that a table holds.

    numbers : integer[n] — number of the (order − 1)-gram at each position, ≤ 0 where there is none
    table : keys of the good n-grams (kernels/ngram.py) → anything
    joined : uint8[n], in and out — 1 at i: units i and i + 1 stay together
    """
    for at in range(len(units) - order + 1):
        unit = units[at + order - 1]
        if unit > 0 and numbers[at] > 0 and find_value(table, (np.int64(numbers[at]) << 32) | np.int64(unit)) >= 0:
            for k in range(at, at + order - 1):
                joined[k] = 1


@kernel
def mark_pairs(units, bits, side, table, joined):
    """Mark every boundary between two units that belong together.

    units : int32[n];  joined : uint8[n], in and out
    bits : uint8[side² / 8] — one bit for each pair of units below `side` (a multiple of 8), row by row: no search
    table : counter with the pairs that have a unit above it, under first << 32 | second
    """
    for at in range(len(units) - 1):
        first, second = np.int64(units[at]), np.int64(units[at + 1])
        if first < side and second < side:
            joined[at] |= (bits[(first * side + second) >> 3] >> np.uint8(second & 7)) & np.uint8(1)
        elif find_value(table, (first << 32) | second) >= 0:
            joined[at] = 1


@kernel
def find_ngrams(numbers, units, order, table, found):
    """Mark where an n-gram of a table starts. found : uint8[n], in and out; the rest as in `mark_ngrams`."""
    for at in range(len(units) - order + 1):
        unit = units[at + order - 1]
        if unit > 0 and numbers[at] > 0 and find_value(table, (np.int64(numbers[at]) << 32) | np.int64(unit)) >= 0:
            found[at] = 1


@kernel
def mark_words(units, runs, entries, longest, joined):
    """Mark every boundary inside the words of a table (kernels/intern.py), leftmost first, the longest of them.

    units : int32[n], ends with 0;  longest : units of the longest word;  joined : uint8[n], in and out
    """
    size = len(units)
    at = 0
    while at < size:
        code = HASH_START
        found = at + 1
        end = at
        while end < size and end - at < longest and units[end] > 0:
            code = hash_step(code, units[end])
            end += 1
            if end > at + 1 and find_run(runs, entries, units, at, end, code) >= 0:
                found = end
        for k in range(at, found - 1):
            joined[k] = 1
        at = found


@kernel
def count_pieces(units, joined, at, singles, short, used, runs, entries, counts, state):
    """Count the pieces of the stream from `at` on: its longest stretches that are joined throughout.

    units : int32[n], ends with 0;  joined : uint8[n]
    singles : int64[units], in and out — count of each piece of one unit
    short, used : counter (kernels/table.py) of the pieces of two and three units whose ids fit into SHORT_BITS each,
        under the key u₁ << 2 SHORT_BITS | u₂ << SHORT_BITS | u₃, u₁ = 0 for two: one look-up, one cache line
    runs, entries, counts, state : table of the longer pieces (kernels/intern.py)

    Returns the position reached: len(units), or the start of a piece for which a table has no room.
    """
    size = len(units)
    limit = (len(short) >> 1) * 5 // 8
    while at < size:
        unit = np.int64(units[at])
        end = at + 1
        if unit == 0:
            at = end
            continue
        code = np.int64(unit)
        largest = unit
        while joined[end - 1] != 0 and units[end] > 0:
            unit = np.int64(units[end])
            largest = max(largest, unit)
            code = (code << SHORT_BITS) | unit
            end += 1
        if end == at + 1:
            singles[unit] += 1
        elif end - at <= 3 and largest >> SHORT_BITS == 0:
            if used[0] >= limit:
                return at
            used[0] += add_value(short, code, 1)
        else:
            entry = intern_run(runs, entries, state, units, at, end, hash_units(units, at, end))
            if entry < 0:
                return at
            counts[entry] += 1
        at = end
    return at


@kernel
def hash_units(units, start, end):
    """The hash of `units[start:end]`."""
    code = HASH_START
    for k in range(start, end):
        code = hash_step(code, units[k])
    return code


@kernel
def intern_rows(rows, lengths, values, at, runs, entries, counts, state):
    """Add words, given as rows of unit ids, to a table with their counts.

    rows : int32[m, longest];  lengths : int64[m];  values : int64[m];  at : the row to start with
    runs, entries, counts, state : table of int32 content (kernels/intern.py)

    Returns the row reached: m, or the first for which the table has no room.
    """
    while at < len(rows):
        row, length = rows[at], lengths[at]
        entry = intern_run(runs, entries, state, row, 0, length, hash_units(row, 0, length))
        if entry < 0:
            return at
        counts[entry] += values[at]
        at += 1
    return at


@kernel
def find_units(runs, entries, units):
    """Number of the entry with these units; -1 if there is none."""
    return find_run(runs, entries, units, 0, len(units), hash_units(units, 0, len(units)))


@kernel
def best_cutting(content, first, last, longest, runs, entries, counts, log_counts, log_singles, log_total, score, step):
    """Best cutting of `content[first:last]` into other words (unigram Viterbi, right to left).

    Words are the entries with counts > 0 of at most `longest` units, and single units; a tie goes to the longer word.
    log_singles : float64[units];  log_counts : float64[entries];  log_total : ln of the sum of all counts
    score : float64[last − first + 1], out — log-probability of the best cutting of the rest, nats
    step : int64[last − first], out — length of its first word
    """
    size = last - first
    score[size] = 0.0
    for at in range(size - 1, -1, -1):
        unit = content[first + at]
        score[at] = log_singles[unit] - log_total + score[at + 1]
        step[at] = 1
        code = hash_step(HASH_START, unit)
        for length in range(2, min(longest, size - at) + 1):
            code = hash_step(code, content[first + at + length - 1])
            entry = find_run(runs, entries, content, first + at, first + at + length, code)
            if entry >= 0 and counts[entry] > 0:
                value = log_counts[entry] - log_total + score[at + length]
                if value >= score[at] - TIE:
                    score[at] = value
                    step[at] = length
    return score[0]


@kernel
def remove_redundant(
    level,
    length,
    longest,
    threshold,
    protected,
    runs,
    entries,
    counts,
    singles,
    log_counts,
    log_singles,
    log_total,
    steps,
):
    """Take out the words of one length that are redundant (kexue.fm/archives/5476, step 4).

    A word is redundant if ln p_w − Σ ln p_part < threshold for its best cutting into shorter words. All words of the
    level are judged by the same counts, so their order does not matter; then the counts of those taken out go to
    their parts.

    level : int64[m] — entries of `length` units with a count;  protected : bool[entries] — never taken out
    longest : units of the longest candidate for a part, less than `length`
    threshold : nats; +inf takes out every word
    counts : int64[entries], singles : int64[units], in and out;  log_counts, log_singles, log_total : their logarithms
    steps : int64[m, length], out — cutting of each word that is taken out: lengths of its parts; 0 first if it is kept

    Returns the number of words taken out.
    """
    content = runs[1]
    score = np.empty(length + 1, dtype=np.float64)
    removed = 0
    for k in range(len(level)):
        entry = level[k]
        first = np.int64(entries[entry - 1, 1]) if entry > 0 else np.int64(0)
        parts = best_cutting(
            content, first, first + length, longest, runs, entries, counts, log_counts, log_singles, log_total,
            score, steps[k],
        )  # fmt: skip
        if protected[entry] or log_counts[entry] - log_total - parts >= threshold:
            steps[k, 0] = 0
        else:
            removed += 1
    for k in range(len(level)):
        if steps[k, 0] == 0:
            continue
        entry = level[k]
        count = counts[entry]
        counts[entry] = 0
        at = np.int64(entries[entry - 1, 1]) if entry > 0 else np.int64(0)
        end = np.int64(entries[entry, 1])
        start = at
        while at < end:
            size = steps[k, at - start]
            if size == 1:
                singles[content[at]] += count
            else:
                code = hash_units(content, at, at + size)
                counts[find_run(runs, entries, content, at, at + size, code)] += count
            at += size
    return removed

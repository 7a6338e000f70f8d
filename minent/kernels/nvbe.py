"""Variation of branching entropy (Magistry, Sagot 2012): n-gram ids, entropies, the best first cutting."""

from __future__ import annotations

import math

import numpy as np

from minent.kernels import kernel


@kernel
def extend_grams(units, shorter, shorter_count, order):
    """Number the n-grams of one order, given the numbers of the grams that are one unit shorter.

    Positions are bucketed by their shorter gram; inside a bucket a mark per unit tells which extension is
    new. Ids are dense, in order of (shorter id, first occurrence).

    units : uint16[n], 0 = separator;  shorter : int32[n], id of the (order - 1)-gram at i, -1 if none
    Returns (ids int32[n], counts int32[m], prefixes int32[m], suffixes int32[m]): `prefixes` and `suffixes`
    are ids of order - 1.
    """
    n = units.size
    bucket = np.zeros(shorter_count + 1, np.int32)
    for i in range(n):
        if shorter[i] >= 0:
            bucket[shorter[i] + 1] += 1
    for j in range(shorter_count):
        bucket[j + 1] += bucket[j]
    places = np.empty(bucket[shorter_count], np.int32)
    for i in range(n):
        if shorter[i] >= 0:
            places[bucket[shorter[i]]] = i
            bucket[shorter[i]] += 1

    ids = np.full(n, -1, np.int32)
    seen_in = np.full(1 << 16, -1, np.int32)
    seen_as = np.empty(1 << 16, np.int32)
    counts = np.empty(places.size, np.int32)
    prefixes = np.empty(places.size, np.int32)
    suffixes = np.empty(places.size, np.int32)
    used = 0
    for i in places:
        last = i + order - 1
        if last >= n or units[last] == 0:
            continue
        unit = units[last]
        if seen_in[unit] != shorter[i]:
            seen_in[unit] = shorter[i]
            seen_as[unit] = used
            counts[used] = 0
            prefixes[used] = shorter[i]
            suffixes[used] = shorter[i + 1]
            used += 1
        ids[i] = seen_as[unit]
        counts[seen_as[unit]] += 1
    return ids, counts[:used], prefixes[:used], suffixes[:used]  # pages of the rest were never touched


@kernel
def branching_entropy(counts, parents, longer_counts):
    """Entropy in bits of the unit next to each gram; all separators together are one outcome.

    counts : int32[m] of the grams;  longer_counts : int32[p] of the grams one unit longer
    parents : int32[p], the gram that each longer one extends (right: its prefix; left: its suffix)
    Returns float64[m].
    """
    entropy = np.zeros(counts.size)
    extended = np.zeros(counts.size, np.int32)
    for j in range(longer_counts.size):
        c = longer_counts[j]
        entropy[parents[j]] += c * math.log2(c)
        extended[parents[j]] += c
    for g in range(counts.size):
        if counts[g] == 0:
            continue
        ends = counts[g] - extended[g]
        if ends > 0:
            entropy[g] += ends * math.log2(ends)
        entropy[g] = math.log2(counts[g]) - entropy[g] / counts[g]
    return entropy


@kernel
def best_cutting(units, ids, autonomies, boundaries):
    """Viterbi over segments: maximise the sum of autonomy times length, words of one to four units.

    ids : 4 × int32[n], id of the gram of k + 1 units at i, -1 if none;  autonomies : 4 × float32, by id
    boundaries : uint8[n], out — 1 where a word ends after unit i.  A tie goes to the longer last word.
    """
    n = units.size
    best = np.empty(n + 1)
    back = np.empty(n + 1, np.int8)
    start = 0
    while start < n:
        if units[start] == 0:
            boundaries[start] = 0
            start += 1
            continue
        end = start
        best[start] = 0.0
        while end < n and units[end] != 0:
            boundaries[end] = 0
            end += 1
            best[end] = -np.inf
        for i in range(start, end):
            for k in range(min(4, end - i)):
                score = best[i] + (k + 1) * autonomies[k][ids[k][i]]
                if score > best[i + k + 1]:
                    best[i + k + 1] = score
                    back[i + k + 1] = k + 1
        start = end
        while end > 0 and units[end - 1] != 0:
            boundaries[end - 1] = 1
            end -= back[end]

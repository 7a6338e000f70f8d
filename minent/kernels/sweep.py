"""One frozen-count Gibbs sweep: every segment cut by forward filtering and backward sampling."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minent.kernels import kernel
from minent.kernels.factors import COUNT, STARTS_FOUR, STARTS_THREE
from minent.kernels.packed import doubled, entries, find, find_row, packed_range
from minent.kernels.sample import mixed

_BITS = np.uint64(16)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_S11 = np.uint64(11)
_UNIFORM = 1.0 / (1 << 53)
_TINY = 1e-200
_HUGE = 1e200

# columns of WordModel.units
SINGLE_WEIGHT, SINGLE_BASE, FIRST_BASE, UNIGRAM, BACKOFF, TAG_BEGIN, TAG_MIDDLE, TAG_END = range(8)
# entries of WordModel.scalars; SHAPE_k is the weight of the tag transitions in a word of k units,
# LENGTH_k the back-off mass times the length prior
DISCOUNT, TOTAL, LENGTH_2, LENGTH_3, LENGTH_4, SHAPE_2, SHAPE_3, SHAPE_4 = range(8)


class WordModel(NamedTuple):
    """What the weight of a word is made of; read-only for a whole sweep.

    A word has a place: the unit itself, V + its row in `pairs`, or V + P + its row in `words`.
    """

    singles: NDArray[np.int32]  # [V] counts of the words of one unit
    pairs: NDArray[np.uint32]  # [P, 4] key `left << 16 | right`, spelling, PMI expert, count and marks
    pair_values: NDArray[np.float32]  # the same memory, for columns 1 and 2
    words: NDArray[np.uint64]  # [W, 2] packed words of three and four units, counts
    units: NDArray[np.float32]  # [V, 8] see the columns above
    scalars: NDArray[np.float64]  # [8] see the entries above


@kernel
def fill_arcs(model, units, boundaries, start, end, steps, weights, places):
    """Weigh every word of one segment, by its start and length.

    x(w) = (max(n_w - d, 0) / N + back-off · P0(w)) · H(w) · prod G.  A word that the segment has now is
    counted once less (its own token is taken out).

    units : uint16[n];  boundaries : uint8[n], 1 where a word ends now, or empty: nothing is taken out
    start, end : the segment, non-zero units only
    steps : float64[≥ end - start, 2], scratch
    weights : float64[≥ end - start, 4], out — weight of the word of k + 1 units at start + i; else 0
    places : int64[≥ end - start, 4], out — place of that word in the model, -1 if it has none
    """
    singles, pairs, pair_values, words, unit_values, scalars = model
    width = singles.size
    discount = scalars[DISCOUNT]
    per_token = 1.0 / scalars[TOTAL]
    for i in range(start, end - 1):  # what depends on a pair, once for all words that contain it
        row = i - start
        left = units[i]
        right = units[i + 1]
        key = np.uint32(left) << 16 | np.uint32(right)
        slot = find_row(pairs, np.uint32(key))
        spelling = unit_values[left, BACKOFF] * unit_values[right, UNIGRAM]
        if pairs[slot, 0] == 0:
            steps[row, 0] = spelling
            steps[row, 1] = 1.0
            places[row, 1] = -1
        else:
            steps[row, 0] = spelling + pair_values[slot, 1]
            steps[row, 1] = pair_values[slot, 2]
            places[row, 1] = slot
    for i in range(start, end):
        row = i - start
        longest = min(end - i, 4)
        own = 0
        if boundaries.size > 0 and (i == start or boundaries[i - 1] != 0):
            own = 1
            while boundaries[i + own - 1] == 0:
                own += 1
        unit = units[i]
        count = singles[unit] - discount
        if own == 1:
            count -= 1.0
        weights[row, 0] = (max(count, 0.0) * per_token + unit_values[unit, SINGLE_BASE]) * unit_values[
            unit, SINGLE_WEIGHT
        ]
        places[row, 0] = unit
        base = np.float64(unit_values[unit, FIRST_BASE])
        expert = np.float64(unit_values[unit, TAG_BEGIN])
        marks = np.uint32(0)
        for k in range(1, longest):
            unit = units[i + k]
            base *= steps[row + k - 1, 0]
            expert *= steps[row + k - 1, 1]
            weight = scalars[LENGTH_2 + k - 1] * base
            known = np.uint32(0)
            if k == 1:
                slot = places[row, 1]
                if slot >= 0:
                    marks = pairs[slot, 3]
                    known = marks & COUNT
                    places[row, 1] = width + slot
            else:
                places[row, k] = -1
                if marks & (STARTS_THREE if k == 2 else STARTS_FOUR):
                    key = packed_range(units, i, i + k + 1)
                    slot = find_row(words, key)
                    if words[slot, 0] == key:
                        known = np.uint32(words[slot, 1])
                        places[row, k] = width + pairs.shape[0] + slot
            if known > 0:
                count = known - discount
                if own == k + 1:
                    count -= 1.0
                weight += max(count, 0.0) * per_token
            weights[row, k] = weight * expert * scalars[SHAPE_2 + k - 1] * unit_values[unit, TAG_END]
            expert *= unit_values[unit, TAG_MIDDLE]
        for k in range(longest, 4):
            weights[row, k] = 0.0
            places[row, k] = -1


@kernel
def forward(length, weights, reach):
    """Sum over all cuttings of every prefix; afterwards weights[i, k] is the mass that arrives by that arc.

    weights : float64[≥ length, 4], in and out;  reach : float64[≥ length + 5], out — mass of the cuttings of
    the first i units, up to a scale that changes along the segment (kept equal among the arcs into one place)
    """
    reach[0] = 1.0
    reach[1 : length + 5] = 0.0
    for i in range(length):
        if reach[i] < _TINY:
            for k in range(4):
                reach[i + k] *= _HUGE
            for back in range(1, 4):
                if i - back >= 0:
                    for k in range(back, 4):
                        weights[i - back, k] *= _HUGE
        for k in range(4):
            weights[i, k] *= reach[i]
            reach[i + k + 1] += weights[i, k]


@kernel
def uniform(random_key, position):
    """A number in [0, 1) that depends on the key and the position only."""
    return np.float64(mixed(random_key + np.uint64(position) * _GOLDEN) >> _S11) * _UNIFORM


@kernel
def sweep_shard(model, units, boundaries, take_out, offset, random_key, new_counts, least):
    """Draw a new cutting of every segment of a shard.

    units : uint16[n], 0 = separator;  boundaries : uint8[n], in (if take_out) and out
    offset : place of units[0] in the whole text: with random_key it decides the random numbers
    new_counts : int64[V + P + W], added to — tokens by the word's place in the model
    Returns the words without a place that were drawn at least `least` times: (uint64[m], int32[m]), in no order.
    """
    n = units.size
    longest = 0
    run = 0
    for j in range(n):
        run = run + 1 if units[j] != 0 else 0
        longest = max(longest, run)
    steps = np.empty((longest, 2))
    weights = np.empty((longest, 4))
    places = np.empty((longest, 4), np.int64)
    reach = np.empty(longest + 5)
    no_boundaries = np.empty(0, np.uint8)
    side_keys = np.zeros(1 << 10, np.uint64)
    side_counts = np.zeros(1 << 10, np.int32)
    used = 0
    start = 0
    while start < n:
        if units[start] == 0:
            boundaries[start] = 0
            start += 1
            continue
        end = start
        while end < n and units[end] != 0:
            end += 1
        length = end - start
        fill_arcs(model, units, boundaries if take_out else no_boundaries, start, end, steps, weights, places)
        forward(length, weights, reach)
        boundaries[start:end] = 0
        i = length  # the words after unit i of the segment are drawn
        while i > 0:
            boundaries[start + i - 1] = 1
            rest = uniform(random_key, offset + start + i) * reach[i]
            k = 0
            while k < 3 and k + 1 < i:
                rest -= weights[i - k - 1, k]
                if rest < 0.0:
                    break
                k += 1
            i -= k + 1
            place = places[i, k]
            if place >= 0:
                new_counts[place] += 1
                continue
            key = packed_range(units, start + i, start + i + k + 1)
            side = find(side_keys, key)
            if side_keys[side] == 0:
                side_keys[side] = key
                used += 1
            side_counts[side] += 1
            if 2 * used > side_keys.size:
                side_keys, side_counts = doubled(side_keys, side_counts)
        start = end
    return entries(side_keys, side_counts, least)


@kernel
def weigh_words(model, units):
    """The weight of every word: float64[T].

    units : uint16[n] — words of one to four units, a 0 behind each of them
    """
    weights = np.empty(np.count_nonzero(units == 0))
    steps, arcs, places = np.empty((4, 2)), np.empty((4, 4)), np.empty((4, 4), np.int64)
    no_boundaries = np.empty(0, np.uint8)
    start = word = 0
    for end in range(units.size):
        if units[end] == 0:
            fill_arcs(model, units, no_boundaries, start, end, steps, arcs, places)
            weights[word] = arcs[0, end - start - 1]
            start, word = end + 1, word + 1
    return weights


@kernel
def count_words(units, boundaries):
    """Count the words of a cutting: (uint64[m], int32[m]), in no order.

    units : uint16[n], 0 = separator;  boundaries : uint8[n], 1 where a word of at most four units ends
    """
    keys = np.zeros(1 << 12, np.uint64)
    counts = np.zeros(1 << 12, np.int32)
    used = 0
    key = np.uint64(0)
    for i in range(units.size):
        key = (key << _BITS) | np.uint64(units[i])
        if boundaries[i] != 0:
            slot = find(keys, key)
            if keys[slot] == 0:
                keys[slot] = key
                used += 1
            counts[slot] += 1
            if 2 * used > keys.size:
                keys, counts = doubled(keys, counts)
            key = np.uint64(0)
    return entries(keys, counts, 1)

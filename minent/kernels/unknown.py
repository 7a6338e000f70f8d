"""Cutting by the word model: every string of up to four units has a weight, whether it is a word of the lexicon or not.

The strings that the model knows are nodes of a double array as in kernels/trie.py, over unit ids: every pair of units
of the text, every word of three or four units, and the beginnings of these. A node has 16 bytes: `links` int32[4 n]
(base at 4 s, check at 4 s + 1) and, on the same memory, `values` float32[4 n] (at 4 s + 2 ln of the weight of the
string, in a pair at 4 s + 3 ln of the step from its first to its second unit). The weight of any other string is a
sum of logarithms of its units and steps. Unit 0 is what no string holds.
"""

from __future__ import annotations

import math

import numpy as np

from minent.kernels import kernel
from minent.kernels.lattice import IS_NUMBER, add_logs, find_words
from minent.kernels.sweep import (
    BACKOFF,
    DISCOUNT,
    FIRST_BASE,
    LENGTH_2,
    SHAPE_2,
    SINGLE_BASE,
    SINGLE_WEIGHT,
    TAG_BEGIN,
    TAG_END,
    TAG_MIDDLE,
    TOTAL,
    UNIGRAM,
    uniform,
)
from minent.kernels.trie import UNKNOWN
from minent.kernels.viterbi import BLOCK, IS_SPACE, SPACE_BEFORE, read_elements, write_words

LONGEST = 4  # units of a string that the model weighs
NUMBER_UNIT, LATIN_UNIT, RARE_UNIT = 1, 2, 3
# columns of `unit_logs`: the weight of the unit as a word; its part in longer strings, as their first unit, one in the
# middle, the last; its parts in a step to and from a unit beside which it never stood
ALONE, FIRST, MIDDLE, LAST, LEAVE, ENTER = range(6)
PROTECTED = 1e3  # nats: only the values of protected words are above

U0, U1, U2, U4 = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(4)
_BITS = np.uint64(16)
_MASK = np.uint64(0xFFFF)


@kernel
def weigh_units(factors, scalars, counts, unit_logs):
    """What the units contribute to the logarithms of weights.

    factors : float32[V, 8];  scalars : float64[8] — WordModel.units and .scalars (kernels/sweep.py)
    counts : int64[V] — words of one unit;  unit_logs : float32[V, 6], out
    """
    unit_logs[0, :] = 0.0
    for unit in range(1, factors.shape[0]):
        weight = max(counts[unit] - scalars[DISCOUNT], 0.0) / scalars[TOTAL] + factors[unit, SINGLE_BASE]
        unit_logs[unit, ALONE] = safe_log(weight * factors[unit, SINGLE_WEIGHT])
        unit_logs[unit, FIRST] = safe_log(factors[unit, FIRST_BASE] * factors[unit, TAG_BEGIN])
        unit_logs[unit, MIDDLE] = safe_log(factors[unit, TAG_MIDDLE])
        unit_logs[unit, LAST] = safe_log(factors[unit, TAG_END])
        unit_logs[unit, LEAVE] = safe_log(factors[unit, BACKOFF])
        unit_logs[unit, ENTER] = safe_log(factors[unit, UNIGRAM])


@kernel
def safe_log(value):
    """ln of a number that is at least 0; −inf for 0."""
    return math.log(value) if value > 0 else -np.inf


@kernel
def weigh_nodes(strings, counts, factors, scalars, pairs, pair_factors, links, values):
    """Write the weights of the strings that the model knows into their nodes.

    strings : uint64[m], packed, of two units or more;  counts : int64[m], 0 for one that is no word
    factors, scalars : see weigh_units;  pairs : uint32[p], ascending;  pair_factors : float32[p, 2]
    links : int32[4 n];  values : float32[4 n], out, on the same memory
    """
    for w in range(len(strings)):
        length = 1
        while length < LONGEST and strings[w] >> np.uint64(16 * length) != 0:
            length += 1
        first = np.int64(strings[w] >> np.uint64(16 * (length - 1)))
        base = np.float64(factors[first, FIRST_BASE])
        expert = np.float64(factors[first, TAG_BEGIN])
        last = first
        node = first
        for k in range(1, length):
            unit = np.int64((strings[w] >> np.uint64(16 * (length - 1 - k))) & _MASK)
            place = np.searchsorted(pairs, np.uint32(last << 16 | unit))
            spelling = np.float64(pair_factors[place, 0])
            spelling += np.float64(factors[last, BACKOFF]) * np.float64(factors[unit, UNIGRAM])
            if k > 1:
                expert *= factors[last, TAG_MIDDLE]
            base *= spelling
            expert *= pair_factors[place, 1]
            last = unit
            node = np.int64(links[4 * node]) + unit
            if length == 2:
                values[4 * node + 3] = safe_log(spelling * pair_factors[place, 1])
        known = max(counts[w] - scalars[DISCOUNT], 0.0) / scalars[TOTAL]
        weight = known + scalars[LENGTH_2 + length - 2] * base
        expert *= scalars[SHAPE_2 + length - 2] * factors[last, TAG_END]
        values[4 * node + 2] = safe_log(weight * expert)


@kernel
def read_units(codes, marks, count, code_units, units):
    """The unit of the model that each element is; 0 for what is in no string of it.

    code_units : int32[codes] — unit of each code of the trie;  units : int32[count + 4], out, 0 from `count` on
    """
    for at in range(count):
        unit = code_units[codes[at]]
        if codes[at] == UNKNOWN and marks[at] >= IS_NUMBER:
            unit = NUMBER_UNIT if marks[at] & IS_NUMBER else LATIN_UNIT
        units[at] = unit
    for at in range(count, count + LONGEST):
        units[at] = 0


@kernel
def find_steps(units, count, links, pairs):
    """The node of each two neighbours: all cache misses at once, no jump to guess.

    pairs : int32[count + 4], out — 0 for two that the model does not have
    """
    for k in range(count):
        at = np.uint64(k)
        node = np.uint64(units[at])
        below = np.uint64(links[U4 * node]) + np.uint64(units[at + U1])
        pairs[at] = below if np.uint64(links[U4 * below + U1]) == node else U0
    for k in range(count, count + LONGEST):
        pairs[k] = 0


@kernel
def weigh_strings(units, count, model, pairs, steps, weights):
    """ln of the weight of every string.

    model : (code_units, links, values, unit_logs, lengths float32[5] — ln of the part of the length, unknown — nats)
    units, pairs : from read_units, find_steps;  steps : float32[count + 4], scratch
    weights : float32[count, 4], out — of the string of k + 1 units at each element, −inf where there is none
    """
    _, links, values, unit_logs, lengths, unknown = model
    for k in range(count):
        at = np.uint64(k)
        node = np.uint64(pairs[at])
        left = np.uint64(units[at])
        right = np.uint64(units[at + U1])
        if node != U0:
            steps[at] = values[U4 * node + np.uint64(3)]
            weights[at, 1] = values[U4 * node + U2]
        elif left != U0 and right != U0:
            step = unit_logs[left, LEAVE] + unit_logs[right, ENTER]
            steps[at] = step
            weights[at, 1] = lengths[2] + unit_logs[left, FIRST] + step + unit_logs[right, LAST]
        else:
            steps[at] = -np.inf
            weights[at, 1] = -np.inf
    for k in range(count, count + LONGEST):
        steps[k] = -np.inf
    for k in range(count):
        at = np.uint64(k)
        second = np.uint64(units[at + U1])
        third = np.uint64(units[at + U2])
        fourth = np.uint64(units[at + np.uint64(3)])
        first = np.uint64(units[at])
        weights[at, 0] = unit_logs[first, ALONE] if first != U0 else unknown
        begun = unit_logs[first, FIRST] + steps[at] + unit_logs[second, MIDDLE] + steps[at + U1]
        weights[at, 2] = lengths[3] + begun + unit_logs[third, LAST]
        begun += unit_logs[third, MIDDLE] + steps[at + U2]
        weights[at, 3] = lengths[4] + begun + unit_logs[fourth, LAST]
        node = np.uint64(pairs[at])
        below = np.uint64(links[U4 * node]) + third
        if node != U0 and np.uint64(links[U4 * below + U1]) == node:
            weights[at, 2] = values[U4 * below + U2]
            node = below
            below = np.uint64(links[U4 * node]) + fourth
            if np.uint64(links[U4 * below + U1]) == node:
                weights[at, 3] = values[U4 * below + U2]


@kernel
def find_starts(codes, marks, count, links, values, begins):
    """Mark the elements at which a word of the trie may start.

    begins : uint8[count], out — 0 where none can
    """
    for k in range(count):
        at = np.uint64(k)
        node = np.uint64(codes[at])
        below = np.uint64(links[U4 * node]) + np.uint64(codes[at + U1])
        found = np.uint64(links[U4 * below + U1]) == node or values[U2 * node + U1] > -np.inf
        begins[at] = node != U0 and (found or (marks[at] | marks[at + U1]) >= IS_NUMBER)


@kernel
def cut_best_strings(block, trie, count, begins, weights, score, steps):
    """Best cutting of a block, from right to left; a tie goes to the longer word. Like kernels/viterbi.py's cut_best.

    trie : words beside the model;  begins : uint8[count], from find_starts, or empty: there are no such words
    weights : from weigh_strings;  score : float64[count + 4], out;  steps : int32[count], out
    """
    codes = block[0]
    found = np.empty(trie[2] + 1)
    stack = np.empty(2 * trie[2] + 4, dtype=np.int64)
    found[0] = 0.0
    for k in range(count, count + LONGEST):
        score[k] = 0.0
    at = np.uint64(count)
    while at != U0:
        at -= U1
        best = np.float64(weights[at, 0]) + score[at + U1]
        step = 1
        for k in range(1, LONGEST):
            value = np.float64(weights[at, k]) + score[at + np.uint64(k + 1)]
            if value >= best:
                best = value
                step = k + 1
        if len(begins) > 0 and begins[at] != 0:
            reached = find_words(block, trie, np.int64(at), found, stack)
            for length in range(1, reached + 1):
                value = found[length] + score[np.int64(at) + length]
                if value > best or (value == best and length > step):
                    best = value
                    step = length
        score[at] = best if codes[at] != 0 else 0.0
        steps[at] = step if codes[at] != 0 else 1
    return 0


@kernel
def fill_string_arcs(block, trie, count, weights, arc_ptr, arc_lengths, arc_values):
    """Write the lattice of the strings and of the words beside the model. Like kernels/lattice.py's fill_arcs."""
    codes = block[0]
    longest = max(trie[2], LONGEST)
    found = np.empty(longest + 1)
    stack = np.empty(2 * longest + 4, dtype=np.int64)
    found[0] = 0.0
    arcs = 0
    for at in range(count):
        arc_ptr[at] = arcs
        reached = 1
        found[1] = 0.0
        if codes[at] != 0:
            reached = find_words(block, trie, at, found, stack)
            for length in range(reached + 1, LONGEST + 1):
                found[length] = -np.inf
            reached = max(reached, LONGEST)
            for k in range(LONGEST):
                found[k + 1] = max(found[k + 1], weights[at, k])
        for length in range(reached, 0, -1):
            if found[length] > -np.inf:
                if len(arc_lengths) > 0:
                    arc_lengths[arcs] = length
                    arc_values[arcs] = found[length]
                arcs += 1
    arc_ptr[count] = arcs
    return arcs


@kernel
def draw_cutting(codes, arc_ptr, arc_lengths, arc_values, starts, sampling, score, steps):
    """Draw a cutting with probability ∝ Π weight^alpha. Like kernels/lattice.py's cut_random.

    score : float64[count + 1], out — ln of the sum over all cuttings from each element to the end of its run
    steps : int32[count], out — elements of the word drawn, where a word starts
    """
    alpha, key, offset = sampling
    count = len(arc_ptr) - 1
    score[count] = 0.0
    for at in range(count - 1, -1, -1):
        score[at] = -np.inf
        for arc in range(arc_ptr[at], arc_ptr[at + 1]):
            if arc_values[arc] < PROTECTED:
                arc_values[arc] *= alpha
            score[at] = add_logs(score[at], arc_values[arc] + score[at + arc_lengths[arc]])
        if codes[at] == 0:
            score[at] = 0.0
    at = 0
    while at < count:
        steps[at] = 1
        rest = uniform(key, offset + starts[at])
        for arc in range(arc_ptr[at + 1] - 1, arc_ptr[at] - 1, -1):
            steps[at] = arc_lengths[arc]
            rest -= math.exp(arc_values[arc] + score[at + arc_lengths[arc]] - score[at])
            if rest < 0 or codes[at] == 0:
                break
        at += steps[at]


@kernel
def cut_strings(data, at, alphabet, trie, has_words, model, separator, joined, sampling, out, size, state):
    """Cut `data[at:]` and write it with separators before the words. Like kernels/viterbi.py's cut_text.

    trie : words beside the model, if has_words;  model : see weigh_strings
    In a run that does not fit into a block, the words that start in its first half are those of the best cutting of
    the whole block: what comes later than 2,048 elements has no say.

    Returns (where the first block starts for which `out` has no room, or len(data); bytes of `out` in use).
    """
    size = np.int64(size)
    codes = np.empty(BLOCK + 1, dtype=np.int32)
    starts = np.empty(BLOCK + 1, dtype=np.int64)
    marks = np.empty(BLOCK + 1, dtype=np.uint8)
    units = np.empty(BLOCK + LONGEST, dtype=np.int32)
    pairs = np.empty(BLOCK + LONGEST, dtype=np.int32)
    begins = np.empty(BLOCK if has_words else 0, dtype=np.uint8)
    unit_steps = np.empty(BLOCK + LONGEST, dtype=np.float32)
    weights = np.empty((BLOCK, LONGEST), dtype=np.float32)
    steps = np.empty(BLOCK, dtype=np.int32)
    score = np.empty(BLOCK + LONGEST)
    arc_ptr = np.empty(0, dtype=np.int64)
    arc_lengths = np.empty(0, dtype=np.int32)
    arc_values = np.empty(0)
    while at < len(data):
        count, stop = read_elements(data, at, alphabet, codes, starts, marks, state)
        unbroken = False
        if stop < len(data):
            whole = count
            while whole > 0 and codes[whole - 1] != 0:
                whole -= 1
            unbroken = whole == 0
            if not unbroken:
                count = whole
                codes[count] = 0
                marks[count] = 0
        if size + (starts[count] - at) + (count + 1) * len(separator) > len(out):
            break
        read_units(codes, marks, count, model[0], units)
        find_steps(units, count, model[1], pairs)
        weigh_strings(units, count, model, pairs, unit_steps, weights)
        if sampling[0] < 0:
            if has_words:
                find_starts(codes, marks, count, trie[0], trie[1], begins)
            cut_best_strings((codes, marks), trie, count, begins, weights, score, steps)
        else:
            arc_ptr = np.empty(count + 1, dtype=np.int64)
            block = codes[: count + 1], marks[: count + 1]
            arcs = fill_string_arcs(block, trie, count, weights, arc_ptr, arc_lengths[:0], arc_values[:0])
            arc_lengths = np.empty(arcs, dtype=np.int32)
            arc_values = np.empty(arcs)
            fill_string_arcs(block, trie, count, weights, arc_ptr, arc_lengths, arc_values)
            draw_cutting(codes, arc_ptr, arc_lengths, arc_values, starts, sampling, score, steps)
        if unbroken:
            half = count // 2
            count = 0
            while count < half:
                count += steps[count]
        size = write_words(data, starts, marks, steps, count, separator, joined, out, size)
        at = starts[count]
        state[SPACE_BEFORE] = (marks[count - 1] & IS_SPACE) >> 1
    return at, size

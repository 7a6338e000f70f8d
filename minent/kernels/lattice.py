"""All words that a text admits: the arcs of its lattice, sampled and n-best cuttings, posterior probabilities.

The nodes of the lattice are the boundaries between `count` elements of a text, its arcs the words between them. An
element with code 0 is no part of a word: it has one arc, of value 0. `block` is (codes int32[], marks uint8[]), both
0 at `count`, see kernels/viterbi.py; `trie` is (links, values, longest), see kernels/trie.py.
"""

from __future__ import annotations

import math

import numpy as np

from minent.kernels import kernel
from minent.kernels.sweep import uniform
from minent.kernels.trie import LATIN_CODE, NUMBER_CODE, child

IS_NUMBER, IS_LATIN = 8, 16  # bits of `marks`: the run may stand for <N>, <L>


@kernel
def find_words(block, trie, at, found, stack):
    """Find the words that start at an element, with class units as they are and as `<N>` or `<L>`.

    found : float64[longest + 1], out — value of the word of each length from 1 on; −inf where there is none
    stack : int64[2 · longest + 4], scratch
    Returns the length of the longest.
    """
    codes, marks = block
    links, values = trie[0], trie[1]
    found[1] = values[2 * np.int64(codes[at]) + 1]
    reached = 1
    height = 2
    stack[0] = codes[at]
    stack[1] = 1
    if marks[at] >= IS_NUMBER:
        code = NUMBER_CODE if marks[at] & IS_NUMBER else LATIN_CODE
        found[1] = max(found[1], values[2 * code + 1])
        stack[2] = code
        stack[3] = 1
        height = 4
    while height > 0:
        height -= 2
        node = stack[height]
        length = stack[height + 1]
        below = child(links, node, np.int64(codes[at + length]))
        other = np.int64(-1)
        if marks[at + length] >= IS_NUMBER:
            other = child(links, node, NUMBER_CODE if marks[at + length] & IS_NUMBER else LATIN_CODE)
        length += 1
        if below >= 0 or other >= 0:
            while reached < length:
                reached += 1
                found[reached] = -np.inf
        if below >= 0:
            found[length] = max(found[length], values[2 * below + 1])
            stack[height] = below
            stack[height + 1] = length
            height += 2
        if other >= 0:
            found[length] = max(found[length], values[2 * other + 1])
            stack[height] = other
            stack[height + 1] = length
            height += 2
    while found[reached] == -np.inf:
        reached -= 1
    return reached


@kernel
def find_free_cut(block, trie, count, first):
    """The first boundary from `first` on that no word crosses; 0 where none is found among `count` elements."""
    longest = trie[2]
    found = np.empty(longest + 1)
    stack = np.empty(2 * longest + 4, dtype=np.int64)
    reach = max(0, first - longest)
    at = reach
    while at < count - longest and (at < first or at < reach):
        reach = max(reach, at + find_words(block, trie, at, found, stack))
        at += 1
    return at if at < count - longest else 0


@kernel
def cut_random(block, trie, count, starts, alpha, key, offset, score, steps):
    """Draw a cutting with probability ∝ Π p(word)^alpha: sums from right to left, choices from left to right.

    starts : int64[count];  the random number of a choice depends on `key` and offset + starts[element] only
    score : float64[count + 1], out — ln of the sum over all cuttings from each element to the end of its run
    steps : int32[count], out — elements of the word drawn, where a word starts
    A positive value is that of a protected word and stays as it is.
    """
    codes = block[0]
    longest = trie[2]
    found = np.empty(longest + 1)
    stack = np.empty(2 * longest + 4, dtype=np.int64)
    score[count] = 0.0
    for at in range(count - 1, -1, -1):
        score[at] = 0.0
        if codes[at] != 0:
            reached = find_words(block, trie, at, found, stack)
            top = -np.inf
            for length in range(1, reached + 1):
                if found[length] < 0:
                    found[length] *= alpha
                if found[length] > -np.inf:
                    found[length] += score[at + length]
                top = max(top, found[length])
            total = 0.0
            for length in range(1, reached + 1):
                total += math.exp(found[length] - top)
            score[at] = top + math.log(total)
    at = 0
    while at < count:
        steps[at] = 1
        if codes[at] != 0:
            reached = find_words(block, trie, at, found, stack)
            rest = uniform(key, offset + starts[at])
            for length in range(1, reached + 1):
                value = found[length]
                if value > -np.inf:
                    steps[at] = length
                    rest -= math.exp((alpha * value if value < 0 else value) + score[at + length] - score[at])
                    if rest < 0:
                        break
        at += steps[at]


@kernel
def fill_arcs(block, trie, count, arc_ptr, arc_lengths, arc_values):
    """Write the lattice, arcs ordered by start, the longest first.

    arc_ptr : int64[count + 1], out — arcs that start at element i are arc_ptr[i]:arc_ptr[i + 1]
    arc_lengths : int32[m], out;  arc_values : float64[m], out — nats; both empty: the arcs are only counted
    Returns the number of arcs.
    """
    codes = block[0]
    longest = trie[2]
    found = np.empty(longest + 1)
    stack = np.empty(2 * longest + 4, dtype=np.int64)
    arcs = 0
    for at in range(count):
        arc_ptr[at] = arcs
        reached = 1
        found[1] = 0.0
        if codes[at] != 0:
            reached = find_words(block, trie, at, found, stack)
        for length in range(reached, 0, -1):
            if found[length] > -np.inf:
                if len(arc_lengths) > 0:
                    arc_lengths[arcs] = length
                    arc_values[arcs] = found[length]
                arcs += 1
    arc_ptr[count] = arcs
    return arcs


@kernel
def rank_cuttings(arc_ptr, arc_lengths, arc_values, scores, lengths, ranks, kept):
    """The best cuttings from every element to the end, best first; a tie goes to the one with the longer first word.

    scores : float64[n + 1, k], out — nats;  lengths, ranks : int32[n + 1, k], out — first word, rank of what follows
    kept : int64[n + 1], out — cuttings that there are, k at most
    """
    n = len(arc_ptr) - 1
    most = scores.shape[1]
    kept[n] = 1
    scores[n, 0] = 0.0
    for at in range(n - 1, -1, -1):
        size = 0
        for arc in range(arc_ptr[at], arc_ptr[at + 1]):
            length = arc_lengths[arc]
            for rank in range(kept[at + length]):
                score = arc_values[arc] + scores[at + length, rank]
                place = size
                while place > 0 and scores[at, place - 1] < score:
                    place -= 1
                if place == most:
                    break
                size = min(size + 1, most)
                for k in range(size - 1, place, -1):
                    scores[at, k] = scores[at, k - 1]
                    lengths[at, k] = lengths[at, k - 1]
                    ranks[at, k] = ranks[at, k - 1]
                scores[at, place] = score
                lengths[at, place] = length
                ranks[at, place] = rank
        kept[at] = size


@kernel
def arc_posteriors(arc_ptr, arc_lengths, arc_values, posteriors):
    """Probability of every arc under p(cutting) ∝ Π p(word), by the forward–backward sums.

    posteriors : float64[m], out
    """
    n = len(arc_ptr) - 1
    forward = np.full(n + 1, -np.inf)
    backward = np.full(n + 1, -np.inf)
    forward[0] = 0.0
    backward[n] = 0.0
    for at in range(n):
        for arc in range(arc_ptr[at], arc_ptr[at + 1]):
            stop = at + arc_lengths[arc]
            forward[stop] = add_logs(forward[stop], forward[at] + arc_values[arc])
    for at in range(n - 1, -1, -1):
        for arc in range(arc_ptr[at], arc_ptr[at + 1]):
            backward[at] = add_logs(backward[at], arc_values[arc] + backward[at + arc_lengths[arc]])
    for at in range(n):
        for arc in range(arc_ptr[at], arc_ptr[at + 1]):
            stop = at + arc_lengths[arc]
            posteriors[arc] = math.exp(min(forward[at] + arc_values[arc] + backward[stop] - forward[n], 0.0))


@kernel
def add_logs(a, b):
    """ln(exp a + exp b)."""
    high = max(a, b)
    low = min(a, b)
    return high + math.log1p(math.exp(low - high)) if low > -np.inf else high

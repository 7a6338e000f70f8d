"""The dependency model with valence: inside and outside charts of a string, and expected counts (Klein, Manning 2004).

A head takes children on each side, the nearest first; before each it decides whether to stop. Parameters of S symbols:

root float64[S] — of the head of a string
stop float64[S, 2, 2] — [head, side, whether it has a child on that side]
attach float64[2, S, S] — [side, head, child];  side 0 is left, 1 is right

A string of n words has charts split at the head, float64[6, n, n], [kind, head, other end of what is covered]:

DONE_RIGHT, DONE_LEFT — the head and its children on one side, after it has stopped there
GOING_RIGHT, GOING_LEFT — the same, after it has decided to go on
LINK_RIGHT, LINK_LEFT — the head, and children of which the outermost, at the other end, lacks its own outer children

Outside charts hold the derivative of ln Z after each entry of the inside charts, Z the weight of all trees.
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel

LEFT, RIGHT = 0, 1
FIRST, LATER = 0, 1
DONE_RIGHT, GOING_RIGHT, LINK_RIGHT, DONE_LEFT, GOING_LEFT, LINK_LEFT = 0, 1, 2, 3, 4, 5


@kernel
def gather(symbols, n, stop, attach, stops, links):
    """Look up the parameters of a string.

    symbols : int32[≥ n];  stops : float64[≥ n, 2, 2], out;  links : float64[≥ n, ≥ n], out — [head, child]
    """
    for i in range(n):
        for side in range(2):
            stops[i, side, FIRST] = stop[symbols[i], side, FIRST]
            stops[i, side, LATER] = stop[symbols[i], side, LATER]
        for j in range(i):
            links[i, j] = attach[LEFT, symbols[i], symbols[j]]
            links[j, i] = attach[RIGHT, symbols[j], symbols[i]]


@kernel
def fill_inside(n, stops, links, inside):
    """Inside charts, bottom up."""
    for i in range(n):
        inside[DONE_RIGHT, i, i] = stops[i, RIGHT, FIRST]
        inside[GOING_RIGHT, i, i] = 1.0 - stops[i, RIGHT, FIRST]
        inside[DONE_LEFT, i, i] = stops[i, LEFT, FIRST]
        inside[GOING_LEFT, i, i] = 1.0 - stops[i, LEFT, FIRST]
    for width in range(1, n):
        for i in range(n - width):
            j = i + width
            right = 0.0
            left = 0.0
            for k in range(i, j):
                right += inside[GOING_RIGHT, i, k] * inside[DONE_LEFT, j, k + 1]
                left += inside[DONE_RIGHT, i, k] * inside[GOING_LEFT, j, k + 1]
            inside[LINK_RIGHT, i, j] = right * links[i, j]
            inside[LINK_LEFT, j, i] = left * links[j, i]
            right = 0.0
            left = 0.0
            for k in range(i + 1, j + 1):
                right += inside[LINK_RIGHT, i, k] * inside[DONE_RIGHT, k, j]
                left += inside[LINK_LEFT, j, k - 1] * inside[DONE_LEFT, k - 1, i]
            inside[DONE_RIGHT, i, j] = right * stops[i, RIGHT, LATER]
            inside[GOING_RIGHT, i, j] = right - inside[DONE_RIGHT, i, j]
            inside[DONE_LEFT, j, i] = left * stops[j, LEFT, LATER]
            inside[GOING_LEFT, j, i] = left - inside[DONE_LEFT, j, i]


@kernel
def string_weight(n, roots, inside):
    """Z = Σ root(h) · what is left of h · what is right of h.  roots : float64[≥ n], of the words of the string."""
    total = 0.0
    for h in range(n):
        total += roots[h] * inside[DONE_LEFT, h, 0] * inside[DONE_RIGHT, h, n - 1]
    return total


@kernel
def fill_outside(n, roots, stops, links, inside, weight, outside):
    """Outside charts: reverse differentiation of ln Z through `fill_inside`, widest first.

    weight : Z > 0.  A derivative after the sum behind DONE and GOING is stop · ∂DONE + (1 − stop) · ∂GOING.
    """
    for kind in range(6):
        for i in range(n):
            for j in range(n):
                outside[kind, i, j] = 0.0
    for h in range(n):
        part = roots[h] / weight
        outside[DONE_LEFT, h, 0] += part * inside[DONE_RIGHT, h, n - 1]
        outside[DONE_RIGHT, h, n - 1] += part * inside[DONE_LEFT, h, 0]
    for width in range(n - 1, 0, -1):
        for i in range(n - width):
            j = i + width
            stop = stops[i, RIGHT, LATER]
            right = outside[DONE_RIGHT, i, j] * stop + outside[GOING_RIGHT, i, j] * (1.0 - stop)
            stop = stops[j, LEFT, LATER]
            left = outside[DONE_LEFT, j, i] * stop + outside[GOING_LEFT, j, i] * (1.0 - stop)
            for k in range(i + 1, j + 1):
                outside[LINK_RIGHT, i, k] += right * inside[DONE_RIGHT, k, j]
                outside[DONE_RIGHT, k, j] += right * inside[LINK_RIGHT, i, k]
                outside[LINK_LEFT, j, k - 1] += left * inside[DONE_LEFT, k - 1, i]
                outside[DONE_LEFT, k - 1, i] += left * inside[LINK_LEFT, j, k - 1]
            right = outside[LINK_RIGHT, i, j] * links[i, j]
            left = outside[LINK_LEFT, j, i] * links[j, i]
            for k in range(i, j):
                outside[GOING_RIGHT, i, k] += right * inside[DONE_LEFT, j, k + 1]
                outside[DONE_LEFT, j, k + 1] += right * inside[GOING_RIGHT, i, k]
                outside[GOING_LEFT, j, k + 1] += left * inside[DONE_RIGHT, i, k]
                outside[DONE_RIGHT, i, k] += left * inside[GOING_LEFT, j, k + 1]


@kernel
def add_counts(symbols, n, roots, inside, weight, outside, root_counts, stop_counts, attach_counts, share):
    """Add the expected counts of a string, times `share`: parameter · ∂ ln Z / ∂ parameter.

    stop_counts : float64[S, 2, 2, 2] — [head, side, whether it has a child there, 0 stops or 1 goes on]
    """
    for i in range(n):
        s = symbols[i]
        root_counts[s] += share * roots[i] * inside[DONE_LEFT, i, 0] * inside[DONE_RIGHT, i, n - 1] / weight
        for j in range(n):
            valence = FIRST if i == j else LATER
            if j >= i:
                stop_counts[s, RIGHT, valence, 0] += share * inside[DONE_RIGHT, i, j] * outside[DONE_RIGHT, i, j]
                stop_counts[s, RIGHT, valence, 1] += share * inside[GOING_RIGHT, i, j] * outside[GOING_RIGHT, i, j]
            if j > i:
                attach_counts[RIGHT, s, symbols[j]] += share * inside[LINK_RIGHT, i, j] * outside[LINK_RIGHT, i, j]
            if j <= i:
                stop_counts[s, LEFT, valence, 0] += share * inside[DONE_LEFT, i, j] * outside[DONE_LEFT, i, j]
                stop_counts[s, LEFT, valence, 1] += share * inside[GOING_LEFT, i, j] * outside[GOING_LEFT, i, j]
            if j < i:
                attach_counts[LEFT, s, symbols[j]] += share * inside[LINK_LEFT, i, j] * outside[LINK_LEFT, i, j]


@kernel
def expect(symbols, starts, lengths, first, last, longest, parameters, root_counts, stop_counts, attach_counts):
    """Expected counts of the strings first … last − 1, added to the counts; returns Σ ln Z.

    symbols : int32[m], starts, lengths : int64[strings], at most `longest` words;  parameters : (root, stop, attach)
    """
    root, stop, attach = parameters
    roots = np.empty(longest)
    stops = np.empty((longest, 2, 2))
    links = np.zeros((longest, longest))
    inside = np.zeros((6, longest, longest))
    outside = np.zeros((6, longest, longest))
    total = 0.0
    for string in range(first, last):
        n = lengths[string]
        words = symbols[starts[string] : starts[string] + n]
        gather(words, n, stop, attach, stops, links)
        for i in range(n):
            roots[i] = root[words[i]]
        fill_inside(n, stops, links, inside)
        weight = string_weight(n, roots, inside)
        fill_outside(n, roots, stops, links, inside, weight, outside)
        add_counts(words, n, roots, inside, weight, outside, root_counts, stop_counts, attach_counts, 1.0)
        total += np.log(weight)
    return total


@kernel
def count_harmonic(symbols, starts, lengths, first, last, root_counts, attach_counts):
    """Counts of the harmonic start: each word of a string of n is root 1/n times, and else hangs on the others by
    1/distance."""
    for string in range(first, last):
        n = lengths[string]
        start = starts[string]
        for child in range(n):
            total = 0.0
            for head in range(n):
                if head != child:
                    total += 1.0 / abs(head - child)
            s = symbols[start + child]
            root_counts[s] += 1.0 / n
            for head in range(n):
                if head != child:
                    side = RIGHT if child > head else LEFT
                    attach_counts[side, symbols[start + head], s] += (1.0 - 1.0 / n) / abs(head - child) / total


@kernel
def add_yield_posteriors(n, roots, links, stops, inside, weight, outside, share, yields):
    """Add the probability, times `share`, that words a … b − 1 are the yield of one word, in all trees.

    yields : float64[≥ n + 1, ≥ n + 1], in and out — [a, b], 0 ≤ a < b ≤ n.  O(n⁴), with a constant of about 1/12
    """
    lefts = np.empty((n, n))  # [g, b]: derivative after the sum of g with children to its left, down to b
    rights = np.empty((n, n))
    for g in range(n):
        for b in range(n):
            if b > g:
                stop = stops[g, RIGHT, LATER]
                rights[g, b] = outside[DONE_RIGHT, g, b] * stop + outside[GOING_RIGHT, g, b] * (1.0 - stop)
            elif b < g:
                stop = stops[g, LEFT, LATER]
                lefts[g, b] = outside[DONE_LEFT, g, b] * stop + outside[GOING_LEFT, g, b] * (1.0 - stop)
    halves = np.empty(n)
    for a in range(n):
        for b in range(a, n):
            total = 0.0
            for h in range(a, b + 1):
                halves[h] = inside[DONE_LEFT, h, a] * inside[DONE_RIGHT, h, b]
            if a == 0 and b == n - 1:
                for h in range(n):
                    total += roots[h] * halves[h]
                total /= weight
            for g in range(a):
                inner = 0.0
                for h in range(a, b + 1):
                    inner += links[g, h] * halves[h]
                total += inner * inside[GOING_RIGHT, g, a - 1] * rights[g, b]
            for g in range(b + 1, n):
                inner = 0.0
                for h in range(a, b + 1):
                    inner += links[g, h] * halves[h]
                total += inner * inside[GOING_LEFT, g, b + 1] * lefts[g, a]
            yields[a, b + 1] += share * total


@kernel
def yield_posteriors(symbols, n, parameters, share, yields):
    """The posteriors of `add_yield_posteriors` for one string, from its symbols.

    parameters : (root, stop, attach), `attach` and `root` divided by the frequency of the child, so that Z stays near 1
    Returns whether Z was a normal number; else nothing is added.
    """
    root, stop, attach = parameters
    roots = np.empty(n)
    for i in range(n):
        roots[i] = root[symbols[i]]
    stops = np.empty((n, 2, 2))
    links = np.zeros((n, n))
    gather(symbols, n, stop, attach, stops, links)
    inside = np.zeros((6, n, n))
    fill_inside(n, stops, links, inside)
    weight = string_weight(n, roots, inside)
    normal = 1e-280 < weight < 1e280
    if normal:
        outside = np.empty((6, n, n))
        fill_outside(n, roots, stops, links, inside, weight, outside)
        add_yield_posteriors(n, roots, links, stops, inside, weight, outside, share, yields)
    return normal

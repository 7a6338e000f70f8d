"""The constituent-context model: how likely each span of a string is a constituent (Klein, Manning 2002).

A span has a yield (its first and last class, and its length) and a context (the class before and behind it; 0 at an end
of the string). Parameters are ratios of the probability under "constituent" to that under "distituent":

yields float64[4, C, C] — [length 2, 3, 4, 5 or more, first class, last class];  contexts float64[C, C]

Spans are [a, b), words a … b − 1; charts are float64[n + 1, n + 1].
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel

LENGTHS = 4


@kernel
def fill_ratios(classes, n, yields, contexts, ratios):
    """Weight of every span of at least two words: ratio of its yield times that of its context; 1 for the whole.

    classes : int32[≥ n];  ratios : float64[≥ n + 1, ≥ n + 1], out
    """
    for a in range(n):
        for b in range(a + 2, n + 1):
            before = classes[a - 1] if a > 0 else 0
            behind = classes[b] if b < n else 0
            length = min(b - a, LENGTHS + 1) - 2
            ratio = yields[length, classes[a], classes[b - 1]] * contexts[before, behind]
            ratios[a, b] = ratio if b - a < n else 1.0


@kernel
def fill_posteriors(n, ratios, inside, outside, posteriors):
    """Probability of every span of at least two words to be in the binary tree; each split of a span is as likely.

    inside, outside, posteriors : float64[≥ n + 1, ≥ n + 1], out.  Returns the weight of all trees
    """
    for a in range(n):
        inside[a, a + 1] = 1.0
        outside[a, a + 1] = 0.0
    for width in range(2, n + 1):
        for a in range(n + 1 - width):
            b = a + width
            total = 0.0
            for k in range(a + 1, b):
                total += inside[a, k] * inside[k, b]
            inside[a, b] = total * ratios[a, b] / (width - 1)
            outside[a, b] = 0.0
    outside[0, n] = 1.0
    per_tree = 1.0 / inside[0, n] if inside[0, n] > 0.0 else 0.0  # ratios may be too small for any tree to have weight
    for width in range(n, 1, -1):
        for a in range(n + 1 - width):
            b = a + width
            part = outside[a, b] * ratios[a, b] / (width - 1)
            posteriors[a, b] = outside[a, b] * inside[a, b] * per_tree
            for k in range(a + 1, b):
                outside[a, k] += part * inside[k, b]
                outside[k, b] += part * inside[a, k]
    return inside[0, n]


@kernel
def expect_constituents(classes, starts, lengths, first, last, longest, yields, contexts, yield_counts, context_counts):
    """Expected counts of the strings first … last − 1, added to the counts; returns Σ ln Z.

    yield_counts : float64[2, 4, C, C], context_counts : float64[2, C, C] — [0 distituent or 1 constituent, …]
    """
    ratios = np.ones((longest + 1, longest + 1))
    inside = np.zeros((longest + 1, longest + 1))
    outside = np.zeros((longest + 1, longest + 1))
    posteriors = np.zeros((longest + 1, longest + 1))
    total = 0.0
    for string in range(first, last):
        n = lengths[string]
        words = classes[starts[string] : starts[string] + n]
        fill_ratios(words, n, yields, contexts, ratios)
        total += np.log(fill_posteriors(n, ratios, inside, outside, posteriors))
        for a in range(n):
            for b in range(a + 2, n + 1):
                if b - a < n:
                    before = words[a - 1] if a > 0 else 0
                    behind = words[b] if b < n else 0
                    length = min(b - a, LENGTHS + 1) - 2
                    p = posteriors[a, b]
                    yield_counts[1, length, words[a], words[b - 1]] += p
                    yield_counts[0, length, words[a], words[b - 1]] += 1.0 - p
                    context_counts[1, before, behind] += p
                    context_counts[0, before, behind] += 1.0 - p
    return total


@kernel
def constituent_posteriors(classes, n, yields, contexts, posteriors):
    """Posteriors of the spans of one string; the whole has 1.  posteriors : float64[≥ n + 1, ≥ n + 1], out

    Returns whether the weight of all trees was a normal number; else they mean nothing.
    """
    ratios = np.ones((n + 1, n + 1))
    fill_ratios(classes, n, yields, contexts, ratios)
    inside = np.zeros((n + 1, n + 1))
    outside = np.zeros((n + 1, n + 1))
    weight = fill_posteriors(n, ratios, inside, outside, posteriors)
    return 1e-280 < weight < 1e280

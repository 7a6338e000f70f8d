"""Nested spans of the largest total score: the n-ary interval programme over the words of a block."""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel


@kernel
def best_spans(n, scores, threshold, best, splits, starts, ends):
    """The nested set of spans with the largest sum of score − threshold, over spans that lie above the threshold.

    best(a, b) = max_k best(a, k) + best(k, b) + max(0, score(a, b) − threshold); a tie goes to the first k.
    scores : float64[≥ n + 1, ≥ n + 1], of [a, b) for 2 ≤ b − a < n; the whole is not asked for
    best : float64[≥ n + 1, ≥ n + 1], splits : int64[like best]
    starts, ends : int64[≥ n], out — the spans, outer ones first

    Returns the number of spans.  O(n³)
    """
    for a in range(n):
        best[a, a + 1] = 0.0
    for width in range(2, n + 1):
        for a in range(n + 1 - width):
            b = a + width
            highest = -np.inf
            split = a + 1
            for k in range(a + 1, b):
                value = best[a, k] + best[k, b]
                if value > highest:
                    highest = value
                    split = k
            splits[a, b] = split
            bonus = scores[a, b] - threshold
            best[a, b] = highest + (bonus if bonus > 0.0 and width < n else 0.0)
    size = 0
    stack = np.empty((n + 2, 2), dtype=np.int64)
    stack[0, 0] = 0
    stack[0, 1] = n
    waiting = 1
    while waiting > 0:
        waiting -= 1
        a = stack[waiting, 0]
        b = stack[waiting, 1]
        if b - a < 2:
            continue
        if b - a < n and scores[a, b] > threshold:
            starts[size] = a
            ends[size] = b
            size += 1
        k = splits[a, b]
        stack[waiting, 0] = k
        stack[waiting, 1] = b
        stack[waiting + 1, 0] = a
        stack[waiting + 1, 1] = k
        waiting += 2
    return size


@kernel
def score_spans(n, yields, constituents, starts, stops, gaps, frequent_ends, forced, weights, scores):
    """Probability that words a … b − 1 are a span, 2 ≤ b − a < n: a logistic function of what the models say.

    yields : float64[models, ≥ n + 1, ≥ n + 1], constituents : float64[≥ n + 1, ≥ n + 1] — posteriors
    starts, stops : float64[n + 1] — worth of a beginning before word a, of an end before word b
    gaps : float64[n + 1] — PMI across each gap
    frequent_ends : float64[n + 1] — how well the very frequent word before the gap ends clauses, 0 for other words
    forced : int64[m, 2] — spans that are certain
    weights : float64[12] — bias, mean posterior, mean ln posterior, constituent, weaker gap, length, length of a span
        that does not end the block, length of one that begins it; the mean posterior times the frequent end; the mean
        ln posterior times the PMI behind, times the length of a span that does not end the block, times its share of it
    scores : float64[≥ n + 1, ≥ n + 1], out — 1 more for a certain span, −9 for each that the span crosses
    """
    for a in range(n):
        for b in range(a + 2, n + 1):
            mean = 0.0
            mean_log = 0.0
            for model in range(len(yields)):
                mean += yields[model, a, b]
                mean_log += np.log(max(yields[model, a, b], 1e-4))
            mean /= max(len(yields), 1)
            mean_log /= max(len(yields), 1)
            length = np.log2((b - a) / 2.0)
            value = weights[0] + weights[1] * mean + weights[2] * mean_log
            value += weights[3] * constituents[a, b] + weights[4] * max(gaps[a], gaps[b]) + starts[a] + stops[b]
            value += weights[5] * length
            if b < n:
                value += (weights[6] + weights[10] * mean_log) * length
            if a == 0:
                value += weights[7] * length
            value += weights[8] * mean * frequent_ends[b]
            value += (weights[9] * gaps[b] + weights[11] * (b - a) / n) * mean_log
            score = 1.0 / (1.0 + np.exp(-value))
            for k in range(len(forced)):
                x = forced[k, 0]
                y = forced[k, 1]
                if x == a and y == b:
                    score += 1.0
                elif x < a < y < b or a < x < b < y:
                    score -= 9.0
            scores[a, b] = score

"""Oracles for grammar and parsing: every tree written out. Slow, and plain enough to check by eye."""

from __future__ import annotations

from itertools import pairwise, product
from math import exp, log, prod


def dependency_trees(n):
    """All projective trees over n words, as tuples of heads (−1: the root)."""
    for heads in product(range(-1, n), repeat=n):
        if heads.count(-1) == 1 and all(heads[k] != k for k in range(n)) and _is_projective_tree(heads):
            yield heads


def _is_projective_tree(heads):
    n = len(heads)
    for k in range(n):
        seen, at = set(), k
        while at != -1:
            if at in seen:
                return False
            seen.add(at)
            at = heads[at]
    return all(span == (min(words), max(words)) for words in subtrees(heads) for span in [_closed(words)])


def _closed(words):
    """First and last, if there is no hole between them."""
    return (min(words), max(words)) if len(words) == max(words) - min(words) + 1 else None


def subtrees(heads):
    """The set of words below each word, itself included."""
    below = [{k} for k in range(len(heads))]
    for k in range(len(heads)):
        at = heads[k]
        while at != -1:
            below[at].add(k)
            at = heads[at]
    return below


def tree_weight(heads, symbols, root, stop, attach):
    """Weight of one tree under the dependency model with valence (Klein, Manning 2004)."""
    weight = 1.0
    for head, symbol in enumerate(symbols):
        if heads[head] == -1:
            weight *= root[symbol]
        for side in (0, 1):
            children = [k for k in range(len(heads)) if heads[k] == head and (k > head) == bool(side)]
            for number, child in enumerate(children):
                weight *= (1 - stop[symbol][side][min(number, 1)]) * attach[side][symbol][symbols[child]]
            weight *= stop[symbol][side][min(len(children), 1)]
    return weight


def binary_trees(a, b):
    """All binary trees over words a … b − 1, each as the list of its spans of two words or more."""
    if b - a == 1:
        yield []
        return
    for k in range(a + 1, b):
        for left in binary_trees(a, k):
            for right in binary_trees(k, b):
                yield [(a, b), *left, *right]


def binary_weight(spans, ratios, n):
    """Weight of a binary tree under the constituent-context model: ratio of each span, and 1/(width − 1) a split."""
    return prod((1.0 if b - a == n else ratios[a][b]) / (b - a - 1) for a, b in spans)


def nested_sets(n):
    """All sets of spans over n words, two words or more and not the whole, of which no two cross."""
    spans = [(a, b) for a in range(n) for b in range(a + 2, n + 1) if b - a < n]

    def choose(place, chosen):
        if place == len(spans):
            yield list(chosen)
            return
        yield from choose(place + 1, chosen)
        if not any(crosses(spans[place], other) for other in chosen):
            yield from choose(place + 1, [*chosen, spans[place]])

    yield from choose(0, [])


def crosses(one, other):
    return one[0] < other[0] < one[1] < other[1] or other[0] < one[0] < other[1] < one[1]


def span_score(a, b, n, yields, constituents, starts, stops, gaps, frequent_ends, weights):
    """Probability of a span: its features, in the order of the weights, then the two boundaries."""
    mean = sum(chart[a][b] for chart in yields) / max(len(yields), 1)
    mean_log = sum(log(max(chart[a][b], 1e-4)) for chart in yields) / max(len(yields), 1)
    length = log(b - a, 2) - 1
    medial, initial = length * (b < n), length * (a == 0)
    features = [
        *(1, mean, mean_log, constituents[a][b], max(gaps[a], gaps[b]), length, medial, initial),
        *(mean * frequent_ends[b], mean_log * gaps[b], mean_log * medial, mean_log * (b - a) / n),
    ]
    odds = sum(weight * feature for weight, feature in zip(weights, features, strict=True)) + starts[a] + stops[b]
    return 1 / (1 + exp(-odds))


def class_objective(ids, classes):
    """Σ N(g,h) ln N(g,h) − 2 Σ N(g) ln N(g) over neighbouring ids, N(g) counting first members."""
    pairs, totals = {}, {}
    for left, right in pairwise(ids):
        pair = classes[left], classes[right]
        pairs[pair] = pairs.get(pair, 0) + 1
        totals[pair[0]] = totals.get(pair[0], 0) + 1
    return sum(c * log(c) for c in pairs.values()) - 2 * sum(c * log(c) for c in totals.values())

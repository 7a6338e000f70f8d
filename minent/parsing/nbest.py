"""The best trees of a block, each once: k best derivations of a grammar in which every tree has one derivation."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]
Trees = list[tuple[float, tuple[object, ...]]]  # score, and spans as a nested chain; best first


def block_trees(gains: NDArray[np.float64], n: int, k: int) -> list[tuple[float, list[Span]]]:
    """The k best sets of nested spans of n words: (total gain, spans), best first; all if there are fewer.

    gains : float64[n + 1, n + 1] — worth of each span [a, b), 2 ≤ b − a < n, whatever its sign

    A tree is a row of items; an item is a word, or a span around a row of two items or more. A row is its first item
    and the row of the rest, so that each tree is built in one way only.
    """
    rows: dict[Span, Trees] = {}  # of one item or more
    longer: dict[Span, Trees] = {}  # of two or more
    items: dict[Span, Trees] = {}
    for width in range(1, n + 1):
        for a in range(n + 1 - width):
            b = a + width
            if width == 1:
                rows[a, b] = items[a, b] = [(0.0, ())]
                continue
            candidates: Trees = []
            for m in range(a + 1, b):
                left, right = items[a, m], rows[m, b]
                pairs = best_sums([score for score, _ in left], [score for score, _ in right], k)
                candidates += [(left[i][0] + right[j][0], (left[i][1], right[j][1])) for i, j in pairs]
            longer[a, b] = heapq.nlargest(k, candidates, key=lambda tree: tree[0])
            if width < n:
                gain = float(gains[a, b])
                items[a, b] = [(score + gain, ((a, b), chain)) for score, chain in longer[a, b]]
                both = longer[a, b] + items[a, b]
                rows[a, b] = heapq.nlargest(k, both, key=lambda tree: tree[0])
    best = longer[0, n] if n > 1 else rows[0, n]
    return [(score, _spans(chain)) for score, chain in best]


def best_sums(left: Sequence[float], right: Sequence[float], k: int) -> list[tuple[int, int]]:
    """Places of the k pairs with the largest sums, of two falling sequences, best first.

    >>> best_sums([5.0, 1.0], [3.0, 2.0, 0.0], 3)
    [(0, 0), (0, 1), (0, 2)]
    """
    # a pair (i, j) is among the k best only if (i + 1)(j + 1) ≤ k
    pairs = [(i, j) for i in range(min(k, len(left))) for j in range(min(k // (i + 1), len(right)))]
    return heapq.nlargest(k, pairs, key=lambda pair: left[pair[0]] + right[pair[1]])


def _spans(chain: object) -> list[Span]:
    """The spans in a chain of nested tuples."""
    found: list[Span] = []
    waiting = [chain]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple) and part:
            if isinstance(part[0], int):
                found.append(part)
            else:
                waiting.extend(reversed(part))
    return found

"""Oracles for word statistics: the obvious way, in pure Python; nothing of minent is used.

A text is a list of segments, a segment is a list of units (str), a word is a tuple of units.
"""

from __future__ import annotations

import math
from collections import Counter

Word = tuple[str, ...]
Segments = list[list[str]]


def places(text: Segments, word: Word) -> list[tuple[str, str]]:
    """The units before and after each occurrence of a word, in order; "" is a boundary."""
    size = len(word)
    found = []
    for segment in text:
        for start in range(len(segment) - size + 1):
            if tuple(segment[start : start + size]) == word:
                before = segment[start - 1] if start > 0 else ""
                after = segment[start + size] if start + size < len(segment) else ""
                found.append((before, after))
    return found


def cut_pmis(text: Segments, word: Word) -> list[float]:
    """ln p(word) / (p(left) p(right)) at each cut, from left to right; probabilities are occurrences / units."""
    units = sum(map(len, text))

    def prob(part: Word) -> float:
        return len(places(text, part)) / units

    return [math.log(prob(word) / (prob(word[:cut]) * prob(word[cut:]))) for cut in range(1, len(word))]


def entropy(outcomes: list[str]) -> float:
    """Entropy of what was seen, in nats."""
    size = len(outcomes)
    return -sum(count / size * math.log(count / size) for count in Counter(outcomes).values())


def spread(seen: list[tuple[str, str]], quota: int) -> list[tuple[str, str]]:
    """`quota` of the places, evenly spread: place k is one if k quota / n passes a whole number on its way to k + 1."""
    size = len(seen)
    return [place for k, place in enumerate(seen) if (k + 1) * quota // size > k * quota // size]


def largest_quota(counts: list[int], most: int) -> int:
    """The largest q with Σ min(count, q) ≤ most, but at least 1; it need not be above the largest count."""
    best = 1
    for quota in range(1, max(counts, default=1) + 1):
        if sum(min(count, quota) for count in counts) <= most:
            best = quota
    return best

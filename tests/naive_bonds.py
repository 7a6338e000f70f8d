"""Oracle for joining and splitting words by the mutual information of neighbours; imports nothing from minent."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

Word = tuple[int, ...]
Table = tuple[tuple[float, ...], ...]


def bonds(
    segments: list[list[Word]],
    listed: set[Word],
    classes: int,
    join: Table,
    split: Table,
    join_count: int,
    share: float,
) -> tuple[dict[Word, int], set[Word]]:
    """Counts of all words after the decisions, and which of them are listed."""
    counts = Counter(word for segment in segments for word in segment)
    beside = Counter(pair for segment in segments for pair in pairwise(segment))
    tokens = counts.total()

    def strength(both: int, left: Word, right: Word) -> float:
        return math.log(both * tokens / (counts[left] * counts[right]))

    new = Counter(counts)
    stays = set(listed)
    for word in listed:
        worst = 0.0
        parts: tuple[Word, Word] | None = None
        for i in range(1, len(word)):
            left, right = word[:i], word[i:]
            plain = all(unit > classes for unit in word)
            if plain and {left, right} <= listed and i <= len(split) and len(right) <= len(split[i - 1]):
                below = strength(counts[word] + beside[left, right], left, right) - split[i - 1][len(right) - 1]
                if below < worst:
                    worst, parts = below, (left, right)
        if parts:
            stays.remove(word)
            new[word] -= counts[word]
            for part in parts:
                new[part] += counts[word]
    joined, pieces = set(), set()
    for (left, right), count in beside.items():
        if not {left, right} <= stays or count < join_count or any(unit <= classes for unit in left + right):
            continue
        if left + right in stays:
            continue
        short = len(left + right) <= 4  # the tokens of a longer word are not known
        bound = not short and count >= share * max(counts[left], counts[right])
        pieces |= {left, right} if bound else set()
        both = count + (counts[left + right] if short else 0)
        if bound or strength(both, left, right) > join[len(left) - 1][len(right) - 1]:
            joined.add(left + right)
            new[left + right] += count
            new[left] -= count
            new[right] -= count
    listed = stays - pieces | joined
    return {w: max(n, w in listed) for w, n in new.items() if max(n, w in listed) > 0}, listed

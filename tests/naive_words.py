"""Oracles of word vectors and of classes: slow, and plain to the eye."""

from __future__ import annotations

from collections import Counter
from itertools import permutations


def features(sentences: list[list[int]], words: int, neighbours: int, window: int) -> Counter[tuple[int, int, int]]:
    """How often (word, place, word beside it) comes up; 0 beside a word is the end or the beginning of the sentence."""
    found: Counter[tuple[int, int, int]] = Counter()
    for sentence in sentences:
        for at, word in enumerate(sentence):
            if word > words:
                continue
            for place in range(-window, window + 1):
                beside = at + place
                if place and -1 <= beside <= len(sentence):
                    other = sentence[beside] if 0 <= beside < len(sentence) else 0
                    if other <= neighbours:
                        found[word, place, other] += 1
    return found


def frames(sentences: list[list[int]], words: int) -> Counter[tuple[int, int, int]]:
    """How often (word, word before it, word behind it) comes up; 0 is no word."""
    found: Counter[tuple[int, int, int]] = Counter()
    for sentence in sentences:
        around = [0, *sentence, 0]
        for at in range(1, len(around) - 1):
            if around[at] <= words and around[at - 1] + around[at + 1] > 0:
                found[around[at], around[at - 1], around[at + 1]] += 1
    return found


def best_sum(gains: list[list[int]]) -> int:
    """The largest sum of gains of which no two are in one row or one column."""
    height, width = len(gains), len(gains[0])
    if height > width:
        return best_sum([list(column) for column in zip(*gains, strict=True)])
    return max(
        sum(gains[row][column] for row, column in enumerate(order)) for order in permutations(range(width), height)
    )

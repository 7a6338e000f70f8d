"""Changing a lexicon: counts of words moved to other words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from minent.lexicon import Lexicon


def move_counts(lexicon: Lexicon, parts_of: Mapping[str, Sequence[str]]) -> Lexicon:
    """Take words out; each of a word's parts gets its count.

    >>> move_counts(Lexicon.from_counts({"江泽民": 5, "江": 2}), {"江泽民": ("江", "泽民")})["江"].count
    7
    """
    counts = dict(zip(lexicon.words, lexicon.counts.tolist(), strict=True))
    for word, parts in parts_of.items():
        count = counts.pop(word)
        for part in parts:
            counts[part] = counts.get(part, 0) + count
    return with_counts(lexicon, counts)


def with_counts(lexicon: Lexicon, counts: Mapping[str, int]) -> Lexicon:
    """A lexicon of these words; those that were there keep their columns, the columns of new ones are empty."""
    words = list(counts)
    places = {word: k for k, word in enumerate(lexicon.words)}
    kept = [places.get(word, -1) for word in words]
    columns = {name: [values[k] if k >= 0 else "" for k in kept] for name, values in lexicon.columns.items()}
    return Lexicon(words, list(counts.values()), lexicon.settings, columns)


def winning_count(word: Sequence[str], log_probs: Mapping[tuple[str, ...], float], total: int) -> int:
    """The least count at which a word is more probable than any of its cuttings into other words.

    word : its units;  log_probs : ln p of words by their units (its own is not looked at); a single unit
    without one counts 1;  total : the sum of all counts

    >>> winning_count("ab", {("a",): math.log(0.1), ("b",): math.log(0.2)}, 1000)     # 1000 · 0.1 · 0.2 is not enough
    21
    """
    size = len(word)
    unseen = -math.log(max(total, 1))
    best = [0.0] * (size + 1)
    for first in range(size - 1, -1, -1):
        best[first] = max(
            best[end] + log_probs.get(tuple(word[first:end]), unseen if end == first + 1 else -math.inf)
            for end in range(first + 1, size + (first > 0))
        )
    return math.floor(total * math.exp(best[0]) + 1e-9) + 1


def without(words: Iterable[str], kept: Iterable[str]) -> list[str]:
    """The words that are not to be kept whole."""
    kept = frozenset(kept)
    return [word for word in words if word not in kept]

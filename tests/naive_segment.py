"""Oracles of the neural segmenter: obvious code that imports nothing from minent."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence

Arc = tuple[int, int, float]  # start, end, value


def strings_admitted(
    arcs: Sequence[Arc],
    words: Collection[tuple[int, int]],
    units: Sequence[bool],
    log_odds: Sequence[float],
    limit: float,
    longest: int,
    value: float,
) -> list[Arc]:
    """The arcs of the lattice afterwards, by start, the longest first."""
    old = {(start, end): worth for start, end, worth in arcs}
    found = []
    for start, end in itertools.combinations(range(len(units) + 1), 2):
        admitted = all(units[start:end]) and all(log_odds[k] < limit for k in range(start + 1, end))
        if (start, end) in old:
            if end - start == 1 or (start, end) in words or admitted:
                found.append((start, end, old[start, end]))
        elif 2 <= end - start <= longest and admitted:
            found.append((start, end, value))
    return sorted(found, key=lambda arc: (arc[0], -arc[1]))


def boundary_probabilities(arcs: Sequence[Arc], count: int) -> list[float]:
    """p(boundary before element k) by going through all cuttings."""
    values = {(start, end): value for start, end, value in arcs}
    shares, total = [0.0] * count, 0.0
    for inner in itertools.product((False, True), repeat=count - 1):
        cuts = [0, *(place for place, cut in enumerate(inner, start=1) if cut), count]
        words = list(itertools.pairwise(cuts))
        if all(word in values for word in words):
            weight = math.exp(sum(values[word] for word in words))
            total += weight
            for start, _ in words:
                shares[start] += weight
    return [share / total for share in shares]

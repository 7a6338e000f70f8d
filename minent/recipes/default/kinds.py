"""Kinds of text, found without labels: what words there are differs between news, statutes and old novels.

One model of unlike texts misses the common words of the smaller ones, because its counts and its tag expert
are those of the larger ones (目 and 前 are words of the classics, so 目前 is never tried); each kind therefore
gets a sample and a model of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.kernels.kinds import best_kinds, count_by_kind, score_lines
from minent.kernels.sample import mixed
from minent.recipes.default.settings import DefaultSettings
from minent.recipes.default.survey import Lines


@dataclass(frozen=True)
class _Leaf:
    """Some lines, by number, which of two halves each is in, and how much better two profiles fit them than one."""

    lines: NDArray[np.int64]
    halves: NDArray[np.int64]
    gain: float


def kind_count(total: int, settings: DefaultSettings) -> int:
    """How many kinds a text of `total` units is divided into; 1 where it is learned from as a whole."""
    if total <= settings.whole_text:
        return 1
    return min(max(total // settings.kind_text, 2), settings.most_kinds)


def find_kinds(
    lines: Lines, unit_counts: NDArray[np.int64], count: int, settings: DefaultSettings
) -> NDArray[np.float64]:
    """Log-probabilities of the units in each kind of text: float64[V, K], nats; K is at most `count`.

    The lines are halved along their first axis of correspondence analysis, `count` − 1 times, always where
    two multinomials gain most over one; then hard EM over all kinds.
    """
    finder = _Finder(lines, unit_counts, settings)
    every = np.arange(lines.lengths.size)
    kinds = np.zeros(every.size, np.int64)
    leaves = [finder.halved(every)]
    while len(leaves) < count:
        widest = max(range(len(leaves)), key=lambda k: leaves[k].gain)
        leaf = leaves[widest]
        if leaf.gain <= 0:
            break
        kinds[leaf.lines[leaf.halves == 1]] = len(leaves)
        leaves[widest] = finder.halved(leaf.lines[leaf.halves == 0])
        leaves.append(finder.halved(leaf.lines[leaf.halves == 1]))
    finder.fit(every, kinds, len(leaves))
    return finder.profiles(every, kinds, len(leaves))


class _Finder:
    def __init__(self, lines: Lines, unit_counts: NDArray[np.int64], settings: DefaultSettings) -> None:
        self._units = lines.units
        self._lengths = lines.lengths
        self._starts = np.cumsum(lines.lengths) - lines.lengths
        self._share = unit_counts / max(int(unit_counts.sum()), 1)
        self._settings = settings

    def halved(self, lines: NDArray[np.int64]) -> _Leaf:
        """The best halves of some lines."""
        settings = self._settings
        scores = np.array([mixed(np.uint64(unit)) for unit in range(64)], np.uint64) / 2.0**64 - 0.5
        line_scores = score_lines(
            self._units,
            self._starts[lines],
            self._lengths[lines],
            settings.kind_rounds,
            settings.line_prior,
            settings.unit_prior,
            np.resize(scores, self._share.size),
        )
        one = self.fit(lines, np.zeros(lines.size, np.int64), 1)
        halves = (line_scores > 0).astype(np.int64)
        return _Leaf(lines, halves, self.fit(lines, halves, 2) - one)

    def fit(self, lines: NDArray[np.int64], kinds: NDArray[np.int64], count: int) -> float:
        """Hard EM of multinomials, in place; returns the log-probability of the lines."""
        fit = 0.0
        for _ in range(self._settings.kind_rounds if count > 1 else 1):
            profiles = self.profiles(lines, kinds, count)
            fit = best_kinds(self._units, self._starts[lines], self._lengths[lines], profiles, kinds)
        return fit

    def profiles(self, lines: NDArray[np.int64], kinds: NDArray[np.int64], count: int) -> NDArray[np.float64]:
        """Log-probabilities of units by kind, smoothed towards their share of the whole text."""
        counts = np.zeros((self._share.size, count), np.int64)
        count_by_kind(self._units, self._starts[lines], self._lengths[lines], kinds, counts)
        smoothing = self._settings.kind_smoothing
        with np.errstate(divide="ignore"):
            logs = np.log((counts + smoothing * self._share[:, None]) / (counts.sum(axis=0) + smoothing))
        return np.where(self._share[:, None] > 0, logs, 0.0)

"""Passes over the text before anything is learned: counts of units and adjacent pairs, samples of distinct lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.kernels.kinds import best_kinds
from minent.kernels.sample import count_pairs, gather, hash_lines
from minent.recipes.default.counts import KeyCounts
from minent.recipes.default.randomness import random_key
from minent.recipes.default.settings import DefaultSettings
from minent.recipes.default.stream import Chunks, Shard, cut_shards, map_in_order


@dataclass(frozen=True)
class Lines:
    """Distinct lines by ascending hash: hashes uint64[n], lengths int64[n] with separators, their units."""

    hashes: NDArray[np.uint64]
    lengths: NDArray[np.int64]
    units: NDArray[np.uint16]


@dataclass(frozen=True)
class Survey:
    """What one pass over the text gives.

    unit_counts: int64[V], index 0 unused; pair_keys, pair_counts: uint64[m] ascending `left << 16 | right`,
    int64[m]; sample: some of its distinct lines; whole: the text itself where it is learned from as a whole.
    """

    unit_counts: NDArray[np.int64]
    pair_keys: NDArray[np.uint64]
    pair_counts: NDArray[np.int64]
    sample: Lines
    whole: NDArray[np.uint16] | None

    @property
    def total(self) -> int:
        """Units of the text, separators not counted."""
        return int(self.unit_counts.sum())


def survey(chunks: Chunks, unit_count: int, settings: DefaultSettings, jobs: int, seed: int) -> Survey:
    """Read the text once. `unit_count`: the highest unit id; ids above 65,535 are read as separators."""
    width = min(unit_count, 0xFFFF) + 1
    unit_counts = np.zeros(width, np.int64)
    pairs = KeyCounts()
    sampler = LineSampler(settings.survey_sample, settings.longest_piece, seed)
    whole: list[NDArray[np.uint16]] | None = []

    def read(
        shard: Shard,
    ) -> tuple[Shard, NDArray[np.int64], tuple[NDArray[np.uint64], NDArray[np.int32]], list[Lines]]:
        units = np.bincount(shard.units, minlength=width).astype(np.int64)
        return shard, units, count_pairs(shard.units), sampler.read(shard)

    shards = cut_shards(chunks, settings.shard_units, settings.longest_segment)
    for shard, units, shard_pairs, lines in map_in_order(read, shards, jobs):
        unit_counts += units
        pairs.add(*shard_pairs)
        sampler.add(lines)
        if whole is not None:
            whole.append(shard.units)
            if unit_counts[1:].sum() > settings.whole_text:
                whole = None
    unit_counts[0] = 0
    pair_keys, pair_counts = pairs.result()
    text = None if whole is None else np.concatenate([*whole, np.zeros(0, np.uint16)])
    return Survey(unit_counts, pair_keys, pair_counts, sampler.samples()[0], text)


def sample_kinds(
    chunks: Chunks, profiles: NDArray[np.float64], settings: DefaultSettings, jobs: int, seed: int
) -> list[NDArray[np.uint16]]:
    """Read the text once more for a sample of the lines of every kind (see `kinds.find_kinds`)."""
    size = min(settings.kind_sample, settings.samples // profiles.shape[1])
    sampler = LineSampler(size, settings.longest_piece, seed, profiles)
    shards = cut_shards(chunks, settings.shard_units, settings.longest_segment)
    for lines in map_in_order(sampler.read, shards, jobs):
        sampler.add(lines)
    return [lines.units for lines in sampler.samples()]


class LineSampler:
    """Keeps the distinct lines of smallest hash (bottom-k) of each kind of text, up to `size` units of each.

    Which lines are kept, and their order, depends on the set of lines and the seed only: not on the order
    of the text, its files, its shards or the number of workers.

    profiles: float64[V, K], log-probabilities of the units by kind; None: all lines are of one kind.
    """

    def __init__(self, size: int, longest_piece: int, seed: int, profiles: NDArray[np.float64] | None = None) -> None:
        self._longest_piece = longest_piece
        self._key = random_key(seed, -1)
        self._profiles = profiles
        self._kinds = [_Smallest(size) for _ in range(1 if profiles is None else profiles.shape[1])]

    def read(self, shard: Shard) -> list[Lines]:
        """The distinct lines of a shard that may still be in the sample, by kind. Does not change the sampler."""
        ends, hashes = hash_lines(shard.units, shard.line_ends, self._longest_piece, self._key)
        starts = np.concatenate([np.zeros(1, np.int64), ends])[:-1]
        lengths = ends - starts
        if self._profiles is None:
            return [self._kinds[0].chosen(hashes, starts, lengths, shard.units)]
        kinds = np.empty(starts.size, np.int64)
        best_kinds(shard.units, starts, lengths, self._profiles, kinds)
        return [
            kind.chosen(hashes[kinds == k], starts[kinds == k], lengths[kinds == k], shard.units)
            for k, kind in enumerate(self._kinds)
        ]

    def add(self, lines: list[Lines]) -> None:
        """Take the lines of one more shard."""
        for kind, some in zip(self._kinds, lines, strict=True):
            kind.add(some)

    def samples(self) -> list[Lines]:
        """The lines of each kind, one after another by ascending hash."""
        return [kind.merged() for kind in self._kinds]


class _Smallest:
    """The distinct lines of smallest hash, until they fill `size` units."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._limit = np.uint64(0xFFFFFFFFFFFFFFFF)  # no line above it can be in the sample any more
        self._kept = Lines(np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0, np.uint16))
        self._waiting: list[Lines] = []

    def chosen(
        self,
        hashes: NDArray[np.uint64],
        starts: NDArray[np.int64],
        lengths: NDArray[np.int64],
        units: NDArray[np.uint16],
    ) -> Lines:
        """Those of some lines that are among the smallest."""
        distinct, first = np.unique(hashes, return_index=True)
        first = first[distinct <= self._limit]
        filled = np.cumsum(lengths[first])
        first = first[: int(np.searchsorted(filled, self._size)) + 1]
        copy = gather(units, starts[first], lengths[first], int(lengths[first].sum()))
        return Lines(hashes[first], lengths[first], copy)

    def add(self, lines: Lines) -> None:
        self._waiting.append(lines)
        if sum(lines.units.size for lines in self._waiting) > self._size:
            self.merged()

    def merged(self) -> Lines:
        """All lines that were added, cut down to the smallest."""
        groups = [self._kept, *self._waiting]
        hashes, lengths, units = (
            np.concatenate([getattr(group, name) for group in groups]) for name in ("hashes", "lengths", "units")
        )
        self._kept = self.chosen(hashes, np.cumsum(lengths) - lengths, lengths, units)
        self._waiting = []
        if self._kept.units.size >= self._size:
            self._limit = self._kept.hashes[-1]
        return self._kept

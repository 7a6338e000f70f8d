"""The first pass over the text: counts of units and adjacent pairs, and a sample of its distinct lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.kernels.sample import count_pairs, gather, hash_lines
from minent.recipes.default.counts import KeyCounts
from minent.recipes.default.randomness import random_key
from minent.recipes.default.settings import DefaultSettings
from minent.recipes.default.stream import Chunks, Shard, cut_shards, map_in_order


@dataclass(frozen=True)
class Survey:
    """What one pass over the text gives.

    unit_counts: int64[V], index 0 unused; pair_keys, pair_counts: uint64[m] ascending `left << 16 | right`,
    int64[m]; sample: uint16, distinct lines, so ordered that a prefix is a smaller sample; whole: the text
    itself where it is no longer than the second sample, else None.
    """

    unit_counts: NDArray[np.int64]
    pair_keys: NDArray[np.uint64]
    pair_counts: NDArray[np.int64]
    sample: NDArray[np.uint16]
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
    sampler = LineSampler(settings.second_sample, settings.longest_piece, seed)
    whole: list[NDArray[np.uint16]] | None = []

    def read(
        shard: Shard,
    ) -> tuple[Shard, NDArray[np.int64], tuple[NDArray[np.uint64], NDArray[np.int32]], Lines]:
        units = np.bincount(shard.units, minlength=width).astype(np.int64)
        return shard, units, count_pairs(shard.units), sampler.read(shard)

    shards = cut_shards(chunks, settings.shard_units, settings.longest_segment)
    for shard, units, shard_pairs, lines in map_in_order(read, shards, jobs):
        unit_counts += units
        pairs.add(*shard_pairs)
        sampler.add(lines)
        if whole is not None:
            whole.append(shard.units)
            if unit_counts[1:].sum() > settings.second_sample:
                whole = None
    unit_counts[0] = 0
    pair_keys, pair_counts = pairs.result()
    text = None if whole is None else np.concatenate([*whole, np.zeros(0, np.uint16)])
    return Survey(unit_counts, pair_keys, pair_counts, sampler.sample(), text)


@dataclass(frozen=True)
class Lines:
    """Distinct lines by ascending hash: hashes uint64[n], lengths int64[n] with separators, their units."""

    hashes: NDArray[np.uint64]
    lengths: NDArray[np.int64]
    units: NDArray[np.uint16]


class LineSampler:
    """Keeps the distinct lines of smallest hash (bottom-k), up to `size` units.

    Which lines are kept, and their order, depends on the set of lines and the seed only: not on the order
    of the text, its files, its shards or the number of workers.
    """

    def __init__(self, size: int, longest_piece: int, seed: int) -> None:
        self._size = size
        self._longest_piece = longest_piece
        self._key = random_key(seed, -1)
        self._limit = np.uint64(0xFFFFFFFFFFFFFFFF)  # no line above it can be in the sample any more
        self._kept = Lines(np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0, np.uint16))
        self._waiting: list[Lines] = []

    def read(self, shard: Shard) -> Lines:
        """The distinct lines of a shard that may still be in the sample. Does not change the sampler."""
        ends, hashes = hash_lines(shard.units, shard.line_ends, self._longest_piece, self._key)
        starts = np.concatenate([np.zeros(1, np.int64), ends])[:-1]
        return _chosen(hashes, starts, ends - starts, shard.units, self._limit, self._size)

    def add(self, lines: Lines) -> None:
        """Take the lines of one more shard."""
        self._waiting.append(lines)
        if sum(lines.units.size for lines in self._waiting) > self._size:
            self._merge()

    def sample(self) -> NDArray[np.uint16]:
        """The lines one after another, by ascending hash."""
        self._merge()
        return self._kept.units

    def _merge(self) -> None:
        groups = [self._kept, *self._waiting]
        hashes, lengths, units = (
            np.concatenate([getattr(group, name) for group in groups]) for name in ("hashes", "lengths", "units")
        )
        self._kept = _chosen(hashes, np.cumsum(lengths) - lengths, lengths, units, self._limit, self._size)
        self._waiting = []
        if self._kept.units.size >= self._size:
            self._limit = self._kept.hashes[-1]


def _chosen(
    hashes: NDArray[np.uint64],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    units: NDArray[np.uint16],
    limit: np.uint64,
    size: int,
) -> Lines:
    """Distinct lines by ascending hash, at most `limit`, until they fill `size` units."""
    distinct, first = np.unique(hashes, return_index=True)
    first = first[distinct <= limit]
    filled = np.cumsum(lengths[first])
    first = first[: int(np.searchsorted(filled, size)) + 1]
    return Lines(hashes[first], lengths[first], gather(units, starts[first], lengths[first], int(lengths[first].sum())))


def sample_prefix(sample: NDArray[np.uint16], size: int) -> NDArray[np.uint16]:
    """The first lines of a sample, about `size` units: up to the first separator from there on."""
    rest = np.flatnonzero(sample[size:] == 0)
    return sample if rest.size == 0 else sample[: size + int(rest[0]) + 1]

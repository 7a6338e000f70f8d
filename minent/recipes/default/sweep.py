"""Sweeps: every segment of a text is cut anew at random, given the counts of the sweep before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from minent.kernels.sweep import WordModel, count_words, sweep_shard
from minent.recipes.default.counts import KeyCounts
from minent.recipes.default.neighbours import Neighbours, Pairs
from minent.recipes.default.stream import Shard, map_in_order

Counts: TypeAlias = tuple[NDArray[np.uint64], NDArray[np.int64]]
"""Packed words in ascending order, and their counts."""

Listed: TypeAlias = tuple[NDArray[np.uint64], NDArray[np.int32]]
"""Packed words in no order, and their counts."""


@dataclass(frozen=True)
class SampleText:
    """A text that is held whole, in shards, with its present cutting.

    shards: pieces of the text; boundaries: uint8[n] for each, 1 where a word ends.
    """

    shards: list[Shard]
    boundaries: list[NDArray[np.uint8]]


def sample_text(units: NDArray[np.uint16], shard_units: int) -> SampleText:
    """Cut a text into shards at the first separator from every `shard_units` units on; no word ends yet."""
    shards = []
    separators = np.flatnonzero(units == 0) + 1
    start = 0
    while start < units.size:
        later = int(np.searchsorted(separators, start + shard_units))
        end = int(separators[later]) if later < separators.size else units.size
        shards.append(Shard(units[start:end], np.empty(0, np.int64), start))
        start = end
    return SampleText(shards, [np.zeros(shard.units.size, np.uint8) for shard in shards])


def cutting_counts(text: SampleText) -> Counts:
    """Words of the present cutting."""
    words = KeyCounts()
    for shard, boundaries in zip(text.shards, text.boundaries, strict=True):
        words.add(*count_words(shard.units, boundaries))
    return words.result()


def sweep_sample(model: WordModel, text: SampleText, key: np.uint64, jobs: int) -> Counts:
    """Cut a sample anew and count its words. Overwrites `text.boundaries`.

    A segment's own words are taken out of the counts while it is cut.
    """
    boundaries = {shard.offset: array for shard, array in zip(text.shards, text.boundaries, strict=True)}

    def cut(shard: Shard) -> tuple[NDArray[np.int32], Listed]:
        new_counts = np.zeros(place_count(model), np.int32)
        others = sweep_shard(model, shard.units, boundaries[shard.offset], True, shard.offset, key, new_counts, 1)
        return new_counts, others

    return _summed(model, map_in_order(cut, text.shards, jobs))


def sweep_stream(
    model: WordModel, shards: Iterable[Shard], key: np.uint64, jobs: int, neighbours: Neighbours | None = None
) -> Counts:
    """Cut a stream and count its words, and the pairs of neighbours if they are wanted.

    Words that the model does not have are left out of a shard where they occur once: that bounds memory,
    and depends on the fixed shards only.
    """

    def cut(shard: Shard) -> tuple[NDArray[np.int32], Listed, Pairs | None]:
        new_counts = np.zeros(place_count(model), np.int32)
        boundaries = np.zeros(shard.units.size, np.uint8)
        others = sweep_shard(model, shard.units, boundaries, False, shard.offset, key, new_counts, 2)
        return new_counts, others, None if neighbours is None else neighbours.read(shard, boundaries)

    def parts() -> Iterator[tuple[NDArray[np.int32], Listed]]:
        for new_counts, others, pairs in map_in_order(cut, shards, jobs):
            if neighbours is not None and pairs is not None:
                neighbours.add(pairs)
            yield new_counts, others

    return _summed(model, parts())


def _summed(model: WordModel, parts: Iterable[tuple[NDArray[np.int32], Listed]]) -> Counts:
    known = np.zeros(place_count(model), np.int64)
    words = KeyCounts()
    for new_counts, others in parts:
        known += new_counts
        words.add(*others)
    return add_known(model, known, words)


def place_count(model: WordModel) -> int:
    """Number of places that words can have in the model."""
    return sum(len(part) for part in (model.singles, model.pairs, model.words))


def add_known(model: WordModel, known: NDArray[np.int64], others: KeyCounts) -> Counts:
    """Join the counts by place of the model's words with the counts by key of the others."""
    width, pair_rows = model.singles.size, model.pairs.shape[0]
    groups = np.split(known, [width, width + pair_rows])
    for group, keys in zip(groups, (None, model.pairs[:, 0], model.words[:, 0]), strict=True):
        rows = np.flatnonzero(group)
        others.add((rows if keys is None else keys[rows]).astype(np.uint64), group[rows])
    return others.result()

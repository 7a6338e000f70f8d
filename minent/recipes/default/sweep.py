"""Sweeps: every segment of a text is cut anew at random, given the counts of the sweep before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from minent.kernels.packed import unpacked
from minent.kernels.sweep import WordModel, count_words, sweep_shard
from minent.passes import Saved, fold_pass
from minent.recipes.default.counts import KeyCounts
from minent.recipes.default.neighbours import Neighbours
from minent.recipes.default.stream import Shard, map_in_order
from minent.runs import RunDirectory
from minent.spill import LARGEST_COUNT, SLOT, are_counts
from minent.stages import Stage, StageWriter

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

    def set_cutting(self, cutting: NDArray[np.uint8]) -> None:
        """Take over the cutting of the whole text: uint8[n]."""
        for shard, boundaries in zip(self.shards, self.boundaries, strict=True):
            boundaries[:] = cutting[shard.offset : shard.offset + shard.units.size]

    def is_cutting(self, cutting: NDArray[np.uint8]) -> bool:
        """Whether these are marks of words of one to four units that lie inside the segments of the text."""
        units = np.concatenate([*(shard.units for shard in self.shards), np.zeros(1, np.uint16)])
        if cutting.size != units.size - 1 or (cutting > 1).any() or (cutting[units[:-1] == 0] > 0).any():
            return False
        ends = np.flatnonzero((cutting == 1) | (units[:-1] == 0))
        last = units[1:] == 0
        return bool((np.diff(ends, prepend=-1) <= 4).all() and (cutting[last & (units[:-1] > 0)] == 1).all())


class KeptCutting:
    """The cutting of a sample that is at work, written to a run directory now and then, under a name."""

    def __init__(self, run: RunDirectory | None, name: str, text: SampleText) -> None:
        self._run, self._name, self._text = run, name, text
        self._saved = time.monotonic()

    def load(self) -> int:
        """Take over what is there; returns the sweeps that it has behind it, 0 for none."""
        stage = None if self._run is None else self._run.load(self._name)
        if stage is None:
            return 0
        cutting, sweeps = stage.array("cutting", "|u1"), stage.fact("sweeps", int)
        if sweeps < 1 or not self._text.is_cutting(cutting):
            raise stage.damage()
        self._text.set_cutting(cutting)
        return int(sweeps)

    def save(self, sweeps: int) -> None:
        """Write the cutting, unless that was done a short time ago."""
        if self._run is None or time.monotonic() < self._saved + self._run.seconds:
            return
        with self._run.write(self._name) as stage:
            stage.add("cutting", np.concatenate(self._text.boundaries))
            stage.facts["sweeps"] = sweeps
        self._saved = time.monotonic()


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

    def cut(shard: Shard) -> tuple[NDArray[np.int64], Listed]:
        new_counts = np.zeros(place_count(model), np.int64)
        others = sweep_shard(model, shard.units, boundaries[shard.offset], True, shard.offset, key, new_counts, 1)
        return new_counts, others

    return _summed(model, map_in_order(cut, text.shards, jobs))


@dataclass(frozen=True)
class StreamSweep:
    """A sweep over a stream.

    least : words that occur less often may be left out;  join_count : pairs of neighbours likewise
    counts : makes what a worker counts the words with that the model does not have, and what it counts pairs with
    """

    model: WordModel
    key: np.uint64
    classes: int
    least: int
    join_count: int
    counts: Callable[[], KeyCounts] = KeyCounts

    def start(self) -> _SweepPass:
        """What a worker begins with."""
        neighbours = Neighbours(self.model, self.classes, 2, self.counts())
        return _SweepPass(self, np.zeros(place_count(self.model), np.int64), self.counts(), neighbours)


@dataclass
class _SweepPass:
    """What one worker of a sweep over a stream has counted: the model's words by place, the others, pairs."""

    sweep: StreamSweep
    known: NDArray[np.int64]
    words: KeyCounts
    neighbours: Neighbours

    def add(self, shard: Shard) -> None:
        """Cut one shard.

        Words that the model does not have are left out where they occur once in it: that bounds memory, and depends
        on the fixed shards only.
        """
        boundaries = np.zeros(shard.units.size, np.uint8)
        model, key = self.sweep.model, self.sweep.key
        self.words.add(*sweep_shard(model, shard.units, boundaries, False, shard.offset, key, self.known, 2))
        self.neighbours.add(self.neighbours.read(shard, boundaries))

    def merge(self, other: _SweepPass) -> None:
        self.known += other.known
        self.words.merge(other.words)
        self.neighbours.counts.merge(other.neighbours.counts)

    def store(self, stage: StageWriter) -> None:
        stage.add("known", self.known)
        stage.add_table("words", self.words)
        stage.add_table("neighbours", self.neighbours.counts)

    def load(self, stage: Stage) -> None:
        known, places, width = stage.array("known", "<i8"), self.known.size, self.sweep.model.singles.size
        if known.size != places or not are_counts(known):
            raise stage.damage()
        words, pairs = stage.spill("words", SLOT), stage.spill("neighbours", SLOT)
        stage.check_pairs(words, lambda keys: are_words(keys, width), signed=False)
        stage.check_pairs(pairs, lambda keys: (keys >> 32 < places) & (keys & 0xFFFFFFFF < places))
        self.known += known
        self.words.spills.append(words)
        self.neighbours.counts.spills.append(pairs)


def are_words(keys: NDArray[np.int64], width: int) -> NDArray[np.bool_]:
    """Which keys are packed words of units from 1 to `width` − 1."""
    units, _ = unpacked(keys.view(np.uint64))
    started = units[:, 0] > 0
    ended = (np.diff((units > 0).astype(np.int8), axis=1) <= 0).all(axis=1)
    valid: NDArray[np.bool_] = started & ended & (units < width).all(axis=1)
    return valid


def are_counted_words(keys: NDArray[np.uint64], counts: NDArray[np.int64], width: int) -> bool:
    """Whether these are distinct packed words in ascending order with their counts."""
    rising, counted = keys[1:] > keys[:-1], (counts >= 1) & (counts < LARGEST_COUNT)
    return bool(rising.all() and counted.all() and are_words(keys.view(np.int64), width).all())


def sweep_stream(
    shards: Callable[[int], Iterator[Shard]], sweep: StreamSweep, jobs: int, run: RunDirectory | None = None
) -> tuple[Counts, Neighbours]:
    """Cut a stream and count its words, and the pairs of neighbours; `shards(n)` gives its shards from number n on."""
    name = f"sweep-{int(sweep.key):016x}"
    saved = None if run is None else Saved(run, name, _SweepPass.store, _SweepPass.load)
    found = fold_pass(shards, sweep.start, _SweepPass.add, _SweepPass.merge, jobs, saved)
    neighbours = Neighbours(sweep.model, sweep.classes, 2)
    neighbours.add(found.neighbours.counts.result(sweep.join_count))
    return add_known(sweep.model, found.known, found.words, sweep.least), neighbours


def _summed(model: WordModel, parts: Iterable[tuple[NDArray[np.int64], Listed]]) -> Counts:
    known = np.zeros(place_count(model), np.int64)
    words = KeyCounts()
    for new_counts, others in parts:
        known += new_counts
        words.add(*others)
    return add_known(model, known, words)


def place_count(model: WordModel) -> int:
    """Number of places that words can have in the model."""
    return sum(len(part) for part in (model.singles, model.pairs, model.words))


def add_known(model: WordModel, known: NDArray[np.int64], others: KeyCounts, least: int = 1) -> Counts:
    """Join the counts by place of the model's words with the counts by key of the others; those of at least `least`."""
    width, pair_rows = model.singles.size, model.pairs.shape[0]
    groups = np.split(known, [width, width + pair_rows])
    for group, keys in zip(groups, (None, model.pairs[:, 0], model.words[:, 0]), strict=True):
        rows = np.flatnonzero(group)
        others.add((rows if keys is None else keys[rows]).astype(np.uint64), group[rows])
    return others.result(least)

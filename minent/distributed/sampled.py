"""The passes of the default recipe over a text on a cluster (recipes/default/passes.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.distributed.corpus import ClusterCorpus
from minent.distributed.counts import AtLeast, Chosen, Counts, Pairs, add_counts, dense_pairs, pairs_of
from minent.distributed.shards import CodedPieces, read_coded_shards
from minent.engines.rows import Row, Rows, Shared
from minent.kernels.kinds import best_kinds
from minent.kernels.sample import count_pairs
from minent.kernels.sweep import WordModel, sweep_shard
from minent.recipes.default.counts import KeyCounts
from minent.recipes.default.neighbours import Neighbours
from minent.recipes.default.passes import Passes, StreamPasses
from minent.recipes.default.settings import DefaultSettings
from minent.recipes.default.stream import Shard
from minent.recipes.default.survey import Lines, LineSampler, Survey
from minent.recipes.default.sweep import Counts as WordCounts
from minent.recipes.default.sweep import add_known, place_count
from minent.tables import Counter

UNITS, PAIRS = range(2)
KNOWN, OTHERS, HIGH_OTHERS, NEIGHBOURS = range(4)  # HIGH_OTHERS: with the highest bit of the key, which is left out
HIGH = np.uint64(1 << 63)
SPARE = 1.5  # share of lines that are looked at, beside what a sample needs, for those that occur twice
ALL_HASHES = 0xFFFFFFFFFFFFFFFF


def cluster_passes(corpus: ClusterCorpus, settings: DefaultSettings, seed: int) -> Passes:
    """The passes over a text; one that is learned from as a whole is brought here."""
    assert corpus.text is not None
    alphabet = corpus.shared(corpus.alphabet)
    coded = CodedPieces.read(corpus.pieces(), alphabet, settings.longest_segment)
    if coded.units <= settings.whole_text:
        chunks = coded.chunks()
        coded.rows.release()
        return StreamPasses(lambda: chunks, settings, corpus.jobs, seed)
    shards = coded.shards(corpus.shared, settings.shard_units, settings.longest_segment)
    return ClusterPasses(corpus.shared, shards, coded, settings, seed)


@dataclass
class ClusterPasses:
    """Passes over fixed shards (`read_coded_shards`).

    coded : the pieces of which the shards are made, which go when these are there
    """

    share: Callable[[Any], Shared[Any]]
    shards: Rows
    coded: CodedPieces
    settings: DefaultSettings
    seed: int

    def survey(self, unit_count: int) -> Survey:
        settings = self.settings
        width = min(unit_count, 0xFFFF) + 1
        counts = Counts(self.shards, _MakeSurvey(width), {UNITS: None, PAIRS: None}, read_coded_shards)
        unit_counts = np.zeros(width, np.int64)
        units, numbers = counts.ask({UNITS: Chosen()})[UNITS]
        unit_counts[units] = numbers
        unit_counts[0] = 0
        self.coded.rows.release()
        least = 2 if int(unit_counts.sum()) >= settings.large_text else 1
        keys, pairs = counts.ask({PAIRS: Chosen(AtLeast(least))})[PAIRS]
        counts.release()
        (sample,) = self._sample(settings.survey_sample, None, np.array([int(unit_counts.sum())]))
        return Survey(unit_counts, keys.astype(np.uint64), pairs, sample, None)

    def sample_kinds(self, found: Survey, profiles: NDArray[np.float64]) -> list[NDArray[np.uint16]]:
        settings = self.settings
        lines, kinds = found.sample, np.empty(found.sample.lengths.size, np.int64)
        best_kinds(lines.units, np.cumsum(lines.lengths) - lines.lengths, lines.lengths, profiles, kinds)
        sizes = np.bincount(kinds, weights=lines.lengths, minlength=profiles.shape[1])
        expected = sizes / max(float(sizes.sum()), 1.0) * found.total
        size = min(settings.kind_sample, settings.samples // profiles.shape[1])
        return [lines.units for lines in self._sample(size, profiles, expected)]

    def _sample(
        self, size: int, profiles: NDArray[np.float64] | None, expected: NDArray[np.number[Any]]
    ) -> list[Lines]:
        """The lines of smallest hash of each kind. Only hashes that a sample may need come here.

        expected : units of the text in each kind, about
        """
        shared = self.share(profiles)
        share = np.minimum(SPARE * size / np.maximum(expected.astype(np.float64), 1.0), 1.0)
        while True:
            limits = np.array([ALL_HASHES if part >= 1 else int(part * ALL_HASHES) for part in share], np.uint64)
            settings = (size, self.settings.longest_piece, self.seed)
            sampler = LineSampler(*settings, None if profiles is None else profiles, limits)
            nothing = Lines(np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0, np.uint16))
            for row in self.shards.map(_Sample(shared, settings, limits)).collect():
                lines = [nothing] * len(limits)
                lines[row.key] = _unpack_lines(row.data)
                sampler.add(lines)
            samples = sampler.samples()
            short = np.array([lines.units.size < size for lines in samples]) & (limits < np.uint64(ALL_HASHES))
            if not short.any():
                return samples
            share[short] *= 4

    def sweep(self, model: WordModel, key: np.uint64, classes: int, least: int) -> tuple[WordCounts, Neighbours]:
        make = _MakeSweep(self.share((model, key, classes)))
        kinds = {KNOWN: None, OTHERS: None, HIGH_OTHERS: None, NEIGHBOURS: None}
        counts = Counts(self.shards, make, kinds, read_coded_shards)
        known = np.zeros(place_count(model), np.int64)
        often = Chosen(AtLeast(least))
        joinable = Chosen(AtLeast(self.settings.join_count))
        found = counts.ask({KNOWN: Chosen(), OTHERS: often, HIGH_OTHERS: often, NEIGHBOURS: joinable})
        places, numbers = found[KNOWN]
        known[places] = numbers
        words = KeyCounts()
        for kind, high in ((OTHERS, np.uint64(0)), (HIGH_OTHERS, HIGH)):
            keys, numbers = found[kind]
            words.add(keys.astype(np.uint64) | high, numbers)
        neighbours = Neighbours(model, classes, 2)
        pairs, numbers = found[NEIGHBOURS]
        neighbours.add((pairs.astype(np.uint64), numbers))
        counts.release()
        return add_known(model, known, words), neighbours


@dataclass(frozen=True)
class _MakeSurvey:
    width: int

    def __call__(self) -> _SurveyTally:
        return _SurveyTally(self.width)


class _SurveyTally:
    def __init__(self, width: int) -> None:
        self._units = np.zeros(width, np.int64)
        self._pairs = Counter()

    def add(self, shard: Shard) -> None:
        self._units += np.bincount(shard.units, minlength=len(self._units))
        add_counts(self._pairs, *count_pairs(shard.units))

    def size(self) -> int:
        return self._pairs.table.nbytes

    def take(self) -> Iterator[tuple[int, Pairs]]:
        yield UNITS, dense_pairs(self._units)
        yield PAIRS, pairs_of(self._pairs)
        self._units = np.zeros_like(self._units)
        self._pairs = Counter()


@dataclass(frozen=True)
class _Sample:
    """From shards to the lines of each kind (key) that may be in the sample."""

    profiles: Shared[Any]
    settings: tuple[int, int, int]
    limits: NDArray[np.uint64]

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        sampler = LineSampler(*self.settings, self.profiles.value, self.limits)
        for shard in read_coded_shards(rows):
            sampler.add(sampler.read(shard))
        for kind, lines in enumerate(sampler.samples()):
            if lines.lengths.size:
                yield Row(kind, lines.lengths.size, _pack_lines(lines))


def _pack_lines(lines: Lines) -> bytes:
    count = np.array([lines.lengths.size])
    return b"".join(array.tobytes() for array in (count, lines.hashes, lines.lengths, lines.units))


def _unpack_lines(data: bytes | memoryview) -> Lines:
    aligned = bytes(data)
    count = int(np.frombuffer(aligned, np.int64, 1)[0])
    hashes = np.frombuffer(aligned, np.uint64, count, 8)
    lengths = np.frombuffer(aligned, np.int64, count, 8 * (count + 1))
    return Lines(hashes, lengths, np.frombuffer(aligned, np.uint16, -1, 8 * (2 * count + 1)))


@dataclass(frozen=True)
class _MakeSweep:
    shared: Shared[Any]

    def __call__(self) -> _SweepTally:
        return _SweepTally(*self.shared.value)


class _SweepTally:
    """What a sweep over some shards gives; see `sweep.sweep_stream`."""

    def __init__(self, model: WordModel, key: np.uint64, classes: int) -> None:
        self._model, self._key = model, key
        self._neighbours = Neighbours(model, classes, 2)
        self._start()

    def _start(self) -> None:
        self._known = np.zeros(place_count(self._model), np.int64)
        self._others, self._high, self._pairs = Counter(), Counter(), Counter()

    def add(self, shard: Shard) -> None:
        known = np.zeros(len(self._known), np.int32)
        boundaries = np.zeros(shard.units.size, np.uint8)
        keys, counts = sweep_shard(self._model, shard.units, boundaries, False, shard.offset, self._key, known, 2)
        self._known += known
        high = keys >= HIGH
        add_counts(self._others, keys[~high], counts[~high])
        add_counts(self._high, keys[high] ^ HIGH, counts[high])
        add_counts(self._pairs, *self._neighbours.read(shard, boundaries))

    def size(self) -> int:
        return self._others.table.nbytes + self._high.table.nbytes + self._pairs.table.nbytes

    def take(self) -> Iterator[tuple[int, Pairs]]:
        yield KNOWN, dense_pairs(self._known)
        for kind, counter in ((OTHERS, self._others), (HIGH_OTHERS, self._high), (NEIGHBOURS, self._pairs)):
            yield kind, pairs_of(counter)
        self._start()

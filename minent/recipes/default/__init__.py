"""The default recipe: sample, grow, harvest; words from coded text by Gibbs sweeps with frozen counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from minent.kernels.packed import unpacked
from minent.kernels.sample import count_pairs
from minent.kernels.sweep import WordModel
from minent.recipes.default.factors import PairTable, pair_table, word_model
from minent.recipes.default.proposals import add_proposals
from minent.recipes.default.randomness import random_key
from minent.recipes.default.settings import DefaultSettings
from minent.recipes.default.start import first_cutting
from minent.recipes.default.stream import Chunks, Shard, cut_shards
from minent.recipes.default.survey import Survey, sample_prefix, survey
from minent.recipes.default.sweep import (
    Counts,
    SampleText,
    cutting_counts,
    sample_text,
    sweep_sample,
    sweep_stream,
)

__all__ = ["DefaultSettings", "MinedWords", "Progress", "mine"]


@dataclass(frozen=True)
class Progress:
    """Where a run is: phase name, sweep of how many, distinct words now, estimated seconds left."""

    phase: str
    sweep: int
    sweeps: int
    words: int
    seconds_left: float


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class MinedWords:
    """What the recipe learned.

    units: int32[T, L] unit ids of each word, filled with 0; lengths: int32[T]; counts: int64[T];
    sorted by count (falling), then by units. model: weights of any string, known or not (None: empty text).
    total: units of the text; tokens: words of its last cutting, also those that are too rare to be listed.
    """

    units: NDArray[np.int32]
    lengths: NDArray[np.int32]
    counts: NDArray[np.int64]
    model: WordModel | None
    total: int
    tokens: int


def mine(
    chunks: Chunks,
    unit_count: int,
    settings: DefaultSettings | None = None,
    jobs: int = 1,
    progress: Report | None = None,
    seed: int = 0,
) -> MinedWords:
    """Learn words from a coded stream.

    chunks: called once per pass; yields the same stream every time (see `stream.Chunk`).
    unit_count: the highest unit id. Ids above 65,535 never become part of a word.
    The result depends on the stream, the settings and the seed; not on jobs or on how the stream is cut.
    """
    return _Run(chunks, settings or DefaultSettings(), jobs, progress, seed).mine(unit_count)


@dataclass
class _Run:
    """One run over one text; `sweep` counts the sweeps of all phases, for the random numbers."""

    chunks: Chunks
    settings: DefaultSettings
    jobs: int
    progress: Report | None
    seed: int
    sweep: int = 0
    clock: _Clock = field(init=False, default_factory=lambda: _Clock())

    def mine(self, unit_count: int) -> MinedWords:
        settings = self.settings
        found = survey(self.chunks, unit_count, settings, self.jobs, self.seed)
        if found.total == 0:
            empty = np.empty(0, np.int32)
            return MinedWords(empty.reshape(0, 1), empty, empty.astype(np.int64), None, 0, 0)
        self._plan(found)

        small = found.total <= settings.first_sample
        units = found.whole if small else sample_prefix(found.sample, settings.first_sample)
        assert units is not None
        words, pairs = self._learn_first(units, found)
        if not small:
            units = found.sample if found.whole is None else found.whole
            words, pairs = self._learn_second(units, words, found)
        if found.whole is None:
            words, pairs = self._harvest(words, found)
        model = word_model(*words, pairs, found.unit_counts, settings)
        return _output(words, model, found.total, settings.min_count)

    def _plan(self, found: Survey) -> None:
        settings = self.settings
        first = min(found.total, settings.first_sample)
        second = min(found.total, settings.second_sample) if found.total > first else 0
        rest = found.total if found.whole is None else 0
        self.clock.start(
            (settings.first_sweeps + 4) * first + settings.second_sweeps * second + settings.harvest_sweeps * rest
        )

    def _learn_first(self, units: NDArray[np.uint16], found: Survey) -> tuple[Counts, PairTable]:
        """Sweeps over the first sample, from the branching-entropy start."""
        text = sample_text(units, self.settings.sample_shard_units)
        cutting = first_cutting(units)
        for shard, boundaries in zip(text.shards, text.boundaries, strict=True):
            boundaries[:] = cutting[shard.offset : shard.offset + shard.units.size]
        words = cutting_counts(text)
        self._tell("start", 1, 1, words, 4 * units.size)
        pairs = self._sample_pairs(units, found)
        for i in range(self.settings.first_sweeps):
            words = self._sweep_sample(words, text, pairs, found, True)
            self._tell("first sample", i + 1, self.settings.first_sweeps, words, units.size)
        return words, pairs

    def _learn_second(self, units: NDArray[np.uint16], words: Counts, found: Survey) -> tuple[Counts, PairTable]:
        """Sweeps over the second sample, from the words of the first."""
        text = sample_text(units, self.settings.sample_shard_units)
        pairs = self._sample_pairs(units, found)
        for i in range(self.settings.second_sweeps):
            words = self._sweep_sample(words, text, pairs, found, i > 0)
            self._tell("second sample", i + 1, self.settings.second_sweeps, words, units.size)
        return words, pairs

    def _harvest(self, words: Counts, found: Survey) -> tuple[Counts, PairTable]:
        """Sweeps over the whole text, with merge proposals between them."""
        settings = self.settings
        least = 2 if found.total >= settings.large_text else 1
        often = found.pair_counts >= least
        pairs = pair_table(found.pair_keys[often], found.pair_counts[often], found.unit_counts, settings)
        for i in range(settings.harvest_sweeps):
            words = _at_least(words, least)
            model = word_model(*words, pairs, found.unit_counts, settings)
            proposing = i < min(settings.proposal_rounds, settings.harvest_sweeps - 1)
            key = random_key(self.seed, self.sweep)
            words, strings = sweep_stream(model, self._shards(), key, proposing, self.jobs)
            self.sweep += 1
            if proposing:
                words = _at_least(words, least)
                model = word_model(*words, pairs, found.unit_counts, settings)
                words, _ = add_proposals(model, words, strings, settings)
            self._tell("whole text", i + 1, settings.harvest_sweeps, words, found.total)
        return _at_least(words, least), pairs

    def _sample_pairs(self, units: NDArray[np.uint16], found: Survey) -> PairTable:
        """Table of the sample's pairs, with their counts in the whole text."""
        keys = np.sort(count_pairs(units)[0])
        places = np.searchsorted(found.pair_keys, keys)
        return pair_table(keys, found.pair_counts[places], found.unit_counts, self.settings)

    def _sweep_sample(self, words: Counts, text: SampleText, pairs: PairTable, found: Survey, take_out: bool) -> Counts:
        model = word_model(*words, pairs, found.unit_counts, self.settings)
        key = random_key(self.seed, self.sweep)
        self.sweep += 1
        return sweep_sample(model, text, key, take_out, self.jobs)

    def _shards(self) -> Iterator[Shard]:
        return cut_shards(self.chunks, self.settings.shard_units, self.settings.longest_segment)

    def _tell(self, phase: str, sweep: int, sweeps: int, words: Counts, work: int) -> None:
        self.clock.done += work
        if self.progress is not None:
            self.progress(Progress(phase, sweep, sweeps, words[0].size, self.clock.seconds_left()))


class _Clock:
    """Seconds left, from the share of the planned work (in units swept) that is done."""

    def start(self, planned: int) -> None:
        self.planned = planned
        self.done = 0
        self.began = time.monotonic()

    def seconds_left(self) -> float:
        """Rate so far, applied to the work that is left."""
        rest = max(self.planned - self.done, 0)
        return (time.monotonic() - self.began) * rest / max(self.done, 1)


def _at_least(words: Counts, least: int) -> Counts:
    kept = words[1] >= least
    return words[0][kept], words[1][kept]


def _output(words: Counts, model: WordModel, total: int, least: int) -> MinedWords:
    """Words of the last sweep, most frequent first."""
    tokens = int(words[1].sum())
    keys, counts = _at_least(words, least)
    order = np.lexsort((keys, -counts))
    units, lengths = unpacked(keys[order])
    return MinedWords(units, lengths, counts[order], model, total, tokens)

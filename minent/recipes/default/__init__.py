"""The default recipe: divide, sample, learn, harvest; words from coded text by Gibbs sweeps with frozen counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from minent.kernels.packed import LONGEST, unpacked
from minent.kernels.sample import count_pairs
from minent.kernels.sweep import WordModel, weigh_words
from minent.recipes.default.bonds import Bonds, decide_bonds
from minent.recipes.default.counts import KeyCounts
from minent.recipes.default.factors import PairTable, pair_experts, pair_table, word_model
from minent.recipes.default.kinds import find_kinds, kind_count
from minent.recipes.default.neighbours import Neighbours
from minent.recipes.default.passes import Passes, StreamPasses
from minent.recipes.default.randomness import random_key
from minent.recipes.default.settings import DefaultSettings
from minent.recipes.default.start import first_cutting
from minent.recipes.default.stream import Chunks
from minent.recipes.default.survey import Survey
from minent.recipes.default.sweep import (
    Counts,
    KeptCutting,
    are_counted_words,
    cutting_counts,
    sample_text,
    sweep_sample,
)
from minent.recipes.observer import NOBODY, Observer
from minent.runs import RunDirectory

__all__ = ["DefaultSettings", "MinedWords", "Progress", "mine"]

START_WORK = 4  # sweeps that take as long as the start


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
    weights: float64[T], ln of the weight of each word in the model; NaN for words of more than four units.
    total: units of the text; tokens: words of its last cutting, also those that are too rare to be listed.
    """

    units: NDArray[np.int32]
    lengths: NDArray[np.int32]
    counts: NDArray[np.int64]
    weights: NDArray[np.float64]
    model: WordModel | None
    total: int
    tokens: int


def mine(
    source: Chunks | Passes,
    unit_count: int,
    settings: DefaultSettings | None = None,
    jobs: int = 1,
    progress: Report | None = None,
    seed: int = 0,
    classes: int = 0,
    observer: Observer = NOBODY,
    run: RunDirectory | None = None,
) -> MinedWords:
    """Learn words from a coded stream.

    source: called once per pass; yields the same stream every time (see `stream.Chunk`). Or the passes themselves.
    unit_count: the highest unit id. Ids above 65,535 never become part of a word.
    classes: words with a unit up to this id are neither joined nor split (`bonds`).
    run: keeps what was learned of each kind of text, and now and then the cutting at work.
    The result depends on the stream, the settings and the seed; not on jobs or on how the stream is cut.
    """
    settings = settings or DefaultSettings()
    passes = StreamPasses(source, settings, jobs, seed) if callable(source) else source
    return _Run(passes, settings, jobs, progress, seed, classes, observer, run).mine(unit_count)


@dataclass
class _Run:
    """One run over one text; `sweep` counts the sweeps of all phases, for the random numbers."""

    passes: Passes
    settings: DefaultSettings
    jobs: int
    progress: Report | None
    seed: int
    classes: int
    observer: Observer = NOBODY
    run: RunDirectory | None = None
    sweep: int = 0
    clock: _Clock = field(init=False, default_factory=lambda: _Clock())

    def mine(self, unit_count: int) -> MinedWords:
        settings = self.settings
        found = self.passes.survey(unit_count)
        if found.total == 0:
            empty = np.empty(0, np.int32)
            return MinedWords(empty.reshape(0, 1), empty, empty.astype(np.int64), empty.astype(np.float64), None, 0, 0)
        if found.whole is not None:
            self.clock.start((settings.text_sweeps + START_WORK) * found.whole.size)
            words, pairs, neighbours = self._learn(found.whole, found, "text", settings.text_sweeps)
        else:
            words, pairs, neighbours = self._harvest(self._learn_kinds(found), found)
            settings = replace(settings, split_pmi=())  # each kind has split its own
        listed = words[1] >= (settings.min_count or 2)
        if found.whole is not None and settings.min_count is None:
            listed |= holds_together(words[0], pairs, settings)
        phase = "whole text" if found.whole is None else "text"
        bonds = self._decide(phase, words, listed, pairs, neighbours, settings)
        model = word_model(*bonds.words, pairs, found.unit_counts, settings)
        return _output(bonds, settings.min_count or 1, model, found.total, int(words[1].sum()))

    def _learn_kinds(self, found: Survey) -> Counts:
        """Words of a sample of every kind of text, each learned apart; their counts are added up."""
        settings = self.settings
        profiles = find_kinds(found.sample, found.unit_counts, kind_count(found.total, settings), settings)
        samples = self.passes.sample_kinds(found, profiles)
        work = (settings.kind_sweeps + START_WORK) * sum(units.size for units in samples)
        self.clock.start(work + settings.harvest_sweeps * found.total)
        words = KeyCounts()
        for i, units in enumerate(samples):
            if units.size > 0:
                phase = f"kind {i + 1} of {len(samples)}"
                words.add(*self._learned_before(i, found) or self._learn_kind(i, phase, units, found))
        return words.result()

    def _learn_kind(self, number: int, phase: str, units: NDArray[np.uint16], found: Survey) -> Counts:
        """Words of one kind of text."""
        learned, pairs, neighbours = self._learn(units, found, phase, self.settings.kind_sweeps, number)
        everything = np.ones(learned[0].size, dtype=np.bool_)
        settings = replace(self.settings, longest_joined=LONGEST)  # the harvest goes on with these words
        words = self._decide(phase, learned, everything, pairs, neighbours, settings).words
        if self.run is not None:
            with self.run.write(f"kind-{number}") as stage:
                stage.add("keys", words[0])
                stage.add("counts", words[1])
        return words

    def _learned_before(self, number: int, found: Survey) -> Counts | None:
        """Words of a kind of text that the run directory has."""
        stage = None if self.run is None else self.run.load(f"kind-{number}")
        if stage is None:
            return None
        keys, counts = stage.array("keys", "<u8"), stage.array("counts", "<i8")
        if keys.size != counts.size or not are_counted_words(keys, counts, found.unit_counts.size):
            raise stage.damage()
        self.sweep += self.settings.kind_sweeps
        return keys, counts

    def _decide(
        self,
        phase: str,
        words: Counts,
        listed: NDArray[np.bool_],
        pairs: PairTable,
        neighbours: Neighbours,
        settings: DefaultSettings,
    ) -> Bonds:
        bonds = decide_bonds(words, listed, neighbours, settings)
        self.observer.decided(phase, words, listed, pairs, neighbours, bonds, settings)
        return bonds

    def _learn(
        self, units: NDArray[np.uint16], found: Survey, phase: str, sweeps: int, number: int = 0
    ) -> tuple[Counts, PairTable, Neighbours]:
        """Sweeps over a text or a sample, from its branching-entropy start; all statistics are its own."""
        settings = self.settings
        unit_counts = np.bincount(units, minlength=found.unit_counts.size).astype(np.int64)
        unit_counts[0] = 0
        pair_counts = KeyCounts()
        pair_counts.add(*count_pairs(units))
        pairs = pair_table(*pair_counts.result(), unit_counts, settings)
        text = sample_text(units, settings.sample_shard_units)
        kept = KeptCutting(self.run, f"cutting-{number}", text)
        done = kept.load()
        if done == 0:
            text.set_cutting(first_cutting(units))
        words = cutting_counts(text)
        self.clock.done += (START_WORK + done) * units.size
        self.sweep += done
        for i in range(done, sweeps):
            model = word_model(*words, pairs, unit_counts, settings)
            words = sweep_sample(model, text, self._next_key(), self.jobs)
            kept.save(i + 1)
            self._tell(phase, i + 1, sweeps, words, units.size)
        neighbours = Neighbours(word_model(*words, pairs, unit_counts, settings), self.classes, 1)
        for shard, boundaries in zip(text.shards, text.boundaries, strict=True):
            neighbours.add(neighbours.read(shard, boundaries))
        return words, pairs, neighbours

    def _harvest(self, words: Counts, found: Survey) -> tuple[Counts, PairTable, Neighbours]:
        """Sweeps over the whole text, from the words of all kinds."""
        settings = self.settings
        least = 2 if found.total >= settings.large_text else 1
        pairs = pair_table(found.pair_keys, found.pair_counts, found.unit_counts, settings)
        for i in range(settings.harvest_sweeps):
            words = _with_known_pairs(_at_least(words, least), found)
            model = word_model(*words, pairs, found.unit_counts, settings)
            words, neighbours = self.passes.sweep(model, self._next_key(), self.classes, least)
            self._tell("whole text", i + 1, settings.harvest_sweeps, words, found.total)
        return _with_known_pairs(_at_least(words, least), found), pairs, neighbours

    def _next_key(self) -> np.uint64:
        """Key of the random numbers of one more sweep."""
        self.sweep += 1
        return random_key(self.seed, self.sweep - 1)

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


def _with_known_pairs(words: Counts, found: Survey) -> Counts:
    """The words whose pairs of units are all in the survey, where that has left out pairs that occur twice or more."""
    if found.least_pair <= 2:
        return words
    kept = np.ones(words[0].size, dtype=np.bool_)
    for shift in (0, 16, 32):
        pair = words[0] >> np.uint64(shift) & np.uint64(0xFFFFFFFF)
        inside = np.flatnonzero(pair > np.uint64(0xFFFF))
        at = np.searchsorted(found.pair_keys, pair[inside])
        kept[inside] &= np.append(found.pair_keys, np.uint64(0))[at] == pair[inside]
    return words[0][kept], words[1][kept]


def holds_together(keys: NDArray[np.uint64], pairs: PairTable, settings: DefaultSettings) -> NDArray[np.bool_]:
    """bool[T]: which packed words have no neighbours with a PMI below `rare_pmi`; single units have none."""
    units, _ = unpacked(keys)
    power = settings.pmi_power * (settings.rare_pmi - settings.pmi_threshold)
    experts = pair_experts(pairs)
    holds = np.ones(keys.size, dtype=np.bool_)
    for left, right in zip(units.T[:-1], units.T[1:], strict=True):
        inside = np.flatnonzero(right > 0)
        neighbours = left[inside].astype(np.uint64) << np.uint64(16) | right[inside].astype(np.uint64)
        holds[inside] &= experts(neighbours) >= np.float32(np.exp(power))
    return holds


def _output(bonds: Bonds, least: int, model: WordModel, total: int, tokens: int) -> MinedWords:
    """The listed words with at least `least` tokens, most frequent first."""
    short = unpacked(bonds.words[0][bonds.listed])[0]
    padding = bonds.long_units.shape[1] - short.shape[1]
    units = np.concatenate([np.pad(short, ((0, 0), (0, padding))), bonds.long_units])
    counts = np.concatenate([bonds.words[1][bonds.listed], bonds.long_counts])
    lengths = (units > 0).sum(axis=1, dtype=np.int32)
    order = np.lexsort((*units.T[::-1], lengths, -counts))
    order = order[counts[order] >= least]
    units, lengths = units[order], lengths[order]
    return MinedWords(units, lengths, counts[order], _log_weights(model, units, lengths), model, total, tokens)


def _log_weights(model: WordModel, units: NDArray[np.int32], lengths: NDArray[np.int32]) -> NDArray[np.float64]:
    """ln of the weights of words: float64[T], NaN for those of more than four units."""
    short = np.pad(units[:, :LONGEST], ((0, 0), (0, 1)))
    ended = np.arange(short.shape[1]) <= lengths[:, None]
    weights = np.full(lengths.size, np.nan)
    kept = lengths <= LONGEST
    weights[kept] = np.log(weigh_words(model, short[kept][ended[kept]].astype(np.uint16)))
    return weights

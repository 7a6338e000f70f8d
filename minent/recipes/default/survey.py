"""Passes over the text before anything is learned: counts of units and adjacent pairs, samples of distinct lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from minent.kernels.kinds import best_kinds
from minent.kernels.sample import count_pairs, gather, hash_lines
from minent.passes import Saved, fold_pass
from minent.recipes.default.counts import KeyCounts
from minent.recipes.default.randomness import random_key
from minent.recipes.default.settings import DefaultSettings
from minent.recipes.default.stream import Chunks, Shard, cut_shards
from minent.runs import RunDirectory
from minent.spill import SLOT, are_counts
from minent.stages import Stage, StageWriter

PAIR_SLICE = 1 << 20  # units whose pairs are counted at once


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
    int64[m], of those that occur least_pair times; sample: some of its distinct lines; whole: the text itself where it
    is learned from as a whole.
    """

    unit_counts: NDArray[np.int64]
    pair_keys: NDArray[np.uint64]
    pair_counts: NDArray[np.int64]
    sample: Lines
    whole: NDArray[np.uint16] | None
    least_pair: int = 1

    @property
    def total(self) -> int:
        """Units of the text, separators not counted."""
        return int(self.unit_counts.sum())


def survey(
    chunks: Chunks,
    unit_count: int,
    settings: DefaultSettings,
    jobs: int,
    seed: int,
    counts: Callable[[], KeyCounts] = KeyCounts,
    run: RunDirectory | None = None,
) -> Survey:
    """Read the text once. `unit_count`: the highest unit id; ids above 65,535 are read as separators.

    counts: makes what a worker counts pairs with;  run: keeps what is found
    """
    width = min(unit_count, 0xFFFF) + 1

    def make() -> _SurveyPass:
        sampler = LineSampler(settings.survey_sample, settings.longest_piece, seed)
        return _SurveyPass(width, sampler, settings.whole_text, counts())

    saved = None if run is None else Saved(run, "survey", _SurveyPass.store, _SurveyPass.load)
    found = fold_pass(shard_source(chunks, settings), make, _SurveyPass.add, _SurveyPass.merge, jobs, saved)
    found.unit_counts[0] = 0
    least = 2 if int(found.unit_counts.sum()) >= settings.large_text else 1
    least = found.pairs.least_for(settings.most_pairs, least)
    text = found.text()
    return Survey(found.unit_counts, *found.pairs.result(least), found.sampler.samples()[0], text, least)


class _SurveyPass:
    """What one worker of the survey has found; `whole` holds its shards by their places while the text may be small."""

    def __init__(self, width: int, sampler: LineSampler, whole_text: int, pairs: KeyCounts) -> None:
        self.unit_counts = np.zeros(width, np.int64)
        self.pairs, self.sampler = pairs, sampler
        self._whole_text = whole_text
        self._whole: dict[int, NDArray[np.uint16]] = {}

    def add(self, shard: Shard) -> None:
        self.unit_counts += np.bincount(shard.units, minlength=self.unit_counts.size)
        for units in slices_at_separators(shard.units, PAIR_SLICE):
            self.pairs.add(*count_pairs(units))
        self.sampler.add(self.sampler.read(shard))
        self._whole[shard.offset] = shard.units
        self._check_size()

    def merge(self, other: _SurveyPass) -> None:
        self.unit_counts += other.unit_counts
        self.pairs.merge(other.pairs)
        self.sampler.add(other.sampler.samples())
        self._whole |= other._whole
        self._check_size()

    def _check_size(self) -> None:
        if self.unit_counts[1:].sum() > self._whole_text:
            self._whole = {}

    def text(self) -> NDArray[np.uint16] | None:
        """The text, if it is learned from as a whole."""
        if self.unit_counts[1:].sum() > self._whole_text:
            return None
        return self._text_so_far()

    def store(self, stage: StageWriter) -> None:
        stage.add("units", self.unit_counts)
        stage.add_table("pairs", self.pairs)
        store_lines(self.sampler.samples(), stage)
        stage.add("offsets", np.array(sorted(self._whole), np.int64))
        stage.add("sizes", np.array([self._whole[at].size for at in sorted(self._whole)], np.int64))
        stage.add("whole", self._text_so_far())

    def _text_so_far(self) -> NDArray[np.uint16]:
        return np.concatenate([*(self._whole[at] for at in sorted(self._whole)), np.zeros(0, np.uint16)])

    def load(self, stage: Stage) -> None:
        width = self.unit_counts.size
        units = stage.array("units", "<i8")
        if units.size != width or not are_counts(units):
            raise stage.damage()
        spill = stage.spill("pairs", SLOT)
        stage.check_pairs(spill, lambda keys: are_pairs(keys, width))
        offsets, sizes, whole = stage.array("offsets", "<i8"), stage.array("sizes", "<i8"), stage.array("whole", "<u2")
        if offsets.size != sizes.size or (np.diff(offsets, prepend=-1) <= 0).any() or not are_counts(sizes):
            raise stage.damage()
        if sizes.sum() != whole.size or (whole >= width).any():
            raise stage.damage()
        self.unit_counts += units
        self.pairs.spills.append(spill)
        self.sampler.add(load_lines(stage, 1, width))
        for at, size, end in zip(offsets.tolist(), sizes, np.cumsum(sizes), strict=True):
            self._whole[at] = whole[end - size : end]
        self._check_size()


def are_pairs(keys: NDArray[np.int64], width: int) -> NDArray[np.bool_]:
    """Which keys are two units from 1 to `width` − 1."""
    left, right = keys >> 16, keys & 0xFFFF
    valid: NDArray[np.bool_] = (left > 0) & (left < width) & (right > 0) & (right < width)
    return valid


def slices_at_separators(units: NDArray[np.uint16], size: int) -> Iterator[NDArray[np.uint16]]:
    """A shard in slices of `size` units or a segment more: no pair is cut."""
    at = 0
    while at < units.size:
        stop = min(at + size, units.size)
        while stop < units.size and units[stop - 1] != 0:
            stop += 1
        yield units[at:stop]
        at = stop


def sample_kinds(
    chunks: Chunks,
    profiles: NDArray[np.float64],
    settings: DefaultSettings,
    jobs: int,
    seed: int,
    run: RunDirectory | None = None,
) -> list[NDArray[np.uint16]]:
    """Read the text once more for a sample of the lines of every kind (see `kinds.find_kinds`)."""
    width, kinds = profiles.shape
    size = min(settings.kind_sample, settings.samples // kinds)

    def store(sampler: LineSampler, stage: StageWriter) -> None:
        store_lines(sampler.samples(), stage)

    def load(sampler: LineSampler, stage: Stage) -> None:
        sampler.add(load_lines(stage, kinds, width))

    found = fold_pass(
        shard_source(chunks, settings),
        lambda: LineSampler(size, settings.longest_piece, seed, profiles),
        lambda sampler, shard: sampler.add(sampler.read(shard)),
        lambda sampler, other: sampler.add(other.samples()),
        jobs,
        None if run is None else Saved(run, "samples", store, load),
    )
    return [lines.units for lines in found.samples()]


def shard_source(chunks: Chunks, settings: DefaultSettings) -> Callable[[int], Iterator[Shard]]:
    """The fixed shards of a text from any number on."""
    return lambda skip: islice(cut_shards(chunks, settings.shard_units, settings.longest_segment), skip, None)


def store_lines(kinds: list[Lines], stage: StageWriter) -> None:
    """Write the lines of every kind to a stage."""
    stage.add("lines", np.array([lines.lengths.size for lines in kinds], np.int64))
    for name in ("hashes", "lengths", "units"):
        stage.add(f"line {name}", np.concatenate([getattr(lines, name) for lines in kinds]))


def load_lines(stage: Stage, kinds: int, width: int) -> list[Lines]:
    """The lines of every kind in a stage; units are below `width`."""
    numbers = stage.array("lines", "<i8")
    hashes, lengths = stage.array("line hashes", "<u8"), stage.array("line lengths", "<i8")
    units = stage.array("line units", "<u2")
    if numbers.size != kinds or (numbers < 0).any() or not hashes.size == lengths.size == numbers.sum():
        raise stage.damage()
    if (lengths < 1).any() or (lengths > units.size).any() or lengths.sum() != units.size or (units >= width).any():
        raise stage.damage()
    line_ends = np.cumsum(numbers)
    unit_ends = np.concatenate([[0], np.cumsum(lengths)])
    found = []
    for end, number in zip(line_ends.tolist(), numbers.tolist(), strict=True):
        first = end - number
        found.append(Lines(hashes[first:end], lengths[first:end], units[unit_ends[first] : unit_ends[end]]))
    return found


class LineSampler:
    """Keeps the distinct lines of smallest hash (bottom-k) of each kind of text, up to `size` units of each.

    Which lines are kept, and their order, depends on the set of lines and the seed only: not on the order
    of the text, its files, its shards or the number of workers.

    profiles: float64[V, K], log-probabilities of the units by kind; None: all lines are of one kind.
    limits: uint64[K], of the hashes of each kind: lines above are left out.
    """

    def __init__(
        self,
        size: int,
        longest_piece: int,
        seed: int,
        profiles: NDArray[np.float64] | None = None,
        limits: NDArray[np.uint64] | None = None,
    ) -> None:
        self._longest_piece = longest_piece
        self._key = random_key(seed, -1)
        self._profiles = profiles
        self._kinds = [_Smallest(size) for _ in range(1 if profiles is None else profiles.shape[1])]
        if limits is not None:
            for kind, limit in zip(self._kinds, limits, strict=True):
                kind.limit = limit

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
        self.limit = np.uint64(0xFFFFFFFFFFFFFFFF)  # no line above it can be in the sample any more
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
        first = first[distinct <= self.limit]
        filled = np.cumsum(lengths[first])
        first = first[: int(np.searchsorted(filled, self._size)) + 1]
        copy = gather(units, starts[first], lengths[first], int(lengths[first].sum()))
        return Lines(hashes[first], lengths[first], copy)

    def add(self, lines: Lines) -> None:
        self._waiting.append(lines)
        if sum(lines.units.size for lines in self._waiting) > self._size // 4:
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
            self.limit = self._kept.hashes[-1]
        return self._kept

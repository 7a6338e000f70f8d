"""The passes over a text that the default recipe makes; here over a coded stream that can be read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from minent.kernels.sweep import WordModel
from minent.memory import LEAST_SHARE, Memory
from minent.passes import UNLIMITED
from minent.recipes.default.counts import CountsMaker
from minent.recipes.default.need import survey_memory, sweep_memory
from minent.recipes.default.neighbours import Neighbours
from minent.recipes.default.settings import DefaultSettings
from minent.recipes.default.stream import Chunks
from minent.recipes.default.survey import Survey, sample_kinds, shard_source, survey
from minent.recipes.default.sweep import Counts, StreamSweep, sweep_stream
from minent.runs import RunDirectory


class Passes(Protocol):
    """What the recipe asks of a text, wherever it is."""

    def survey(self, unit_count: int) -> Survey:
        """The first pass: see `survey.survey`."""

    def sample_kinds(self, found: Survey, profiles: NDArray[np.float64]) -> list[NDArray[np.uint16]]:
        """A sample of every kind of text: see `survey.sample_kinds`."""

    def sweep(self, model: WordModel, key: np.uint64, classes: int, least: int) -> tuple[Counts, Neighbours]:
        """Cut the text anew: its words, among them all that occur `least` times, and the pairs of neighbours, among
        them all that may be joined."""


@dataclass(frozen=True)
class StreamPasses:
    """Passes over a coded stream, by `jobs` threads, which may be continued from a run directory."""

    chunks: Chunks
    settings: DefaultSettings
    jobs: int
    seed: int
    memory: Memory = UNLIMITED
    run: RunDirectory | None = None

    def survey(self, unit_count: int) -> Survey:
        share = self._share(survey_memory(self.settings, self.jobs), self.jobs)
        counts = CountsMaker(share, self.memory.temp_dir)
        return survey(self.chunks, unit_count, self.settings, self.jobs, self.seed, counts, self.run)

    def sample_kinds(self, found: Survey, profiles: NDArray[np.float64]) -> list[NDArray[np.uint16]]:
        return sample_kinds(self.chunks, profiles, self.settings, self.jobs, self.seed, self.run)

    def sweep(self, model: WordModel, key: np.uint64, classes: int, least: int) -> tuple[Counts, Neighbours]:
        settings = self.settings
        share = self._share(sweep_memory(settings, self.jobs), 2 * self.jobs)
        counts = CountsMaker(share, self.memory.temp_dir)
        sweep = StreamSweep(model, key, classes, least, settings.join_count, counts)
        return sweep_stream(shard_source(self.chunks, settings), sweep, self.jobs, self.run)

    def _share(self, reserved: int, parts: int) -> int | None:
        """Bytes for each of some counters, where so many are needed for other things."""
        return None if self.memory.size is None else max((self.memory.size - reserved) // parts, LEAST_SHARE)

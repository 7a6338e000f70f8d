"""The units of a text on a cluster; its runs, which may be very many, stay there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.corpus.alphabet import KEPT_RUNS, KeptRuns, UnitCounts, _Summary, digit_mask
from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import Shard
from minent.distributed.counts import (
    REPORTS,
    Chosen,
    Counts,
    Frequent,
    InvalidTally,
    Pairs,
    Question,
    Reports,
    Total,
    dense_pairs,
    invalid_bytes,
)
from minent.engines.rows import ClusterText
from minent.kernels.spill import digest_entries
from minent.tables import Interner

CHARS, RUNS, SEGMENTS, INVALID = range(4)
KINDS = {CHARS: None, RUNS: np.uint8, SEGMENTS: None, INVALID: None}


def count_cluster_units(text: ClusterText, whole_runs: bool = True) -> tuple[ClusterUnits, InvalidBytes | None]:
    """Count the units of a text; also says what was not valid text. See `counting.count_corpus_units`."""
    counts = Counts(text.pieces(), _MakeUnits(whole_runs), KINDS)
    questions: dict[int, Question] = {
        CHARS: Chosen(),
        RUNS: _Summaries(),
        SEGMENTS: Total(),
        INVALID: Chosen(),
        REPORTS: Reports(),
    }
    answers = counts.ask(questions)
    return ClusterUnits(counts, whole_runs, answers), invalid_bytes(text.corpus, answers[INVALID], answers[REPORTS])


@dataclass(frozen=True)
class _MakeUnits:
    whole_runs: bool

    def __call__(self) -> _UnitTally:
        return _UnitTally(self.whole_runs)


class _UnitTally:
    def __init__(self, whole_runs: bool) -> None:
        self._units = UnitCounts(whole_runs)
        self._invalid = InvalidTally()

    def add(self, shard: Shard) -> None:
        self._invalid.note(shard, *self._units.add(shard.data))

    def size(self) -> int:
        runs = self._units.runs
        return int(runs.content.nbytes + runs.entries.nbytes + runs.counts.nbytes + runs.slots.nbytes)

    def take(self) -> Iterator[tuple[int, Pairs | Interner]]:
        units, self._units = self._units, UnitCounts(self._units.whole_runs)
        yield CHARS, dense_pairs(units.chars)
        yield RUNS, units.runs
        yield SEGMENTS, np.array([0, units.segments], dtype=np.int64)
        yield INVALID, self._invalid.pairs()


class ClusterUnits(UnitCounts):
    """How often each unit occurs (corpus/alphabet.py). Only the runs that somebody asks for come here."""

    def __init__(self, counts: Counts, whole_runs: bool, answers: Mapping[int, Any]) -> None:
        super().__init__(whole_runs)
        self._counts = counts
        points, numbers = answers[CHARS]
        self.chars[points] = numbers
        self.segments = answers[SEGMENTS]
        summary: tuple[_Summary, int, int] = answers[RUNS]
        self._of_runs, self._latin, self._digits = summary

    @property
    def total(self) -> int:
        return int(self.chars.sum()) + self._of_runs.total

    def _summarised(self) -> _Summary:
        return self._of_runs

    def items(self) -> Iterator[tuple[str, int]]:
        runs = self._frequent(0)
        for point in np.flatnonzero(self.chars):
            yield chr(point), int(self.chars[point])
        yield from zip(runs.texts(), runs.counts.tolist(), strict=False)

    def kept_runs(self, least: int = 1, wanted: Iterable[str] = ()) -> KeptRuns:
        if self._of_runs.distinct <= KEPT_RUNS:
            least = 1
        table = Interner(np.uint8)
        for text in wanted:
            table.add_text(text)
        kept = self._frequent(least - 1, table)
        counts, are_digits = kept.counts[: len(kept)], digit_mask(kept)
        latin, digits = int(counts[~are_digits].sum()), int(counts[are_digits].sum())
        return KeptRuns(kept, self._latin - latin, self._digits - digits)

    def rare_runs(self, above: float, kept: Interner) -> Iterator[tuple[str, int]]:
        found = self._frequent(above)
        for text, count in zip(found.texts(), found.counts.tolist(), strict=False):
            if not kept.has_text(text):
                yield text, count

    def _frequent(self, least: float, wanted: Interner | None = None) -> Interner:
        found: Interner = self._counts.ask({RUNS: Frequent(least, wanted or Interner(np.uint8, 1))})[RUNS]
        return found


class _Summaries(Question):
    """Of all runs: their summary, and how many are of Latin letters, of digits."""

    def __call__(self, table: Interner) -> tuple[int, int, int, NDArray[np.uint64]]:
        counts, are_digits = table.counts[: len(table)], digit_mask(table)
        digits = int(counts[are_digits].sum())
        return len(table), int(counts.sum()) - digits, digits, digest_entries(table.entries, counts)

    def together(self, answers: list[tuple[int, int, int, NDArray[np.uint64]]]) -> tuple[_Summary, int, int]:
        distinct = latin = digits = 0
        digest = np.zeros(2, dtype=np.uint64)
        for answer in answers:
            distinct, latin, digits = distinct + answer[0], latin + answer[1], digits + answer[2]
            digest += answer[3]
        return _Summary(latin + digits, distinct, digest), latin, digits

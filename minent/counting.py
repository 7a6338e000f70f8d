"""Counts over a corpus: its units, its n-grams, its pieces; exact, and the same for any number of workers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from minent.corpus.alphabet import Alphabet, UnitCounts
from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import Corpus, Shard
from minent.earlier import add_earlier_pairs, has_earlier_pairs
from minent.errors import CorpusError
from minent.kernels.ngram import UNIT_BITS, count_ngrams, extend_numbers
from minent.kernels.pieces import SHORT_BITS, count_pieces
from minent.memory import Memory
from minent.passes import UNLIMITED, Reading, Saved, fold_pass
from minent.runs import RunDirectory
from minent.spill import SLOT, WORD, SpillingCounter, SpillingInterner, are_counts, check_records
from minent.stages import Stage, StageWriter
from minent.tables import Counter, Interner

State = TypeVar("State")


@dataclass
class _UnitPass:
    """What one worker of the first pass has found."""

    units: UnitCounts
    invalid: int = 0
    first: tuple[int, str, int] | None = None  # number of the shard, its file, the first invalid byte in that
    report: InvalidBytes | None = None  # of text that had to be decoded; kept for a run that goes on

    def add(self, shard: Shard) -> None:
        count, at = self.units.add(shard.data)
        self.invalid += count
        if count and (self.first is None or shard.number < self.first[0]):
            self.first = (shard.number, shard.path, shard.offset + at)

    def merge(self, other: _UnitPass) -> None:
        self.units.merge(other.units)
        self.invalid += other.invalid
        if other.first and (self.first is None or other.first[0] < self.first[0]):
            self.first = other.first

    def store(self, stage: StageWriter, corpus: Corpus) -> None:
        self.units.store(stage)
        stage.facts["invalid"] = self.invalid
        if self.first is not None:
            number, path, at = self.first
            stage.facts["first"] = [number, corpus.files.index(path), at]
        if self.report is not None:
            stage.facts["report"] = dataclasses.astuple(self.report)

    def load(self, stage: Stage, corpus: Corpus) -> None:
        self.units.load(stage)
        self.invalid += stage.fact("invalid", int)
        first = stage.fact("first", list, optional=True)
        if first is not None and self.first is None:  # parts are loaded in the order of the text
            if [type(value) for value in first] != [int] * 3 or not 0 <= first[1] < len(corpus.files):
                raise stage.damage()
            self.first = (first[0], corpus.files[first[1]], first[2])
        report = stage.fact("report", list, optional=True)
        if report is not None:
            if [type(value) for value in report] != [int, str]:
                raise stage.damage()
            self.report = InvalidBytes(report[0], report[1])


def count_corpus_units(
    corpus: Corpus,
    whole_runs: bool = True,
    jobs: int = 1,
    progress: bool = False,
    memory: Memory = UNLIMITED,
    run: RunDirectory | None = None,
) -> tuple[UnitCounts, InvalidBytes | None]:
    """Count the units of a corpus; also says how many bytes were not valid text, and where the first is.

    Errors: CorpusError at the first invalid byte if the corpus is strict.
    """
    reading = Reading(corpus, progress, memory, run)

    def make() -> _UnitPass:
        return _UnitPass(UnitCounts(whole_runs, memory.share(jobs), memory.temp_dir))

    before = None
    if run is not None and run.base is not None:
        before = make()
        for *_, file in run.base.parts("units"):
            before.load(Stage(file), corpus)

    def store(found: _UnitPass, stage: StageWriter) -> None:
        found.report = _together(before.report if before else None, corpus.decoding_report)
        found.store(stage, corpus)

    def load(found: _UnitPass, stage: Stage) -> None:
        found.load(stage, corpus)

    saved = None
    if run is not None:
        saved = Saved(run, "units", store, load, None if before is None else lambda: before)
    found = fold_pass(
        lambda skip: reading.shards("count units", skip), make, _UnitPass.add, _UnitPass.merge, jobs, saved
    )
    if found.first is None:
        return found.units, found.report or corpus.decoding_report
    _, path, at = found.first
    place = corpus.place(path, at)
    if corpus.errors == "strict":
        hint = "try --encoding auto, or --errors boundary"
        raise CorpusError(str(place), f"not valid UTF-8 at byte {place.byte}", hint)
    return found.units, InvalidBytes(found.invalid, str(place))


def _together(old: InvalidBytes | None, new: InvalidBytes | None) -> InvalidBytes | None:
    """One report of the text of an earlier run and what was added to it."""
    return InvalidBytes(old.count + new.count, old.first_place) if old and new else old or new


def watched(corpus: Corpus, label: str, progress: bool, memory: Memory = UNLIMITED) -> Iterator[Shard]:
    """The shards of a corpus, with a bar."""
    return Reading(corpus, progress, memory).shards(label)


@dataclass
class CodedCorpus:
    """A corpus as a coded stream (ids of an alphabet, every segment followed by one 0), read again for every pass."""

    corpus: Corpus
    alphabet: Alphabet
    jobs: int = 1
    progress: bool = False
    memory: Memory = UNLIMITED
    units: UnitCounts | None = None  # from which the alphabet was made
    run: RunDirectory | None = None

    def fold(
        self,
        make: Callable[[], State],
        work: Callable[[State, NDArray[np.int32]], None],
        merge: Callable[[State, State], None],
        label: str,
        saved: Saved[State] | None = None,
    ) -> State:
        """Fold the coded stream, shard by shard (minent/passes.py)."""
        reading = Reading(self.corpus, self.progress, self.memory, self.run)
        return fold_pass(
            lambda skip: reading.shards(label, skip),
            make,
            lambda state, shard: work(state, self.alphabet.encode(shard.data)[0]),
            merge,
            self.jobs,
            saved,
        )

    def shards(self) -> Iterator[Shard]:
        """The text, not coded, without a bar."""
        return Reading(self.corpus, False, self.memory).shards("")

    def count_ngrams(self, levels: NgramLevels) -> SpillingCounter:
        """Counts of the n-grams one longer than the levels hold: key (number of the first n − 1 units, last unit)."""
        order, share, units = levels.order + 1, self.memory.share(self.jobs), len(self.alphabet)

        def make() -> SpillingCounter:
            return SpillingCounter(share, self.memory.temp_dir)

        def work(counter: SpillingCounter, stream: NDArray[np.int32]) -> None:
            numbers = levels.numbers(stream)
            at = 0
            while at < len(stream):
                at = count_ngrams(numbers, stream, order, at, counter.table, counter.used)
                if at < len(stream):
                    counter.grow()

        def load(counter: SpillingCounter, stage: Stage) -> None:
            spill = stage.spill("ngrams", SLOT)
            above = len(self.alphabet) if order == 2 else levels.sizes[-1] + 1
            stage.check_pairs(spill, lambda keys: (split_key(keys)[0] < above) & (split_key(keys)[1] < units))
            counter.spills.append(spill)

        def store(counter: SpillingCounter, stage: StageWriter) -> None:
            stage.add_table("ngrams", counter)

        def earlier() -> SpillingCounter:
            assert self.run is not None and self.run.base is not None
            counter = make()
            add_earlier_pairs(counter, self.alphabet, self.run.base)
            return counter

        saved = None
        if self.run is not None:
            usable = order == 2 and has_earlier_pairs(self.run)
            saved = Saved(self.run, f"ngrams-{order}", store, load, earlier if usable else None)
        return self.fold(make, work, SpillingCounter.merge, f"count {order}-grams", saved)

    def count_pieces(self, join: Callable[[NDArray[np.int32], NDArray[np.uint8]], None]) -> PieceCounter:
        """Counts of the pieces left when the text is cut wherever `join(units, joined)` sets no mark."""
        share = self.memory.share(self.jobs)

        def work(pieces: PieceCounter, units: NDArray[np.int32]) -> None:
            joined = np.zeros(len(units), dtype=np.uint8)
            join(units, joined)
            pieces.add(units, joined)

        saved = None if self.run is None else Saved(self.run, "pieces", PieceCounter.store, PieceCounter.load)
        return self.fold(
            lambda: PieceCounter(len(self.alphabet), share, self.memory.temp_dir),
            work,
            PieceCounter.merge,
            "cut and count",
            saved,
        )


@dataclass(frozen=True)
class NgramLevels:
    """The frequent n-grams of orders 2 … `order`: for each, its key → its number, from 1 on, by rising key."""

    tables: list[NDArray[np.int64]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)  # n-grams of each table

    @property
    def order(self) -> int:
        return len(self.tables) + 1

    def extended(self, keys: NDArray[np.int64]) -> NgramLevels:
        """These levels and one more order: the keys of its frequent n-grams, sorted."""
        table = Counter.from_items(keys, np.arange(1, len(keys) + 1, dtype=np.int64)).table
        return NgramLevels([*self.tables, table], [*self.sizes, len(keys)])

    def numbers(self, units: NDArray[np.int32], order: int | None = None) -> NDArray[np.int32] | NDArray[np.int64]:
        """The number of the n-gram at each position of a coded stream, ≤ 0 where it has none."""
        order = self.order if order is None else order
        if order == 1:
            return units
        numbers = units.astype(np.int64)
        for level, table in enumerate(self.tables[: order - 1], start=2):
            extend_numbers(numbers, units, level, table)
        return numbers


class PieceCounter:
    """Counts of pieces while a text is read; half of the share is for pieces of two and three units.

    singles : int64[units] — count of each piece of one unit, by its id
    """

    def __init__(self, units: int, share: int | None = None, folder: str | None = None) -> None:
        half = None if share is None else share // 2
        self.singles = np.zeros(units, dtype=np.int64)
        self.short = SpillingCounter(half, folder)
        self.long = SpillingInterner(np.int32, half, folder)

    def add(self, units: NDArray[np.int32], joined: NDArray[np.uint8]) -> None:
        """Count the pieces of a coded stream; `joined[i]` keeps units i and i + 1 together."""
        at, short, long = 0, self.short, self.long
        while True:
            at = count_pieces(
                units, joined, at, self.singles, short.table, short.used,
                long.runs, long.entries, long.counts, long.state,
            )  # fmt: skip
            if at == len(units):
                return
            if short.is_full():
                short.grow()
            else:
                long.grow(_piece_length(units, joined, at))

    def merge(self, other: PieceCounter) -> None:
        """Add the counts of another worker."""
        self.singles += other.singles
        self.short.merge(other.short)
        self.long.merge(other.long)

    @property
    def nbytes(self) -> int:
        """Bytes of the tables that grow."""
        return self.short.table.nbytes + self.long.nbytes

    @property
    def total(self) -> int:
        """Pieces in all."""
        return int(self.singles.sum()) + self.short.total + self.long.total

    def store(self, stage: StageWriter) -> None:
        """Write all counts to a stage; none are left."""
        stage.add("singles", self.singles)
        stage.add_table("short", self.short)
        stage.add_table("long", self.long)

    def load(self, stage: Stage) -> None:
        """Add the counts of a stage."""
        singles = stage.array("singles", "<i8")
        if len(singles) != len(self.singles) or not are_counts(singles):
            raise stage.damage()
        self.singles += singles
        short = stage.spill("short", SLOT)
        stage.check_pairs(short, lambda keys: short_rows(keys)[0].max(axis=1, initial=0) < len(self.singles))
        self.short.spills.append(short)
        long = stage.spill("long", WORD)
        check_records(long, len(self.singles))
        self.long.spills.append(long)

    def frequent(self, least: float, wanted: Interner | None = None) -> Pieces:
        """The pieces that occur more than `least` times, and those of two units or more that are in `wanted`."""
        wanted = wanted or Interner(np.int32, 1)
        pieces = Pieces(len(self.singles))
        often = self.singles > least
        pieces.singles[often] = self.singles[often]
        short = short_keys(wanted)
        for keys, counts in self.short.blocks():
            kept = (counts > least) | np.isin(keys, short)
            pieces.words.add_rows(*short_rows(keys[kept]), counts[kept])
        for part in self.long.parts():
            pieces.words.add_frequent(part, least, wanted)
        return pieces


def _piece_length(units: NDArray[np.int32], joined: NDArray[np.uint8], at: int) -> int:
    """Units of the piece that starts at `at`."""
    width = 64
    while True:
        stops = np.flatnonzero((joined[at : at + width] == 0) | (units[at : at + width] == 0))
        if len(stops):
            return int(stops[0]) + 1
        width *= 2


def short_rows(keys: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The units of pieces of two and three, int32[m, 3] filled with 0, and their lengths."""
    rows = np.column_stack([keys >> 2 * SHORT_BITS, keys >> SHORT_BITS, keys]) & ((1 << SHORT_BITS) - 1)
    pairs = rows[:, 0] == 0
    rows[pairs] = np.roll(rows[pairs], -1, axis=1)
    return rows.astype(np.int32), np.where(pairs, 2, 3)


def short_keys(words: Interner) -> NDArray[np.int64]:
    """The keys of the words of two and three units (kernels/pieces.py)."""
    ends = words.ends()
    keys = []
    for start, end in zip([0, *ends.tolist()], ends.tolist(), strict=False):
        units = words.content[start:end].tolist()
        if 2 <= len(units) <= 3 and max(units) >> SHORT_BITS == 0:
            keys.append(sum(unit << SHORT_BITS * k for k, unit in enumerate(reversed(units))))
    return np.array(keys, dtype=np.int64)


class Pieces:
    """Pieces with their counts: of one unit by id, of more in a table.

    singles : int64[units];  words : Interner of int32
    """

    def __init__(self, units: int) -> None:
        self.singles = np.zeros(units, dtype=np.int64)
        self.words = Interner(np.int32)

    @property
    def distinct(self) -> int:
        """Distinct pieces."""
        return int(np.count_nonzero(self.singles)) + len(self.words)

    @property
    def total(self) -> int:
        """Pieces in all."""
        return int(self.singles.sum() + self.words.counts[: len(self.words)].sum())


def split_key(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The number of the first n − 1 units, and the last unit, of n-gram keys."""
    return keys >> UNIT_BITS, keys & ((1 << UNIT_BITS) - 1)

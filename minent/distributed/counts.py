"""Counts by key of a text on a cluster: each task sums what it sees, and then each task the sums of some keys.

A key that is in all of the text arrives once from each task that has seen it, so that it is no more work than others.
The sums stay where they are: only answers to questions about them come back.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from minent.corpus.encodings import InvalidBytes
from minent.corpus.records import LeftOut
from minent.corpus.sources import Corpus, Shard
from minent.engines.rows import INVALID, MID_LINE, PLACE_BITS, FileReport, Row, Rows
from minent.errors import CorpusError
from minent.kernels.spill import GROUPS, add_pairs, add_records, group_entries, group_pairs, write_records
from minent.spill import Keep, SpillingCounter, SpillingInterner
from minent.tables import Counter, Interner

SHARE = 1 << 27  # bytes that the counts of a task fill before they are handed on
SUM_SHARE = 1 << 28  # bytes that the sums of a task fill before they go to its disk
BLOCK = 1 << 20  # bytes
REPORTS = -1  # kind of rows that tell what was left out of a file

Pairs: TypeAlias = NDArray[np.int64]
"""int64[2 n]: key, count, key, count, … Keys are ≥ 0."""

Kinds: TypeAlias = Mapping[int, "type[np.generic] | None"]
"""By the number of a kind: the type of the elements of its sequences, or None where keys are int64."""


class Tally(Protocol):
    """What one task counts."""

    def add(self, piece: Any) -> None:
        """Count one more piece of text, whatever a reader makes of rows."""

    def size(self) -> int:
        """Bytes of what grows."""

    def take(self) -> Iterable[tuple[int, Pairs | Interner]]:
        """All that was counted, by kind; nothing is left."""


def pairs_of(counter: Counter) -> Pairs:
    """What a counter has counted."""
    keys, counts = counter.items()
    return as_pairs(keys, counts)


def as_pairs(keys: NDArray[np.int64], counts: NDArray[np.int64]) -> Pairs:
    """Keys and counts, one beside the other."""
    pairs = np.empty(2 * len(keys), dtype=np.int64)
    pairs[::2], pairs[1::2] = keys, counts
    return pairs


def dense_pairs(counts: NDArray[np.int64]) -> Pairs:
    """The places of an array that are not 0."""
    places = np.flatnonzero(counts)
    return as_pairs(places, counts[places])


def add_counts(counter: Counter, keys: NDArray[Any], counts: NDArray[Any]) -> None:
    """Add counts of keys ≥ 0 to a counter."""
    pairs, at = as_pairs(keys.astype(np.int64), counts.astype(np.int64)), 0
    while (at := add_pairs(counter.table, counter.used, pairs, at, 1, 0)) < len(keys):
        counter.grow()


def as_shard(row: Row) -> Shard:
    """A piece of text; its number is its place, its path the number of the file."""
    number, offset = row.place >> PLACE_BITS, row.place & ((1 << PLACE_BITS) - 1)
    return Shard(np.frombuffer(row.data, dtype=np.uint8), str(number), offset, row.key == MID_LINE, row.place)


Reader: TypeAlias = Callable[[Iterator[Row]], "Iterator[Any]"]
"""From the rows of a task to what a tally counts."""


def read_shards(rows: Iterator[Row]) -> Iterator[Shard | Row]:
    """Pieces of text, and rows that report what could not be decoded."""
    for row in rows:
        yield Row(0, REPORTS, row.data) if row.key == INVALID else as_shard(row)


@dataclass(frozen=True)
class CountPieces:
    """From pieces of text to what is counted in them (key: group of the counted keys, place: kind)."""

    make: Callable[[], Tally]
    read: Reader
    share: int = SHARE

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        tally = self.make()
        for piece in self.read(rows):
            if isinstance(piece, Row):
                yield piece
                continue
            tally.add(piece)
            if tally.size() > self.share:
                yield from _handed_on(tally)
        yield from _handed_on(tally)


def _handed_on(tally: Tally) -> Iterator[Row]:
    for kind, table in tally.take():
        sizes = np.empty(GROUPS, dtype=np.int64)
        if isinstance(table, Interner):
            order = np.empty(len(table), dtype=np.int32)
            group_entries(table.entries, len(table), order, sizes)
            words = np.empty(int(sizes.sum()), dtype=np.uint32)
            write_records(order, 0, len(table), table.entries, table.content, table.counts, words)
            data = words.view(np.uint8)
        else:
            group_pairs(table, len(table) // 2, sizes)
            sizes *= 4
            data = table.view(np.uint8)
        ends = 4 * np.cumsum(sizes)
        for group in np.flatnonzero(sizes).tolist():
            yield Row(group, kind, data[ends[group] - 4 * sizes[group] : ends[group]].data)


@dataclass(frozen=True)
class SumCounts:
    """From all that was counted in some groups of keys to its sums (place: kind)."""

    kinds: Kinds
    share: int = SUM_SHARE

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        tables: dict[int, SpillingCounter | SpillingInterner] = {}
        share = self.share // len(self.kinds)
        for row in rows:
            if row.place == REPORTS:
                yield row
                continue
            if row.place not in tables:
                dtype = self.kinds[row.place]
                made = SpillingCounter(share) if dtype is None else SpillingInterner(dtype, share)
                tables[row.place] = made
            add_block(tables[row.place], row.data)
        for kind, table in tables.items():
            if isinstance(table, SpillingCounter):
                for keys, counts in table.blocks():
                    for at in range(0, len(keys), BLOCK // 16):
                        pairs = as_pairs(keys[at : at + BLOCK // 16], counts[at : at + BLOCK // 16])
                        yield Row(0, kind, pairs.view(np.uint8).data)
            else:
                for part in table.parts():
                    for words in records_of(part):
                        yield Row(0, kind, words.view(np.uint8).data)


def add_block(table: Counter | Interner, data: bytes | memoryview) -> None:
    """Add the bytes of pairs, or of records (kernels/spill.py), to a table."""
    aligned = bytes(data)
    at = 0
    if isinstance(table, Counter):
        pairs = np.frombuffer(aligned, dtype=np.int64)
        while (at := add_pairs(table.table, table.used, pairs, at, 1, 0)) < len(pairs) // 2:
            table.grow()
        return
    words = np.frombuffer(aligned, dtype=np.uint32)
    while True:
        at, _ = add_records(words, at, 1, 0, 1 << 32, table.runs, table.entries, table.counts, table.state)
        if at == len(words):
            return
        table.grow(int(words[at + 4]))


def records_of(table: Interner) -> Iterator[NDArray[np.uint32]]:
    """The entries of a table as records, in blocks of whole ones."""
    order = np.arange(len(table), dtype=np.int32)
    words = np.empty(BLOCK // 4, dtype=np.uint32)
    at = 0
    while at < len(table):
        at, written = write_records(order, at, len(table), table.entries, table.content, table.counts, words)
        if written:
            yield words[:written]
        words = np.empty(len(words) if written else 2 * len(words), dtype=np.uint32)


class Counts:
    """The counts of a text, held by the cluster until `release`.

    kinds : what there is
    """

    def __init__(self, pieces: Rows, make: Callable[[], Tally], kinds: Kinds, read: Reader = read_shards) -> None:
        self.kinds = kinds
        self.rows = pieces.map(CountPieces(make, read)).exchanged().map(SumCounts(kinds)).kept()

    def release(self) -> None:
        """Forget them."""
        self.rows.release()

    def reader(self, kind: int) -> Reader:
        """From `rows` to the blocks of a kind."""
        return _Blocks(kind, self.kinds[kind])

    def ask(self, questions: Mapping[int, Question]) -> dict[int, Any]:
        """The answers to some questions, by the kind that each is about; all in one go over the counts."""
        rows = self.rows.map(_Asked(self.kinds, dict(questions))).collect()
        answers: dict[int, list[Any]] = {kind: [] for kind in questions}
        for row in rows:
            answers[row.key].append(pickle.loads(row.data))  # what our own tasks have written
        return {kind: question.together(answers[kind]) for kind, question in questions.items()}


class Question:
    """What is asked of each block of a kind, where it is: pairs, or a table of sequences.

    narrows : one answer of several is less than these, so that each task puts its own together
    """

    narrows = False

    def __call__(self, block: Any, /) -> Any:
        """The answer of one block; None if there is nothing to say."""
        raise NotImplementedError

    def together(self, answers: list[Any], /) -> Any:
        """One answer of all."""
        raise NotImplementedError


class Total(Question):
    """The sum of all counts."""

    narrows = True

    def __call__(self, block: Pairs | Interner) -> int:
        return int(block.counts[: len(block)].sum() if isinstance(block, Interner) else block[1::2].sum())

    def together(self, answers: list[int]) -> int:
        return sum(answers)


@dataclass(frozen=True)
class Chosen(Question):
    """The keys for which `keep(keys, counts)` is true (None: all), by rising key, and their counts."""

    keep: Keep | None = None

    def __call__(self, pairs: Pairs) -> Pairs | None:
        if self.keep is None:
            return pairs
        keys, counts = pairs[::2].copy(), pairs[1::2].copy()
        kept = self.keep(keys, counts)
        return as_pairs(keys[kept], counts[kept]) if kept.any() else None

    def together(self, answers: list[Pairs]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        pairs = np.concatenate([np.empty(0, dtype=np.int64), *answers])
        order = np.argsort(pairs[::2])
        return pairs[::2][order], pairs[1::2][order]


@dataclass(frozen=True)
class AtLeast:
    """Counts of `least` or more. For `Chosen`."""

    least: int

    def __call__(self, keys: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
        kept: NDArray[np.bool_] = counts >= self.least
        return kept


@dataclass(frozen=True)
class Frequent(Question):
    """The sequences that occur more than `least` times or are in `wanted`, as a table."""

    least: float
    wanted: Interner

    def __call__(self, table: Interner) -> list[bytes] | None:
        kept = Interner(self.wanted.content.dtype.type)
        kept.add_frequent(table, self.least, self.wanted)
        return [words.tobytes() for words in records_of(kept)] or None

    def together(self, answers: list[list[bytes]]) -> Interner:
        table = Interner(self.wanted.content.dtype.type)
        for answer in answers:
            for words in answer:
                add_block(table, words)
        return table


class Reports(Question):
    """What was left out of each file, in their order."""

    def __call__(self, data: bytes) -> FileReport:
        return FileReport(*json.loads(data))

    def together(self, answers: list[FileReport]) -> list[FileReport]:
        return sorted(answers)


@dataclass(frozen=True)
class _Asked:
    kinds: Kinds
    questions: Mapping[int, Question]

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        held: dict[int, Any] = {}
        for row in rows:
            question = self.questions.get(row.place)
            answer = None if question is None else question(read_block(row, self.kinds.get(row.place)))
            if question is None or answer is None:
                continue
            if question.narrows:
                held[row.place] = question.together([held[row.place], answer]) if row.place in held else answer
            else:
                yield Row(row.place, 0, pickle.dumps(answer, protocol=5))
        for kind, answer in held.items():
            yield Row(kind, 0, pickle.dumps(answer, protocol=5))


@dataclass(frozen=True)
class _Blocks:
    kind: int
    dtype: type[np.generic] | None

    def __call__(self, rows: Iterator[Row]) -> Iterator[Any]:
        return (read_block(row, self.dtype) for row in rows if row.place == self.kind)


def read_block(row: Row, dtype: type[np.generic] | None) -> Any:
    """The pairs, the table or the report in a row of sums."""
    if row.place == REPORTS:
        return bytes(row.data)
    if dtype is None:
        return np.frombuffer(bytes(row.data), dtype=np.int64)
    table = Interner(dtype)
    add_block(table, row.data)
    return table


class InvalidTally:
    """Invalid bytes of pieces: how many, and where the first is."""

    def __init__(self) -> None:
        self.count, self.first = 0, -1

    def note(self, shard: Shard, count: int, at: int) -> None:
        """`count` bytes of a piece are invalid, the first at `at`."""
        if count:
            self.count += count
            place = shard.number + at
            self.first = place if self.first < 0 else min(place, self.first)

    def pairs(self) -> Pairs:
        """The first place, with all of the count; nothing is left."""
        pairs = np.array([self.first, self.count] if self.count else [], dtype=np.int64)
        self.count, self.first = 0, -1
        return pairs


def invalid_bytes(
    corpus: Corpus, found: tuple[NDArray[np.int64], NDArray[np.int64]], reports: list[FileReport]
) -> InvalidBytes | None:
    """What was not valid text: in UTF-8, by place, or in decoding; the corpus is told which records were left out.

    Errors: CorpusError if the corpus is strict.
    """
    for report in reports:
        corpus.note_left_out(report.file, LeftOut(report.left_out, report.first_left_out))
    places, numbers = found
    if not len(places):
        decoded = [report for report in reports if report.invalid]
        return InvalidBytes(sum(each.invalid for each in decoded), decoded[0].first_invalid) if decoded else None
    path = corpus.files[int(places[0]) >> PLACE_BITS]
    place = corpus.place(path, int(places[0]) & ((1 << PLACE_BITS) - 1))
    if corpus.errors == "strict":
        where = f" at byte {place.byte}" if place.line else ""
        raise CorpusError(str(place), f"not valid UTF-8{where}", "try --encoding auto, or --errors boundary")
    return InvalidBytes(int(numbers.sum()), str(place))

"""Counts over a corpus: its units, its n-grams, its pieces; exact, and the same for any number of workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from minent.corpus.alphabet import Alphabet, UnitCounts
from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import Corpus, Shard
from minent.engines.local import fold
from minent.errors import CorpusError
from minent.kernels.ngram import UNIT_BITS, count_ngrams, extend_numbers
from minent.kernels.pieces import SHORT_BITS, count_pieces
from minent.progress import progress_bar
from minent.tables import Counter, Interner

State = TypeVar("State")


@dataclass
class _UnitPass:
    """What one worker of the first pass has found."""

    units: UnitCounts
    invalid: int = 0
    first: tuple[int, Shard, int] | None = None  # number of the shard, the shard, offset in it

    def add(self, shard: Shard) -> None:
        count, at = self.units.add(shard.data)
        self.invalid += count
        if count and (self.first is None or shard.number < self.first[0]):
            self.first = (shard.number, shard, at)

    def merge(self, other: _UnitPass) -> None:
        self.units.merge(other.units)
        self.invalid += other.invalid
        if other.first and (self.first is None or other.first[0] < self.first[0]):
            self.first = other.first


def count_corpus_units(
    corpus: Corpus, whole_runs: bool = True, jobs: int = 1, progress: bool = False
) -> tuple[UnitCounts, InvalidBytes | None]:
    """Count the units of a corpus; also says how many bytes were not valid text, and where the first is.

    Errors: CorpusError at the first invalid byte if the corpus is strict.
    """
    found = fold(
        watched(corpus, "count units", progress),
        lambda: _UnitPass(UnitCounts(whole_runs)),
        _UnitPass.add,
        _UnitPass.merge,
        jobs,
    )
    if found.first is None:
        return found.units, corpus.decoding_report
    _, shard, at = found.first
    place = corpus.place(shard.path, shard.offset + at)
    if corpus.errors == "strict":
        hint = "try --encoding auto, or --errors boundary"
        raise CorpusError(str(place), f"not valid UTF-8 at byte {place.byte}", hint)
    return found.units, InvalidBytes(found.invalid, str(place))


def watched(corpus: Corpus, label: str, progress: bool) -> Iterator[Shard]:
    """The shards of a corpus, with a bar."""
    with progress_bar(corpus.size(), "B", label, progress) as advance:
        for shard in corpus.shards():
            yield shard
            advance(len(shard.data))


@dataclass
class CodedCorpus:
    """A corpus as a coded stream (ids of an alphabet, every segment followed by one 0), read again for every pass."""

    corpus: Corpus
    alphabet: Alphabet
    jobs: int = 1
    progress: bool = False

    def fold(
        self,
        make: Callable[[], State],
        work: Callable[[State, NDArray[np.int32]], None],
        merge: Callable[[State, State], None],
        label: str,
    ) -> State:
        """Fold the coded stream, shard by shard (engines/local.py)."""
        return fold(
            watched(self.corpus, label, self.progress),
            make,
            lambda state, shard: work(state, self.alphabet.encode(shard.data)[0]),
            merge,
            self.jobs,
        )

    def count_ngrams(self, levels: NgramLevels) -> Counter:
        """Counts of the n-grams one longer than the levels hold: key (number of the first n − 1 units, last unit)."""

        def work(counter: Counter, units: NDArray[np.int32]) -> None:
            numbers = levels.numbers(units)
            at = 0
            while at < len(units):
                at = count_ngrams(numbers, units, levels.order + 1, at, counter.table, counter.used)
                if at < len(units):
                    counter.grow()

        return self.fold(Counter, work, Counter.merge, f"count {levels.order + 1}-grams")

    def count_pieces(self, join: Callable[[NDArray[np.int32], NDArray[np.uint8]], None]) -> Pieces:
        """Counts of the pieces left when the text is cut wherever `join(units, joined)` sets no mark."""

        def work(pieces: Pieces, units: NDArray[np.int32]) -> None:
            joined = np.zeros(len(units), dtype=np.uint8)
            join(units, joined)
            pieces.add(units, joined)

        return self.fold(lambda: Pieces(len(self.alphabet)), work, Pieces.merge, "cut and count").finish()


@dataclass(frozen=True)
class NgramLevels:
    """The frequent n-grams of orders 2 … `order`: for each, its key → its number, from 1 on, by rising key."""

    tables: list[NDArray[np.int64]] = field(default_factory=list)

    @property
    def order(self) -> int:
        return len(self.tables) + 1

    def extended(self, keys: NDArray[np.int64]) -> NgramLevels:
        """These levels and one more order: the keys of its frequent n-grams, sorted."""
        table = Counter.from_items(keys, np.arange(1, len(keys) + 1, dtype=np.int64)).table
        return NgramLevels([*self.tables, table])

    def numbers(self, units: NDArray[np.int32], order: int | None = None) -> NDArray[np.int32] | NDArray[np.int64]:
        """The number of the n-gram at each position of a coded stream, ≤ 0 where it has none."""
        order = self.order if order is None else order
        if order == 1:
            return units
        numbers = units.astype(np.int64)
        for level, table in enumerate(self.tables[: order - 1], start=2):
            extend_numbers(numbers, units, level, table)
        return numbers


class Pieces:
    """Counts of pieces: of one unit by id, of more in a table.

    singles : int64[units];  words : Interner of int32, whole after `finish`
    """

    def __init__(self, units: int) -> None:
        self.singles = np.zeros(units, dtype=np.int64)
        self.words = Interner(np.int32)
        self._short = Counter()

    def add(self, units: NDArray[np.int32], joined: NDArray[np.uint8]) -> None:
        """Count the pieces of a coded stream; `joined[i]` keeps units i and i + 1 together."""
        at, words = 0, self.words
        while True:
            short = self._short
            at = count_pieces(
                units, joined, at, self.singles, short.table, short.used,
                words.runs, words.entries, words.counts, words.state,
            )  # fmt: skip
            if at == len(units):
                return
            short.grow()
            words.grow(int(np.argmin(units[at:] > 0)))

    def merge(self, other: Pieces) -> None:
        """Add the counts of another worker."""
        self.singles += other.singles
        self.words.merge(other.words)
        self._short.merge(other._short)

    def finish(self) -> Pieces:
        """Bring all pieces of two units or more into `words`."""
        keys, counts = self._short.items()
        rows = np.column_stack([keys >> 2 * SHORT_BITS, keys >> SHORT_BITS, keys]) & ((1 << SHORT_BITS) - 1)
        pairs = rows[:, 0] == 0
        rows[pairs] = np.roll(rows[pairs], -1, axis=1)
        self.words.add_rows(rows.astype(np.int32), np.where(pairs, 2, 3), counts)
        self._short = Counter()
        return self

    @property
    def total(self) -> int:
        """Pieces in all."""
        return int(self.singles.sum() + self.words.counts[: len(self.words)].sum())


def split_key(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The number of the first n − 1 units, and the last unit, of n-gram keys."""
    return keys >> UNIT_BITS, keys & ((1 << UNIT_BITS) - 1)

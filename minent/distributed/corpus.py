"""A coded corpus on a cluster: its n-grams and its pieces are counted there, and only the frequent ones come here."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from minent.corpus.sources import Shard
from minent.counting import CodedCorpus, NgramLevels, PieceCounter, Pieces, short_keys, short_rows
from minent.distributed.counts import Chosen, Counts, Frequent, Pairs, Total, as_shard, dense_pairs, pairs_of
from minent.engines.rows import INVALID, ClusterText, Row, Rows, Shared
from minent.kernels.ngram import count_ngrams
from minent.passes import Saved
from minent.spill import Keep
from minent.tables import Counter, Interner

State = TypeVar("State")

MERGED = 8  # states that one task merges into one
NGRAMS, SINGLES, SHORT, LONG = range(4)


@dataclass
class ClusterCorpus(CodedCorpus):
    """A corpus on a cluster as a coded stream. `corpus` tells of its files only; `text` is where it is read."""

    text: ClusterText | None = None

    def shared(self, value: Any) -> Shared[Any]:
        """Something that every task can read."""
        assert self.text is not None
        shared: Shared[Any] = self.text.cluster.share(value)
        return shared

    def pieces(self) -> Rows:
        """The text, not coded."""
        assert self.text is not None
        return self.text.pieces()

    def fold(
        self,
        make: Callable[[], State],
        work: Callable[[State, NDArray[np.int32]], None],
        merge: Callable[[State, State], None],
        label: str,
        saved: Saved[State] | None = None,
    ) -> State:
        """Fold the coded stream, for states that are small: each task has one, and they come here one by one."""
        assert saved is None
        total = make()
        for row in self.pieces().map(_Fold(self.shared((self.alphabet, make, work)))).collect():
            merge(total, pickle.loads(row.data))  # what our own tasks have written
        return total

    def count_ngrams(self, levels: NgramLevels) -> ClusterNgrams:  # type: ignore[override]
        make = _MakeNgrams(self.shared((self.alphabet, levels)))
        return ClusterNgrams(Counts(self.pieces(), make, {NGRAMS: None}))

    def count_pieces(  # type: ignore[override]
        self, join: Callable[[NDArray[np.int32], NDArray[np.uint8]], None]
    ) -> ClusterPieces:
        make = _MakePieces(self.shared((self.alphabet, join)))
        counts = Counts(self.pieces(), make, {SINGLES: None, SHORT: None, LONG: np.int32})
        return ClusterPieces(counts, len(self.alphabet))


@dataclass(frozen=True)
class _Fold:
    shared: Shared[Any]

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        alphabet, make, work = self.shared.value
        state = make()
        for row in rows:
            if row.key != INVALID:
                work(state, alphabet.encode(as_shard(row).data)[0])
        yield Row(0, 0, pickle.dumps(state, protocol=5))


@dataclass(frozen=True)
class _MakeNgrams:
    shared: Shared[Any]

    def __call__(self) -> _NgramTally:
        return _NgramTally(*self.shared.value)


class _NgramTally:
    def __init__(self, alphabet: Any, levels: NgramLevels) -> None:
        self._alphabet, self._levels = alphabet, levels
        self._counter = Counter()

    def add(self, shard: Shard) -> None:
        stream, counter = self._alphabet.encode(shard.data)[0], self._counter
        numbers = self._levels.numbers(stream)
        at = 0
        while at < len(stream):
            at = count_ngrams(numbers, stream, self._levels.order + 1, at, counter.table, counter.used)
            if at < len(stream):
                counter.grow()

    def size(self) -> int:
        return self._counter.table.nbytes

    def take(self) -> Iterator[tuple[int, Pairs]]:
        yield NGRAMS, pairs_of(self._counter)
        self._counter = Counter()


class ClusterNgrams:
    """Counts of n-grams by key (kernels/ngram.py), in the place of a SpillingCounter."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self.total: int = counts.ask({NGRAMS: Total()})[NGRAMS]

    def blocks(self, keep: Keep | None = None) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """The keys that are kept, with their counts; the others stay where they are. They are gone afterwards."""
        yield self._counts.ask({NGRAMS: Chosen(keep)})[NGRAMS]
        self._counts.release()


@dataclass(frozen=True)
class _MakePieces:
    shared: Shared[Any]

    def __call__(self) -> _PieceTally:
        return _PieceTally(*self.shared.value)


class _PieceTally:
    def __init__(self, alphabet: Any, join: Callable[[NDArray[np.int32], NDArray[np.uint8]], None]) -> None:
        self._alphabet, self._join = alphabet, join
        self._pieces = PieceCounter(len(alphabet))

    def add(self, shard: Shard) -> None:
        stream = self._alphabet.encode(shard.data)[0]
        joined = np.zeros(len(stream), dtype=np.uint8)
        self._join(stream, joined)
        self._pieces.add(stream, joined)

    def size(self) -> int:
        return self._pieces.nbytes

    def take(self) -> Iterator[tuple[int, Pairs | Interner]]:
        pieces, self._pieces = self._pieces, PieceCounter(len(self._alphabet))
        yield SINGLES, dense_pairs(pieces.singles)
        yield SHORT, pairs_of(pieces.short)
        yield LONG, pieces.long


class ClusterPieces:
    """Counts of pieces, in the place of a PieceCounter."""

    def __init__(self, counts: Counts, units: int) -> None:
        self._counts, self._units = counts, units
        self.total: int = sum(counts.ask({kind: Total() for kind in counts.kinds}).values())

    def frequent(self, least: float, wanted: Interner | None = None) -> Pieces:
        """See `PieceCounter.frequent`. The others are gone afterwards."""
        wanted = wanted or Interner(np.int32, 1)
        pieces = Pieces(self._units)
        found = self._counts.ask(
            {
                SINGLES: Chosen(_MoreThan(least)),
                SHORT: Chosen(_MoreThan(least, short_keys(wanted))),
                LONG: Frequent(least, wanted),
            }
        )
        units, counts = found[SINGLES]
        pieces.singles[units] = counts
        keys, counts = found[SHORT]
        pieces.words.add_rows(*short_rows(keys), counts)
        pieces.words.merge(found[LONG])
        self._counts.release()
        return pieces


@dataclass(frozen=True)
class _MoreThan:
    least: float
    wanted: NDArray[np.int64] | None = None

    def __call__(self, keys: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
        kept: NDArray[np.bool_] = counts > self.least
        return kept if self.wanted is None else kept | np.isin(keys, self.wanted)

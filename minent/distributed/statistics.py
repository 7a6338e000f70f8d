"""What word statistics need of a text on a cluster: counts of strings, and branching entropies of words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.corpus.sources import Shard
from minent.distributed.corpus import ClusterCorpus
from minent.distributed.counts import Chosen, Counts, Pairs, add_counts, as_shard, dense_pairs, pairs_of
from minent.engines.rows import INVALID, Row, Shared
from minent.kernels.neighbours import branching_entropies, count_strings, gather_neighbours
from minent.tables import Counter

STRINGS = 0
CUT_DOWN = 0
BLOCKS = 64  # tasks, at most, that work out the entropies of words
MOST_GROUPS = 256  # of pieces that are read one after another, where words are cut down
MOST_STARTS = 1 << 23  # (word, group) for which it is kept here what is owed at its start


def cluster_string_counts(corpus: ClusterCorpus, table: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """int64[size]: occurrences of every string of a trie (kernels/neighbours.py)."""
    counts = Counts(corpus.pieces(), _MakeStrings(corpus.shared((corpus.alphabet, table, size))), {STRINGS: None})
    found = np.zeros(size, dtype=np.int64)
    nodes, numbers = counts.ask({STRINGS: Chosen()})[STRINGS]
    found[nodes] = numbers
    counts.release()
    return found


@dataclass(frozen=True)
class _MakeStrings:
    shared: Shared[Any]

    def __call__(self) -> _StringTally:
        return _StringTally(*self.shared.value)


class _StringTally:
    def __init__(self, alphabet: Any, table: NDArray[np.int64], size: int) -> None:
        self._alphabet, self._table = alphabet, table
        self._counts = np.zeros(size, dtype=np.int64)

    def add(self, shard: Shard) -> None:
        count_strings(self._alphabet.encode(shard.data)[0], self._table, self._counts)

    def size(self) -> int:
        return 0

    def take(self) -> Iterator[tuple[int, Pairs]]:
        yield STRINGS, dense_pairs(self._counts)
        self._counts = np.zeros_like(self._counts)


def cluster_entropies(
    corpus: ClusterCorpus,
    table: NDArray[np.int64],
    nodes: NDArray[np.int64],
    size: int,
    occurrences: NDArray[np.int64],
    quotas: NDArray[np.int64],
) -> NDArray[np.float64]:
    """float64[words, 2]: left and right branching entropy of words, to the last bit as one worker finds them.

    table, size : the trie;  nodes : int64[words];  occurrences, quotas : of each word, and how many of them are taken
    """
    cut_down = np.flatnonzero(quotas < occurrences)
    shared = corpus.shared((corpus.alphabet, table, nodes, size, occurrences, quotas))
    rows = corpus.pieces()
    owed = None
    if len(cut_down):
        places = np.array(sorted(row.place for row in rows.map(_places).collect()), dtype=np.int64)
        groups = max(1, min(MOST_GROUPS, MOST_STARTS // len(cut_down), len(places)))
        firsts = places[np.arange(groups) * len(places) // groups]
        owed = _owed(corpus, shared, cut_down, firsts)
        rows = rows.map(_Group(firsts)).exchanged(ordered=True)
    taken = rows.map(_Take(shared, corpus.shared((cut_down, owed)))).exchanged(ordered=True)
    entropies = np.full((len(nodes), 2), np.nan)
    for row in taken.map(_Entropies(len(corpus.alphabet))).collect():
        values = np.frombuffer(bytes(row.data), dtype=np.float64).reshape(-1, 3)
        entropies[values[:, 0].astype(np.int64)] = values[:, 1:]
    return entropies


def _owed(
    corpus: ClusterCorpus, shared: Shared[Any], cut_down: NDArray[np.int64], firsts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """int64[groups, words]: what is owed of each word that is cut down before a group (see `gather_neighbours`)."""
    counts = Counts(corpus.pieces(), _MakeGroups(shared, cut_down, firsts), {CUT_DOWN: None})
    keys, numbers = counts.ask({CUT_DOWN: Chosen()})[CUT_DOWN]
    counts.release()
    before = np.zeros((len(firsts) + 1, len(cut_down)), dtype=np.int64)
    before[keys // len(cut_down) + 1, keys % len(cut_down)] = numbers
    before = np.cumsum(before, axis=0)[:-1]
    _, _, _, _, occurrences, quotas = shared.value
    exact = before.astype(object) * quotas[cut_down] % occurrences[cut_down]  # more than 64 bits in between
    owed: NDArray[np.int64] = exact.astype(np.int64)
    return owed


def _places(rows: Iterator[Row]) -> Iterator[Row]:
    return (Row(0, row.place, b"") for row in rows if row.key != INVALID)


@dataclass(frozen=True)
class _Group:
    """From pieces to the same, by group. firsts : place of the first piece of each group"""

    firsts: NDArray[np.int64]

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            if row.key != INVALID:
                yield Row(int(np.searchsorted(self.firsts, row.place, side="right")) - 1, row.place, row.data)


@dataclass(frozen=True)
class _MakeGroups:
    shared: Shared[Any]
    cut_down: NDArray[np.int64]
    firsts: NDArray[np.int64]

    def __call__(self) -> _GroupTally:
        alphabet, table, nodes, size, _, _ = self.shared.value
        return _GroupTally(alphabet, table, nodes[self.cut_down], size, self.firsts)


class _GroupTally:
    """Occurrences of some words in each group of pieces."""

    def __init__(
        self, alphabet: Any, table: NDArray[np.int64], nodes: NDArray[np.int64], size: int, firsts: NDArray[np.int64]
    ) -> None:
        self._alphabet, self._table, self._nodes, self._firsts = alphabet, table, nodes, firsts
        self._strings = np.zeros(size, dtype=np.int64)
        self._counter = Counter()

    def add(self, shard: Shard) -> None:
        group = int(np.searchsorted(self._firsts, shard.number, side="right")) - 1
        self._strings[:] = 0
        count_strings(self._alphabet.encode(shard.data)[0], self._table, self._strings)
        counts = self._strings[self._nodes]
        words = np.flatnonzero(counts)
        add_counts(self._counter, group * len(self._nodes) + words, counts[words])

    def size(self) -> int:
        return self._counter.table.nbytes

    def take(self) -> Iterator[tuple[int, Pairs]]:
        yield CUT_DOWN, pairs_of(self._counter)
        self._counter = Counter()


@dataclass(frozen=True)
class _Take:
    """From pieces to the neighbours of words that are taken there (key: block of words, place: of the piece).

    Data: int32[n, 3] — word, the unit to its left, to its right, in the order of each word's occurrences.
    """

    shared: Shared[Any]
    starts: Shared[Any]

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        alphabet, table, nodes, size, occurrences, quotas = self.shared.value
        cut_down, all_owed = self.starts.value
        words = np.full(size, -1, dtype=np.int32)
        words[nodes] = np.arange(len(nodes), dtype=np.int32)
        strings, owed, group = np.zeros(size, dtype=np.int64), np.zeros(len(nodes), dtype=np.int64), -1
        for row in rows:
            if all_owed is None:
                if row.key == INVALID:
                    continue
            elif row.key != group:
                group = row.key
                owed[cut_down] = all_owed[group]
            stream = alphabet.encode(as_shard(row).data)[0]
            strings[:] = 0
            count_strings(stream, table, strings)
            here = strings[nodes]
            taken = np.zeros_like(here)
            some = np.flatnonzero(here)
            taken[some] = (owed[some] + here[some] * quotas[some]) // occurrences[some]
            ends = np.cumsum(taken)
            takings = np.column_stack([occurrences, quotas, owed, ends - taken])
            neighbours = np.empty((int(ends[-1]) if len(ends) else 0, 2), dtype=np.int32)
            gather_neighbours(stream, table, words, takings, neighbours)
            owed = takings[:, 2]
            numbers = np.repeat(np.arange(len(nodes), dtype=np.int32), taken)
            triples = np.column_stack([numbers, neighbours])
            for block in range(BLOCKS):
                chosen = triples[numbers % BLOCKS == block]
                if len(chosen):
                    yield Row(block, row.place, chosen.tobytes())


@dataclass(frozen=True)
class _Entropies:
    """From the neighbours of words to float64[n, 3]: word, left and right entropy."""

    units: int

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        blocks: dict[int, list[NDArray[np.int32]]] = {}
        for row in rows:
            if row.key not in blocks and blocks:
                yield self._row(*blocks.popitem())
            blocks.setdefault(row.key, []).append(np.frombuffer(bytes(row.data), dtype=np.int32).reshape(-1, 3))
        if blocks:
            yield self._row(*blocks.popitem())

    def _row(self, block: int, triples: list[NDArray[np.int32]]) -> Row:
        together = np.concatenate(triples)
        together = together[np.argsort(together[:, 0], kind="stable")]
        words, starts = np.unique(together[:, 0], return_index=True)
        entropies = np.empty((len(words), 2), dtype=np.float64)
        branching_entropies(together[:, 1:].copy(), np.append(starts, len(together)), self.units, entropies)
        return Row(block, 0, np.column_stack([words, entropies]).tobytes())

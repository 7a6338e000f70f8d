"""Fillers of slots on a cluster: counted there, and of each task only the most frequent of each slot come here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.distributed.counts import Counts, Question
from minent.engines.rows import Row, Rows, Shared
from minent.tables import Interner
from minent.templates.fillers import Found, Lists
from minent.templates.streams import sort_key
from minent.templates.template import Element
from minent.templates.template_set import Filler

SPANS = 0

Reader = Callable[[Iterator[Row]], Iterator[Any]]
Entries = tuple[NDArray[np.int32], NDArray[np.int64]]
"""int32[n, 1 + longest]: slot and the ranks of the words of a filler, filled with −1; int64[n]: counts."""


def gather_cluster_fillers(
    streams: Rows,
    read: Reader,
    share: Callable[[Any], Shared[Any]],
    found: Found,
    words: list[Element],
    top: int,
) -> Lists:
    """The `top` most frequent fillers of each slot; see `templates.fillers.gather_fillers`."""
    order = sorted(range(1, len(words)), key=lambda number: sort_key(words[number]))
    ranks = np.zeros(len(words), dtype=np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    counts = Counts(streams, _MakeFillers(share((found, ranks))), {SPANS: np.int32}, read)
    rows, numbers = counts.ask({SPANS: _Top(top)})[SPANS]
    counts.release()
    lists: dict[int, tuple[Filler, ...]] = {}
    for row, count in zip(rows.tolist(), numbers.tolist(), strict=True):
        filler = Filler(tuple(words[order[rank]] for rank in row[1:] if rank >= 0), count)
        lists[row[0]] = (*lists.get(row[0], ()), filler)
    return lists


@dataclass(frozen=True)
class _MakeFillers:
    shared: Shared[Any]

    def __call__(self) -> _FillerTally:
        return _FillerTally(*self.shared.value)


class _FillerTally:
    """Sequences: the number of a slot, and the ranks of the words that fill it."""

    def __init__(self, found: Found, ranks: NDArray[np.int32]) -> None:
        self._found, self._ranks = found, ranks
        self._table = Interner(np.int32)

    def add(self, stream: NDArray[np.int32]) -> None:
        words, events = self._found(stream)
        lengths = events[:, 2] - events[:, 1]
        rows = np.empty((len(events), 1 + int(lengths.max(initial=0))), dtype=np.int32)
        rows[:, 0] = events[:, 0]
        for k in range(1, rows.shape[1]):
            rows[:, k] = self._ranks[words[np.minimum(events[:, 1] + k - 1, len(words) - 1)]]
        self._table.add_rows(rows, lengths + 1, np.ones(len(rows), dtype=np.int64))

    def size(self) -> int:
        return self._table.nbytes

    def take(self) -> Iterator[tuple[int, Interner]]:
        yield SPANS, self._table
        self._table = Interner(np.int32)


@dataclass(frozen=True)
class _Top(Question):
    """Of each slot the `top` most frequent fillers that occur twice or more; of equals the text decides."""

    top: int
    narrows = True

    def __call__(self, table: Interner) -> Entries | None:
        ends = table.ends()
        lengths = np.diff(ends, prepend=0)
        rows = np.full((len(ends), int(lengths.max(initial=1))), -1, dtype=np.int32)
        for k in range(rows.shape[1]):
            longer = lengths > k
            rows[longer, k] = table.content[(ends - lengths)[longer] + k]
        counts = table.counts[: len(table)]
        kept = counts > 1
        return self._best(rows[kept], counts[kept]) if kept.any() else None

    def together(self, answers: list[Entries]) -> Entries:
        width = max((rows.shape[1] for rows, _ in answers), default=1)
        padded = [np.pad(rows, ((0, 0), (0, width - rows.shape[1])), constant_values=-1) for rows, _ in answers]
        rows = np.concatenate([np.empty((0, width), np.int32), *padded])
        return self._best(rows, np.concatenate([np.empty(0, np.int64), *(counts for _, counts in answers)]))

    def _best(self, rows: NDArray[np.int32], counts: NDArray[np.int64]) -> Entries:
        order = np.lexsort((*rows.T[:0:-1], -counts, rows[:, 0]))
        rows, counts = rows[order], counts[order]
        firsts = np.flatnonzero(np.diff(rows[:, 0], prepend=-1))
        place = np.arange(len(rows)) - np.repeat(firsts, np.diff(np.append(firsts, len(rows))))
        return rows[place < self.top], counts[place < self.top]

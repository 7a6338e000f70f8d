"""A cluster in this process: rows in lists, tasks one after another. For tests of what runs on any cluster."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from minent.corpus.sources import Corpus
from minent.engines.rows import MID_LINE, PIECE, PLACE_BITS, Row, RowMap

TASKS = 3


@dataclass(frozen=True)
class Here:
    value: Any


class MemoryCluster:
    def share(self, value: Any) -> Here:
        return Here(value)


@dataclass
class MemoryRows:
    """Rows by task; `received` counts the bytes that came to the driver, in a list that all share."""

    tasks: list[list[Row]]
    received: list[int]

    def map(self, work: RowMap) -> MemoryRows:
        return MemoryRows([_frozen(work(iter(rows))) for rows in self.tasks], self.received)

    def exchanged(self, ordered: bool = False) -> MemoryRows:
        tasks: defaultdict[int, list[Row]] = defaultdict(list)
        for rows in self.tasks:
            for row in rows:
                tasks[zlib.crc32(str(row.key).encode()) % TASKS].append(row)
        if ordered:
            for rows in tasks.values():
                rows.sort(key=lambda row: row[:2])
        return MemoryRows(list(tasks.values()), self.received)

    def kept(self) -> MemoryRows:
        return self

    def release(self) -> None:
        self.tasks = []

    def collect(self) -> list[Row]:
        rows = [row for rows in self.tasks for row in rows]
        self.received.append(sum(len(row.data) for row in rows))
        return rows[::-1]  # in no particular order


def _frozen(rows: Iterable[Row]) -> list[Row]:
    """Rows as they are when they are made, for the buffers behind them may be used again."""
    return [Row(key, place, bytes(data)) for key, place, data in rows]


class MemoryText:
    """A corpus in this process, in small pieces, dealt to tasks."""

    def __init__(self, corpus: Corpus, piece_size: int = 1000) -> None:
        self.corpus, self.cluster, self.piece_size = corpus, MemoryCluster(), piece_size
        self.received: list[int] = []

    def pieces(self, whole_lines: bool = False) -> MemoryRows:
        tasks: list[list[Row]] = [[] for _ in range(TASKS)]
        rows: list[Row] = []
        for row in self._rows():
            if whole_lines and row.key == MID_LINE:
                rows[-1] = rows[-1]._replace(data=bytes(rows[-1].data) + bytes(row.data))
            else:
                rows.append(row)
        for k, row in enumerate(rows):
            tasks[k % TASKS].append(row)
        return MemoryRows(tasks, self.received)

    def _rows(self) -> Iterator[Row]:
        number, path = -1, ""
        for shard in self.corpus.shards(self.piece_size):
            if shard.path != path or shard.offset == 0:
                number, path = number + 1, shard.path
            yield Row(MID_LINE if shard.mid_line else PIECE, number << PLACE_BITS | shard.offset, shard.data.tobytes())

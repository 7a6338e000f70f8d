"""A cluster in this process that counts what a real one would compute, exchange, keep and bring to the driver."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from minent.corpus.sources import Corpus
from minent.distributed.counts import CountPieces, SumCounts
from minent.engines.rows import MID_LINE, PIECE, PLACE_BITS, Row, RowMap

PIECE_SIZE = 1 << 21  # bytes, as on a Spark cluster


@dataclass
class Ledger:
    """By the name of what is counted (`units`, `ngrams`, …): bytes, and processor seconds of its tasks."""

    exchanged: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    kept: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    received: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    mapped_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    summed_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))


@dataclass(frozen=True)
class Given:
    value: Any


class CountedCluster:
    def share(self, value: Any) -> Given:
        return Given(value)


@dataclass
class CountedRows:
    tasks: list[list[Row]]
    ledger: Ledger
    name: str = "text"

    def map(self, work: RowMap) -> CountedRows:
        name, seconds = self.name, self.ledger.mapped_s
        if isinstance(work, CountPieces):
            name = type(work.make).__name__.removeprefix("_Make").lower()
        elif isinstance(work, SumCounts):
            seconds = self.ledger.summed_s
        elif name == "text":
            name = getattr(work, "__name__", type(work).__name__).strip("_").lower()
        tasks = []
        for rows in self.tasks:
            began = time.process_time()
            tasks.append([Row(key, place, bytes(data)) for key, place, data in work(iter(rows))])
            seconds[name] += time.process_time() - began
        return CountedRows(tasks, self.ledger, name)

    def exchanged(self, ordered: bool = False) -> CountedRows:
        tasks: list[list[Row]] = [[] for _ in self.tasks]
        for rows in self.tasks:
            for row in rows:
                tasks[row.key % len(tasks)].append(row)
                self.ledger.exchanged[self.name] += len(row.data)
        if ordered:
            for rows in tasks:
                rows.sort(key=lambda row: row[:2])
        return CountedRows(tasks, self.ledger, self.name)

    def kept(self) -> CountedRows:
        self.ledger.kept[self.name] += sum(len(row.data) for rows in self.tasks for row in rows)
        return self

    def release(self) -> None:
        self.tasks = []

    def collect(self) -> list[Row]:
        rows = [row for rows in self.tasks for row in rows]
        self.ledger.received[self.name] += sum(len(row.data) + 16 for row in rows)
        return rows


class CountedText:
    """A corpus whose tasks read `task_size` bytes each."""

    def __init__(self, corpus: Corpus, task_size: int) -> None:
        self.corpus, self.cluster, self.task_size = corpus, CountedCluster(), task_size
        self.ledger = Ledger()
        self.reading_s = 0.0

    def pieces(self, whole_lines: bool = False) -> CountedRows:
        assert not whole_lines
        tasks: list[list[Row]] = [[]]
        size, began = 0, time.process_time()
        for row in self._rows():
            if size >= self.task_size:
                tasks.append([])
                size = 0
            tasks[-1].append(row)
            size += len(row.data)
        self.reading_s += time.process_time() - began
        return CountedRows(tasks, self.ledger)

    def _rows(self) -> Iterator[Row]:
        numbers = {path: number for number, path in enumerate(self.corpus.files)}
        for shard in self.corpus.shards(PIECE_SIZE):
            place = numbers[shard.path] << PLACE_BITS | shard.offset
            yield Row(MID_LINE if shard.mid_line else PIECE, place, shard.data.tobytes())

"""Rows on the machines of a Spark cluster: Arrow batches to Python functions, exchanges by Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import minent
from minent.engines.rows import Row, RowMap
from minent.engines.spark.session import LONGEST_ROW, SparkEngine
from minent.errors import SparkError

if TYPE_CHECKING:
    import pyarrow

SCHEMA = "key long, place long, data binary"


@dataclass(frozen=True)
class SparkRows:
    """A DataFrame of rows, and the functions that they still go through: these run together in one task.

    parts : tasks of the next exchange
    """

    engine: SparkEngine
    frame: Any
    functions: tuple[RowMap, ...]
    parts: int

    def map(self, work: RowMap) -> SparkRows:
        return SparkRows(self.engine, self.frame, (*self.functions, work), self.parts)

    def exchanged(self, ordered: bool = False) -> SparkRows:
        frame = self.computed().repartition(self.parts, "key")
        if ordered:
            frame = frame.sortWithinPartitions("key", "place")
        return SparkRows(self.engine, frame, (), self.parts)

    def kept(self) -> SparkRows:
        from pyspark import StorageLevel

        return SparkRows(self.engine, self.computed().persist(StorageLevel.DISK_ONLY), (), self.parts)

    def release(self) -> None:
        self.frame.unpersist()

    def collect(self) -> list[Row]:
        table = self.computed().toArrow()
        self.engine.received += table.nbytes
        return [row for batch in table.to_batches() for row in read_batch(batch)]

    def computed(self) -> Any:
        """A DataFrame of the rows, behind all functions."""
        if not self.functions:
            return self.frame
        return self.frame.mapInArrow(_Task(self.functions, minent.__version__), SCHEMA)


@dataclass(frozen=True)
class _Task:
    """What one task does with its Arrow batches."""

    functions: tuple[RowMap, ...]
    version: str  # of who has sent it

    def __call__(self, batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        if minent.__version__ != self.version:
            raise SparkError(f"a worker has minent {minent.__version__}, and this machine {self.version}")
        rows: Iterable[Row] = (row for batch in batches for row in read_batch(batch))
        for work in self.functions:
            rows = work(iter(rows))
        return write_batches(rows)


def read_batch(batch: pyarrow.RecordBatch) -> Iterator[Row]:
    """The rows of an Arrow batch; the bytes are not copied, and good as long as the batch."""
    keys, places, data = (batch.column(name) for name in ("key", "place", "data"))
    for key, place, item in zip(keys.to_pylist(), places.to_pylist(), data, strict=True):
        buffer = item.as_buffer()
        yield Row(key, place, memoryview(b"") if buffer is None else memoryview(buffer))


def write_batches(rows: Iterable[Row]) -> Iterator[pyarrow.RecordBatch]:
    """Arrow batches of rows, each of one row, or of several as long as they are small."""
    import pyarrow

    waiting: list[Row] = []
    size = 0

    def batch() -> pyarrow.RecordBatch:
        columns = [
            pyarrow.array([row.key for row in waiting], pyarrow.int64()),
            pyarrow.array([row.place for row in waiting], pyarrow.int64()),
            pyarrow.array([row.data for row in waiting], pyarrow.binary()),
        ]
        return pyarrow.RecordBatch.from_arrays(columns, names=["key", "place", "data"])

    for row in rows:
        waiting.append(row)
        size += len(row.data)
        if size >= LONGEST_ROW:
            yield batch()
            waiting, size = [], 0
    if waiting:
        yield batch()

"""A corpus cut shard by shard, by several threads, and handed on in order."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from minent.corpus.sources import Corpus, Place, Shard
from minent.segmentation.cutter import BEST, Bytes, CutBytes, Cutter, Sampling

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
WAITING = 2  # shards a worker that are cut, or being cut, and not yet written

Result = TypeVar("Result")


@dataclass(frozen=True)
class Piece:
    """A shard and what comes before it: `position` bytes in all, and whether whitespace (or nothing) is the last."""

    shard: Shard
    position: int
    space_before: bool


@dataclass
class CutReport:
    """Bytes read, and those that are not UTF-8: how many, and where the first is."""

    size: int = 0
    invalid: int = 0
    first_invalid: Place | None = None


def pieces(corpus: Corpus, once: bool = False) -> Iterator[Piece]:
    """The shards of a corpus with their context; `once` reads standard input as it arrives (Corpus.shards)."""
    position, space_before = 0, True
    for shard in corpus.shards(once=once):
        yield Piece(shard, position, space_before)
        position += len(shard.data)
        space_before = shard.data[-4:].tobytes().decode("utf-8", "ignore")[-1:].isspace()


def cut_corpus(
    cutter: Cutter,
    corpus: Corpus,
    write: Callable[[Bytes], object],
    *,
    separator: bytes = b" ",
    sampling: Sampling = BEST,
    jobs: int = 1,
    once: bool = False,
) -> CutReport:
    """Cut a corpus; `write` gets the bytes of every shard, in order.

    Equal bytes for any number of threads and any size of shards. Memory: some shards a thread.
    """

    def cut(piece: Piece) -> tuple[Bytes, CutBytes]:
        data = piece.shard.data
        mark = data[:3] if piece.shard.offset == 0 and data[:3].tobytes() == BYTE_ORDER_MARK else data[:0]
        return mark, cutter.cut(
            data[len(mark) :],
            separator,
            space_before=piece.space_before or len(mark) > 0,
            sampling=sampling._replace(offset=piece.position + len(mark)),
        )

    report = CutReport()
    with in_order(pieces(corpus, once), cut, jobs) as results:
        for piece, (mark, result) in results:
            if len(mark):
                write(mark)
            write(result.data)
            report.size += len(piece.shard.data)
            report.invalid += result.invalid
            if result.invalid and report.first_invalid is None:
                offset = piece.shard.offset + len(mark) + result.first_invalid
                report.first_invalid = corpus.place(piece.shard.path, offset)
    return report


@contextmanager
def in_order(
    source: Iterator[Piece], work: Callable[[Piece], Result], jobs: int
) -> Iterator[Iterator[tuple[Piece, Result]]]:
    """What `work` makes of every piece, in the order of the pieces.

    A thread of its own reads the source, so that a result is handed on while the source still waits for more.
    """
    if jobs == 1:
        yield ((piece, work(piece)) for piece in source)
        return
    waiting: queue.Queue[tuple[Piece, Future[Result]] | BaseException | None] = queue.Queue(WAITING * jobs)
    stopped = threading.Event()
    workers = ThreadPoolExecutor(jobs, thread_name_prefix="minent-cut")

    def put(item: tuple[Piece, Future[Result]] | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                waiting.put(item, timeout=0.1)
                return
            except queue.Full:
                pass

    def read() -> None:
        try:
            for piece in source:
                if stopped.is_set():
                    return
                put((piece, workers.submit(work, piece)))
            put(None)
        except BaseException as error:  # handed to the thread that takes the results
            put(error)

    def results() -> Iterator[tuple[Piece, Result]]:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item[0], item[1].result()

    threading.Thread(target=read, daemon=True).start()
    try:
        yield results()
    finally:
        stopped.set()
        workers.shutdown(wait=False, cancel_futures=True)


def lines(corpus: Corpus, once: bool = False) -> Iterator[tuple[int, Bytes]]:
    """The lines of a corpus without their ends, whole ones however long: (bytes before it in all, uint8[n])."""
    held: list[Bytes] = []
    start = 0
    for piece in pieces(corpus, once):
        data = piece.shard.data
        begin = 0
        if held and not piece.shard.mid_line:  # a file whose last line had no end
            yield start, np.concatenate(held)
            held = []
        for line_end in np.flatnonzero(data == 0x0A).tolist():
            held.append(data[begin:line_end])
            yield (start if len(held) > 1 else piece.position + begin), np.concatenate(held)
            held, begin = [], line_end + 1
        if begin < len(data):
            if not held:
                start = piece.position + begin
            held.append(data[begin:])
    if held:
        yield start, np.concatenate(held)

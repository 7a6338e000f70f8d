"""A corpus cut shard by shard, by several threads, and handed on in order."""

from __future__ import annotations

import re
import select
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from minent.corpus.encodings import InvalidBytes
from minent.corpus.finding import STDIN
from minent.corpus.sources import Corpus, Shard
from minent.errors import CorpusError
from minent.segmentation.cuts import BEST, AnyCutter, Bytes, CutBytes, Sampling

INVALID = re.compile("[\udc80-\udcff]")  # bytes that are not UTF-8, after decoding with `surrogateescape`
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
WAITING = 2  # shards a worker that are cut, or being cut, and not yet written

Result = TypeVar("Result")


@dataclass(frozen=True)
class Piece:
    """A shard and what comes before it: `position` bytes in all, and whether whitespace (or nothing) is the last."""

    shard: Shard
    position: int
    space_before: bool


@dataclass(frozen=True)
class Line:
    """A line without its end: its bytes, how many come before it in all, and where it is: file and offset there."""

    data: Bytes
    position: int
    path: str
    offset: int


class Watch:
    """Counts the invalid bytes of a corpus that is read to its end once, and remembers where the first is.

    CorpusError at the first if the corpus is strict.
    """

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.count = 0
        self.first_place = ""

    def add(self, count: int, path: str, offset: int) -> None:
        """Note some invalid bytes, the first of them at an offset of a file."""
        if not self.count:
            place = self.corpus.place(path, offset)
            self.first_place = str(place)
            if self.corpus.errors == "strict":
                hint = "try --encoding auto, or --errors boundary"
                raise CorpusError(self.first_place, f"not valid UTF-8 at byte {place.byte}", hint)
        self.count += count

    def decode(self, data: bytes, path: str, offset: int, mark: str | None = None) -> str:
        """A piece of text at an offset of a file; each invalid byte is noted, and becomes `mark`, or a surrogate."""
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            text, invalid = INVALID.subn(mark or r"\g<0>", data.decode("utf-8", "surrogateescape"))
            self.add(invalid, path, offset + error.start)
            return text

    def report(self) -> InvalidBytes | None:
        """What was found, here or in decoding; None for nothing."""
        return InvalidBytes(self.count, self.first_place) if self.count else self.corpus.decoding_report


def pieces(corpus: Corpus, once: bool = False) -> Iterator[Piece]:
    """The shards of a corpus with their context; `once` reads standard input as it arrives (Corpus.shards)."""
    position, space_before = 0, True
    for shard in corpus.shards(once=once):
        yield Piece(shard, position, space_before)
        position += len(shard.data)
        space_before = shard.data[-4:].tobytes().decode("utf-8", "ignore")[-1:].isspace()


def cut_corpus(
    cutter: AnyCutter,
    corpus: Corpus,
    write: Callable[[Bytes], object],
    *,
    separator: bytes = b" ",
    sampling: Sampling = BEST,
    jobs: int = 1,
    once: bool = False,
    advance: Callable[[int], object] | None = None,
) -> InvalidBytes | None:
    """Cut a corpus; `write` gets the bytes of every shard, in order, and `advance` the size of each that was cut.

    Equal bytes for any number of threads and any size of shards. Memory: some shards a thread. Returns what was not
    valid text; CorpusError for that if the corpus is strict.
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

    watch = Watch(corpus)
    ready = stdin_is_ready if once and STDIN in corpus.files else lambda: True
    with closing(in_order(pieces(corpus, once), cut, jobs, ready)) as results:
        for piece, (mark, result) in results:
            shard = piece.shard
            if result.invalid:
                watch.add(result.invalid, shard.path, shard.offset + len(mark) + result.first_invalid)
            if len(mark):
                write(mark)
            write(result.data)
            if advance is not None:
                advance(len(shard.data))
    return watch.report()


def in_order(
    source: Iterator[Piece], work: Callable[[Piece], Result], jobs: int, ready: Callable[[], bool]
) -> Generator[tuple[Piece, Result], None, None]:
    """What `work` makes of every piece, in the order of the pieces.

    Reads the source in the calling thread, the only one that hears Ctrl-C. While the source is not `ready`, but would
    have to be waited for, nothing that is finished is held back.
    """
    if jobs == 1:
        for piece in source:
            yield piece, work(piece)
        return
    waiting: deque[tuple[Piece, Future[Result]]] = deque()
    workers = ThreadPoolExecutor(jobs, thread_name_prefix="minent-cut")
    try:
        while True:
            while waiting and (len(waiting) > WAITING * jobs or waiting[0][1].done() or not ready()):
                done, result = waiting.popleft()
                yield done, result.result()
            following = next(source, None)
            if following is None:
                break
            waiting.append((following, workers.submit(work, following)))
        for done, result in waiting:
            yield done, result.result()
    finally:
        workers.shutdown(cancel_futures=True)


def stdin_is_ready() -> bool:
    """Whether standard input can be read at once."""
    try:
        return bool(select.select([sys.stdin.fileno()], [], [], 0)[0])
    except (OSError, ValueError):  # no file, or a system where only sockets can be asked
        return False


def lines(corpus: Corpus, once: bool = False) -> Iterator[Line]:
    """The lines of a corpus, whole ones however long."""
    held: list[Bytes] = []
    first = Line(np.empty(0, dtype=np.uint8), 0, "", 0)
    for piece in pieces(corpus, once):
        shard = piece.shard
        if held and not shard.mid_line:  # the last line of a file, without an end
            yield replace(first, data=np.concatenate(held))
            held = []
        begin = 0
        for end in [*np.flatnonzero(shard.data == 0x0A).tolist(), len(shard.data)]:
            if not held:
                first = Line(shard.data[begin:end], piece.position + begin, shard.path, shard.offset + begin)
            if end == len(shard.data):
                if begin < end:
                    held.append(shard.data[begin:])
            elif held:
                held.append(shard.data[begin:end])
                yield replace(first, data=np.concatenate(held))
                held = []
            else:
                yield first
            begin = end + 1
    if held:
        yield replace(first, data=np.concatenate(held))

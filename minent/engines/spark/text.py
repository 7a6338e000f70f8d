"""A corpus as rows of a Spark cluster: files that every machine sees, or whatever else Spark reads."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from minent.corpus.codecs import open_file, read_blocks, unpack
from minent.corpus.encodings import Errors, choose_encoding, read_sample
from minent.corpus.finding import STDIN
from minent.corpus.pieces import LINE_END, Piece, cut_mapped, map_file, next_cut
from minent.corpus.sources import Corpus, Place
from minent.engines.rows import INVALID, MID_LINE, PIECE, PLACE_BITS, FileReport, Row, Rows, Shared
from minent.engines.spark.rows import SCHEMA, SparkRows, write_batches
from minent.engines.spark.session import SparkEngine, task_error
from minent.errors import CorpusError, MinentError, OutputError, SparkError
from minent.files import display_path

if TYPE_CHECKING:
    import mmap

    import pyarrow

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # a scheme of two letters or more: C:/ is a path
PATTERN_SIGNS = re.compile(r"[*?\[\]{}\\]")
PIECE_SIZE = 1 << 21  # bytes
SMALLEST_RANGE, LARGEST_RANGE = 1 << 20, 1 << 26  # bytes of a file that one task reads
PART_SIZE = 1 << 26  # bytes of text for each task of an exchange
MOST_PARTS = 1 << 10
LINE_SEARCH = 1 << 20  # bytes in which a line end is looked for before a line is cut
LONGEST_LINE = 1 << 28  # bytes, where lines must stay whole
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class FileRange:
    """A part of a file. start, stop : bytes;  mark : of the byte order mark;  size : of the file when it was found

    decoded : the file is packed or in another encoding, and is read from its beginning
    """

    number: int
    path: str
    start: int
    stop: int
    mark: int
    size: int
    decoded: bool


@dataclass(frozen=True)
class FoundFile:
    """A file of a file system of Hadoop."""

    path: str
    url: str
    size: int


class UrlCorpus(Corpus):
    """Files that only Spark can read. Their text is UTF-8.

    urls : of the files, as Spark writes them, with %20 for a space
    """

    def __init__(self, files: Sequence[FoundFile], errors: Errors) -> None:
        super().__init__([STDIN], errors=errors)
        self.files, self.urls = [file.path for file in files], [file.url for file in files]
        self._size = sum(file.size for file in files)

    def size(self) -> int | None:
        return self._size

    def place(self, path: str, offset: int) -> Place:
        return Place(path, None, offset + 1)


class SparkText:
    """A corpus on a Spark cluster; see `rows.ClusterText`.

    Paths are read by the tasks themselves: every machine must see the same files under the same names. Plain UTF-8 is
    read in ranges, whatever its files are; a packed file, one in another encoding or of records is read by one task,
    and its text then goes to all. URLs (hdfs://, s3a://, file://) are read by Spark.

    range_size : bytes that one task reads; None: chosen from the size of the text
    """

    def __init__(self, engine: SparkEngine, corpus: Corpus, range_size: int | None = None) -> None:
        self.cluster, self.corpus = engine, corpus
        size = corpus.size() or 0
        tasks = engine.parallelism()
        self.range_size = range_size or min(max(size // (4 * tasks), SMALLEST_RANGE), LARGEST_RANGE)
        given = engine.spark.sparkContext.getConf().get("spark.sql.shuffle.partitions")
        wanted = max(-(-size // PART_SIZE), 2 * tasks)
        self.parts = int(given) if given else min(wanted, MOST_PARTS)

    @classmethod
    def open(
        cls,
        engine: SparkEngine,
        paths: Sequence[str],
        *,
        encoding: str | None = None,
        errors: Errors = "boundary",
        field: str | None = None,
        keep_bom: bool = False,
        range_size: int | None = None,
    ) -> SparkText:
        """The text of some files. Errors: CorpusError if they cannot be found, or read in this way."""
        require_names(paths)
        urls = [path for path in paths if URL.match(path)]
        if not urls:
            corpus = Corpus(paths, encoding=encoding, errors=errors, field=field, keep_bom=keep_bom)
            return cls(engine, corpus, range_size)
        if len(urls) < len(paths):
            raise CorpusError(paths[0], "is a path among URLs", "give paths or URLs, not both")
        if field is not None or (encoding or "utf-8") != "utf-8":
            hint = "give --field and --encoding with paths, or convert it first"
            raise CorpusError(display_path(urls[0]), "the text of URLs must be plain UTF-8", hint)
        return cls(engine, UrlCorpus(find_files(engine, urls), errors), range_size)

    def pieces(self, whole_lines: bool = False) -> SparkRows:
        if isinstance(self.corpus, UrlCorpus):
            return self._read_urls()
        plain, decoded = self._ranges
        rows = [self._read(ranges, whole_lines) for ranges in (plain, decoded) if ranges]
        if decoded:
            spread = rows[-1].computed().repartition(self.parts, "place")
            rows[-1] = SparkRows(self.cluster, spread, (), self.parts)
        if len(rows) == 1:
            return rows[0]
        both = rows[0].computed().unionByName(rows[1].computed())
        return SparkRows(self.cluster, both, (), self.parts)

    def write(self, rows: Rows, folder: str) -> None:
        """Write rows that end in line ends, in the order of their places, to a folder: `part-…` and `_SUCCESS`.

        Errors: SparkError if the folder exists, or cannot be written.
        """
        import pyspark.sql.functions as functions

        assert isinstance(rows, SparkRows)
        frame = rows.computed()
        if isinstance(self.corpus, UrlCorpus) or self._ranges[1]:
            frame = frame.repartitionByRange(self.parts, "place").sortWithinPartitions("place")
        text = functions.expr("substring(data, 1, length(data) - cast(endswith(data, X'0A') as int))")
        frame.select(text.cast("string").alias("value")).write.option("lineSep", "\n").text(folder)

    def require_absent(self, folder: str) -> None:
        """Errors: OutputError if there is a folder or file of this name already."""
        context = self.cluster.spark.sparkContext
        path = context._jvm.org.apache.hadoop.fs.Path(folder)
        if path.getFileSystem(context._jsc.hadoopConfiguration()).exists(path):
            raise OutputError(display_path(folder), "exists already, and is not overwritten")

    @cached_property
    def _ranges(self) -> tuple[list[FileRange], list[FileRange]]:
        """What tasks read: parts of plain files, and whole ones that must be decoded."""
        corpus = self.corpus
        plain: list[FileRange] = []
        decoded: list[FileRange] = []
        for number, path in enumerate(corpus.files):
            with closing(open_file(path)) as file:
                size = os.fstat(file.fileno()).st_size
                stream, codec = unpack(read_blocks(file, display_path(path)), display_path(path))
                encoding, mark = choose_encoding(corpus.encoding, read_sample(stream, corpus.encoding), stream.ended)
            here, size = os.path.abspath(path), _checked_size(path, size)
            if codec is not None or encoding != "utf-8" or corpus.field is not None:
                decoded.append(FileRange(number, here, 0, size, mark, size, True))
                continue
            mark = 0 if corpus.keep_bom else mark
            for start in range(mark, size, self.range_size):
                plain.append(FileRange(number, here, start, min(start + self.range_size, size), mark, size, False))
        return plain, decoded

    def _read(self, ranges: list[FileRange], whole_lines: bool) -> SparkRows:
        spark = self.cluster.spark
        frame = spark.range(0, len(ranges), 1, len(ranges)).selectExpr("id as key", "id as place", "X'' as data")
        corpus = self.corpus
        reader = _Reader(
            self.cluster.share(ranges), whole_lines, corpus.encoding, corpus.errors, corpus.field, tuple(corpus.files)
        )
        return SparkRows(self.cluster, frame, (reader,), self.parts)

    def _read_urls(self) -> SparkRows:
        import pyspark.sql.functions as functions

        spark = self.cluster.spark
        assert isinstance(self.corpus, UrlCorpus)
        files = [(number, re.sub("^file:/+", "file:/", url)) for number, url in enumerate(self.corpus.urls)]
        hashed = spark.createDataFrame(files, "number long, url string").select("number", functions.xxhash64("url"))
        numbers = {code: number for number, code in hashed.collect()}
        lines = spark.read.option("lineSep", "\n").text(self.corpus.files)
        frame = lines.select(
            functions.xxhash64("_metadata.file_path").alias("key"),
            functions.col("_metadata.file_block_start").alias("place"),
            functions.col("value").cast("binary").alias("data"),
        ).mapInArrow(_LineReader(self.cluster.share(numbers)), SCHEMA)
        return SparkRows(self.cluster, frame, (), self.parts)


@dataclass(frozen=True)
class _Reader:
    """From the numbers of ranges to the text in them."""

    ranges: Shared[list[FileRange]]
    whole_lines: bool
    encoding: str | None
    errors: Errors
    field: str | None
    names: tuple[str, ...]  # of the files, as the user has written them

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            part = self.ranges.value[row.key]
            pieces = self._decoded(part) if part.decoded else self._plain(part)
            base = part.number << PLACE_BITS
            for key, offset, data in pieces:
                yield Row(key, base | offset, data)

    def _plain(self, part: FileRange) -> Iterator[tuple[int, int, Any]]:
        name = display_path(self.names[part.number])
        with closing(open_file(part.path)) as file:
            if os.fstat(file.fileno()).st_size < part.size:
                raise CorpusError(name, "is shorter here than on the machine that has sent us", "is it the same file?")
            buffer = map_file(file, part.size)
            if buffer is None:
                raise CorpusError(name, "cannot be mapped into memory", "copy it to another file system")
            start = cut_near(buffer, part.start, part, self.whole_lines)
            stop = cut_near(buffer, part.stop, part, self.whole_lines)
            if self.whole_lines:
                yield from _line_pieces(buffer, start, stop, part, name)
            elif start < stop:
                for data, at, mid_line in cut_mapped(map_file(file, stop), file, start, PIECE_SIZE, name):  # type: ignore[arg-type]
                    inside = mid_line if at else start > part.mark and buffer[start - 1] != LINE_END
                    yield MID_LINE if inside else PIECE, start + at - part.mark, data.data

    def _decoded(self, part: FileRange) -> Iterator[tuple[int, int, Any]]:
        name = self.names[part.number]
        corpus = Corpus([part.path], encoding=self.encoding, errors=self.errors, field=self.field)
        shards: Iterable[Piece] = ((s.data, s.offset, s.mid_line) for s in corpus.shards(PIECE_SIZE))
        if self.whole_lines:
            shards = _joined_lines(shards, display_path(name))
        for data, offset, mid_line in shards:
            yield MID_LINE if mid_line else PIECE, offset, data.data
        report, left_out = corpus.decoding_report, corpus.left_out
        if report is not None or left_out.count:
            places = (report.first_place if report else "", left_out.first)
            there = [place.replace(display_path(part.path), display_path(name), 1) for place in places]
            found = FileReport(part.number, report.count if report else 0, there[0], left_out.count, there[1])
            yield INVALID, 0, json.dumps(found).encode()


def cut_near(buffer: mmap.mmap, at: int, part: FileRange, whole_lines: bool) -> int:
    """The first place from byte `at` on where ranges meet: whoever looks from either side finds the same."""
    if at in (part.mark, part.size):
        return at
    limit = part.size if whole_lines else min(at + LINE_SEARCH, part.size)
    line_end = buffer.find(b"\n", at - 1, limit)
    if line_end >= 0:
        return line_end + 1
    cut = -1 if whole_lines else next_cut(buffer, at, part.size)
    return cut if cut >= 0 else part.size


def _line_pieces(
    buffer: mmap.mmap, start: int, stop: int, part: FileRange, name: str
) -> Iterator[tuple[int, int, Any]]:
    at = start
    while at < stop:
        end = stop
        if stop - at > PIECE_SIZE:
            end = buffer.rfind(b"\n", at, at + PIECE_SIZE) + 1 or buffer.find(b"\n", at, stop) + 1 or stop
        if end - at > LONGEST_LINE:
            raise _too_long(name)
        yield PIECE, at - part.mark, buffer[at:end]
        at = end


def _joined_lines(pieces: Iterable[Piece], name: str) -> Iterator[Piece]:
    """Pieces of whole lines."""
    import numpy as np

    held: list[Any] = []
    first = 0
    for data, offset, _ in pieces:
        first = first if held else offset
        held.append(data)
        if sum(map(len, held)) > LONGEST_LINE + PIECE_SIZE:
            raise _too_long(name)
        if len(data) and data[-1] == LINE_END:
            yield np.concatenate(held), first, False
            held = []
    if held:
        yield np.concatenate(held), first, False


def _too_long(name: str) -> CorpusError:
    return CorpusError(name, f"has a line of more than {LONGEST_LINE >> 20} MiB", "use --engine local")


@dataclass(frozen=True)
class _LineReader:
    """From lines that Spark has read (key: hash of the file, place: start of its part) to pieces.

    The place of a piece is the start of the part and what was read of it before: not quite its offset, but no line that
    begins in a part begins at or before the start of the one before, so that places have the order of the text.
    """

    numbers: Shared[dict[int, int]]

    def __call__(self, batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        return write_batches(self._rows(batches))

    def _rows(self, batches: Iterator[pyarrow.RecordBatch]) -> Iterator[Row]:
        numbers = self.numbers.value
        part, size = (0, -1), 0
        for batch in batches:
            keys, places = batch.column("key").to_numpy(), batch.column("place").to_numpy()
            changes = [0, *((keys[1:] != keys[:-1]) | (places[1:] != places[:-1])).nonzero()[0] + 1, len(keys)]
            for first, last in itertools.pairwise(changes):
                here = (int(keys[first]), int(places[first]))
                part, size = (part, size) if here == part else (here, 0)
                text = b"\n".join(batch.column("data").slice(first, last - first).to_pylist()) + b"\n"
                if here[1] == 0 and size == 0:
                    text = text.removeprefix(BYTE_ORDER_MARK)
                base = numbers[here[0]] << PLACE_BITS | (here[1] + size)
                size += len(text)
                at = 0
                while at < len(text):
                    end = text.rfind(b"\n", at, at + PIECE_SIZE) + 1 or text.find(b"\n", at) + 1
                    yield Row(PIECE, base + at, text[at:end])
                    at = end


def _checked_size(name: str, size: int) -> int:
    if size >> PLACE_BITS:
        raise CorpusError(display_path(name), f"has more than {1 << PLACE_BITS - 30:,} GiB", "split it at a line end")
    return size


def require_names(paths: Sequence[str]) -> None:
    """Errors: CorpusError where the text would be standard input."""
    if STDIN in paths or not paths:
        raise CorpusError("<stdin>", "is not on the cluster", "name files, or use --engine local")


def find_files(engine: SparkEngine, urls: Sequence[str]) -> list[FoundFile]:
    """All files that some URLs, or patterns, stand for, those of folders sorted at each level."""
    context = engine.spark.sparkContext
    found: list[FoundFile] = []

    def visit(system: Any, status: Any) -> None:
        path = status.getPath()
        if not status.isDirectory():
            name = str(path.toString())
            if PATTERN_SIGNS.search(name):
                raise CorpusError(display_path(name), "Spark takes its name for a pattern", "rename it")
            found.append(FoundFile(name, str(path.toUri().toString()), _checked_size(name, int(status.getLen()))))
            return
        below = [each for each in system.listStatus(path) if each.getPath().getName()[:1] not in "._"]
        for each in sorted(below, key=lambda each: str(each.getPath().getName())):
            visit(system, each)

    for url in urls:
        try:
            path = context._jvm.org.apache.hadoop.fs.Path(url)
            system = path.getFileSystem(context._jsc.hadoopConfiguration())
            matches = system.globStatus(path)
            for status in sorted(matches or [], key=lambda each: str(each.getPath().toString())):
                visit(system, status)
        except MinentError:
            raise
        except Exception as error:  # of Hadoop, and rarely with the name of what it was asked for
            told = task_error(str(error))
            raise SparkError(f"{display_path(url)}: {getattr(told, 'problem', told)}") from error
        if not matches:
            raise CorpusError(display_path(url), "no such file or folder")
    if not found:
        raise CorpusError(display_path(urls[0]), "there is no file in this folder")
    return found

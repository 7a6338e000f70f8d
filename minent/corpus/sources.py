"""Files, folders, globs, standard input, records or Python strings → shards of UTF-8 bytes, as often as wanted."""

from __future__ import annotations

import glob
import mmap
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from minent.corpus.codecs import find_foreign, read_blocks, unpack
from minent.corpus.encodings import (
    Decoder,
    Errors,
    InvalidBytes,
    canonical_encoding,
    choose_encoding,
    read_sample,
    why_not_text,
)
from minent.corpus.records import encode_text, record_texts
from minent.errors import CorpusError
from minent.files import describe_os_error, display_path

SHARD_SIZE = 1 << 22  # bytes
MAPPED_BEHIND = 1 << 25  # bytes of a mapped file that stay in memory behind the newest shard
TEXTS_AT_ONCE = 1 << 18  # characters of Python strings that are joined
JUDGED_ITEMS = 1000  # items of a list that decide whether it holds paths or texts
STDIN, TEXTS = "-", "<texts>"

# Where a line that is too long for a shard is cut: after a space or a sign, but never before what could belong
# to the sign (a combining mark, a variation selector): only before ASCII and U+4000–9FFF.
LINE_CUT = re.compile(rb"(?:[ ,;.]|\xe3\x80[\x81\x82]|\xef\xbc[\x81\x8c\x9b\x9f])(?=[\x00-\x7f\xe4-\xe9])")
ANY_CUT = re.compile(rb"\n|" + LINE_CUT.pattern)
LONGEST_CUT = 3  # bytes

PATH_LIKE = re.compile(
    r"\.{0,2}/\S*|\S+\.(txt|text|md|tsv|csv|jsonl?|ndjson|html?|xml|log|utf-?8|gbk?|big5|gz|bz2|xz|zst)",
    re.IGNORECASE,
)

Piece: TypeAlias = tuple[NDArray[np.uint8], int, bool]  # bytes, their offset, whether they start inside a line
Source: TypeAlias = "str | os.PathLike[str] | Corpus | Iterable[str | os.PathLike[str]]"


@dataclass(frozen=True)
class Shard:
    """A piece of one document: whole lines, or a part of a line that is too long.

    data : uint8[n], read-only — UTF-8 bytes, valid or not
    path : the file, `-` for standard input, `<texts>` for Python strings
    offset : of the first byte in the decoded text of the file
    mid_line : whether the shard starts inside a line
    number : from 0, over the whole corpus
    """

    data: NDArray[np.uint8]
    path: str
    offset: int
    mid_line: bool
    number: int


@dataclass(frozen=True)
class Skipped:
    """Something below a folder that is not read, and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{display_path(self.path)}: {self.reason}"


@dataclass(frozen=True)
class Place:
    """A place in a text, printed `path:line`; `line`, and `byte` within the line, count from 1.

    `line` is None where the text is gone (standard input that was streamed); `byte` then counts from its start.
    """

    path: str
    line: int | None
    byte: int

    def __str__(self) -> str:
        return source_name(self.path) + (f":{self.line}" if self.line else "")


class Corpus:
    """Re-iterable source of UTF-8 text, as bytes.

    paths : files, folders (all regular files below them, sorted; hidden ones, binary ones and those that are not
        text in the encoding are left out and listed in `skipped`), glob patterns; `-` or nothing is standard
        input, which is read once into a temporary file that vanishes with the corpus
    encoding : utf-8, gb18030, big5, utf-16, auto; a byte order mark overrides it; None is UTF-8
    errors : `strict` raises CorpusError at the first byte that cannot be decoded. UTF-8 text is not checked here:
        its bytes are handed on as they are, and who scans them finds the invalid ones; records are checked
    field : the field of JSON Lines that holds the text; None for plain text
    keep_bom : hand on the byte order mark of UTF-8 text, so that it can be written again

    A file that is named is read, whatever its bytes are; only archives and documents (ZIP, PDF, …) are refused.
    Plain UTF-8 files are mapped into memory and must not be shortened while a shard is in use. Everything else is
    decoded again at each pass, in bounded memory.
    """

    def __init__(
        self,
        paths: Sequence[str | os.PathLike[str]] | str | os.PathLike[str],
        *,
        encoding: str | None = None,
        errors: Errors = "boundary",
        field: str | None = None,
        temp_dir: str | None = None,
        shard_size: int = SHARD_SIZE,
        keep_bom: bool = False,
    ) -> None:
        if errors not in ("boundary", "strict"):
            raise ValueError(f"unknown errors={errors!r}: choose boundary or strict")
        self.encoding = canonical_encoding(encoding)
        self.errors: Errors = errors
        self.field = field
        self.temp_dir = temp_dir
        self.shard_size = _checked(shard_size)
        self.keep_bom = keep_bom
        self.files: list[str] = []
        self.skipped: list[Skipped] = []
        self._texts: Iterable[str] | None = None
        self._status: dict[str, os.stat_result] = {}  # of the files, when they were found
        self._spool: BinaryIO | None = None
        self._invalid: dict[int, InvalidBytes] = {}  # by index of the file
        for path in [paths] if isinstance(paths, (str, os.PathLike)) else list(paths) or [STDIN]:
            self._add(os.fsdecode(path))

    @classmethod
    def from_texts(cls, texts: Iterable[str], *, shard_size: int = SHARD_SIZE) -> Corpus:
        """A corpus of Python strings, each a document of one line (or of several, if it holds line ends).

        `texts` is iterated once a pass: a list, or any object whose iteration starts again. ValueError for an
        iterator; TypeError, on reading, for what is not a string. A surrogate that is alone becomes U+FFFD.
        """
        if iter(texts) is texts:
            raise ValueError("texts can be read only once: give a list, or an object that can be iterated again")
        corpus = cls([], shard_size=shard_size)
        corpus.files, corpus._texts = [], texts
        return corpus

    def __enter__(self) -> Corpus:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the temporary copy of standard input."""
        if self._spool is not None:
            self._spool.close()

    def shards(self, shard_size: int | None = None, *, once: bool = False) -> Iterator[Shard]:
        """The text of all files in order, in shards of about `shard_size` bytes.

        A shard ends at a line end; where none comes in time, after a space, a comma or the like inside the line, and
        where there is none of these either, it grows until one comes. No shard spans two files, and the shards of a
        file make up its text. With `once`, standard input is not kept: its lines are handed on as they arrive,
        and there is no second pass over it.
        """
        size = self.shard_size if shard_size is None else _checked(shard_size)
        number = 0
        for index, path in enumerate(self.files if self._texts is None else [TEXTS]):
            for data, offset, mid_line in self._pieces(index, path, size, once):
                yield Shard(data, path, offset, mid_line, number)
                number += 1

    def size(self) -> int | None:
        """Bytes of all files on the disk, before unpacking; None while unknown (standard input, strings)."""
        if self._texts is not None or (STDIN in self.files and self._spool is None):
            return None
        spooled = 0 if self._spool is None else os.fstat(self._spool.fileno()).st_size
        return sum(spooled if path == STDIN else self._status[path].st_size for path in self.files)

    @property
    def decoding_report(self) -> InvalidBytes | None:
        """Bytes that could not be decoded in the last pass; None for none. UTF-8 text is not judged here."""
        found = [self._invalid[index] for index in sorted(self._invalid)]
        return InvalidBytes(sum(each.count for each in found), found[0].first_place) if found else None

    def place(self, path: str, offset: int) -> Place:
        """Line and byte of an offset in the decoded text of a file, which is read again up to there."""
        if path == STDIN and self._spool is None:
            return Place(path, None, offset + 1)
        index = 0 if path == TEXTS else self.files.index(path)
        line, line_start, end = 1, 0, 0
        if self.field is not None and path not in (STDIN, TEXTS):
            with self._open_again(path) as file:
                blocks = self._utf8_blocks(index, path, file, False)
                for line, text in record_texts(blocks, self.field, display_path(path)):
                    line_start, end = end, end + len(text)
                    if end > offset:
                        break
        else:
            for data, begin, _ in self._pieces(index, path, self.shard_size, False):
                line_ends = np.flatnonzero(data[: offset - begin] == 0x0A)
                if len(line_ends):
                    line, line_start = line + len(line_ends), begin + int(line_ends[-1]) + 1
                if begin + len(data) > offset:
                    break
        return Place(path, line, offset - line_start + 1)

    # what the user named → files

    def _add(self, path: str, in_glob: bool = False) -> None:
        try:
            kind = stat.S_IFREG if path == STDIN else os.stat(path).st_mode
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            if isinstance(error, FileNotFoundError) and glob.has_magic(path):
                self._add_matches(path)
                return
            problem = describe_os_error(error) if isinstance(error, OSError) else "no such file or folder"
            raise CorpusError(display_path(path), problem) from error
        if path == STDIN:
            self.files.append(path)
        elif stat.S_ISDIR(kind):
            found = [file for file in regular_files(path, self.skipped) if self._looks_like_text(file)]
            if not found and not in_glob:
                seen = f" ({len(self.skipped)} skipped, the last is {self.skipped[-1]})" if self.skipped else ""
                raise CorpusError(display_path(path), f"there is no text file in this folder{seen}")
            self.files += found
        elif stat.S_ISREG(kind):
            foreign, _ = self._judge(path)
            if foreign:
                raise CorpusError(display_path(path), f"is {foreign}, not text", "unpack or convert it first")
            self.files.append(path)
        else:
            raise CorpusError(display_path(path), "is a pipe or a device, not a file", "read it through - (stdin)")

    def _add_matches(self, pattern: str) -> None:
        already = len(self.files)
        for match in sorted(glob.glob(pattern, recursive=True)):
            self._add(match, in_glob=True)
        unique: dict[str, str] = {}  # `**` names a folder and also what is in it
        for file in self.files[already:]:
            unique.setdefault(os.path.normpath(file), file)
        if not unique:
            raise CorpusError(display_path(pattern), "no file has a name like this")
        self.files[already:] = unique.values()

    def _looks_like_text(self, path: str) -> bool:
        reason = next(filter(None, self._judge(path)), None)
        if reason is not None:
            self.skipped.append(Skipped(path, reason))
        return reason is None

    def _judge(self, path: str) -> tuple[str | None, str | None]:
        """The foreign format of a file, and why its beginning does not look like text; None where all is well."""
        with open_file(path) as file:
            self._status[path] = os.fstat(file.fileno())
            stream, _ = unpack(read_blocks(file, display_path(path)), display_path(path))
            sample = read_sample(stream, self.encoding)
        encoding, mark = choose_encoding(self.encoding, sample, stream.ended)
        return find_foreign(sample), why_not_text(sample[mark:], encoding, stream.ended)

    # files → pieces of text

    def _pieces(self, index: int, path: str, size: int, once: bool) -> Iterator[Piece]:
        if self._texts is not None:
            yield from cut_blocks(joined_texts(self._texts), size)
        elif path != STDIN:
            with self._open_again(path) as file:
                yield from self._file_pieces(index, path, file, size)
        elif once and self._spool is None:
            yield from cut_blocks(self._text_blocks(index, path, standard_input(), True), size, at_once=True)
        else:
            yield from cut_mapped(self._spooled(index), 0, -1, size, source_name(path))

    def _file_pieces(self, index: int, path: str, file: BinaryIO, size: int) -> Iterator[Piece]:
        """Plain UTF-8 is mapped; what is packed, in another encoding or in records is streamed."""
        place = display_path(path)
        if self.field is None:
            stream, codec = unpack(read_blocks(file, place), place)
            encoding, mark = choose_encoding(self.encoding, read_sample(stream, self.encoding), stream.ended)
            file.seek(0)
            if codec is None and encoding == "utf-8":
                length = self._status[path].st_size
                yield from cut_mapped(file, 0 if self.keep_bom else mark, length, size, place)
                return
        yield from cut_blocks(self._text_blocks(index, path, file, False), size)

    def _text_blocks(self, index: int, path: str, file: BinaryIO, at_once: bool) -> Iterator[bytes]:
        blocks = self._utf8_blocks(index, path, file, at_once)
        if self.field is None:
            return blocks
        return (text for _, text in record_texts(blocks, self.field, source_name(path)))

    def _utf8_blocks(self, index: int, path: str, file: BinaryIO, at_once: bool) -> Iterator[bytes]:
        """What a file holds, unpacked and in UTF-8; `at_once` as it arrives, without a sample of full size."""
        place = source_name(path)
        stream, _ = unpack(read_blocks(file, place), place, to_line_end=at_once)
        sample = read_sample(stream, self.encoding, to_line_end=at_once)
        encoding, mark = choose_encoding(self.encoding, sample, stream.ended)
        if not (self.keep_bom and encoding == "utf-8" and self.field is None):
            stream.read(mark)
        if encoding == "utf-8" and self.field is None:
            yield from stream
            return
        decoder = Decoder(encoding, place, self.errors, mark)
        self._invalid.pop(index, None)
        try:
            for block in stream:
                yield decoder.decode(block)
            yield decoder.decode(b"", final=True)
        finally:
            if decoder.first_invalid is not None:
                self._invalid[index] = InvalidBytes(decoder.invalid_bytes, decoder.first_invalid)

    def _spooled(self, index: int) -> BinaryIO:
        """Standard input as UTF-8 text in a temporary file without a name; it goes when the file is closed."""
        if self._spool is None:
            source = standard_input()
            try:
                file = tempfile.TemporaryFile(prefix="minent-", dir=self.temp_dir)
                for block in self._text_blocks(index, STDIN, source, False):
                    file.write(block)
                file.flush()
            except OSError as error:
                problem = f"cannot be kept in {display_path(self.temp_dir or tempfile.gettempdir())}"
                hint = "choose another folder with --temp-dir"
                raise CorpusError(source_name(STDIN), f"{problem}: {describe_os_error(error)}", hint) from error
            self._spool = file
        if self._spool.closed:
            raise ValueError("the corpus is closed: its copy of standard input is gone")
        return self._spool

    def _open_again(self, path: str) -> BinaryIO:
        """A file as it was when the corpus was made: it may have grown, but is the same and not shorter."""
        file = open_file(path)
        first, now = self._status[path], os.fstat(file.fileno())
        if not os.path.samestat(first, now) or now.st_size < first.st_size:
            file.close()
            raise CorpusError(display_path(path), "was changed while it was in use", "start again")
        return file


def open_corpus(
    source: Source,
    *,
    encoding: str | None = None,
    errors: Errors = "boundary",
    field: str | None = None,
    temp_dir: str | None = None,
) -> Corpus:
    """The corpus that a caller means: a Corpus itself, a path, a list of paths, or any re-iterable of texts.

    A str is a path, `-` is standard input. A list or tuple holds paths if an item is a PathLike or reads like a path
    (no whitespace, and a suffix such as .txt or .gz, or a leading /, ./ or ../), or if all items name something
    that exists; else it holds texts, and so does anything else that can be iterated. The first 1000 items decide.
    The options are those of Corpus; texts and a ready Corpus do not need them.
    """
    if isinstance(source, Corpus):
        return source
    if isinstance(source, (str, os.PathLike)):
        source = [source]
    elif isinstance(source, (bytes, bytearray)):
        raise TypeError("a corpus is made of paths or of str, not of bytes")
    elif not (isinstance(source, (list, tuple)) and _are_paths(source[:JUDGED_ITEMS])):
        return Corpus.from_texts(source)  # type: ignore[arg-type]  # its items are checked when they are read
    return Corpus(list(source), encoding=encoding, errors=errors, field=field, temp_dir=temp_dir)


def _are_paths(items: Sequence[object]) -> bool:
    if any(isinstance(item, os.PathLike) or _reads_like_path(item) for item in items):
        return True
    return bool(items) and all(isinstance(item, str) and _names_something(item) for item in items)


def _reads_like_path(item: object) -> bool:
    return isinstance(item, str) and len(item) < 256 and PATH_LIKE.fullmatch(item) is not None


def _names_something(item: str) -> bool:
    if item == STDIN:
        return True
    try:
        return os.path.exists(item) or (glob.has_magic(item) and any(glob.iglob(item, recursive=True)))
    except ValueError:  # a NUL, or a lone surrogate
        return False


def regular_files(folder: str, skipped: list[Skipped]) -> Iterator[str]:
    """All regular files below a folder, sorted by name at each level; links are followed, each folder once."""
    seen: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        try:
            status = os.stat(path)
            if stat.S_ISDIR(status.st_mode) and (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                names = sorted(os.listdir(path), reverse=True)
                waiting += (os.path.join(path, name) for name in names if not name.startswith("."))
                skipped += (Skipped(os.path.join(path, name), "hidden") for name in names if name.startswith("."))
            elif stat.S_ISREG(status.st_mode):
                yield path
            else:
                is_folder = stat.S_ISDIR(status.st_mode)
                skipped.append(Skipped(path, "a link to a folder that is read already" if is_folder else "not a file"))
        except OSError as error:
            if not os.path.islink(path):
                raise CorpusError(display_path(path), describe_os_error(error)) from error
            skipped.append(Skipped(path, f"a link that leads nowhere: {describe_os_error(error)}"))


def open_file(path: str) -> BinaryIO:
    """A file opened for reading, unbuffered. Raises CorpusError."""
    try:
        return open(path, "rb", buffering=0)  # type: ignore[return-value]  # mypy: FileIO is no BinaryIO
    except OSError as error:
        raise CorpusError(display_path(path), describe_os_error(error)) from error


def standard_input() -> BinaryIO:
    """The bytes of standard input. Raises CorpusError where it is closed."""
    if sys.stdin is None or sys.stdin.closed:
        raise CorpusError(source_name(STDIN), "standard input is closed", "name a file")
    return sys.stdin.buffer


def source_name(path: str) -> str:
    """A source in a message: a path, or `<stdin>`."""
    return "<stdin>" if path == STDIN else display_path(path)


def joined_texts(texts: Iterable[str]) -> Iterator[bytes]:
    """Python strings as lines of UTF-8, many at a time."""
    waiting: list[str] = []
    size = 0
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"a text must be a str, not {type(text).__name__}")
        waiting.append(text)
        size += len(text)
        if size >= TEXTS_AT_ONCE:
            yield encode_text("\n".join(waiting) + "\n")
            waiting, size = [], 0
    if waiting:
        yield encode_text("\n".join(waiting) + "\n")


# text → pieces


def cut_mapped(file: BinaryIO, start: int, length: int, size: int, place: str) -> Iterator[Piece]:
    """Pieces of the bytes `start:length` of a file (-1: of all), which is mapped: nothing is copied.

    Pages that lie far behind are given back to the system; whoever still reads them gets them again.
    """
    length = os.fstat(file.fileno()).st_size if length < 0 else length
    if start >= length:
        return
    buffer = mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ)
    data = np.frombuffer(buffer, dtype=np.uint8)
    released = 0
    at = start
    while at < length:
        if os.fstat(file.fileno()).st_size < length:
            raise CorpusError(place, "became shorter while it was read", "start again")
        end = length
        if length - at > size:
            end = last_cut(buffer, at, at + size)
            if end < 0:
                end = next_cut(buffer, max(at, at + size - LONGEST_CUT), length)
            if end < 0:
                end = length
        yield data[at:end], at - start, at > start and buffer[at - 1] != 0x0A
        at = end
        behind = (at - MAPPED_BEHIND) // mmap.PAGESIZE * mmap.PAGESIZE
        if behind > released and hasattr(mmap, "MADV_DONTNEED"):
            buffer.madvise(mmap.MADV_DONTNEED, released, behind - released)
            released = behind


def cut_blocks(blocks: Iterable[bytes], size: int, *, at_once: bool = False) -> Iterator[Piece]:
    """Pieces of a text that comes in blocks; `at_once` hands on every line as soon as it is complete."""
    held: list[bytes] = []
    held_size = offset = 0
    mid_line = searched = False  # searched: what is held has `size` bytes or more and no place to cut

    for block in blocks:
        if searched:  # look at the new bytes only, or a line of 100 MB would be searched a hundred times
            tail = b"".join(held)[-LONGEST_CUT:] if len(held[-1]) < LONGEST_CUT else held[-1][-LONGEST_CUT:]
            searched = next_cut(tail + block, 0, len(tail) + len(block)) < 0
        held.append(block)
        held_size += len(block)
        if searched or not (held_size >= size or (at_once and b"\n" in block)):
            continue
        buffer = b"".join(held)
        data = np.frombuffer(buffer, dtype=np.uint8)
        at = 0
        while len(buffer) - at >= size or (at_once and b"\n" in block):
            end = last_cut(buffer, at, min(at + size, len(buffer)))
            if end < 0 and len(buffer) - at >= size:
                end = next_cut(buffer, max(at, at + size - LONGEST_CUT), len(buffer))
                searched = end < 0
            if end < 0:
                break
            yield data[at:end], offset + at, mid_line
            mid_line = buffer[end - 1] != 0x0A
            at = end
        held = [buffer[at:]]
        held_size = len(buffer) - at
        offset += at
    if held_size:
        yield np.frombuffer(b"".join(held), dtype=np.uint8), offset, mid_line


def last_cut(buffer: bytes | mmap.mmap, start: int, stop: int) -> int:
    """The end of the last line in `start:stop`, or of the last part of a line, or -1."""
    line_end = buffer.rfind(b"\n", start, stop)
    if line_end >= 0:
        return line_end + 1
    width = 1 << 12
    while True:
        begin = max(start, stop - width)
        end = max((match.end() for match in LINE_CUT.finditer(buffer, begin, stop)), default=-1)
        if end >= 0 or begin == start:
            return end
        width <<= 4


def next_cut(buffer: bytes | mmap.mmap, start: int, stop: int) -> int:
    """The end of the first line, or part of a line, that ends in `start:stop`, or -1."""
    match = ANY_CUT.search(buffer, start, stop)
    return match.end() if match else -1


def _checked(shard_size: int) -> int:
    if shard_size < 1:
        raise ValueError(f"shard_size={shard_size}: it must be at least 1 byte")
    return shard_size

"""Files, standard input, records or strings → shards of UTF-8, as often as wanted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from minent.corpus.codecs import open_file, read_blocks, standard_input, unpack
from minent.corpus.encodings import (
    Decoder,
    Errors,
    InvalidBytes,
    canonical_encoding,
    choose_encoding,
    read_sample,
)
from minent.corpus.finding import STDIN, FoundFiles, are_paths, source_name
from minent.corpus.pieces import LINE_END, Piece, cut_blocks, cut_mapped, map_file
from minent.corpus.records import LeftOut, joined_texts, record_texts
from minent.errors import CorpusError
from minent.files import describe_os_error, display_path

SHARD_SIZE = 1 << 22  # bytes
JUDGED_ITEMS = 1000  # items of a list that decide whether it holds paths or texts
TEXTS = "<texts>"

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
class Place:
    """A place in a text, printed `path:line`; `line`, and `byte` within the line, count from 1.

    `line` is None where the text is gone (standard input that was streamed): `byte` then counts from the top.
    """

    path: str
    line: int | None
    byte: int

    def __str__(self) -> str:
        return source_name(self.path) + (f":{self.line}" if self.line else "")


class Corpus:
    """Re-iterable source of UTF-8 text, as bytes.

    paths : files, folders (all regular files below them, sorted; hidden ones, binary ones and those that are
        not text in the encoding are left out and listed in `skipped`), glob patterns; `-` or nothing is
        standard input, which is read once into a temporary file that vanishes with the corpus
    encoding : utf-8, gb18030, big5, utf-16, auto; a byte order mark overrides it; None is UTF-8
    errors : `strict` raises CorpusError at the first byte that cannot be decoded, and at the first record without
        text; else these are left out. UTF-8 text is not checked here: its bytes are handed on as they are, and who
        scans them finds the invalid ones
    field : the field of JSON Lines that holds the text; None for plain text
    keep_bom : hand on the byte order mark of UTF-8 text, so that it can be written again

    A file that is named is read, whatever its bytes are; only archives and documents (ZIP, PDF, …) are
    refused. Plain UTF-8 files are mapped into memory and must not be shortened while a shard is in use.
    Everything else is decoded again at each pass, in bounded memory.

    >>> with Corpus.from_texts(["苹果的颜色", "葡萄"]) as corpus:
    ...     [shard.data.tobytes().decode() for shard in corpus.shards()]
    ['苹果的颜色\\n葡萄\\n']
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
        self._texts: Iterable[str] | None = None
        self._spool: BinaryIO | None = None
        self._invalid: dict[int, InvalidBytes] = {}  # by index of the file
        self._left_out: dict[int, LeftOut] = {}  # records, by index of the file
        found = FoundFiles(self.encoding)
        for path in [paths] if isinstance(paths, (str, os.PathLike)) else list(paths) or [STDIN]:
            found.add(os.fsdecode(path))
        self.files, self.skipped = found.files, found.skipped
        self._status, self._packed = found.status, found.packed

    @classmethod
    def from_texts(cls, texts: Iterable[str], *, shard_size: int = SHARD_SIZE) -> Corpus:
        """A corpus of Python strings, each a document of one line (or of several, if it holds line ends).

        `texts` is iterated once a pass: a list, or any object whose iteration starts again. ValueError for an
        iterator; TypeError, on reading, for what is not a string. A surrogate that is alone becomes U+FFFD.
        """
        if iter(texts) is texts:
            raise ValueError("these texts can be read only once: give a list or another re-iterable")
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

    def shards(
        self, shard_size: int | None = None, *, once: bool = False, first_file: int = 0, first_number: int = 0
    ) -> Iterator[Shard]:
        """The text of all files in order, in shards of about `shard_size` bytes.

        A shard ends at a line end; where none comes in time, after a space, a comma or the like inside the
        line, and where there is none of these either, it grows until one comes. No shard spans two files, and
        the shards of a file make up its text. With `once`, standard input is not kept: its lines are handed
        on as they arrive, and there is no second pass over it. The files before `first_file` are left out, and the
        shards numbered from `first_number` on.
        """
        size = self.shard_size if shard_size is None else _checked(shard_size)
        number = first_number
        for index, path in list(enumerate(self.files if self._texts is None else [TEXTS]))[first_file:]:
            for data, offset, mid_line in self._pieces(index, path, size, once):
                yield Shard(data, path, offset, mid_line, number)
                number += 1

    def size(self) -> int | None:
        """Bytes of all files on the disk, before unpacking; None while unknown (standard input, strings)."""
        spooled = 0
        if self._spool is not None and not self._spool.closed:
            spooled = os.fstat(self._spool.fileno()).st_size
        elif self._texts is not None or STDIN in self.files:
            return None
        return sum(spooled if path == STDIN else self._status[path].st_size for path in self.files)

    def text_size(self) -> int | None:
        """Bytes of text in all files, before decoding; None where it is not known without reading them."""
        return None if self._packed else self.size()

    def inputs(self) -> list[tuple[str, int, int]]:
        """What tells whether the files are still the same: absolute path, bytes, time of the last change in ns.

        Raises CorpusError for what cannot be read a second time: standard input, Python strings.
        """
        if self._texts is not None or STDIN in self.files:
            raise CorpusError("<stdin>", "a run directory needs text that can be read again", "name files")
        states = [(path, self._status[path]) for path in self.files]
        return [(os.path.abspath(path), state.st_size, state.st_mtime_ns) for path, state in states]

    @property
    def decoding_report(self) -> InvalidBytes | None:
        """Bytes that could not be decoded, as far as was read; None for none. UTF-8 text is not judged here."""
        found = [self._invalid[index] for index in sorted(self._invalid)]
        return InvalidBytes(sum(each.count for each in found), found[0].first_place) if found else None

    @property
    def left_out(self) -> LeftOut:
        """Records without text that were left out, as far as was read."""
        total = LeftOut()
        for index in sorted(self._left_out):
            found = self._left_out[index]
            total = LeftOut(total.count + found.count, total.first or found.first)
        return total

    def note_left_out(self, index: int, found: LeftOut) -> None:
        """Take what a pass over a file, here or elsewhere, has left out; one that ends early knows less than others."""
        known = self._left_out.get(index)
        if found.count > (known.count if known else 0):
            self._left_out[index] = found

    def place(self, path: str, offset: int) -> Place:
        """Line and byte of an offset in the decoded text of a file, which is read again up to there."""
        if path == STDIN and self._spool is None:
            return Place(path, None, offset + 1)
        index = 0 if path == TEXTS else self.files.index(path)
        line, line_start, end = 1, 0, 0
        if self.field is not None and path not in (STDIN, TEXTS):
            with self._open_again(path) as file:
                blocks = self._utf8_blocks(index, path, file, False)
                left_out = None if self.errors == "strict" else LeftOut()
                for number, text in record_texts(blocks, self.field, display_path(path), left_out):
                    line, line_start, end = number, end, end + len(text)
                    if end > offset:
                        break
        else:
            for data, begin, _ in self._pieces(index, path, self.shard_size, False):
                line_ends = np.flatnonzero(data[: offset - begin] == LINE_END)
                if len(line_ends):
                    line, line_start = line + len(line_ends), begin + int(line_ends[-1]) + 1
                if begin + len(data) > offset:
                    break
        return Place(path, line, offset - line_start + 1)

    def _pieces(self, index: int, path: str, size: int, once: bool) -> Iterator[Piece]:
        if self._texts is not None:
            yield from cut_blocks(joined_texts(self._texts), size)
        elif path != STDIN:
            with self._open_again(path) as file:
                yield from self._file_pieces(index, path, file, size)
        elif once and self._spool is None:
            yield from cut_blocks(self._text_blocks(index, path, standard_input(), True), size, at_once=True)
        else:
            file = self._spooled(index)
            buffer = map_file(file, os.fstat(file.fileno()).st_size)
            if buffer is not None:
                yield from cut_mapped(buffer, file, 0, size, source_name(path))

    def _file_pieces(self, index: int, path: str, file: BinaryIO, size: int) -> Iterator[Piece]:
        """Plain UTF-8 is mapped; what is packed, in another encoding or in records is streamed."""
        place = display_path(path)
        if self.field is None:
            stream, codec = unpack(read_blocks(file, place), place)
            encoding, mark = choose_encoding(self.encoding, read_sample(stream, self.encoding), stream.ended)
            file.seek(0)
            plain = codec is None and encoding == "utf-8"
            buffer = map_file(file, self._status[path].st_size) if plain else None
            if buffer is not None:
                yield from cut_mapped(buffer, file, 0 if self.keep_bom else mark, size, place)
                return
        yield from cut_blocks(self._text_blocks(index, path, file, False), size)

    def _text_blocks(self, index: int, path: str, file: BinaryIO, at_once: bool) -> Iterator[bytes]:
        blocks = self._utf8_blocks(index, path, file, at_once)
        if self.field is None:
            yield from blocks
            return
        left_out = None if self.errors == "strict" else LeftOut()
        try:
            for _, text in record_texts(blocks, self.field, source_name(path), left_out):
                yield text
        finally:
            if left_out is not None:
                self.note_left_out(index, left_out)

    def _utf8_blocks(self, index: int, path: str, file: BinaryIO, at_once: bool) -> Iterator[bytes]:
        """What a file holds, unpacked and in UTF-8; `at_once` does not wait for a whole sample."""
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
        try:
            for block in stream:
                yield decoder.decode(block)
            yield decoder.decode(b"", final=True)
        finally:
            known = self._invalid.get(index)  # a pass that ends early knows less than a whole one
            if decoder.first_invalid and decoder.invalid_bytes > (known.count if known else 0):
                self._invalid[index] = InvalidBytes(decoder.invalid_bytes, decoder.first_invalid)

    def _spooled(self, index: int) -> BinaryIO:
        """Standard input as UTF-8 text in a temporary file without a name, gone when it is closed."""
        if self._spool is None:
            source = standard_input()
            try:
                with ExitStack() as stack:
                    file = stack.enter_context(tempfile.TemporaryFile(prefix="minent-", dir=self.temp_dir))
                    for block in self._text_blocks(index, STDIN, source, False):
                        file.write(block)
                    file.flush()
                    stack.pop_all()
                    self._spool = file
            except OSError as error:
                folder = display_path(self.temp_dir or tempfile.gettempdir())
                problem = f"cannot be kept in {folder}: {describe_os_error(error)}"
                raise CorpusError("<stdin>", problem, "choose another folder with --temp-dir") from error
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

    A str is a path, `-` is standard input. A list or tuple holds paths if an item is a PathLike or reads like
    a path (no whitespace, and a suffix such as .txt or .gz or a leading /, ./ or ../), or if every item names
    something that exists or is ASCII with a slash in it; else it holds texts, and so does anything else that
    can be iterated. The first 1000 items decide. The options are those of Corpus; texts do not need them.

    >>> [shard.data.tobytes().decode() for shard in open_corpus(["苹果的颜色", "葡萄"]).shards()]
    ['苹果的颜色\\n葡萄\\n']
    >>> open_corpus(["no/such.txt"])
    Traceback (most recent call last):
    minent.errors.CorpusError: no/such.txt: no such file or folder
    """
    if isinstance(source, Corpus):
        return source
    if isinstance(source, (str, os.PathLike)):
        source = [source]
    elif not (isinstance(source, (list, tuple)) and are_paths(source[:JUDGED_ITEMS])):
        return Corpus.from_texts(source)  # type: ignore[arg-type]  # its items are checked when they are read
    return Corpus(list(source), encoding=encoding, errors=errors, field=field, temp_dir=temp_dir)


def _checked(shard_size: int) -> int:
    if shard_size < 1:
        raise ValueError(f"shard_size={shard_size}: it must be at least 1 byte")
    return shard_size

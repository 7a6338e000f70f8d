"""The lines of one text file, plain or compressed."""

from __future__ import annotations

import codecs
import os
import sys
from typing import BinaryIO

from minent.corpus.codecs import HEAD_SIZE, ByteStream, decompress, find_codec, find_foreign, read_blocks
from minent.errors import CorpusError
from minent.files import describe_os_error, display_path

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_lines(
    path: str | os.PathLike[str], encoding: str = "utf-8", hint: str = "name its encoding with --encoding"
) -> list[str]:
    """All lines of a file, the last one with or without a line end. Lines end at LF; a CR before it stays.

    path     : a file, or `-` for stdin; compression is told by the first bytes
    encoding : any name that Python knows; a byte order mark is obeyed first
    hint     : what to do about a text in another one
    Errors: CorpusError if the file cannot be read, unpacked or decoded.
    """
    if os.fspath(path) == "-":
        return _decode(_read(sys.stdin.buffer, "<stdin>"), encoding, "<stdin>", hint)
    name = display_path(path)
    try:
        with open(path, "rb") as file:
            data = _read(file, name)
    except OSError as error:
        raise CorpusError(name, describe_os_error(error)) from error
    return _decode(data, encoding, name, hint)


def _read(file: BinaryIO, name: str) -> bytes:
    stream = ByteStream(read_blocks(file, name))
    head = stream.peek(HEAD_SIZE)
    foreign = find_foreign(head)
    if foreign:
        raise CorpusError(name, f"is {foreign}", "give plain or compressed text (gzip, bzip2, xz, zstd)")
    codec = find_codec(head)
    return b"".join(decompress(stream, codec, name) if codec else stream)


def _decode(data: bytes, encoding: str, name: str, hint: str) -> list[str]:
    encoding = next((of_mark for mark, of_mark in MARKS if data.startswith(mark)), encoding)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = error.start - data.rfind(b"\n", 0, error.start)
        problem = f"not valid {encoding} at byte {byte}"
        raise CorpusError(f"{name}:{line}", problem, hint) from error
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines

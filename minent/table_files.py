"""Tables in text files: a first line that names the format, `#key value` lines, a header, then rows of columns."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from minent.corpus.codecs import open_file, read_blocks, unpack
from minent.errors import CorpusError
from minent.files import display_path

LARGEST = 1 << 30  # bytes that a packed table may unpack to


@dataclass(frozen=True)
class TableFormat:
    """What tells one kind of table from others.

    magic, version : the first line;  columns : those that the header begins with
    called : the format in messages;  nature : what to say of bytes that are not UTF-8;  error : what is raised
    """

    magic: str
    version: int
    columns: tuple[str, ...]
    called: str
    nature: str
    error: type[CorpusError]

    def is_first_line(self, line: str) -> bool:
        """Whether a file that begins so is one of these tables."""
        return line.startswith(self.magic)

    def head(self, settings: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
        """The lines before the rows."""
        return [
            f"{self.magic} {self.version}",
            *(f"#{key} {value}" for key, value in settings.items()),
            "\t".join(columns),
        ]

    def lines(self, data: bytes, name: str) -> list[str]:
        """The lines of a file, whatever their ends; `name` is for messages."""
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            broken = data.count(b"\n", 0, error.start) + 1
            raise self.error(f"{name}:{broken}", "not valid UTF-8", self.nature) from None
        lines = text.replace("\r\n", "\n").split("\n")
        if lines[-1] == "":
            lines.pop()
        return lines

    def read_head(self, lines: Sequence[str], name: str) -> tuple[dict[str, str], list[str], int]:
        """Settings without the total, columns, and the place of the first row."""
        version = lines[0][len(self.magic) :].strip()
        if version != str(self.version):
            raise self.error(f"{name}:1", f"{self.called} {version!r}", f"this minent reads format {self.version}")
        settings: dict[str, str] = {}
        at = 1
        while at < len(lines) and lines[at].startswith("#"):
            key, _, value = lines[at][1:].partition(" ")
            settings[key] = value
            at += 1
        settings.pop("total", None)  # it is the sum of the counts, whoever edited the file
        header = lines[at].split("\t") if at < len(lines) else []
        if header[: len(self.columns)] != list(self.columns):
            expected = f"expected a line that starts with {'<TAB>'.join(self.columns)}"
            raise self.error(f"{name}:{at + 1}", "no header", expected)
        return settings, header, at + 1


def read_packed(path: str | os.PathLike[str]) -> tuple[bytes, str]:
    """The content of a file, unpacked if it is gzip, bzip2, xz or zstd; and its name for messages.

    Errors: CorpusError if it cannot be read, or unpacks to more than LARGEST bytes.
    """
    name = os.fspath(path)
    shown = display_path(name)
    with open_file(name) as file:
        return unpacked(file, shown), shown


def unpacked(file: BinaryIO, shown: str) -> bytes:
    """The rest of an open file, as `read_packed` gives it; `shown` is its name for messages."""
    blocks, size = [], 0
    stream, codec = unpack(read_blocks(file, shown), shown)
    for block in stream:
        blocks.append(block)
        size += len(block)
        if codec is not None and size > LARGEST:
            raise CorpusError(shown, f"unpacks to more than {LARGEST >> 20} MiB", "no table is so large")
    return b"".join(blocks)


def written(lines: Iterable[str]) -> bytes:
    """Lines as the content of a file."""
    return ("\n".join(lines) + "\n").encode()

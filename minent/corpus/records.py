"""Records (JSON Lines, Python strings) → their text in UTF-8, each a line or more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from minent.errors import CorpusError

SHOWN_FIELDS = 8
LONGEST_RECORD = 1 << 28  # bytes; as an object it takes some times more
TEXTS_AT_ONCE = 1 << 18  # characters of Python strings that are joined


@dataclass
class LeftOut:
    """Records that were left out: how many, and what is wrong with the first."""

    count: int = 0
    first: str = ""

    def add(self, error: CorpusError) -> None:
        """One more."""
        self.count += 1
        self.first = self.first or str(error)


def record_texts(
    blocks: Iterable[bytes], field: str, place: str, left_out: LeftOut | None = None
) -> Iterator[tuple[int, bytes]]:
    """The text of `field` of every record: (line number from 1, UTF-8 bytes that end with a line end).

    blocks : valid UTF-8, cut anywhere
    field : may lead into nested objects, `meta.title`; a key that holds the dot goes first
    left_out : takes the records that have no such text; None: the first of them ends the run

    A list of strings gives a line each; null gives nothing, and so does a blank line.
    Raises CorpusError where a line is not a JSON object or has no such text, unless it is left out: the first record
    never is, since then the field is likely another one. Nor is a record of more than LONGEST_RECORD bytes.
    """
    begun = False
    for number, line in enumerate(split_lines(blocks, place), start=1):
        if not line.strip():
            continue
        here = f"{place}:{number}"
        try:
            text = as_text(find_field(read_record(line, here), field, here), field, here)
        except CorpusError as error:
            if left_out is None or not begun:
                raise
            left_out.add(error)
            continue
        begun = True
        if text is not None:
            yield number, encode_text(text + "\n")


def read_record(line: bytes, here: str) -> Any:
    """What a line of JSON Lines holds. Raises CorpusError."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", None) or str(error)
        hint = "JSON Lines has one object on each line; plain text needs no --field"
        raise CorpusError(here, f"not JSON ({reason})", hint) from error


def split_lines(blocks: Iterable[bytes], place: str) -> Iterator[bytes]:
    """Lines without their \\n, from blocks that are cut anywhere. Raises CorpusError for one above LONGEST_RECORD."""
    parts: list[bytes] = []
    number, held = 1, 0
    for block in blocks:
        held = held + len(block) if b"\n" not in block else len(block)
        number += block.count(b"\n")
        if held > LONGEST_RECORD:
            problem = f"a record of more than {LONGEST_RECORD >> 20} MiB"
            raise CorpusError(f"{place}:{number}", problem, "JSON Lines has one object on each line")
        first, *others = block.split(b"\n")
        parts.append(first)
        for line in others:
            yield b"".join(parts)
            parts = [line]
    if any(parts):
        yield b"".join(parts)


def find_field(record: Any, field: str, here: str) -> Any:
    """The value of a field, which may be dotted. Raises CorpusError that names the fields there are."""
    value, rest = record, field
    while rest:
        if not isinstance(value, dict):
            raise CorpusError(here, f"holds {describe_json(value)} where an object with {rest!r} is expected")
        if rest in value:
            return value[rest]
        head, _, tail = rest.partition(".")
        if head not in value or not tail:
            names = ", ".join(repr(name) for name in list(value)[:SHOWN_FIELDS]) or "none"
            more = ", …" if len(value) > SHOWN_FIELDS else ""
            raise CorpusError(here, f"has no field {field!r}", f"there are {names}{more}")
        value, rest = value[head], tail
    return value


def as_text(value: Any, field: str, here: str) -> str | None:
    """A string, or strings joined as lines; None for null. Raises CorpusError for anything else."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value) if value else None
    raise CorpusError(here, f"field {field!r} holds {describe_json(value)}, not text")


def describe_json(value: Any) -> str:
    """The JSON type of a value, with its article."""
    for kind, name in ((bool, "a truth value"), (dict, "an object"), (list, "a list"), (str, "a string")):
        if isinstance(value, kind):
            return name
    return "null" if value is None else "a number"


def joined_texts(texts: Iterable[str]) -> Iterator[bytes]:
    """Python strings as lines of UTF-8, many at a time. Raises TypeError for what is not a str."""
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


def encode_text(text: str) -> bytes:
    """UTF-8 bytes of any Python string: surrogate pairs are joined, a lone surrogate becomes U+FFFD."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")

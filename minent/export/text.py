"""Lines and whole numbers of text files that other tools wrote."""

from __future__ import annotations

from collections.abc import Iterator

from minent.errors import LexiconError

LONGEST_COUNT = 15  # digits, as in lexicon.tsv
LARGEST_COUNT = 10**LONGEST_COUNT - 1


def decode_text(data: bytes, name: str) -> str:
    """UTF-8 text, without a byte order mark; LexiconError with the line."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LexiconError(f"{name}:{line}", "not valid UTF-8", "save the file as UTF-8") from None


def numbered_lines(data: bytes, name: str) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers from 1."""
    for number, line in enumerate(decode_text(data, name).split("\n"), start=1):
        if line.strip():
            yield number, line.removesuffix("\r")


def parse_count(text: str, place: str) -> int:
    """A count of at most 15 digits; LexiconError."""
    if not (text.isascii() and text.isdigit()):
        raise LexiconError(place, f"the count {text[:40]!r} is not a whole number")
    if len(text) > LONGEST_COUNT:
        raise LexiconError(place, f"the count {text[:40]} is too large", f"at most {LONGEST_COUNT} digits")
    return int(text)

"""A table of text whose columns line up, also where characters are two columns wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def format_table(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Rows of cells as lines, two spaces between columns, the first `left` columns flush left, others right.

    Rows may be shorter than others. Lines have no trailing spaces.

    >>> print(format_table([["", "count"], ["中国", "7"], ["words", "1,000"]]))
           count
    中国       7
    words  1,000
    """
    widths: list[int] = []
    for row in rows:
        widths += [0] * (len(row) - len(widths))
        widths[: len(row)] = map(max, widths, map(display_width, row))
    return "\n".join(
        "  ".join(
            cell + " " * (width - display_width(cell)) if column < left else " " * (width - display_width(cell)) + cell
            for column, (cell, width) in enumerate(zip(row, widths, strict=False))
        ).rstrip()
        for row in rows
    )


def display_width(text: str) -> int:
    """Columns on a terminal: two for a wide or full-width character, none for a combining mark, else one."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))

"""Tables for notebooks: HTML in which every text is escaped."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from html import escape

ROWS = 20  # that are shown
FLUSH_LEFT = "text-align:left"


def html_table(caption: str, header: Sequence[str], rows: Iterable[Sequence[object]], total: int) -> str:
    """The first rows of a table, numbers flush right.

    total : rows that there are; a line below tells how many are not shown

    >>> print(html_table("1 word", ["word", "count"], [("<b>", 1234)], 1).splitlines()[6])
    <tr><td style="text-align:left">&lt;b&gt;</td><td style="text-align:right">1,234</td></tr>
    """
    shown = list(itertools.islice(rows, ROWS))
    lines = ["<table>", f"<caption>{escaped(caption)}</caption>", "<thead>", _row("th", header), "</thead>", "<tbody>"]
    lines += [_row("td", row) for row in shown]
    if len(shown) < total:
        lines.append(f'<tr><td colspan="{len(header)}" style="{FLUSH_LEFT}">… {total - len(shown):,} more</td></tr>')
    return "\n".join([*lines, "</tbody>", "</table>"])


def escaped(value: object) -> str:
    """A value as the content of an element; integers with separators."""
    shown = f"{value:,}" if isinstance(value, int) else str(value)
    return escape(shown.encode("utf-8", "replace").decode())


def _row(element: str, cells: Sequence[object]) -> str:
    return f"<tr>{''.join(_cell(element, cell) for cell in cells)}</tr>"


def _cell(element: str, cell: object) -> str:
    style = "text-align:right" if isinstance(cell, (int, float)) else FLUSH_LEFT
    return f'<{element} style="{style}">{escaped(cell)}</{element}>'

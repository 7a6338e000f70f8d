"""The tables of a report as JSON, column by column, with what the page must know to show them."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.report.keyness import Keywords
from minent.report.words import WordTable
from minent.templates import Template, TemplateSet

BITS = 1 / math.log(2)  # in a nat
MOST_TEMPLATES = 20_000
MOST_PARTS = 40  # words and slots of a template that are shown
MOST_FILLERS = 12
LONGEST_TEXT = 120  # characters of a cell: a page of base64 is a word too, but not one to look at
LONGEST_CUTTING = 30  # characters of a word whose cutting is shown: a bit each
LENGTHS = [["1 character", 1, 1], ["2", 2, 2], ["3", 3, 3], ["4", 4, 4], ["5 or more", 5, None]]
# What JSON may hold and HTML or JavaScript would take for an end or a beginning
ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}

Json = dict[str, Any]


def as_json(value: Json) -> str:
    """JSON for a script element: whatever texts it holds, none of them ends the element or begins a comment.

    >>> as_json({"a": "</script>"})
    '{"a":"\\\\u003c/script\\\\u003e"}'
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(ESCAPES)


def word_tables(table: WordTable) -> tuple[Json, dict[str, Json]]:
    """The columns of all words, and the tables over them: `words`, and `new` if something is known."""
    columns: Json = {
        "word": _clipped(table.words),
        "length": table.lengths.tolist(),
        "count": table.counts.tolist(),
        "saved": _rounded(table.saved_bits, 1),
        "pmi": _rounded(table.pmi * BITS, 2),
        "left": _rounded(table.left_entropy * BITS, 2),
        "right": _rounded(table.right_entropy * BITS, 2),
        "cutting": [_cut_mask(word, parts) for word, parts in zip(table.words, table.cuttings, strict=True)],
    }
    shown = [
        _column("word", "Word", "text"),
        _column("count", "Count", "integer", "tokens of the text, cut with this lexicon"),
        _column("saved", "Saves, bits", "integer", "of the text, against its best cutting into other words"),
        _column("cutting", "Best cutting", "cutting", "into other words: what it saves is against this"),
        _column("pmi", "PMI, bits", "decimal", "at its weakest cut: how firmly its parts hold together"),
        _column("left", "Left, bits", "decimal", "branching entropy of what stands before it"),
        _column("right", "Right, bits", "decimal", "branching entropy of what stands behind it"),
    ]
    filters = [
        {"label": "Length", "key": "length", "options": LENGTHS},
        {"label": "Saving", "key": "saved", "options": [["saves bits", 0, None], ["costs bits", None, -0.001]]},
    ]
    tables = {"words": {"data": "words", "columns": shown, "filters": filters}}
    if table.is_new is not None:
        columns["new"] = table.is_new.astype(int).tolist()
        tables["new"] = {"data": "words", "columns": shown, "filters": filters, "only": "new"}
        is_new = {"label": "Lists", "key": "new", "options": [["new", 1, 1], ["known or not judged", 0, 0]]}
        tables["words"] = {
            "data": "words",
            "columns": [*shown, _column("new", "New", "flag", "in none of the known lists")],
            "filters": [*filters, is_new],
        }
    return columns, tables


def keyword_table(keywords: Keywords) -> tuple[Json, Json]:
    """The columns of the words that two texts do not share, and their table."""
    per_million = keywords.counts * (1e6 / np.maximum(np.array(keywords.totals, dtype=np.float64), 1.0))
    columns: Json = {
        "word": _clipped(keywords.words),
        "length": keywords.lengths.tolist(),
        "here": keywords.counts[:, 0].tolist(),
        "there": keywords.counts[:, 1].tolist(),
        "rate_here": _rounded(per_million[:, 0], 1),
        "rate_there": _rounded(per_million[:, 1], 1),
        "g2": _rounded(keywords.log_likelihood, 1),
        "ratio": _rounded(keywords.log_ratio, 2),
    }
    shown = [
        _column("word", "Word", "text"),
        _column("ratio", "Log ratio", "direction", "doublings of its share: above 0 it is more frequent here"),
        _column("g2", "G²", "integer", "log-likelihood: how surely the shares differ"),
        _column("here", "Count here", "integer"),
        _column("there", "Count there", "integer"),
        _column("rate_here", "Per million here", "integer"),
        _column("rate_there", "Per million there", "integer"),
    ]
    sides = [["more here", 0, None], ["more there", None, -0.001]]
    return columns, {
        "data": "keywords",
        "columns": shown,
        "filters": [
            {"label": "Length", "key": "length", "options": LENGTHS},
            {"label": "Side", "key": "ratio", "options": sides},
        ],
    }


def template_table(templates: TemplateSet) -> tuple[Json, Json]:
    """The columns of the most frequent templates that are not trivial, and their table. A slot is null."""
    chosen = list(itertools.islice((entry for entry in templates if not entry.template.is_trivial), MOST_TEMPLATES))
    sources = sorted({entry.source for entry in chosen})
    columns: Json = {
        "template": [_shown_words(entry.template) for entry in chosen],
        "count": [entry.count for entry in chosen],
        "slots": [entry.template.slots for entry in chosen],
        "size": [entry.template.length for entry in chosen],
        "fillers": [
            [
                [[_clip(" ".join(map(str, filler.words))), filler.count] for filler in slot[:MOST_FILLERS]]
                for slot in entry.fillers[:MOST_PARTS]
            ]
            for entry in chosen
        ],
    }
    shown = [
        _column("template", "Template", "template"),
        _column("count", "Count", "integer", "sentences or parts of them that fit"),
        _column("size", "Words", "integer", "without the slots"),
        _column("slots", "Slots", "integer"),
        _column("fillers", "Fillers of each slot", "fillers", "the most frequent, with their counts"),
    ]
    slots = [["none", 0, 0], ["1", 1, 1], ["2", 2, 2], ["3 or more", 3, None]]
    sizes = [["1", 1, 1], ["2 or more", 2, None], ["3 or more", 3, None]]
    filters: list[Json] = [
        {"label": "Slots", "key": "slots", "options": slots},
        {"label": "Words", "key": "size", "options": sizes, "first": 1},  # a word at an edge is not yet a pattern
    ]
    if len(sources) > 1:  # they count different things
        columns["source"] = _clipped(entry.source for entry in chosen)
        columns["source_number"] = [sources.index(entry.source) for entry in chosen]
        shown.insert(4, _column("source", "Source", "text", "where it comes from"))
        options = [[_clip(source), number, number] for number, source in enumerate(sources)]
        filters.insert(0, {"label": "Source", "key": "source_number", "options": options})
    return columns, {"data": "templates", "columns": shown, "filters": filters}


def _shown_words(template: Template) -> list[str | None]:
    words = [word if word is None else _clip(str(word)) for word in template.words[:MOST_PARTS]]
    return words if len(template.words) <= MOST_PARTS else [*words, "…"]


def _column(key: str, title: str, kind: str, note: str = "") -> Json:
    return {"key": key, "title": title, "kind": kind, "note": note}


def _rounded(values: NDArray[np.float64], digits: int) -> list[float | int | None]:
    """Numbers as short as they can be; null for NaN and what is infinite."""
    rounded = [round(value, digits) if math.isfinite(value) else None for value in values.tolist()]
    return [int(value) if value is not None and value == int(value) else value for value in rounded]


def _clip(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _clipped(texts: Iterable[str]) -> list[str]:
    return [_clip(text) for text in texts]


def _cut_mask(word: str, parts: Sequence[str]) -> int:
    """A cutting as a number: bit k is set where a part ends behind k characters; 0 for none.

    >>> _cut_mask("中国人", ("中国", "人"))
    4
    """
    if len(word) > LONGEST_CUTTING or "".join(parts) != word:
        return 0
    return sum(1 << end for end in itertools.accumulate(len(part) for part in parts[:-1]))

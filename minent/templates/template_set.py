"""What was learned: templates with counts and fillers, and their file."""

from __future__ import annotations

import itertools
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from minent.errors import CorpusError
from minent.files import atomic_open
from minent.notebook import html_table
from minent.table_files import TableFormat, read_packed, written
from minent.templates.settings import CLASS, SKIPGRAM, SOURCES
from minent.templates.template import Element, Template, join_words, read_element

SHOWN_FILLERS = 5  # of a slot, in a notebook
COLUMNS = ("template", "count", "trivial", "fillers", "source")
SIGNS = ":,|"  # between filler and count, fillers, slots


class TemplateError(CorpusError):
    """A file of templates is not in its format."""


FORMAT = TableFormat("#minent-templates", 1, COLUMNS[:2], "format", "templates are a UTF-8 text file", TemplateError)


@dataclass(frozen=True, slots=True)
class Filler:
    """Words, or classes, that were seen in a slot, and how often."""

    words: tuple[Element, ...]
    count: int

    def __str__(self) -> str:
        return f"{join_words(self.words, SIGNS)}:{self.count}"


@dataclass(frozen=True, slots=True)
class MinedTemplate:
    """One entry of a set. Entries of different sources count different things, so a share is one within its source.

    fillers : for each slot the most frequent ones, first by count, then by text; () for none
    source : `skipgram`, occurrences in sentences; `parse`, blocks of trees; `class`, as skipgram, words being classes
    """

    template: Template
    count: int
    fillers: tuple[tuple[Filler, ...], ...] = ()
    source: str = SKIPGRAM

    def __post_init__(self) -> None:
        if self.fillers and not any(self.fillers):
            object.__setattr__(self, "fillers", ())

    def row(self) -> str:
        """Its line in a file."""
        fillers = "|".join([",".join(map(str, slot)) for slot in self.fillers])
        trivial = str(int(self.template.is_trivial))
        return "\t".join([str(self.template), str(self.count), trivial, fillers, self.source])


class TemplateSet:
    """Templates sorted by count down, then by text up. A template may come from several sources, once from each.

    entries : in any order;  settings : how they were mined, written to the head of the file

    >>> counts = {"[X] 吗": 3, "为什么 [X]": 5}
    >>> templates = TemplateSet(MinedTemplate(Template.parse(text), count) for text, count in counts.items())
    >>> [str(entry.template) for entry in templates], templates["[X] 吗"].count, templates.total
    (['为什么 [X]', '[X] 吗'], 3, 8)
    """

    def __init__(self, entries: Iterable[MinedTemplate], settings: Mapping[str, Any] | None = None) -> None:
        self.entries = tuple(sorted(entries, key=lambda entry: (-entry.count, str(entry.template), entry.source)))
        self.settings = dict(settings or {})

    @cached_property
    def _places(self) -> dict[Template, int]:
        return {entry.template: k for k, entry in reversed(list(enumerate(self.entries)))}

    @property
    def total(self) -> int:
        """The sum of the counts."""
        return sum(entry.count for entry in self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[MinedTemplate]:
        return iter(self.entries)

    def __contains__(self, template: object) -> bool:
        return _as_template(template) in self._places

    def __getitem__(self, template: Template | str) -> MinedTemplate:
        return self.entries[self._places[_as_template(template)]]  # type: ignore[index]  # KeyError for None

    def __eq__(self, other: object) -> bool:
        return self.entries == other.entries if isinstance(other, TemplateSet) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        best = ", ".join(str(entry.template) for entry in self.entries if not entry.template.is_trivial)
        return f"<TemplateSet: {len(self):,} templates; {best[:80]} …>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the most frequent templates, trivial ones too, with fillers of their slots."""
        rows = (
            (str(entry.template), entry.count, " | ".join(map(_shown, entry.fillers)), entry.source)
            for entry in self.entries
        )
        caption = f"TemplateSet: {len(self):,} templates, total {self.total:,}"
        return html_table(caption, ["template", "count", "fillers", "source"], rows, len(self))

    def of_source(self, source: str) -> TemplateSet:
        """The entries that come from there."""
        return self.filter(lambda entry: entry.source == source)

    def filter(self, keep: Callable[[MinedTemplate], bool]) -> TemplateSet:
        """The entries that `keep` is true of."""
        return TemplateSet(filter(keep, self.entries), self.settings)

    def log_prob(self, entry: MinedTemplate) -> float:
        """ln of its share of the counts of its source, in nats; its count must not be 0."""
        return math.log(entry.count) - math.log(self._totals[entry.source])

    @cached_property
    def _totals(self) -> dict[str, int]:
        totals: dict[str, int] = {}
        for entry in self.entries:
            totals[entry.source] = totals.get(entry.source, 0) + entry.count
        return totals

    def to_bytes(self) -> bytes:
        """The content of its file: the same bytes for equal sets."""
        head = FORMAT.head({"total": self.total, **self.settings}, COLUMNS)
        return written([*head, *(entry.row() for entry in self.entries)])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `templates.tsv`; the file appears whole or not at all."""
        with atomic_open(path, "wb") as file:
            file.write(self.to_bytes())


def _shown(fillers: Iterable[Filler]) -> str:
    return ", ".join(map(str, itertools.islice(fillers, SHOWN_FILLERS)))


def _as_template(template: object) -> Template | None:
    if isinstance(template, str):
        try:
            return Template.parse(template)
        except ValueError:
            return None
    return template if isinstance(template, Template) else None


def load_templates(path: str | os.PathLike[str]) -> TemplateSet:
    """Read `templates.tsv`. Columns that it does not know are passed over; only the first two are needed.

    Errors: TemplateError with file and line.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     TemplateSet([MinedTemplate(Template.parse("[X] 吗"), 3)]).save(f"{folder}/templates.tsv")
    ...     load_templates(f"{folder}/templates.tsv")["[X] 吗"].count
    3
    """
    return parse_templates(*read_packed(path))


def parse_templates(data: bytes, name: str = "templates") -> TemplateSet:
    """The templates in the content of a file; `name` is for messages."""
    lines = FORMAT.lines(data, name)
    if not lines or not FORMAT.is_first_line(lines[0]):
        raise TemplateError(f"{name}:1", f"does not begin with {FORMAT.magic}", "minent templates writes such files")
    settings, header, at = FORMAT.read_head(lines, name)
    entries: list[MinedTemplate] = []
    seen: dict[tuple[Template, str], int] = {}
    for number, line in enumerate(lines[at:], start=at + 1):
        entry = _parse_row(line, header, f"{name}:{number}")
        earlier = seen.setdefault((entry.template, entry.source), number)
        if earlier != number:
            raise TemplateError(f"{name}:{number}", f"the template of line {earlier} again", "each stands once")
        entries.append(entry)
    return TemplateSet(entries, settings)


def _parse_row(line: str, header: list[str], place: str) -> MinedTemplate:
    cells = line.split("\t")
    if len(cells) != len(header):
        raise TemplateError(place, f"{len(cells)} columns where the header has {len(header)}")
    row = dict(zip(header, cells, strict=True))
    try:
        template = Template.parse(row["template"])
    except ValueError as error:
        raise TemplateError(place, f"{row['template'][:40]!r} is no template: {error}") from None
    fillers: tuple[tuple[Filler, ...], ...] = ()
    if row.get("fillers"):
        slots = [split_unescaped(slot, ",") for slot in split_unescaped(row["fillers"], "|")]
        fillers = tuple(tuple(_parse_filler(text, place) for text in slot if text) for slot in slots)
        if len(fillers) != template.slots:
            raise TemplateError(place, f"fillers of {len(fillers)} slots where the template has {template.slots}")
    source = row.get("source", SKIPGRAM)
    if source not in (*SOURCES, CLASS):
        raise TemplateError(place, f"the source {source[:40]!r} is none of {', '.join((*SOURCES, CLASS))}")
    return MinedTemplate(template, parse_count(row["count"], place), fillers, source)


def _parse_filler(text: str, place: str) -> Filler:
    words, _, count = text.rpartition(":")
    if not words:
        raise TemplateError(place, f"{text[:40]!r} is no filler", "expected words:count")
    return Filler(tuple(map(read_element, words.split(" "))), parse_count(count, place))


def parse_count(text: str, place: str, kind: type[CorpusError] = TemplateError) -> int:
    """A count in a file; `place` and `kind` are those of the error if it is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise kind(place, f"the count {text[:40]!r} is not a whole number of at most 19 digits")
    return int(text)


def split_unescaped(text: str, sign: str) -> list[str]:
    """Split at a sign that has no backslash before it."""
    if "\\" not in text:
        return text.split(sign)
    parts = [""]
    for piece in re.findall(r"\\.|[^\\]", text, flags=re.DOTALL):
        if piece == sign:
            parts.append("")
        else:
            parts[-1] += piece
    return parts

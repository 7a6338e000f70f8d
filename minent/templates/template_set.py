"""What was learned: templates with counts and fillers, and their file."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from minent.corpus.codecs import open_file, read_blocks, unpack
from minent.errors import CorpusError
from minent.files import atomic_open, display_path
from minent.templates.template import Template, join_words, unescape

MAGIC = "#minent-templates"
FORMAT_VERSION = 1
COLUMNS = ("template", "count", "trivial", "fillers", "source")
SKIPGRAM, PARSE = "skipgram", "parse"  # where a template comes from: edges of a graph, or blocks of parsed sentences
SIGNS = ":,|"  # between filler and count, fillers, slots


class TemplateError(CorpusError):
    """A file of templates is not in its format."""


@dataclass(frozen=True, slots=True)
class Filler:
    """Words that were seen in a slot, and how often."""

    words: tuple[str, ...]
    count: int

    def __str__(self) -> str:
        return f"{join_words(self.words, SIGNS)}:{self.count}"


@dataclass(frozen=True, slots=True)
class MinedTemplate:
    """One entry of a set. fillers : for each slot the most frequent ones, first by count, then by text; () for none."""

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

    def filter(self, keep: Callable[[MinedTemplate], bool]) -> TemplateSet:
        """The entries that `keep` is true of."""
        return TemplateSet(filter(keep, self.entries), self.settings)

    def log_prob(self, entry: MinedTemplate) -> float:
        """ln of its share of all counts, in nats; its count must not be 0."""
        return math.log(entry.count) - math.log(self.total)

    def to_bytes(self) -> bytes:
        """The content of its file: the same bytes for equal sets."""
        lines = [f"{MAGIC} {FORMAT_VERSION}", f"#total {self.total}"]
        lines += [f"#{key} {value}" for key, value in self.settings.items()]
        lines += ["\t".join(COLUMNS), *(entry.row() for entry in self.entries)]
        return ("\n".join(lines) + "\n").encode()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `templates.tsv`; the file appears whole or not at all."""
        with atomic_open(path, "wb") as file:
            file.write(self.to_bytes())


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
    """
    name = os.fspath(path)
    shown = display_path(name)
    with open_file(name) as file:
        stream, _ = unpack(read_blocks(file, shown), shown)
        return parse_templates(b"".join(stream), shown)


def parse_templates(data: bytes, name: str = "templates") -> TemplateSet:
    """The templates in the content of a file; `name` is for messages."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        broken = data.count(b"\n", 0, error.start) + 1
        raise TemplateError(f"{name}:{broken}", "not valid UTF-8", "templates are a UTF-8 text file") from None
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    if not lines or not lines[0].startswith(MAGIC):
        raise TemplateError(f"{name}:1", f"does not begin with {MAGIC}", "minent templates writes such files")
    version = lines[0][len(MAGIC) :].strip()
    if version != str(FORMAT_VERSION):
        raise TemplateError(f"{name}:1", f"format {version!r}", f"this minent reads format {FORMAT_VERSION}")
    settings: dict[str, str] = {}
    at = 1
    while at < len(lines) and lines[at].startswith("#"):
        key, _, value = lines[at][1:].partition(" ")
        settings[key] = value
        at += 1
    settings.pop("total", None)  # it is the sum of the counts, whoever edited the file
    header = lines[at].split("\t") if at < len(lines) else []
    if header[:2] != list(COLUMNS[:2]):
        raise TemplateError(f"{name}:{at + 1}", "no header", "expected a line that starts with template<TAB>count")
    entries: list[MinedTemplate] = []
    seen: dict[tuple[Template, str], int] = {}
    for number, line in enumerate(lines[at + 1 :], start=at + 2):
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
        slots = [_split(slot, ",") for slot in _split(row["fillers"], "|")]
        fillers = tuple(tuple(_parse_filler(text, place) for text in slot if text) for slot in slots)
        if len(fillers) != template.slots:
            raise TemplateError(place, f"fillers of {len(fillers)} slots where the template has {template.slots}")
    return MinedTemplate(template, _parse_count(row["count"], place), fillers, row.get("source", SKIPGRAM))


def _parse_filler(text: str, place: str) -> Filler:
    words, _, count = text.rpartition(":")
    if not words:
        raise TemplateError(place, f"{text[:40]!r} is no filler", "expected words:count")
    return Filler(tuple(unescape(word) for word in words.split(" ")), _parse_count(count, place))


def _parse_count(text: str, place: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise TemplateError(place, f"the count {text[:40]!r} is not a whole number of at most 19 digits")
    return int(text)


def _split(text: str, sign: str) -> list[str]:
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

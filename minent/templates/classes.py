"""Word classes: which words stand for one another, what each class is called, and their file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from minent.errors import CorpusError
from minent.files import atomic_open
from minent.table_files import TableFormat, read_packed, written
from minent.templates.streams import WordStream
from minent.templates.template import SLOT, Element, Template, WordClass, escape, read_element
from minent.templates.template_set import SIGNS, MinedTemplate, parse_count, split_unescaped

COLUMNS = ("class", "count", "templates", "members", "kept")
NAMED_BY = 3  # members in a name
SHOWN = 8  # templates of a class that are told
SEPARATOR = "、"


class ClassError(CorpusError):
    """A file of word classes is not in its format."""


FORMAT = TableFormat("#minent-classes", 1, COLUMNS[:2], "format", "word classes are a UTF-8 text file", ClassError)

Counts = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ClassEntry:
    """One class.

    members : the words that it replaces, and their counts, by falling count, then by text
    kept : the most frequent words that behave like them, but stay as they are
    templates : the most frequent templates with the class in them, and their counts
    """

    name: WordClass
    members: Counts
    kept: Counts = ()
    templates: tuple[tuple[Template, int], ...] = ()

    @property
    def count(self) -> int:
        """Occurrences of the members."""
        return sum(count for _, count in self.members)

    def row(self) -> str:
        """Its line in a file."""
        templates = ",".join(f"{_written_template(template)}:{count}" for template, count in self.templates)
        return "\t".join([str(self.name), str(self.count), templates, *map(_written_counts, (self.members, self.kept))])


class WordClasses:
    """Classes of words, by falling count, then by name. A word is in one class at most.

    >>> classes = WordClasses.of({"个": "量词", "位": "量词", "人": "7", "事": "7"})
    >>> [str(entry.name) for entry in classes], str(classes.names()["人"])
    (['<事、人>', '<量词>'], '<事、人>')
    """

    def __init__(self, entries: Iterable[ClassEntry], settings: Mapping[str, Any] | None = None) -> None:
        self.entries = tuple(sorted(entries, key=lambda entry: (-entry.count, entry.name)))
        self.settings = dict(settings or {})
        if len({entry.name for entry in self.entries}) < len(self.entries):
            raise ValueError("two classes have one name")
        if len(self.names()) < sum(len(entry.members) for entry in self.entries):
            raise ValueError("a word is in two classes")

    @classmethod
    def of(
        cls,
        labels: Mapping[str, str],
        counts: Mapping[str, int] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> WordClasses:
        """Classes from the label of each word. A label that is a whole number gives way to a readable name.

        counts : of the words; 0 where it has none
        """
        members: dict[str, list[tuple[str, int]]] = {}
        for word, label in labels.items():
            members.setdefault(label, []).append((word, counts.get(word, 0) if counts else 0))
        sorted_members = {label: sort_counts(words) for label, words in members.items()}
        names = {label: label for label in members if not _is_number(label)}
        taken = set(names.values())
        for label in sorted(set(members) - set(names)):
            names[label] = readable_name(sorted_members[label], taken)
        return cls((ClassEntry(WordClass(names[label]), words) for label, words in sorted_members.items()), settings)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[ClassEntry]:
        return iter(self.entries)

    def __eq__(self, other: object) -> bool:
        return self.entries == other.entries if isinstance(other, WordClasses) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<WordClasses: {len(self):,} classes; {' '.join(str(entry.name) for entry in self.entries[:5])} …>"

    def names(self) -> dict[str, Element]:
        """The class of each word that is replaced."""
        return {word: entry.name for entry in self.entries for word, _ in entry.members}

    def counted(self, text: WordStream[Any]) -> WordClasses:
        """The same classes with the counts that their words have in a text."""
        counts = {word: count for word, count in zip(text.words, text.counts.tolist(), strict=True) if word}

        def recounted(words: Counts) -> Counts:
            return sort_counts((word, counts.get(word, 0)) for word, _ in words)

        return WordClasses(
            (replace(e, members=recounted(e.members), kept=recounted(e.kept), templates=()) for e in self.entries),
            self.settings,
        )

    def with_templates(self, mined: Iterable[MinedTemplate]) -> WordClasses:
        """The same classes, each with the most frequent templates that have it in them beside a word.

        Of those that differ in slots at their ends only, the most frequent one is told.
        """
        found: dict[WordClass, dict[tuple[Element | None, ...], tuple[Template, int]]] = {}
        for entry in sorted(mined, key=lambda entry: (-entry.count, str(entry.template))):
            if entry.template.length > 1:
                words = entry.template.words
                core = words[words[0] is None : len(words) - (words[-1] is None)]
                for name in entry.template.classes:
                    found.setdefault(name, {}).setdefault(core, (entry.template, entry.count))
        shown = {name: tuple(templates.values())[:SHOWN] for name, templates in found.items()}
        return WordClasses((replace(e, templates=shown.get(e.name, ())) for e in self.entries), self.settings)

    def to_bytes(self) -> bytes:
        """The content of its file: the same bytes for equal classes."""
        head = {"classes": len(self), "words": len(self.names()), **self.settings}
        return written([*FORMAT.head(head, COLUMNS), *(entry.row() for entry in self.entries)])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the classes; the file appears whole or not at all."""
        with atomic_open(path, "wb") as file:
            file.write(self.to_bytes())


def sort_counts(words: Iterable[tuple[str, int]]) -> Counts:
    """Words by falling count, then by text."""
    return tuple(sorted(words, key=lambda item: (-item[1], item[0])))


def readable_name(members: Counts, taken: set[str]) -> str:
    """The first words of a class, with a number behind them if that is a name already; it is added to `taken`."""
    name = full = SEPARATOR.join(word for word, _ in members[:NAMED_BY])
    number = 1
    while name in taken:
        number += 1
        name = f"{full}#{number}"
    taken.add(name)
    return name


def classes_path(templates: str) -> str | None:
    """Where classes are written beside templates: x.tsv → x.classes.tsv; None beside stdout or a device."""
    if templates == "-" or (os.path.exists(templates) and not os.path.isfile(templates)):
        return None
    return templates.removesuffix(".tsv") + ".classes.tsv"


def load_classes(path: str | os.PathLike[str]) -> WordClasses:
    """Read a file of classes, or a plain table of `word<TAB>class`, one a line, from anywhere.

    Errors: ClassError with file and line.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".tsv") as file:
    ...     _ = file.write("苹果\\t水果\\n葡萄\\t水果\\n".encode()), file.flush()
    ...     load_classes(file.name)
    <WordClasses: 1 classes; <水果> …>
    """
    return parse_classes(*read_packed(path))


def parse_classes(data: bytes, name: str = "classes") -> WordClasses:
    """The classes in the content of a file; `name` is for messages."""
    lines = FORMAT.lines(data, name)
    if not lines:
        raise ClassError(name, "no word in it", "expected word<TAB>class lines, or what minent templates writes")
    if not FORMAT.is_first_line(lines[0]):
        return _parse_plain(lines, name)
    settings, header, at = FORMAT.read_head(lines, name)
    if "members" not in header:
        raise ClassError(f"{name}:{at}", "no column of members", "minent templates --classes writes one")
    for told in ("classes", "words"):
        settings.pop(told, None)
    entries = []
    lines_of: dict[Element, int] = {}
    for number, line in enumerate(lines[at:], start=at + 1):
        entry = _parse_row(line, header, f"{name}:{number}")
        named: list[Element] = [entry.name, *(word for word, _ in entry.members)]
        for one in named:
            earlier = lines_of.setdefault(one, number)
            if earlier != number:
                kind = "class" if isinstance(one, WordClass) else "word"
                raise ClassError(f"{name}:{number}", f"the {kind} {str(one)[:40]!r} of line {earlier} again")
        if len({word for word, _ in entry.members}) < len(entry.members):
            raise ClassError(f"{name}:{number}", "a word twice in one class")
        entries.append(entry)
    return WordClasses(entries, settings)


def _parse_plain(lines: Sequence[str], name: str) -> WordClasses:
    labels: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()
        if len(cells) < 2 or not cells[0] or not cells[1]:
            raise ClassError(
                f"{name}:{number}", f"{line[:40]!r} is no word with its class", "expected word<TAB>class on every line"
            )
        if labels.setdefault(cells[0], cells[1]) != cells[1]:
            raise ClassError(f"{name}:{number}", f"the word {cells[0][:40]!r} is in two classes")
    if not labels:
        raise ClassError(name, "no word in it", "expected word<TAB>class on every line")
    return WordClasses.of(labels)


def _parse_row(line: str, header: Sequence[str], place: str) -> ClassEntry:
    cells = line.split("\t")
    if len(cells) != len(header):
        raise ClassError(place, f"{len(cells)} columns where the header has {len(header)}")
    row = dict(zip(header, cells, strict=True))
    name = read_element(row["class"])
    if not isinstance(name, WordClass):
        raise ClassError(place, f"{row['class'][:40]!r} is no class", "expected <name>")
    members = _read_counts(row["members"], place)
    if not members:
        raise ClassError(place, f"the class {row['class'][:40]} has no members")
    templates = []
    for text, count in _split_counts(row.get("templates", ""), place):
        try:
            templates.append((Template.parse(text), count))
        except ValueError as error:
            raise ClassError(place, f"{text[:40]!r} is no template: {error}") from None
    return ClassEntry(name, members, _read_counts(row.get("kept", ""), place), tuple(templates))


def _is_number(label: str) -> bool:
    return label.isascii() and label.isdigit()


def _written_template(template: Template) -> str:
    return " ".join([SLOT if word is None else escape(word, SIGNS) for word in template.words])


def _written_counts(words: Counts) -> str:
    return ",".join(f"{escape(word, SIGNS)}:{count}" for word, count in words)


def _read_counts(text: str, place: str) -> Counts:
    found = []
    for written_word, count in _split_counts(text, place):
        word = read_element(written_word)
        if not isinstance(word, str):
            raise ClassError(place, f"{written_word[:40]!r} is a class where a word is expected")
        found.append((word, count))
    return sort_counts(found)


def _split_counts(text: str, place: str) -> Iterator[tuple[str, int]]:
    for part in split_unescaped(text, ",") if text else ():
        what, _, count = part.rpartition(":")
        if not what:
            raise ClassError(place, f"{part[:40]!r} has no count", "expected word:count")
        yield what, parse_count(count, place, ClassError)

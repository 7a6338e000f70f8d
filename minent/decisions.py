"""What people decided about words: keep, drop, or put others in their place; and the file that holds it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from minent.errors import CorpusError
from minent.files import atomic_open
from minent.lexicon import UNWRITABLE, Lexicon
from minent.table_files import TableFormat, read_packed, written

Kind: TypeAlias = Literal["keep", "drop", "fix"]

KINDS: tuple[Kind, ...] = ("keep", "drop", "fix")
VERBS = {"keep": "keeps", "drop": "drops", "fix": "fixes"}
COLUMNS = ("word", "decision", "replacement", "time", "by")
LONGEST_NOTE = 200  # characters of `time` and `by`

FORMAT = TableFormat(
    "#minent-decisions", 1, ("word", "decision"), "decisions format", "decisions are a UTF-8 text file", CorpusError
)


@dataclass(frozen=True)
class Decision:
    """What somebody decided about a word.

    kind : `keep` — it is a word; `drop` — it is none; `fix` — the words of `replacement` stand in its place: its parts
        (的主要 → 的, 主要), or a longer word (字节跳 → 字节跳动)
    time, by : when, as 2026-07-01T12:00:00Z, and who; anything, or nothing
    place : `file:line` it was read from

    Errors: ValueError for what cannot be written, or means nothing.
    """

    word: str
    kind: Kind
    replacement: tuple[str, ...] = ()
    time: str = ""
    by: str = ""
    place: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"the decision is {self.kind[:40]!r}; it must be one of {', '.join(KINDS)}")
        for word in (self.word, *self.replacement):
            if not word or UNWRITABLE.search(word):
                raise ValueError(f"{word[:40]!r} cannot be a word: it is empty or has a tab, line end or the like")
        if (self.kind == "fix") != bool(self.replacement):
            raise ValueError(f"{self.kind} {'needs words' if self.kind == 'fix' else 'has no words'} to replace with")
        if self.word in self.replacement:
            raise ValueError(f"{self.word[:40]!r} would replace itself")

    def agrees(self, other: Decision) -> bool:
        """Whether both say the same of a word, whoever said it and when."""
        return (self.kind, self.replacement) == (other.kind, other.replacement)

    def __str__(self) -> str:
        words = f" ({' '.join(self.replacement)})" if self.replacement else ""
        return f"{self.place or 'here'} {VERBS[self.kind]} {self.word}{words}"


@dataclass(frozen=True)
class Conflict:
    """Two decisions about one word that say different things; the later one holds."""

    earlier: Decision
    later: Decision

    def __str__(self) -> str:
        return f"{self.earlier}, but {self.later}: the latter holds"


class Decisions(Mapping[str, Decision]):
    """Decisions by word. The later one about a word holds.

    fingerprint : of the lexicon that was looked at (see `lexicon_fingerprint`); empty if not known
    conflicts : where an earlier decision said something else, in order

    >>> decisions = Decisions([Decision("的主要", "fix", ("的", "主要")), Decision("凝固度", "keep")])
    >>> sorted(decisions.kept()), sorted(decisions.banned())
    (['主要', '凝固度', '的'], ['的主要'])
    """

    def __init__(self, decisions: Iterable[Decision] = (), fingerprint: str = "") -> None:
        self.fingerprint = fingerprint
        self._by_word: dict[str, Decision] = {}
        conflicts = []
        for decision in decisions:
            earlier = self._by_word.get(decision.word)
            if earlier is not None and not earlier.agrees(decision):
                conflicts.append(Conflict(earlier, decision))
            self._by_word[decision.word] = decision
        self.conflicts = tuple(conflicts)
        self._lines: dict[str, str] = {}  # of the file, as far as they were needed

    def __getitem__(self, word: str) -> Decision:
        return self._by_word[word]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_word)

    def __len__(self) -> int:
        return len(self._by_word)

    def kept(self) -> frozenset[str]:
        """The words that a lexicon must have: those that are kept, and those that replace others and are not themselves
        dropped or replaced."""
        replacing = {word for decision in self.values() for word in decision.replacement}
        return (
            frozenset({word for word, decision in self.items() if decision.kind == "keep"} | replacing) - self.banned()
        )

    def banned(self) -> frozenset[str]:
        """The words that a lexicon must not have: those that are dropped or replaced."""
        return frozenset(word for word, decision in self.items() if decision.kind != "keep")

    def changed(self, word: str, decision: Decision | None, fingerprint: str) -> Decisions:
        """The same with another decision about a word, or none, for a lexicon of this fingerprint."""
        found = Decisions((), fingerprint)
        found._by_word, found._lines = dict(self._by_word), dict(self._lines)
        found._by_word.pop(word, None)
        found._lines.pop(word, None)
        if decision is not None:
            found._by_word[word] = decision
        return found

    def to_bytes(self) -> bytes:
        """The content of its file, sorted by word: equal bytes for equal decisions."""
        settings = {"fingerprint": self.fingerprint} if self.fingerprint else {}
        for word in self._by_word.keys() - self._lines.keys():
            self._lines[word] = _line(self._by_word[word])
        return written([*FORMAT.head(settings, COLUMNS), *map(self._lines.__getitem__, sorted(self._by_word))])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `decisions.tsv`, whole or not at all. Errors: OutputError."""
        with atomic_open(path, "wb") as file:
            file.write(self.to_bytes())


def load_decisions(*paths: str | os.PathLike[str]) -> Decisions:
    """The decisions of some files together; the later file holds where two differ, and the later line in a file.

    The fingerprint is that of the last file that has one. Errors: CorpusError with file and line.
    """
    return merged(parse_decisions(*read_packed(path)) for path in paths)


def merged(parts: Iterable[Decisions]) -> Decisions:
    """All of them together; the later ones hold where two differ, and conflicts are those inside and between them."""
    parts = list(parts)
    fingerprint = next((part.fingerprint for part in reversed(parts) if part.fingerprint), "")
    found = Decisions((decision for part in parts for decision in part.values()), fingerprint)
    inside = [conflict for part in parts for conflict in part.conflicts]
    found.conflicts = (*inside, *found.conflicts)
    return found


def parse_decisions(data: bytes, name: str = "decisions") -> Decisions:
    """The decisions in the content of a file; `name` is for messages."""
    lines = FORMAT.lines(data, name)
    if not (lines and FORMAT.is_first_line(lines[0])):
        raise CorpusError(f"{name}:1", "no decisions", f"its first line must be {FORMAT.magic} {FORMAT.version}")
    settings, header, at = FORMAT.read_head(lines, name)
    rows = ((number, line) for number, line in enumerate(lines[at:], start=at + 1) if line.strip())
    found = Decisions([_decision(line, header, f"{name}:{number}") for number, line in rows])
    found.fingerprint = _note(settings.get("fingerprint", ""))
    return found


def _line(one: Decision) -> str:
    return "\t".join((one.word, one.kind, " ".join(map(_escaped, one.replacement)), _note(one.time), _note(one.by)))


def _decision(line: str, header: list[str], place: str) -> Decision:
    """The decision of one line, which may leave out columns at its end."""
    cells = line.split("\t")
    if len(cells) > len(header):
        raise CorpusError(place, f"{len(cells)} columns where the header has {len(header)}")
    row = dict(zip(header, cells, strict=False))
    words = tuple(_unescaped(text) for text in row.get("replacement", "").split(" ") if text)
    try:
        decision = Decision(row["word"], row.get("decision", ""), words, place=place)  # type: ignore[arg-type]
    except ValueError as error:
        raise CorpusError(place, str(error)) from None
    return replace(decision, time=_note(row.get("time", "")), by=_note(row.get("by", "")))


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace(" ", "\\s")


def _unescaped(text: str) -> str:
    return "\\".join(part.replace("\\s", " ") for part in text.split("\\\\"))


def _note(text: str) -> str:
    """A text that is a cell, whatever it holds."""
    return " ".join(UNWRITABLE.sub(" ", text).replace("\r", " ").split())[:LONGEST_NOTE]


def lexicon_fingerprint(lexicon: Lexicon) -> str:
    """What tells one lexicon from another: the fingerprint of its corpus, which stays when it is built again with
    decisions; or else the digest of its words and counts."""
    return _note(str(lexicon.settings.get("fingerprint") or lexicon.digest()))

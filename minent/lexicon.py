"""The lexicon: immutable words with counts, and their file."""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.errors import LexiconError
from minent.files import atomic_open
from minent.notebook import html_table
from minent.table_files import TableFormat, read_packed, written
from minent.unknown_model import UnknownModel, has_model_beside, load_model, save_model

UNWRITABLE = re.compile("[\t\n\0\ud800-\udfff]")  # what a word cannot have in a file

CSV_LINE = re.compile(r"[^\s,;]+[,;]\s*\"?\d+\"?\s*(?:[,;]|$)")  # word,count
CSV_LINES = 1000  # that decide
FORMAT = TableFormat(
    "#minent-lexicon", 1, ("word", "count"), "lexicon format", "a lexicon is a UTF-8 text file", LexiconError
)


@dataclass(frozen=True, slots=True)
class Word:
    """One entry of a lexicon. `prob` is count/total; `log_prob` its natural logarithm, of one occurrence at least."""

    word: str
    count: int
    prob: float
    log_prob: float


class Lexicon:
    """Words with counts, sorted by count down, then by word up. A class unit `<N>` or `<L>` in a word stands for any
    number or any Latin run.

    words, counts : the entries, list[str] and int64[len(words)]
    settings : how it was made, written to the head of the file
    columns : further values a word (name → one text for each word), written after `prob`
    model : what weighs the strings that are no words, if the lexicon comes from so little text that it helps

    Errors: ValueError for a count below 0, a word that is there twice, an empty one, or one with a tab, line end, NUL
    or lone surrogate.

    >>> lexicon = Lexicon.from_counts({"科学": 3, "的": 7})
    >>> lexicon.words, lexicon["科学"].count, lexicon["科学"].prob
    (['的', '科学'], 3, 0.3)
    """

    def __init__(
        self,
        words: Sequence[str],
        counts: Sequence[int] | NDArray[np.int64],
        settings: Mapping[str, Any] | None = None,
        columns: Mapping[str, Sequence[str]] | None = None,
        model: UnknownModel | None = None,
    ) -> None:
        self.words = list(words)
        self.counts = np.array(counts, dtype=np.int64)
        self.settings = dict(settings or {})
        self.columns = {name: list(values) for name, values in (columns or {}).items()}
        self.model = model
        self._check()
        order = self._order()
        if order is not None:
            self.words = [self.words[k] for k in order]
            self.counts = self.counts[order]
            self.columns = {name: [values[k] for k in order] for name, values in self.columns.items()}
        self.counts.flags.writeable = False

    def _check(self) -> None:
        if self.counts.shape != (len(self.words),):
            raise ValueError(f"{len(self.words)} words with {self.counts.size} counts")
        if (self.counts < 0).any():
            k = int(np.argmax(self.counts < 0))
            raise ValueError(f"the count of {self.words[k]!r} is {self.counts[k]}; it must be at least 0")
        if not all(self.words) or UNWRITABLE.search("".join(self.words)):
            word = next(word for word in self.words if not word or UNWRITABLE.search(word))
            raise ValueError(f"{word!r} cannot be a word: it is empty or has a tab, line end, NUL or lone surrogate")
        if len(set(self.words)) < len(self.words):
            raise ValueError(f"the word {_first_twice(self.words)[1]!r} is there twice")

    def _order(self) -> list[int] | None:
        """How to sort the entries; None if they are sorted."""
        words, counts = self.words, self.counts
        steps = np.diff(counts)
        ties = np.flatnonzero(steps == 0).tolist()
        if not (steps > 0).any() and all(words[k] < words[k + 1] for k in ties):
            return None
        by_word = np.array(sorted(range(len(words)), key=words.__getitem__), dtype=np.int64)
        return [int(k) for k in by_word[np.argsort(-counts[by_word], kind="stable")]]

    @classmethod
    def from_counts(
        cls, counts: Mapping[str, int] | Iterable[tuple[str, int]], settings: Mapping[str, Any] | None = None
    ) -> Lexicon:
        """A lexicon of these words."""
        pairs = dict(counts)
        return cls(list(pairs), list(pairs.values()), settings)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: k for k, word in enumerate(self.words)}

    @cached_property
    def total(self) -> int:
        """The sum of the counts."""
        return sum(self.counts.tolist())  # exact: the counts of a file may add up to more than 63 bits

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._places

    def __getitem__(self, word: str) -> Word:
        count = int(self.counts[self._places[word]])
        total = max(self.total, 1)
        return Word(word, count, count / total, math.log(max(count, 1)) - math.log(total))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Lexicon):
            return NotImplemented
        return self.words == other.words and bool(np.array_equal(self.counts, other.counts))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        best = " ".join([word for word in self.words if len(word) > 1][:8])
        return f"<Lexicon: {len(self):,} words, total {self.total:,}; {best} …>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the most frequent words with all columns."""
        counts = self.counts.tolist()
        probs = (f"{count / max(self.total, 1):.6g}" for count in counts)
        rows = zip(self.words, counts, probs, *self.columns.values(), strict=True)
        caption = f"Lexicon: {len(self):,} words, total {self.total:,}"
        return html_table(caption, ["word", "count", "prob", *self.columns], rows, len(self))

    def filter(self, keep: Sequence[bool]) -> Lexicon:
        """The entries for which `keep` is true, without the model: it would bring the others back."""
        places = [k for k, kept in enumerate(keep) if kept]
        columns = {name: [values[k] for k in places] for name, values in self.columns.items()}
        return Lexicon([self.words[k] for k in places], self.counts[places], self.settings, columns)

    def mark_new(self, known: Iterable[str]) -> Lexicon:
        """The same lexicon with a column `new`: 1 where a word is in none of the known lists."""
        known = set(known)
        column = ["0" if word in known else "1" for word in self.words]
        return self.with_columns({"new": column})

    def with_columns(self, columns: Mapping[str, Sequence[str]]) -> Lexicon:
        """The same lexicon with more columns."""
        return Lexicon(self.words, self.counts, self.settings, {**self.columns, **columns}, self.model)

    def digest(self) -> str:
        """What its words and counts are, in 16 hexadecimal digits."""
        digest = hashlib.sha256("\n".join(self.words).encode("utf-8", "surrogatepass"))
        digest.update(b"\0" + self.counts.astype("<i8").tobytes())
        return digest.hexdigest()[:16]

    def to_bytes(self) -> bytes:
        """The content of its file: the same bytes for equal lexicons."""
        total = max(self.total, 1)
        lines = FORMAT.head({"total": self.total, **self.settings}, ["word", "count", "prob", *self.columns])
        cells = [self.words, self.counts.tolist(), [f"{count / total:.6g}" for count in self.counts.tolist()]]
        rows = zip(*cells, *self.columns.values(), strict=True)
        lines += ["\t".join(map(str, row)) for row in rows]
        return written(lines)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `lexicon.tsv`, and `lexicon.model.npz` if there is a model; a file appears whole or not at all.

        The model of an earlier lexicon of that name goes away.
        """
        with atomic_open(path, "wb") as file:
            file.write(self.to_bytes())
            save_model(self.model, self.digest(), path)  # inside: where it fails, the lexicon does not appear either


def load_lexicon(path: str | os.PathLike[str], *, with_model: bool = True) -> Lexicon:
    """Read `lexicon.tsv`, or a plain list of `word`, `word count` or `word count tag`, one a line.

    A word without a count counts 1. A plain list may repeat a word: the last line holds, as in jieba.
    with_model : read `lexicon.model.npz` too, if it is there; one that belongs to another lexicon is ignored
    Errors: LexiconError with file and line.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Lexicon.from_counts({"科学": 3, "的": 7}).save(f"{folder}/lexicon.tsv")
    ...     load_lexicon(f"{folder}/lexicon.tsv")["科学"].count
    3
    """
    name = os.fspath(path)
    lexicon = parse_lexicon(*read_packed(name))
    if with_model and has_model_beside(name):  # the digest of a large list takes a while
        lexicon.model = load_model(name, lexicon.digest())
    return lexicon


def builtin_lexicon() -> Lexicon:
    """The lexicon that comes with minent, mined by it from redistributable text (scripts/build_builtin_lexicon.py)."""
    return load_lexicon(Path(__file__).parent / "data" / "builtin.tsv.xz")


def parse_lexicon(data: bytes, name: str = "lexicon") -> Lexicon:
    """The lexicon in the content of a file; `name` is for messages."""
    lines = FORMAT.lines(data, name)
    if lines and FORMAT.is_first_line(lines[0]):
        return _parse_table(lines, name)
    return _parse_list(lines, name)


def _parse_table(lines: list[str], name: str) -> Lexicon:
    settings, header, at = FORMAT.read_head(lines, name)
    width = len(header)
    body = lines[at:]
    odd = next((k for k, line in enumerate(body) if line.count("\t") != width - 1), None)
    if odd is not None:
        columns = body[odd].count("\t") + 1
        raise LexiconError(f"{name}:{at + 1 + odd}", f"{columns} columns where the header has {width}")
    cells = "\t".join(body).split("\t") if body else []
    words = cells[::width]
    counts = _checked_counts(words, cells[1::width], name, at + 1)
    if not all(words):
        raise LexiconError(f"{name}:{at + 1 + words.index('')}", "no word")
    if len(set(words)) < len(words):
        number, word = _first_twice(words)
        raise LexiconError(f"{name}:{at + 1 + number}", f"the word {word!r} is there twice")
    kept = [(k, column) for k, column in enumerate(header) if k > 1 and column != "prob"]
    return Lexicon(words, counts, settings, {column: cells[k::width] for k, column in kept})


def _first_twice(words: Sequence[str]) -> tuple[int, str]:
    """The first word that was there before, and its place."""
    seen: set[str] = set()
    return next((k, word) for k, word in enumerate(words) if word in seen or seen.add(word))  # type: ignore[func-returns-value]


def _parse_list(lines: list[str], name: str) -> Lexicon:
    first = [line for line in lines[:CSV_LINES] if line.strip()]
    if first and 2 * sum(CSV_LINE.match(line) is not None for line in first) > len(first):
        hint = "put a tab or spaces between a word and its count"
        raise LexiconError(f"{name}:1", "comma-separated values", hint)
    tabbed = any("\t" in line for line in lines)
    widths = {len(line.split()) for line in lines}
    if not tabbed and len(widths) == 1 and (width := widths.pop()) > 0:
        cells = "\n".join(lines).split()  # one list: a list a line would cost as much as all the rest
        words, texts = cells[::width], cells[1::width] if width > 1 else ["1"] * len(lines)
    else:
        rows = [_fields(line) or ["", "1"] for line in lines]
        words = [row[0] for row in rows]
        texts = [row[1] if len(row) > 1 else "1" for row in rows]
    counts = dict(zip(words, _checked_counts(words, texts, name, 1), strict=True))
    counts.pop("", None)  # blank lines
    return Lexicon.from_counts(counts)


def _fields(line: str) -> list[str]:
    """Word, count and tag of a line of a plain list; with a tab in it, a word may have spaces (`New York<TAB>3`)."""
    return [field.strip() for field in line.split("\t", 2)] if "\t" in line else line.split(None, 2)


def _checked_counts(words: list[str], texts: list[str], name: str, first_line: int) -> list[int]:
    """The counts of some words; LexiconError for the first line that is wrong."""
    everything = "".join(texts)
    if not (everything.isascii() and everything.isdigit() and all(texts) and max(map(len, texts)) < 16):
        for number, text in enumerate(texts, start=first_line):
            if not (text.isascii() and text.isdigit()):
                raise LexiconError(f"{name}:{number}", f"the count {text[:40]!r} is not a whole number")
            if len(text) > 15:
                raise LexiconError(f"{name}:{number}", f"the count {text[:40]} is too large", "at most 15 digits")
    if "\0" in "".join(words):
        number = next(k for k, word in enumerate(words) if "\0" in word)
        raise LexiconError(f"{name}:{first_line + number}", "a word with a NUL character", "is it a text file?")
    return list(map(int, texts))


def read_words(paths: Iterable[str | os.PathLike[str]]) -> set[str]:
    """All words of some lexicons or word lists."""
    return {word for path in paths for word in load_lexicon(path, with_model=False).words}

"""Words in context: the places of a text where words stand, each with what is beside it in its line."""

from __future__ import annotations

import heapq
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from minent.corpus.alphabet import LATIN_CLASS, NUMBER_CLASS
from minent.corpus.sources import Corpus, Shard
from minent.corpus.units import DIGIT, DIGIT_RANGES, LATIN, LATIN_RANGES, unit_classes
from minent.evaluation.table import display_width
from minent.progress import progress_bar
from minent.segmentation.stream import Watch
from minent.settings import UNITS

REACH = 200  # characters on each side that are kept unless asked otherwise
POINTS, NUMBER_ENDS = ".．", "%％‰"  # inside a number between digits, and at its end
DIACRITICS = ("\u0300", "\u036f")  # continue a Latin run

_DIGITS, _LETTERS = (
    "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges) for ranges in (DIGIT_RANGES, LATIN_RANGES)
)
CLASS_PATTERNS = {
    NUMBER_CLASS: f"[{_DIGITS}]+(?:[{POINTS}][{_DIGITS}]+)*[{NUMBER_ENDS}]?",
    LATIN_CLASS: f"[{_LETTERS}][{_LETTERS}{DIACRITICS[0]}-{DIACRITICS[1]}]*",
}
CLASS_UNIT = re.compile(f"({NUMBER_CLASS}|{LATIN_CLASS})")


@dataclass(frozen=True)
class Occurrence:
    """A place where a word stands.

    word : as it was asked for;  text : as it stands there (1998年 for <N>年)
    left, right : what is beside it in its line
    path, line : the file and the line in it, from 1 on; None where the text comes from records
    """

    word: str
    left: str
    text: str
    right: str
    path: str
    line: int | None


class WordFinder:
    """Finds all places of some words in a text, overlapping ones too (Aho, Corasick 1975).

    words : each of them once, in the order of their first coming
    units : `run` — a word that begins or ends with Latin letters or digits is found only where that run begins or
        ends too: A股 not in AA股; a class unit <N> is any number, <L> any run of Latin letters. `char`: any place.

    >>> [(start, end) for start, end, _ in WordFinder(["A股", "<N>年"]).find("AA股，A股，1998年")]
    [(4, 6), (7, 12)]
    """

    def __init__(self, words: Sequence[str], units: str = "run") -> None:
        import ahocorasick

        if units not in UNITS:
            raise ValueError(f"units is {units!r}; it must be one of {', '.join(UNITS)}")
        if isinstance(words, str) or not all(words):
            raise ValueError("words must be a list of words, none of them empty")
        self.words, self.whole_runs = list(dict.fromkeys(words)), units == "run"
        self._patterns: list[tuple[int, re.Pattern[str]]] = []
        self._automaton = ahocorasick.Automaton()
        for number, word in enumerate(self.words):
            if self.whole_runs and CLASS_UNIT.search(word):
                parts = [CLASS_PATTERNS.get(part) or re.escape(part) for part in CLASS_UNIT.split(word)]
                self._patterns.append((number, re.compile(f"(?=({''.join(parts)}))")))
            else:
                self._automaton.add_word(word, (number, len(word)))
        if len(self._automaton):
            self._automaton.make_automaton()

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """(start, end, number of the word) of every place, by rising start, then end."""
        found = []
        if len(self._automaton):
            found = [(end + 1 - size, end + 1, number) for end, (number, size) in self._automaton.iter(text)]
        for number, pattern in self._patterns:
            found += [(*match.span(1), number) for match in pattern.finditer(text)]
        if self.whole_runs:
            found = [place for place in found if not (_is_inside_run(text, place[0]) or _is_inside_run(text, place[1]))]
        return sorted(found)


def _is_inside_run(text: str, place: int) -> bool:
    """Whether a run of Latin letters, or a number, goes on across a place (kernels/scan.py, `run_end`)."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    kind = _kind(before)
    if kind == DIGIT:
        point = after in POINTS and place + 1 < len(text) and _kind(text[place + 1]) == DIGIT
        return point or after in NUMBER_ENDS or _kind(after) == DIGIT
    if before in POINTS:
        return place > 1 and _kind(text[place - 2]) == DIGIT and _kind(after) == DIGIT
    if _kind(after) != LATIN and not DIACRITICS[0] <= after <= DIACRITICS[1]:
        return False
    while place > 1 and DIACRITICS[0] <= text[place - 1] <= DIACRITICS[1]:
        place -= 1
    return _kind(text[place - 1]) == LATIN


def _kind(char: str) -> int:
    return _CLASSES[ord(char)]


_CLASSES = unit_classes().tobytes()


class Concordance:
    """The places of some words in a corpus; after a pass, `counts` has how many there are, in the order of the words.

    reach : characters of the line that are kept on each side
    A line of more than a shard (4 MB) is read in parts: there a context may end early, and what holds the very sign at
    which it is cut is not found.
    """

    def __init__(
        self,
        corpus: Corpus,
        words: Sequence[str],
        *,
        units: str = "run",
        reach: int = REACH,
        progress: bool = False,
    ) -> None:
        self.corpus, self.reach, self.progress = corpus, reach, progress
        self.finder = WordFinder(words, units)
        self.counts = [0] * len(self.finder.words)
        self.watch = Watch(corpus)  # of bytes that are no text

    def first(self, limit: int | None = None) -> Iterator[Occurrence]:
        """The first `limit` places of each word, or all, in the order of the text, as they are read."""
        counts = self.counts = [0] * len(self.finder.words)
        missing = set(range(len(counts)))
        for shard, text, lines in self._texts():
            for start, end, number in self.finder.find(text):
                counts[number] += 1
                if limit is None or counts[number] <= limit:
                    yield self._occurrence(shard, text, lines, start, end, number)
                if limit is not None and counts[number] >= limit:
                    missing.discard(number)
            if limit is not None and not missing:
                return

    def sample(self, size: int, seed: int = 0) -> list[Occurrence]:
        """`size` places of each word, drawn evenly from the whole text, in its order. What is drawn depends on the
        text and the seed only. No more than these are held."""
        counts = self.counts = [0] * len(self.finder.words)
        kept: list[list[tuple[int, int, Occurrence]]] = [[] for _ in counts]  # heaps: (−hash, place in order, …)
        order = 0
        for shard, text, lines in self._texts():
            for start, end, number in self.finder.find(text):
                heap = kept[number]
                rank = -_mixed(seed, counts[number])
                counts[number] += 1
                order += 1
                if len(heap) < size:
                    heapq.heappush(heap, (rank, order, self._occurrence(shard, text, lines, start, end, number)))
                elif heap and rank > heap[0][0]:
                    heapq.heapreplace(heap, (rank, order, self._occurrence(shard, text, lines, start, end, number)))
        chosen = sorted((order, found) for heap in kept for _, order, found in heap)
        return [found for _, found in chosen]

    def _texts(self) -> Iterator[tuple[Shard, str, _Lines]]:
        path, lines = None, _Lines(None)
        with progress_bar(self.corpus.size(), "B", "find words", self.progress) as advance:
            for shard in self.corpus.shards():
                text = self.watch.decode(shard.data.tobytes(), shard.path, shard.offset, "\ufffd")
                if shard.path != path:
                    path, lines = shard.path, _Lines(1 if self.corpus.field is None else None)
                yield shard, text, lines
                lines.leave(text)
                advance(len(shard.data))

    def _occurrence(self, shard: Shard, text: str, lines: _Lines, start: int, end: int, number: int) -> Occurrence:
        first = max(text.rfind("\n", max(0, start - self.reach), start) + 1, start - self.reach, 0)
        last = text.find("\n", end, end + self.reach)
        last = min(end + self.reach, len(text)) if last < 0 else last
        left, right = text[first:start], text[end:last].rstrip("\r")
        return Occurrence(self.finder.words[number], left, text[start:end], right, shard.path, lines.at(text, start))


class _Lines:
    """Counts lines up to places that rise within the text of a file; `line` is None where lines mean nothing."""

    def __init__(self, line: int | None) -> None:
        self.line, self._at = line, 0

    def at(self, text: str, place: int) -> int | None:
        """The line of a place."""
        if self.line is not None:
            self.line += text.count("\n", self._at, place)
            self._at = place
        return self.line

    def leave(self, text: str) -> None:
        """Go on with what comes after this text."""
        self.at(text, len(text))
        self._at = 0


def _mixed(seed: int, number: int) -> int:
    """64 well-mixed bits of two numbers (splitmix64)."""
    mask = (1 << 64) - 1
    value = (seed * 0xD1342543DE82EF95 + (number + 1) * 0x9E3779B97F4A7C15) & mask
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & mask
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
    return value ^ (value >> 31)


def aligned(occurrence: Occurrence, width: int, word_width: int = 0) -> tuple[str, str, str]:
    """What stands left of a word, the word and what stands right of it, as cells of a terminal's line.

    The left cell is `width` columns wide, the middle one at least `word_width`, the right one at most `width`; a wide
    character takes two columns. Control characters are spaces.

    >>> aligned(Occurrence("颜色", "苹果的", "颜色", "是红", "x", 1), 5)
    (' 果的', '颜色', '是红')
    """
    left = _clipped(printable(occurrence.left)[::-1], width)[::-1]
    text = printable(occurrence.text)
    right = _clipped(printable(occurrence.right), width)
    padding = " " * (width - display_width(left))
    return padding + left, text + " " * (word_width - display_width(text)), right


def _clipped(text: str, width: int) -> str:
    """As much of a text as fits into so many columns."""
    columns = 0
    for place, char in enumerate(text):
        columns += display_width(char)
        if columns > width:
            return text[:place]
    return text


def printable(text: str) -> str:
    """The text without what a terminal would obey: control characters are spaces, direction marks and the like go."""
    if text.isprintable():
        return text
    return "".join(map(_printable_character, text))


def _printable_character(char: str) -> str:
    if char.isprintable() or char == "\u3000":
        return char
    category = unicodedata.category(char)
    if category in ("Cc", "Zs", "Zl", "Zp"):
        return " "
    return "" if category == "Cf" else "\ufffd"

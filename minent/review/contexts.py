"""Where words stand in a text that is held in memory: some places of a word, from all over it, at once."""

from __future__ import annotations

from dataclasses import dataclass

from minent.concordance import CLASS_UNIT, WordFinder
from minent.corpus.sources import TEXTS, Corpus
from minent.files import display_path
from minent.progress import progress_bar
from minent.segmentation.stream import Watch

MOST_TEXT = 50_000_000  # characters; one has two bytes, or four in a part with a character beyond U+FFFF
PARTS = 64  # of the text, each of which is asked for a place in turn
STEP = 1 << 14  # characters that are searched at once for a word with a class unit
LONGEST_RUN = 100  # characters of a word with a class unit that are looked for
REACH = 40  # characters of the line that are shown on each side
LONGEST_LINE = 100  # characters of a line on each side that is handed on to be cut


@dataclass(frozen=True)
class Context:
    """A place of a word: what is beside it in its line, and the file; `text` is the word as it stands there."""

    left: str
    text: str
    right: str
    path: str


@dataclass(frozen=True, order=True)
class _Part:
    """Characters `start` to `end` of one of the texts, where a place may begin."""

    text: int
    start: int
    end: int


class Contexts:
    """The first `most` characters of a corpus.

    whole_runs : a word that begins or ends with Latin letters or digits stands only where that run begins or ends
    characters, is_whole : how many are held, and whether that is all;  watch : what of it was no text
    """

    def __init__(
        self, corpus: Corpus, *, whole_runs: bool = True, most: int = MOST_TEXT, progress: bool = False
    ) -> None:
        self.units = "run" if whole_runs else "char"
        self.characters, self.is_whole = 0, True
        self._texts: list[tuple[str, str]] = []
        self.watch = Watch(corpus)
        with progress_bar(corpus.size(), "B", "read text", progress) as advance:
            for shard in corpus.shards():
                if self.characters >= most:
                    self.is_whole = False
                    break
                text = self.watch.decode(shard.data.tobytes(), shard.path, shard.offset, "\ufffd")
                if len(text) > most - self.characters:
                    text, self.is_whole = text[: most - self.characters], False
                self._texts.append(("" if shard.path == TEXTS else display_path(shard.path), text))
                self.characters += len(text)
                advance(len(shard.data))
        self.has_files = len({path for path, _ in self._texts}) > 1
        self._parts = self._spread()

    def count(self, word: str) -> int:
        """How often a word stands in the text as a string; places do not overlap."""
        return sum(text.count(word) for _, text in self._texts)

    def examples(self, word: str, size: int, reach: int = REACH) -> list[Context]:
        """`size` places of a word, or all, from as many parts of the text as there are, in its order."""
        finder = WordFinder([word], self.units)
        found: list[tuple[int, int, int]] = []  # text, start, end
        waiting = [(part, part.start) for part in self._parts]
        while waiting and len(found) < size:
            following = []
            for part, at in waiting:
                if len(found) == size:
                    break
                place = self._next(word, finder, part, at)
                if place is not None:
                    found.append((part.text, *place))
                    following.append((part, place[1]))
            waiting = following
        return [self._context(*place, reach) for place in sorted(found)]

    def _next(self, word: str, finder: WordFinder, part: _Part, at: int) -> tuple[int, int] | None:
        """The next place of a word in a part, from `at` on."""
        text = self._texts[part.text][1]
        if CLASS_UNIT.search(word):
            while at < part.end:
                first = max(at - 2, 0)
                for start, end, _ in finder.find(text[first : at + STEP + LONGEST_RUN]):
                    if at <= first + start < min(at + STEP, part.end):
                        return first + start, first + end
                at += STEP
            return None
        while (start := text.find(word, at, part.end + len(word) - 1)) >= 0:
            end = start + len(word)
            first = max(start - 2, 0)  # a point and a digit before a number belong to it
            if (start - first, end - first, 0) in finder.find(text[first : end + 2]):
                return start, end
            at = start + 1
        return None

    def _context(self, number: int, start: int, end: int, reach: int) -> Context:
        path, text = self._texts[number]
        first = max(text.rfind("\n", max(0, start - reach), start) + 1, start - reach, 0)
        last = text.find("\n", end, end + reach)
        last = min(end + reach, len(text)) if last < 0 else last
        return Context(text[first:start], text[start:end], text[end:last].rstrip("\r"), path)

    def _spread(self) -> list[_Part]:
        """Parts of about equal size, in an order in which the first few are already from all over the text."""
        step = max(self.characters // PARTS, 1)
        parts = [
            _Part(number, start, min(start + step, len(text)))
            for number, (_, text) in enumerate(self._texts)
            for start in range(0, len(text), step)
        ]
        width = max(len(parts) - 1, 1).bit_length()
        return [part for _, part in sorted((_reversed_bits(k, width), part) for k, part in enumerate(parts))]


def _reversed_bits(number: int, width: int) -> int:
    """The number with its `width` bits in reverse order: 0, 4, 2, 6, 1, … of 0 to 7."""
    return int(f"{number:0{width}b}"[::-1], 2)

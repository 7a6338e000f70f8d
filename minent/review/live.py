"""A segmenter whose words change while it is used: plain Python, so that a change costs nothing."""

from __future__ import annotations

import math

from minent.lexicon import Lexicon
from minent.segmentation.readable import LATIN_CLASS, NUMBER_CLASS, ReadableCutter


class LiveCutter(ReadableCutter):
    """Cuts as a Segmenter of the lexicon does without its model of unknown words; then words come and go.

    The probabilities of the other words stay as they are: those of a lexicon built again differ a little.

    >>> cutter = LiveCutter(Lexicon.from_counts({"的主要": 9, "的": 9, "主要": 5, "目": 1}))
    >>> cutter.remove("的主要")
    >>> cutter.cut_text("的主要 目")
    ['的', '主要', '目']
    """

    def __init__(self, lexicon: Lexicon, units: str = "run") -> None:
        super().__init__(lexicon, units)
        self._log_total = math.log(max(lexicon.total, 1))

    def put(self, word: str, count: int) -> None:
        """Have a word, with a count."""
        key = self._key(word)
        self.values[key] = math.log(max(count, 1)) - self._log_total
        self.longest = max(self.longest, len(key))
        if key != word:
            self.longest_with_class = max(self.longest_with_class, len(key))
        self._all_words += "\0" + key
        self._in_words.clear()

    def remove(self, word: str) -> None:
        """Not have a word."""
        self.values.pop(self._key(word), None)
        self._in_words.clear()

    def cut_text(self, text: str) -> list[str]:
        """The words of a text, in order, without whitespace."""
        elements = self.split(text)
        words, at = [], 0
        for length in self.best_cutting(elements):
            words.append("".join(elements[at : at + length]))
            at += length
        return [word for word in words if not word.isspace()]

    def without(self, word: str) -> list[str]:
        """How a word is cut if it is none."""
        key = self._key(word)
        value = self.values.pop(key, None)
        text = word.replace("<N>", "0").replace("<L>", "a") if self.whole_runs else word
        parts = self.cut_text(text)
        if value is not None:
            self.values[key] = value
        return parts

    def _key(self, word: str) -> str:
        return word.replace("<N>", NUMBER_CLASS).replace("<L>", LATIN_CLASS) if self.whole_runs else word

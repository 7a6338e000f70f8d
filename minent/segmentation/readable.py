"""The segmenter in plain Python: for text so short that loading the kernels would take longer, and to read."""

from __future__ import annotations

import math
import re
from collections.abc import Collection

import numpy as np

from minent.corpus.units import (
    DIGIT,
    DIGIT_RANGES,
    HAN,
    LATIN,
    LATIN_RANGES,
    MARK,
    REPEAT_RANGES,
    SPACE,
    UNIT_LIMIT,
    unit_classes,
)
from minent.lexicon import Lexicon
from minent.segmentation.cuts import BEST, Bytes, CutBytes, Sampling
from minent.segmentation.model import UnigramModel

NUMBER_CLASS, LATIN_CLASS = "\ud800", "\ud801"  # for <N> and <L>, which a text may hold as they are
INVALID = "\udc80-\udcff"  # bytes that are not UTF-8, after decoding with `surrogateescape`


def _members(ranges: tuple[tuple[int, int], ...]) -> str:
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_DIGIT, _LATIN, _REPEAT = _members(DIGIT_RANGES), _members(LATIN_RANGES), _members(REPEAT_RANGES)
# As kernels/scan.py has it: a number has decimal points between digits and may end with a percent or per mille sign;
# a combining diacritic continues a Latin run.
_SIGNS = rf"([{_REPEAT}])\1*|[{INVALID}]+|."
_RUNS = rf"[{_DIGIT}]+(?:[.．][{_DIGIT}]+)*[%％‰]?|[{_LATIN}][{_LATIN}\u0300-\u036f]*|"
ELEMENTS = {True: re.compile(_RUNS + _SIGNS, re.DOTALL), False: re.compile(_SIGNS, re.DOTALL)}


class ReadableCutter:
    """Does what Cutter does, byte for byte, some hundred times slower once started, but it starts at once."""

    def __init__(self, lexicon: Lexicon, units: str = "run", protect: Collection[str] = ()) -> None:
        self.whole_runs = units == "run"
        model = UnigramModel.of(lexicon, protect)
        self.values = dict(zip(model.words, model.values.tolist(), strict=True))
        self.unknown = model.unknown
        characters = set("".join(model.words))
        if not all(map(_can_occur, characters)):
            self.values = {word: value for word, value in self.values.items() if all(map(_can_occur, word))}
        self.longest_with_class = 0
        for word in [word for word in self.values if "<N>" in word or "<L>" in word] if "<" in characters else []:
            value = self.values.pop(word)
            if self.whole_runs:
                word = word.replace("<N>", NUMBER_CLASS).replace("<L>", LATIN_CLASS)
                self.values[word] = value
                self.longest_with_class = max(self.longest_with_class, len(word))
        self.longest = max(map(len, self.values), default=1)
        self._all_words = "\0".join(self.values)
        self._in_words: dict[str, bool] = {}

    def is_in_words(self, element: str) -> bool:
        """Whether a word has this element, which is no unit: then it does not end a run."""
        known = self._in_words.get(element)
        if known is None:
            known = element in self._all_words and any(
                element in self.split(word) for word in self.values if element in word
            )
            self._in_words[element] = known
        return known

    def split(self, text: str) -> list[str]:
        """The smallest parts that a word is made of."""
        return [match.group() for match in ELEMENTS[self.whole_runs].finditer(text)]

    def is_unit(self, element: str) -> bool:
        """Whether an element is a Han character, or a letter, a digit or a run of them."""
        return int(unit_classes()[ord(element[0])]) in (HAN, LATIN, DIGIT)

    def cut(self, data: Bytes, separator: bytes, *, space_before: bool = True, sampling: Sampling = BEST) -> CutBytes:
        """See AnyCutter; without sampling."""
        text = data.tobytes().decode("utf-8", "surrogateescape")
        invalid = [at for at, char in enumerate(text) if "\udc80" <= char <= "\udcff"]
        first = len(text[: invalid[0]].encode()) if invalid else -1
        output = self._cut(text, separator, space_before)
        return CutBytes(np.frombuffer(output, dtype=np.uint8), len(invalid), first)

    def _cut(self, text: str, separator: bytes, space_before: bool) -> bytes:
        elements = self.split(text)
        classes = unit_classes()
        output: list[bytes] = []
        at = 0
        for length in self.best_cutting(elements):
            kind = classes[ord(elements[at][0])]
            if not space_before and kind not in (SPACE, MARK):
                output.append(separator)
            output.append("".join(elements[at : at + length]).encode("utf-8", "surrogateescape"))
            space_before = classes[ord(elements[at + length - 1][-1])] == SPACE
            at += length
        return b"".join(output)

    def best_cutting(self, elements: list[str]) -> list[int]:
        """Lengths of the words of the best cutting: unigram Viterbi from right to left, ties to the longer word."""
        count = len(elements)
        score = [0.0] * (count + 1)
        step = [1] * count
        for start in range(count - 1, -1, -1):
            if not (self.is_unit(elements[start]) or self.is_in_words(elements[start])):
                continue  # ends a run: score 0
            best = -math.inf
            forms = [""]  # what stands from `start` on, with runs as they are and as their classes
            for end in range(start + 1, count + 1):
                forms = self._extended(forms, elements[end - 1])
                value = max((self.values.get(form, -math.inf) for form in forms), default=-math.inf)
                if end == start + 1 and value == -math.inf:
                    value = self.unknown
                if value > -math.inf and value + score[end] >= best:
                    best = value + score[end]
                    step[start] = end - start
                if not forms:
                    break
            score[start] = best
        lengths, at = [], 0
        while at < count:
            lengths.append(step[at])
            at += step[at]
        return lengths

    def _extended(self, forms: list[str], element: str) -> list[str]:
        """Those that may still be a word, or begin one, with one more element."""
        longer = [form + element for form in forms if len(form) + len(element) <= self.longest]
        if self.longest_with_class:
            kind = unit_classes()[ord(element[0])]
            if kind in (DIGIT, LATIN):
                name = NUMBER_CLASS if kind == DIGIT else LATIN_CLASS
                longer += [form + name for form in forms if len(form) < self.longest_with_class]
        return longer


def _can_occur(char: str) -> bool:
    """Whether the trie of the kernels has room for words with a character."""
    return ord(char) < UNIT_LIMIT and not "\ud800" <= char <= "\udfff"

"""Segmented text as word ids: 0 for every mark and line end, 1 for a rare word, the vocabulary from 2 on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minent.grammar.marks import Kind, token_kind

BOUNDARY, UNKNOWN, FIRST_WORD = 0, 1, 2
NUMBER, LATIN = "<N>", "<L>"
LINE_END = "\ufdd0"  # a noncharacter: in no text
OF_LINE_END = -(1 << 40)
MOST_HALVINGS = 32
SPLITMIX = np.uint64(0x9E3779B97F4A7C15)

DIGITS = "0-9０-９"
NUMBER_PART = re.compile(f"[{DIGITS}](?:[{DIGITS}.．,，]*[{DIGITS}])?[%％‰]?")
HAN_DIGITS = "〇零一二三四五六七八九十百千万亿"
NUMBER_WORD = re.compile(f"(?:{NUMBER_PART.pattern})[{HAN_DIGITS}兆余多几]*|第?[{HAN_DIGITS}]{{2,}}")
NUMBER_PARTS = re.compile(f"{NUMBER_PART.pattern}|[^{DIGITS}]+")
LETTERS = re.compile(r"[A-Za-zＡ-Ｚａ-ｚÀ-ɏ]+")


@lru_cache(1 << 16)
def normal_form(word: str) -> str:
    """What the grammar knows a word by: any number is `<N>`, any Latin word `<L>`; 8年 is 年.

    >>> [normal_form(word) for word in ("１９９８", "3.5％", "十二", "一", "iPhone", "A股", "8年", "中国")]
    ['<N>', '<N>', '<N>', '一', '<L>', 'A股', '年', '中国']
    """
    if NUMBER_WORD.fullmatch(word):
        return NUMBER
    if LETTERS.fullmatch(word):
        return LATIN
    number = NUMBER_PART.match(word)
    return normal_form(word[number.end() :]) if number else word


def split_numbers(word: str) -> list[str]:
    """A word cut behind each number in it, but not before what makes the number larger.

    >>> split_numbers("１月２日"), split_numbers("3万余"), split_numbers("MP3")
    (['１', '月', '２', '日'], ['3万余'], ['MP3'])
    """
    if NUMBER_WORD.fullmatch(word) or not NUMBER_PART.match(word):
        return [word]
    return NUMBER_PARTS.findall(word)


@dataclass(frozen=True)
class Text:
    """Text to learn from.

    ids : int32[n], never two 0 in a row, first and last 0;  words : the vocabulary, by falling count, then text; the
    word of id i is words[i − FIRST_WORD];  counts : int64[len(words) + 2], of every id
    """

    ids: NDArray[np.int32]
    words: tuple[str, ...]
    counts: NDArray[np.int64]

    def bigrams(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Distinct pairs of neighbouring ids, `left · ids + right` ascending, and their counts."""
        keys = self.ids[:-1].astype(np.int64) * len(self.counts) + self.ids[1:]
        keys.sort()
        firsts = np.flatnonzero(np.diff(keys, prepend=-1))
        return keys[firsts], np.diff(firsts, append=len(keys))

    def fragments(
        self, shortest: int, longest: int, wanted: int, seed: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where fragments between two marks start, and their lengths: `wanted` of them at random, in order."""
        marks = np.flatnonzero(self.ids == BOUNDARY)
        starts, lengths = marks[:-1] + 1, np.diff(marks) - 1
        fit = (lengths >= shortest) & (lengths <= longest)
        starts, lengths = starts[fit], lengths[fit]
        if len(starts) > wanted:
            drawn = np.sort(np.argsort(scrambled(np.arange(len(starts)), seed), kind="stable")[:wanted])
            starts, lengths = starts[drawn], lengths[drawn]
        return starts, lengths


def scrambled(numbers: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """A random 64-bit number for each number and seed (splitmix64, Steele, Lea, Flood 2014)."""
    with np.errstate(over="ignore"):
        z = (numbers.astype(np.uint64) + np.uint64(seed % 2**32 + 1) * np.uint64(0xD1342543DE82EF95)) * SPLITMIX
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        result: NDArray[np.uint64] = z ^ (z >> np.uint64(31))
        return result


class Piece(NamedTuple):
    """Segmented text of whole lines, tokens separated by white space, and the name of where it comes from."""

    text: str
    source: str = ""


def read_text(pieces: Iterable[Piece], most_words: int, vocabulary: int, min_count: int, seed: int = 0) -> Text:
    """Read segmented text.

    most_words : about how many words and marks are held at most (12 bytes each). Whenever there are more, every second
        line of the source that has most is dropped at random, and of what still comes from it only that share is
        taken: a large source does not drown the others
    """
    reader = _Reader(most_words, seed)
    for piece in pieces:
        reader.add(piece)
    return reader.finish(vocabulary, min_count)


class _Forms(dict[str, int]):
    """Token → number: 0 a mark; from 1 on normal forms, in order of arrival; negative: several of them."""

    def __init__(self) -> None:
        super().__init__({LINE_END: OF_LINE_END})
        self.forms: dict[str, int] = {"": 0}
        self.compounds: list[list[int]] = [[]]

    def __missing__(self, token: str) -> int:
        if token_kind(token) != Kind.WORD:
            number = 0
        else:
            parts = [self._form(part) for part in split_numbers(token)]
            number = parts[0]
            if len(parts) > 1:
                number = -len(self.compounds)
                self.compounds.append(parts)
        self[token] = number
        return number

    def _form(self, word: str) -> int:
        return self.forms.setdefault(normal_form(word), len(self.forms)) if token_kind(word) == Kind.WORD else 0


@dataclass
class _Source:
    """What is held of one source: forms and their lines, piece by piece; of its lines the share 2^−halvings."""

    lines: int = 0
    halvings: int = 0
    size: int = 0
    held: list[tuple[NDArray[np.int32], NDArray[np.int64]]] = field(default_factory=list)


class _Reader:
    def __init__(self, most_words: int, seed: int) -> None:
        self.most_words, self.seed = most_words, seed
        self.forms = _Forms()
        self.sources: dict[str, _Source] = {}

    def add(self, piece: Piece) -> None:
        source = self.sources.setdefault(piece.source, _Source())
        texts = piece.text.split("\n")
        if not texts[-1]:
            texts.pop()
        numbers_of = np.arange(source.lines, source.lines + len(texts))
        source.lines += len(texts)
        if source.halvings:
            chosen = self._chosen(numbers_of, source.halvings)
            texts, numbers_of = [texts[k] for k in np.flatnonzero(chosen)], numbers_of[chosen]
        tokens = f" {LINE_END} ".join([*texts, ""]).split()
        numbers = np.fromiter(map(self.forms.__getitem__, tokens), np.int64, len(tokens))
        ends = numbers == OF_LINE_END
        lines = numbers_of[np.cumsum(ends) - ends]
        numbers[ends] = 0
        numbers, lines = self._expanded(numbers, lines)
        repeated = (numbers == 0) & (np.concatenate([[1], numbers[:-1]]) == 0)
        source.held.append((numbers[~repeated].astype(np.int32), lines[~repeated]))
        source.size += len(source.held[-1][0])
        while sum(source.size for source in self.sources.values()) > self.most_words:
            largest = max(self.sources.values(), key=lambda source: source.size)
            largest.halvings += 1
            for k, (forms, lines) in enumerate(largest.held):
                kept = self._chosen(lines, largest.halvings)
                largest.held[k] = forms[kept], lines[kept]
            largest.size = sum(len(forms) for forms, _ in largest.held)
            if largest.halvings == MOST_HALVINGS:
                break

    def finish(self, vocabulary: int, min_count: int) -> Text:
        zero = np.zeros(1, dtype=np.int32)
        held = (numbers for source in self.sources.values() for numbers, _ in source.held)
        numbers = np.concatenate([zero, *(part for numbers in held for part in (numbers, zero))])
        numbers = numbers[(numbers != 0) | (np.concatenate([[1], numbers[:-1]]) != 0)]
        counts = np.bincount(numbers, minlength=len(self.forms.forms))
        texts = list(self.forms.forms)
        often = sorted((-counts[k], texts[k], k) for k in np.flatnonzero(counts >= min_count).tolist() if k)
        kept = [(text, k) for _, text, k in often[:vocabulary]]
        ids = np.full(len(texts), UNKNOWN, dtype=np.int32)
        ids[0] = BOUNDARY
        for place, (_, k) in enumerate(kept):
            ids[k] = FIRST_WORD + place
        coded = ids[numbers]
        return Text(
            coded,
            tuple(text for text, _ in kept),
            np.bincount(coded, minlength=len(kept) + FIRST_WORD).astype(np.int64),
        )

    def _expanded(
        self, numbers: NDArray[np.int64], lines: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        places = np.flatnonzero(numbers < 0)
        if not len(places):
            return numbers, lines
        parts = [self.forms.compounds[-k] for k in numbers[places].tolist()]
        repeats = np.ones(len(numbers), dtype=np.int64)
        repeats[places] = [len(part) for part in parts]
        numbers, lines = np.repeat(numbers, repeats), np.repeat(lines, repeats)
        numbers[numbers < 0] = [k for part in parts for k in part]
        return numbers, lines

    def _chosen(self, lines: NDArray[np.int64], halvings: int) -> NDArray[np.bool_]:
        """Whether a line, by its number in its source, is among the drawn 2^−halvings of all."""
        chosen: NDArray[np.bool_] = scrambled(lines, self.seed) >> np.uint64(64 - halvings) == 0
        return chosen

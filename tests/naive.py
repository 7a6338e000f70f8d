"""Oracles: each does in the plainest way what a kernel does fast. Pure Python; nothing from minent is used here."""

from __future__ import annotations

import math
import re
from functools import cache
from itertools import product

# --------------------------------------------------------------------------------------------- segmentation

HAN = "○〇々㐀-䶿一-鿿豈-﫿\U00020000-\U0003347f"
LATIN = "A-Za-zÀ-ÖØ-öø-ɏḀ-ỿＡ-Ｚａ-ｚ"
DIGIT = "0-9０-９"
NUMBER = f"[{DIGIT}]+(?:[.．][{DIGIT}]+)*[%％‰]?"
MARKS = "\u0301\u200d\ufe0f\U000e0100🏽"  # some of those that belong to the character before them
INVALID = "\udc80-\udcff"  # bytes that are not UTF-8, as errors="surrogateescape" decodes them
ELEMENT = re.compile(f"<[NL]>|{NUMBER}|[{LATIN}][{LATIN}\u0300-\u036f]*|([—―…─⋯])\\1*|[{INVALID}]+|.", re.DOTALL)
CHARACTER = re.compile(f"<[NL]>|([—―…─⋯])\\1*|[{INVALID}]+|.", re.DOTALL)
UNIT = re.compile(f"[{HAN}{LATIN}{DIGIT}]")


def split_elements(text: str, whole_runs: bool = True) -> list[str]:
    """The smallest parts of a text that a word is made of. Class units are looked for in words, not in texts."""
    return [match.group() for match in (ELEMENT if whole_runs else CHARACTER).finditer(text)]


def split_text(text: str, whole_runs: bool = True) -> list[str]:
    """The elements of a text, where `<N>` is only three signs and a letter."""
    return [part for element in split_elements(text, whole_runs) for part in
            (["<", element[1], ">"] if re.fullmatch("<[NL]>", element) else [element])]  # fmt: skip


class UnigramModel:
    """Words with counts. A word is a tuple of elements; ln p = ln max(count, 1) − ln total, with count 1 for a unit
    that is no word, and 0 nats for what is in no word and no unit (a comma, a space)."""

    def __init__(self, counts: dict[str, int], whole_runs: bool = True) -> None:
        self.whole_runs = whole_runs
        log_total = math.log(max(sum(counts.values()), 1))
        self.unknown = math.log(1) - log_total
        self.words = {
            tuple(split_elements(word, whole_runs)): math.log(max(count, 1)) - log_total
            for word, count in counts.items()
        }
        self.elements = {element for word in self.words for element in word}

    def forms(self, element: str) -> list[str]:
        """How an element may stand in a word: as it is, or as its class."""
        if self.whole_runs and re.match(f"[{DIGIT}]", element):
            return [element, "<N>"]
        if self.whole_runs and re.match(f"[{LATIN}]", element):
            return [element, "<L>"]
        return [element]

    def log_prob(self, elements: list[str]) -> float:
        """The best of all words that these elements can be; −inf if they are none."""
        values = [self.words.get(forms, -math.inf) for forms in product(*map(self.forms, elements))]
        if len(elements) == 1 and max(values) == -math.inf:
            in_a_run = UNIT.match(elements[0]) or elements[0] in self.elements
            return self.unknown if in_a_run else 0.0
        return max(values)


def all_cuttings(elements: list[str], model: UnigramModel) -> list[tuple[float, list[int]]]:
    """Every cutting with its log-probability, as lengths of words: 2^(n − 1) at most."""
    if not elements:
        return [(0.0, [])]
    found = []
    for length in range(1, len(elements) + 1):
        value = model.log_prob(elements[:length])
        if value > -math.inf:
            found += [(value + rest, [length, *cuts]) for rest, cuts in all_cuttings(elements[length:], model)]
    return found


def best_cutting(elements: list[str], model: UnigramModel) -> tuple[float, list[int]]:
    """The best cutting by recursion from the right; of equal ones that with the longer first word."""

    @cache
    def best(start: int) -> tuple[float, int]:
        if start == len(elements):
            return 0.0, 0
        options = []
        for end in range(start + 1, len(elements) + 1):
            value = model.log_prob(elements[start:end])
            if value > -math.inf:
                options.append((value + best(end)[0], end))
        return max(options)

    lengths, at = [], 0
    while at < len(elements):
        end = best(at)[1]
        lengths.append(end - at)
        at = end
    return (best(0)[0] if elements else 0.0), lengths


def tokens_of(elements: list[str], lengths: list[int]) -> list[str]:
    """The elements joined to tokens; a mark belongs to the token before it, unless that is whitespace."""
    tokens: list[str] = []
    at = 0
    for length in lengths:
        token = "".join(elements[at : at + length])
        if token[0] in MARKS and tokens and not tokens[-1].isspace():
            tokens[-1] += token
        else:
            tokens.append(token)
        at += length
    return tokens


def with_separators(tokens: list[str], separator: str) -> str:
    """The tokens with a separator between each two, but none beside whitespace."""
    text = ""
    for number, token in enumerate(tokens):
        if number and not tokens[number - 1].isspace() and not token.isspace():
            text += separator
        text += token
    return text


def posterior(elements: list[str], model: UnigramModel, alpha: float = 1.0) -> dict[tuple[int, ...], float]:
    """Probability of every cutting, ∝ p^alpha."""
    weights = {tuple(cuts): math.exp(alpha * value) for value, cuts in all_cuttings(elements, model)}
    total = sum(weights.values())
    return {cuts: weight / total for cuts, weight in weights.items()}

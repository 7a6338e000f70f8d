"""The unknown-word model in the plainest way: the formula of a string's weight, and all cuttings of a text tried out.

Pure Python; nothing from minent is used here.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from itertools import pairwise, product

import naive

PROTECTION = 1e4
SINGLE_WEIGHT, SINGLE_BASE, FIRST_BASE, UNIGRAM, BACKOFF, TAG_BEGIN, TAG_MIDDLE, TAG_END = range(8)


@dataclass
class Model:
    """Units by id with eight factors each; pairs with (spelling, PMI expert); strings of ids with counts.

    scalars : d, N, the part of the length for 2, 3, 4 units, the tag transitions of words of 2, 3, 4 units
    beside : words that the model does not have as strings, with their counts;  protect : those never cut
    """

    whole_runs: bool
    texts: list[str]
    units: list[list[float]]
    scalars: list[float]
    pairs: dict[tuple[int, int], tuple[float, float]]
    words: dict[tuple[int, ...], int]
    beside: dict[str, int] = field(default_factory=dict)
    protect: frozenset[str] = frozenset()

    def factors(self, unit: int) -> list[float]:
        """The factors of a unit; one that the text did not have is as likely as the least likely one."""
        factors = list(self.units[unit])
        if factors[UNIGRAM] == 0:
            for k in (SINGLE_BASE, FIRST_BASE, UNIGRAM):
                factors[k] = min(row[k] for row in self.units[1:] if row[UNIGRAM] > 0)
        return factors

    def known(self, string: tuple[int, ...]) -> float:
        discount, total = self.scalars[:2]
        return max(self.words.get(string, 0) - discount, 0) / total

    def step(self, left: int, right: int) -> tuple[float, float]:
        """(P0's transition, PMI expert) of two neighbours."""
        spelling, expert = self.pairs.get((left, right), (0.0, 1.0))
        return spelling + self.factors(left)[BACKOFF] * self.factors(right)[UNIGRAM], expert

    def experts(self, string: tuple[int, ...]) -> float:
        """H(w) · prod G of a word of any length."""
        if len(string) == 1:
            return self.factors(string[0])[SINGLE_WEIGHT]
        shapes = self.scalars[5:]
        weight = shapes[min(len(string), 4) - 2] * (shapes[2] / shapes[1]) ** max(len(string) - 4, 0)
        weight *= self.factors(string[0])[TAG_BEGIN] * self.factors(string[-1])[TAG_END]
        weight *= math.prod(self.factors(unit)[TAG_MIDDLE] for unit in string[1:-1])
        return weight * math.prod(self.step(*pair)[1] for pair in pairwise(string))

    def base(self, string: tuple[int, ...]) -> float:
        """Back-off mass times P0(w)."""
        if len(string) == 1:
            return self.factors(string[0])[SINGLE_BASE]
        steps = math.prod(self.step(*pair)[0] for pair in pairwise(string))
        return self.scalars[len(string)] * self.factors(string[0])[FIRST_BASE] * steps

    def weight(self, string: tuple[int, ...]) -> float:
        """x(w) = (max(n − d, 0)/N + back-off · P0(w)) · H(w) · prod G."""
        return (self.known(string) + self.base(string)) * self.experts(string)

    def unit(self, element: str) -> int:
        """The unit that an element is: its own, or any number 1, any Latin run 2, any other character 3; 0: a sign."""
        if element in self.texts[4:]:
            return self.texts.index(element, 4)
        kinds = {1: f"<N>|[{naive.DIGIT}]", 2: f"<L>|[{naive.LATIN}]", 3: f"[{naive.HAN}]"}
        return next((unit for unit, kind in kinds.items() if re.match(kind, element)), 0)

    def word_value(self, word: str) -> float:
        """ln of the weight of a word beside the strings; without the experts if it has a sign or an unknown pair."""
        discount, total = self.scalars[:2]
        string = tuple(map(self.unit, naive.split_elements(word, self.whole_runs)))
        value = math.log((max(self.beside[word], 1) - discount) / total)
        if 0 not in string and all(pair in self.pairs for pair in pairwise(string)):
            value += math.log(self.experts(string))
        return value + PROTECTION * len(word) * (word in self.protect)

    def values(self) -> dict[tuple[str, ...], float]:
        return {tuple(naive.split_elements(word, self.whole_runs)): self.word_value(word) for word in self.beside}

    def forms(self, element: str) -> list[str]:
        kinds = {1: "<N>", 2: "<L>"} if self.whole_runs else {}
        runs = {"<N>": f"[{naive.DIGIT}]", "<L>": f"[{naive.LATIN}]"}
        return [element, *(kind for kind in kinds.values() if re.match(runs[kind], element))]

    def value(self, elements: tuple[str, ...], values: dict[tuple[str, ...], float]) -> float:
        """ln of the best weight that these elements can have as one word; −inf if they cannot be one."""
        found = [values[forms] for forms in product(*map(self.forms, elements)) if forms in values]
        string = tuple(map(self.unit, elements))
        if len(string) <= 4 and 0 not in string:
            found.append(math.log(self.weight(string)))
        elif string == (0,):
            in_words = any(elements[0] in word for word in values)
            found.append(-math.log(self.scalars[1]) if in_words else 0.0)
        return max(found, default=-math.inf)


def all_cuttings(elements: list[str], model: Model) -> list[tuple[float, list[str]]]:
    """Every cutting: (ln of the product of the weights, words)."""
    values = model.values()
    cuttings: list[list[tuple[float, list[str]]]] = [[] for _ in elements] + [[(0.0, [])]]
    for start in range(len(elements) - 1, -1, -1):
        for end in range(start + 1, len(elements) + 1):
            value = model.value(tuple(elements[start:end]), values)
            if value > -math.inf:
                word = "".join(elements[start:end])
                cuttings[start] += [(value + rest, [word, *words]) for rest, words in cuttings[end]]
    return cuttings[0]

"""Every setting and its default, once; what is None is chosen from the corpus."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

RECIPES = ("default", "plain", "cohesion")
UNITS = ("run", "char")
REDUNDANCY = ("length", "article")
USED_BY = {  # settings that not every recipe uses
    "min_prob": ("plain",),
    "min_pmi": ("plain", "cohesion"),
    "redundancy": ("plain",),
    "order": ("cohesion",),
    "seed": ("default",),
}


@dataclass(frozen=True)
class LexiconSettings:
    """How a lexicon is mined.

    recipe : `default`, `plain` (kexue.fm/archives/5476) or `cohesion` (4256, 6920)
    units : `run` — a run of Latin letters or of digits is one unit; `char` — every Han character, every letter and
        digit of ASCII is one, and nothing else is (as in the articles)
    min_count : least occurrences of a word (and, with `cohesion`, of an n-gram)
    min_prob : least probability of a joined pair among all pairs, and of a candidate among all candidates (plain)
    min_pmi : least PMI of a joined pair (plain), or at the weakest cut of a 2-gram (cohesion; twice and three times
        that for 3-grams and 4-grams), in nats
    redundancy : a word is redundant if its PMI against its best cutting is below its length − 1 (`length`, as nlp-zero
        does) or below 1 (`article`), in nats
    order : longest n-gram counted (cohesion)
    min_length, max_length : units of the words that are written; longer words are cut into others. With the
        default recipe a max_length above 4 asks for long words too (recipes/long_words.py)

    >>> LexiconSettings(recipe="plain", min_pmi=2.0).min_pmi
    2.0
    >>> LexiconSettings(recipe="soup")
    Traceback (most recent call last):
    ValueError: recipe is 'soup'; it must be one of default, plain, cohesion
    """

    recipe: str = "default"
    units: str = "run"
    min_count: int | None = None
    min_prob: float | None = None
    min_pmi: float | None = None
    redundancy: str = "length"
    order: int = 4
    min_length: int = 1
    max_length: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        _one_of("recipe", self.recipe, RECIPES)
        _one_of("units", self.units, UNITS)
        _one_of("redundancy", self.redundancy, REDUNDANCY)
        _at_least("min_count", self.min_count, 1)
        _at_least("min_length", self.min_length, 1)
        _at_least("max_length", self.max_length, self.min_length)
        if self.min_prob is not None and not 0 <= self.min_prob < 1:
            raise ValueError(f"min_prob is {self.min_prob}; it must be at least 0 and below 1")
        if self.min_pmi is not None and not math.isfinite(self.min_pmi):
            raise ValueError(f"min_pmi is {self.min_pmi}; it must be a finite number")
        if not 2 <= self.order <= 8:
            raise ValueError(f"order is {self.order}; it must be from 2 to 8")
        if not 0 <= self.seed < 1 << 63:
            raise ValueError(f"seed is {self.seed}; it must be from 0 to 2^63 - 1")

    def with_chosen(self, **chosen: Any) -> LexiconSettings:
        """These settings with values in the place of those that are None."""
        return dataclasses.replace(self, **{k: v for k, v in chosen.items() if getattr(self, k) is None})


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(choices)}")


def _at_least(name: str, value: int | None, least: int) -> None:
    if value is not None and value < least:
        raise ValueError(f"{name} is {value}; it must be at least {least}")

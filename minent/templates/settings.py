"""How templates are mined: every setting and its default; what is None is chosen from the corpus."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

BOUNDARIES = ("signs", "stops")
SKIPGRAM, PARSE, CLASS = "skipgram", "parse", "class"  # edges of a graph; blocks of trees; edges between word classes
SOURCES = (SKIPGRAM, PARSE)
WIDEST_WINDOW = 30  # an edge is a bit of 30 (kernels/patterns.py)


@dataclass(frozen=True)
class ClassSettings:
    """How word classes are learned, and which words they replace.

    most_words : words of text that are clustered; of more, every second sentence, every third, …
    min_count : least occurrences of a word that is clustered. If not given: √(words of text) / 50, and at least 10
    vocabulary : the most frequent words that are clustered
    clusters : how many. If not given: 3 √vocabulary, from 4 to 256
    sweeps : of the exchange clustering
    literals : the most frequent words stay as they are, so many, numbers excepted
    share : a word is replaced if the other words of its class tell at least this share of what its neighbours are
        (in nats, over the neighbours' frequencies)
    prior : neighbours, as of the class, that are added to those of a word before it is judged
    min_members : least words of a class that are replaced; else none is
    """

    most_words: int = 10_000_000
    min_count: int | None = None
    vocabulary: int = 30_000
    clusters: int | None = None
    sweeps: int = 8
    literals: int = 200
    share: float = 0.5
    prior: float = 5.0
    min_members: int = 3


@dataclass(frozen=True)
class TemplateSettings:
    """How templates are mined from segmented text (kexue.fm/archives/5577).

    boundaries : where sentences end: at `signs` of every kind, as in the article; or only at `stops`, 。！？；… and
        line ends, and then commas and the like are words: 因为 [X] ， 所以 [X]
    window : greatest distance of the two words of a skip-gram; 1 mines collocations
    min_count : least occurrences of a strong edge, and of a template. If neither it nor min_prob is given:
        √(skip-grams of the corpus) / 100, and at least 5
    min_prob : the probability of a strong edge among all skip-grams, and of a template among all candidates, is above
    min_pmi : the PMI of a strong edge is above it, in nats. If not given: 1, since to join two words whose PMI is below
        saves nothing (5476, (2.15)); with min_prob, the article's own threshold, it is the article's 2
    min_sentences : least number of sentences with a template of two words or more, however often it occurs in each.
        If no threshold is given it is what min_count is, else 1
    max_paths : connected components of a sentence's graph with more paths than that are left out and reported. They are
        words said over and over, or boilerplate: as templates they have no end. None leaves out nothing. (A sentence
        of twelve words has at most 1024 paths.)
    min_length : least number of words of a template that is kept, slots not counted
    trivial : keep trivial templates, one word between two slots
    contains : words of which a template must hold every one
    top : keep the most frequent only, so many; None keeps all
    fillers : how many fillers of each slot are kept, the most frequent first
    filler_length : longest filler, in words
    clustering : how word classes are learned, where they are asked for

    >>> TemplateSettings(window=3, contains=("因为",)).window
    3
    """

    boundaries: str = "signs"
    window: int = 5
    min_count: int | None = None
    min_prob: float | None = None
    min_pmi: float | None = None
    min_sentences: int | None = None
    max_paths: int | None = 10_000
    min_length: int = 1
    trivial: bool = True
    contains: tuple[str, ...] = ()
    top: int | None = None
    fillers: int = 8
    filler_length: int = 5
    clustering: ClassSettings = field(default_factory=ClassSettings)

    def __post_init__(self) -> None:
        if not isinstance(self.contains, tuple):
            raise ValueError(f"contains is {self.contains!r}; it must be a tuple of words")
        if not all(self.contains):
            raise ValueError("contains has an empty word")
        if self.boundaries not in BOUNDARIES:
            raise ValueError(f"boundaries is {self.boundaries!r}; it must be one of {', '.join(BOUNDARIES)}")
        if not 1 <= self.window <= WIDEST_WINDOW:
            raise ValueError(f"window is {self.window}; it must be from 1 to {WIDEST_WINDOW}")
        for name in ("min_count", "min_sentences", "max_paths", "min_length", "top", "fillers", "filler_length"):
            value, least = getattr(self, name), 0 if name == "fillers" else 1
            if value is not None and value < least:
                raise ValueError(f"{name} is {value}; it must be at least {least}")
        if self.min_prob is not None and not 0 <= self.min_prob < 1:
            raise ValueError(f"min_prob is {self.min_prob}; it must be at least 0 and below 1")
        if self.min_pmi is not None and not math.isfinite(self.min_pmi):
            raise ValueError(f"min_pmi is {self.min_pmi}; it must be a finite number")

    def least_count(self, total: int) -> int:
        """The least count that these thresholds admit of `total` events, min_count or min_prob being given."""
        least = self.min_count or 1
        if self.min_prob is not None:
            least = max(least, _first_above(self.min_prob, total))
        return least

    def with_chosen(self, skip_grams: int) -> TemplateSettings:
        """These settings with thresholds for a corpus with so many skip-grams."""
        given = self.min_count is not None or self.min_prob is not None
        least = least_of(skip_grams)
        return dataclasses.replace(
            self,
            min_count=self.min_count if given else least,
            min_pmi=self.min_pmi if self.min_pmi is not None else 1.0 if self.min_prob is None else 2.0,
            min_sentences=self.min_sentences or (1 if given else least),
        )

    def least_blocks(self, total: int) -> int:
        """The least count of a main template of `total` blocks: as of skip-grams, from their number."""
        if self.min_count is None and self.min_prob is None:
            return least_of(total)
        return self.least_count(total)

    def to_dict(self) -> dict[str, Any]:
        """What the head of a file says: the settings that shape the counts, and what was left out, if anything."""
        shown = ("boundaries", "window", "min_count", "min_prob", "min_pmi", "min_sentences", "max_paths")
        told = {name: getattr(self, name) for name in shown if getattr(self, name) is not None}
        if self.min_length > 1:
            told["min_length"] = self.min_length
        if not self.trivial:
            told["trivial"] = 0
        if self.contains:
            told["contains"] = " ".join(self.contains)
        if self.top is not None:
            told["top"] = self.top
        return told


def least_of(total: int) -> int:
    """The least count where none is given."""
    return max(5, round(math.sqrt(total) / 100))


def _first_above(prob: float, total: int) -> int:
    """The least count c with ln c − ln total > ln prob, computed as the article's implementation does."""
    if prob == 0 or total == 0:
        return 1
    log_prob, log_total = math.log(prob), math.log(total)
    count = max(1, math.floor(prob * total) - 2)
    while not math.log(count) - log_total > log_prob:
        count += 1
    return count

"""The words to be judged, with what the lexicon says of each: searched, filtered and sorted."""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.decisions import KINDS
from minent.lexicon import Lexicon

STATUSES = ("todo", "decided", *KINDS, "disputed", "all")
SORTS = ("doubt", "count", "pmi", "left", "right", "length", "word")
FIGURES = {"pmi": "pmi", "left": "left_entropy", "right": "right_entropy"}  # our name: column of the lexicon
LONGEST_SHOWN = 120  # characters of a word: a page of base64 is a word too, but not one to look at
LONGEST_QUERY = 100
MOST_ROWS = 2000


@dataclass(frozen=True)
class Query:
    """Which words, in which order.

    search : a part of the word, or all of it with `*` and `?` in it;  status : of STATUSES
    length : characters, 5 for five or more, None for any;  new : only those that are in no known list, or only the rest
    sort, descending : of SORTS; `doubt` has one direction only
    """

    search: str = ""
    status: str = "all"
    length: int | None = None
    new: bool | None = None
    sort: str = "doubt"
    descending: bool = False


class Candidates:
    """Words by number, which stays: those of a lexicon in its order, then others that somebody decided about.

    counts, pmi, left, right : figures of each, as the lexicon has them (nats); NaN where it has none
    decided : 0, or 1 + place in KINDS;  disputed : whether two people decided differently
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.words = list(lexicon.words)
        self.numbers = {word: k for k, word in enumerate(self.words)}
        self.size = len(self.words)  # of the lexicon
        self.counts = np.array(lexicon.counts, dtype=np.int64)
        self.figures = {name: _numbers(lexicon, column) for name, column in FIGURES.items()}
        self.has_figures = any(column in lexicon.columns for column in FIGURES.values())
        self.has_new = "new" in lexicon.columns
        self.is_new = np.array([mark == "1" for mark in lexicon.columns.get("new", [])], dtype=np.bool_)
        if not self.has_new:
            self.is_new = np.zeros(self.size, dtype=np.bool_)
        self.lengths = np.array(list(map(len, self.words)), dtype=np.int64)
        self.decided = np.zeros(self.size, dtype=np.int8)
        self.disputed = np.zeros(self.size, dtype=np.bool_)
        self._lower = [word.lower() for word in self.words]
        self._by_text: list[int] = []
        self._orders: dict[tuple[str, bool], NDArray[np.int64]] = {}
        self._found: tuple[str, NDArray[np.bool_]] = ("", np.ones(self.size, dtype=np.bool_))
        self._in_text_order()  # so that nobody has to wait for it

    def __len__(self) -> int:
        return len(self.words)

    def add(self, words: Iterable[str]) -> None:
        """Take in words that are not there."""
        fresh = [word for word in dict.fromkeys(words) if word not in self.numbers]
        if not fresh:
            return
        more = len(fresh)
        self.numbers.update((word, k) for k, word in enumerate(fresh, start=len(self.words)))
        self.words += fresh
        self._lower += [word.lower() for word in fresh]
        self.counts = np.append(self.counts, np.zeros(more, dtype=np.int64))
        self.figures = {name: np.append(values, np.full(more, np.nan)) for name, values in self.figures.items()}
        self.is_new = np.append(self.is_new, np.full(more, self.has_new))
        self.lengths = np.append(self.lengths, np.array(list(map(len, fresh)), dtype=np.int64))
        self.decided = np.append(self.decided, np.zeros(more, dtype=np.int8))
        self.disputed = np.append(self.disputed, np.zeros(more, dtype=np.bool_))
        self._orders.clear()
        self._found = ("", np.ones(len(self.words), dtype=np.bool_))

    def find(
        self, query: Query, size: int, after: int | None = None, until: int | None = None
    ) -> tuple[list[int], int, int]:
        """`size` words in order, from behind the word `after`, and on to the word `until` if it is further; how many
        words there are in all; and how many of them come before these."""
        mask = self._mask(query)
        order = self._order(query.sort, query.descending)
        places = np.flatnonzero(mask[order])
        first = 0
        if after is not None:  # it may itself no longer be among them
            first = int(np.searchsorted(places, self._place(order, after), side="right"))
        last = first + size
        if until is not None and mask[until]:
            last = max(last, int(np.searchsorted(places, self._place(order, until))) + 1)
        chosen = order[places[first : min(last, first + MOST_ROWS)]]
        return [int(number) for number in chosen], len(places), first

    def totals(self) -> dict[str, int]:
        """How many words of each kind of decision, how many are disputed, and how many there are."""
        counts = np.bincount(self.decided, minlength=len(KINDS) + 1).tolist()
        kinds = dict(zip(KINDS, counts[1:], strict=True))
        return {**kinds, "disputed": int(self.disputed.sum()), "words": len(self.words)}

    def row(self, number: int) -> dict[str, Any]:
        """What a list shows of a word."""
        figures = {name: _rounded(float(values[number])) for name, values in self.figures.items()}
        return {
            "id": number,
            "word": clipped(self.words[number]),
            "count": int(self.counts[number]),
            **figures,
            "new": bool(self.is_new[number]),
            "absent": number >= self.size,
            "disputed": bool(self.disputed[number]),
        }

    def _mask(self, query: Query) -> NDArray[np.bool_]:
        mask: NDArray[np.bool_] = self._matching(query.search).copy()
        if query.status == "todo":
            mask &= self.decided == 0
        elif query.status == "decided":
            mask &= self.decided > 0
        elif query.status == "disputed":
            mask &= self.disputed
        elif query.status != "all":
            mask &= self.decided == 1 + KINDS.index(query.status)
        if query.length is not None:
            mask &= self.lengths == query.length if query.length < 5 else self.lengths >= 5
        if query.new is not None:
            mask &= self.is_new if query.new else ~self.is_new
        return mask

    def _matching(self, search: str) -> NDArray[np.bool_]:
        """bool[words]: the words that a search finds; that of the last search is kept."""
        search = search[:LONGEST_QUERY].lower()
        if self._found[0] != search:
            if re.search("[*?]", search):
                pattern = re.compile(fnmatch.translate(search.replace("[", "[[]")))
                found = [pattern.match(word) is not None for word in self._lower]
            else:
                found = [search in word for word in self._lower]
            self._found = (search, np.array(found, dtype=np.bool_))
        return self._found[1]

    def _order(self, sort: str, descending: bool) -> NDArray[np.int64]:
        """int64[words]: numbers of the words in an order; what has no figure comes last, ties as in the lexicon."""
        key = (sort, descending)
        if key not in self._orders:
            if sort == "word":
                order = np.array(self._in_text_order(), dtype=np.int64)
                self._orders[key] = order[::-1].copy() if descending else order
            elif sort == "doubt":
                self._orders[key] = np.argsort(self._doubts(), kind="stable")
            else:
                values = {"count": self.counts, "length": self.lengths, **self.figures}[sort].astype(np.float64)
                self._orders[key] = np.argsort(-values if descending else values, kind="stable")  # NaN is last
        return self._orders[key]

    def _in_text_order(self) -> list[int]:
        """Numbers of the words by their code points."""
        self._by_text += range(len(self._by_text), len(self.words))
        self._by_text.sort(key=self.words.__getitem__)  # quick where most of it is sorted
        return self._by_text

    def _doubts(self) -> NDArray[np.float64]:
        """float64[words]: the lower, the sooner somebody should look. A word of two characters or more is the more
        doubtful, the larger ln count − PMI − lower branching entropy (nats) is: frequent, loose, and always beside the
        same neighbours. Those without figures come behind, and then those of one character."""
        doubts = -np.log(np.maximum(self.counts, 1))
        if self.has_figures:
            doubts += self.figures["pmi"] + np.fmin(self.figures["left"], self.figures["right"])
        last = 1e6
        return np.where(np.isnan(doubts), last, doubts) + np.where(self.lengths > 1, 0.0, 2 * last)

    @staticmethod
    def _place(order: NDArray[np.int64], number: int) -> int:
        return int(np.flatnonzero(order == number)[0])


def clipped(word: str) -> str:
    """As much of a word as is shown."""
    return word if len(word) <= LONGEST_SHOWN else word[: LONGEST_SHOWN - 1] + "…"


def _numbers(lexicon: Lexicon, column: str) -> NDArray[np.float64]:
    """A column as numbers; NaN where there is none."""
    return np.array([_number(text) for text in lexicon.columns.get(column, [""] * len(lexicon))], dtype=np.float64)


def _number(text: str) -> float:
    try:
        value = float(text or "nan")
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 2)

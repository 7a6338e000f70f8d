"""How well the words of a lexicon agree with reference word lists."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from minent.corpus.units import DIGIT_RANGES, HAN_RANGES, LATIN_RANGES
from minent.evaluation.segmentation import is_punctuation

PRECISION_CUTS = (1_000, 5_000, 20_000, 50_000)
FUNCTION_UNITS = 20  # in segmented news these are 的 … 等; the next ten have 人 年 新 大, which make words
EXAMPLES = 20


@dataclass(frozen=True)
class LexiconCut:
    """Of the `words` most frequent judged words, `found` are in some reference and `junk` are junk."""

    words: int
    found: int
    junk: int | None

    @property
    def precision(self) -> float:
        return self.found / self.words if self.words else 0.0

    @property
    def junk_rate(self) -> float | None:
        """Share of junk; None where no function units are known."""
        if self.junk is None:
            return None
        return self.junk / self.words if self.words else 0.0

    def to_dict(self) -> dict[str, Any]:
        names = ("words", "found", "precision", "junk", "junk_rate")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class ReferenceRecall:
    """Of the `words` of a reference that are judged, the lexicon has `found`."""

    name: str
    words: int
    found: int

    @property
    def recall(self) -> float:
        return self.found / self.words if self.words else 0.0

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "words": self.words, "found": self.found, "recall": self.recall}


@dataclass(frozen=True)
class LexiconScores:
    """One lexicon against reference lists.

    Only some words are judged, on both sides: see `is_judged`.

    words          : entries of the lexicon
    cuts           : precision and junk of the most frequent judged words; the last is of all
    recalls        : recall by type of each reference; if there are several, the last is of their union
    function_units : junk is a word that begins or ends with one of these and that no reference has
    junk_examples, unknown_examples : the most frequent junk; the most frequent words that no reference has
    """

    words: int
    cuts: tuple[LexiconCut, ...]
    recalls: tuple[ReferenceRecall, ...]
    function_units: tuple[str, ...]
    junk_examples: tuple[tuple[str, int], ...]
    unknown_examples: tuple[tuple[str, int], ...]

    @property
    def judged_words(self) -> int:
        return self.cuts[-1].words

    @property
    def junk_rate(self) -> float | None:
        """Share of junk in all judged words."""
        return self.cuts[-1].junk_rate

    def to_dict(self) -> dict[str, Any]:
        return {
            "words": self.words,
            "judged_words": self.judged_words,
            "cuts": [cut.to_dict() for cut in self.cuts],
            "recalls": [recall.to_dict() for recall in self.recalls],
            "function_units": list(self.function_units),
            "junk_examples": [{"word": word, "count": count} for word, count in self.junk_examples],
            "unknown_examples": [{"word": word, "count": count} for word, count in self.unknown_examples],
        }


def evaluate_lexicon(
    counted_words: Iterable[tuple[str, int]],
    references: Mapping[str, Collection[str]],
    *,
    cuts: Sequence[int] = PRECISION_CUTS,
    function_units: Collection[str] | int = FUNCTION_UNITS,
    occurring: Collection[str] | None = None,
    examples: int = EXAMPLES,
) -> LexiconScores:
    """Precision at k, recall by type and junk rate of words with counts.

    cuts           : the numbers k of most frequent judged words; what is above their number is left out
    function_units : the units, or how many: the most frequent words of the lexicon that are one Han
        character. There are none where all counts are equal, as in a list without counts
    occurring      : only these words of the references count for recall: `occurring_words` of the corpus that
        the lexicon was learned from; None: all of them
    examples       : how many words to show of each kind
    Words are ranked by count, equal counts by text. ValueError: no reference.

    >>> counts = {"的": 90, "中国": 50, "的人": 40, "国中": 10}
    >>> scores = evaluate_lexicon(counts.items(), {"list": {"中国", "目的"}}, function_units=1)
    >>> [(cut.words, round(cut.precision, 3), round(cut.junk_rate, 3)) for cut in scores.cuts]
    [(3, 0.333, 0.333)]
    >>> scores.recalls[0].recall, scores.junk_examples
    (0.5, (('的人', 40),))
    """
    if not references:
        raise ValueError("no reference list to compare with")
    ranked = sorted(counted_words, key=lambda item: (-item[1], item[0]))
    known: set[str] = set().union(*references.values())
    if isinstance(function_units, int):
        function_units = most_frequent_han(ranked, function_units)
    judged = [item for item in ranked if is_judged(item[0])]
    unknown = [word not in known for word, _ in judged]
    edges = frozenset(function_units)
    junk = [
        is_unknown and (word[0] in edges or word[-1] in edges)
        for (word, _), is_unknown in zip(judged, unknown, strict=True)
    ]
    sizes = [*sorted({size for size in cuts if 0 < size < len(judged)}), len(judged)]
    return LexiconScores(
        words=len(ranked),
        cuts=tuple(LexiconCut(size, size - sum(unknown[:size]), sum(junk[:size]) if edges else None) for size in sizes),
        recalls=_recalls({word for word, _ in judged}, references, known, occurring),
        function_units=tuple(function_units),
        junk_examples=_first(judged, junk, examples),
        unknown_examples=_first(judged, unknown, examples),
    )


def most_frequent_han(ranked: Sequence[tuple[str, int]], length: int) -> tuple[str, ...]:
    """The first `length` words that are one Han character; none where the counts say nothing."""
    if not ranked or ranked[0][1] == ranked[-1][1]:
        return ()
    is_han = re.compile(f"[{_character_class(HAN_RANGES)}]").fullmatch
    return tuple([word for word, _ in ranked if is_han(word)][:length])


def is_judged(word: str) -> bool:
    """Whether a word list can have an opinion about a word.

    It has two units or more, where a run of Latin letters is one unit: 中国 and A股 but not 的 or iPhone.
    It is not punctuation. It stands for itself only: it has no digit and no class unit `<N>`, `<L>`.
    """
    return len(word) > 1 and not _not_judged().search(word) and not is_punctuation(word)


def occurring_words(words: Iterable[str], lines: Iterable[str]) -> set[str]:
    """Those of the words that stand anywhere in the lines, whatever is beside them (Aho, Corasick 1975)."""
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for word in words:
        if word:
            automaton.add_word(word, word)
    if not len(automaton):
        return set()
    automaton.make_automaton()
    found: set[str] = set()
    for line in lines:
        found.update(word for _, word in automaton.iter(line))
    return found


def _recalls(
    words: set[str],
    references: Mapping[str, Collection[str]],
    union: Collection[str],
    occurring: Collection[str] | None,
) -> tuple[ReferenceRecall, ...]:
    named = list(references.items())
    if len(named) > 1:
        named.append(("union", union))
    recalls = []
    for name, reference in named:
        wanted = {word for word in reference if is_judged(word)}
        if occurring is not None:
            wanted.intersection_update(occurring)
        recalls.append(ReferenceRecall(name, len(wanted), len(wanted & words)))
    return tuple(recalls)


def _first(items: Sequence[tuple[str, int]], chosen: Sequence[bool], length: int) -> tuple[tuple[str, int], ...]:
    kept = (item for item, is_chosen in zip(items, chosen, strict=True) if is_chosen)
    return tuple(item for item, _ in zip(kept, range(length), strict=False))


@cache
def _not_judged() -> re.Pattern[str]:
    return re.compile(f"^[{_character_class(LATIN_RANGES)}]+$|<[NL]>|[{_character_class(DIGIT_RANGES)}]")


def _character_class(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)

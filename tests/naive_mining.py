"""Oracles for mining: the obvious way to do each step, in pure Python, slow and short; nothing of minent is used.

A text is a list of segments, a segment is a list of units (str), a word is a tuple of units.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from fractions import Fraction

Word = tuple[str, ...]
Segments = list[list[str]]

HAN = (
    "[々〇○〻\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df"
    "\U0002a700-\U0002ee5d\U0002f800-\U0002fa1f\U00030000-\U0003347f]"
)
LATIN = "[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿＡ-Ｚａ-ｚ]"
DIGIT = "[0-9０-９]"
RUN_UNIT = re.compile(f"{HAN}|{LATIN}(?:{LATIN}|[\u0300-\u036f])*|{DIGIT}+(?:[.．]{DIGIT}+)*[%％‰]?")
CHAR_UNIT = re.compile(f"{HAN}|[A-Za-z0-9]")


# Units


def decode(data: bytes) -> tuple[str, int, int]:
    """The text of UTF-8 bytes, the number of invalid bytes, and the place of the first (−1: none).

    In the text, an invalid byte is one character of U+DC80–DCFF, which is no unit.
    """
    text = data.decode("utf-8", "surrogateescape")
    invalid = [i for i, character in enumerate(text) if "\udc80" <= character <= "\udcff"]
    first = len(text[: invalid[0]].encode()) if invalid else -1
    return text, len(invalid), first


def segments(text: str, whole_runs: bool = True) -> Segments:
    """The maximal sequences of adjacent units of a text."""
    unit = RUN_UNIT if whole_runs else CHAR_UNIT
    found: Segments = []
    end = -1
    for match in unit.finditer(text):
        if match.start() != end:
            found.append([])
        found[-1].append(match.group())
        end = match.end()
    return found


def count_ngrams(text: Segments, order: int) -> Counter[Word]:
    """How often each sequence of `order` units occurs; occurrences may overlap: aaa has aa twice."""
    return Counter(tuple(s[i : i + order]) for s in text for i in range(len(s) - order + 1))


# Association


def pmi(pair: int, left: int, right: int, total: int, pairs: int) -> float:
    """ln p_ab / (p_a p_b)."""
    return math.log((pair / pairs) / ((left / total) * (right / total)))


def merge_gain(pair: float, left: float, right: float) -> float:
    """F_ab as the difference of informations per unit, before and after merging; (2.9) – (2.11).

    Of N words, N (1 − p_ab) are left. A word whose count is N p then costs −ln(p / (1 − p_ab)) an occurrence; the
    occurrences are N (1 − p_ab) in all, so dividing by 1 − p_ab takes (1 − p_ab) ln(1 − p_ab) off, for all together.
    """

    def cost(prob: float) -> float:
        return -prob * math.log(prob) if prob > 0 else 0.0

    fewer = 1 - pair
    before = cost(left) + cost(right)
    after = cost(left - pair) + cost(right - pair) + cost(pair)
    return before - (after - cost(fewer))


def merge_gain_bound(pair: float, parts: Iterable[float]) -> float:
    """F* = p_ab (ln(p_ab / Π p_i) − 1); (2.15), (2.17)."""
    return pair * (math.log(pair / math.prod(parts)) - 1)


# Cutting


def protected_marks(segment: list[str], protect: Collection[Word]) -> set[int]:
    """Boundaries inside protected words, found from the left, the longest first. i is between units i and i + 1."""
    marks: set[int] = set()
    at = 0
    while at < len(segment):
        ends = [at + len(word) for word in protect if tuple(segment[at : at + len(word)]) == word]
        end = max(ends, default=at + 1)
        marks.update(range(at, end - 1))
        at = end
    return marks


def cut(text: Segments, good: Collection[Word], protect: Collection[Word] = ()) -> Counter[Word]:
    """Pieces: a boundary is kept together if it lies inside a good n-gram or a protected word."""
    pieces: Counter[Word] = Counter()
    for segment in text:
        joined = protected_marks(segment, protect)
        for start in range(len(segment)):
            for word in good:
                if tuple(segment[start : start + len(word)]) == word:
                    joined.update(range(start, start + len(word) - 1))
        start = 0
        for i in range(len(segment)):
            if i not in joined:
                pieces[tuple(segment[start : i + 1])] += 1
                start = i + 1
    return pieces


def truncate(pieces: Mapping[Word, int], least: float, protect: Collection[Word] = ()) -> Counter[Word]:
    """The pieces that occur more often than `least`, and the protected ones of two units or more."""
    return Counter({w: n for w, n in pieces.items() if n > least or (len(w) > 1 and w in protect)})


# Redundancy


def best_parts(word: Word, counts: Mapping[Word, int], longest: int) -> list[Word]:
    """The most probable cutting into words of at most `longest` units: exact fractions, ties to the longer first word.

    Single units are always there, those without a count as if they had occurred once.
    """
    total = max(sum(counts.values()), 1)

    def prob(part: Word) -> Fraction:
        count = counts.get(part, 0)
        return Fraction(max(count, 1) if len(part) == 1 else count, total)

    best: list[tuple[Fraction, list[Word]]] = [(Fraction(1), [])]  # of the last 0, 1, … units
    for start in reversed(range(len(word))):
        rest = word[start:]
        options = []
        for length in range(1, min(longest, len(rest)) + 1):
            score, parts = best[len(rest) - length]
            options.append((prob(rest[:length]) * score, length, [rest[:length], *parts]))
        score, _, parts = max(options, key=lambda option: option[:2])
        best.append((score, parts))
    return best[-1][1]


def remove_redundant(
    pieces: Mapping[Word, int],
    threshold: Callable[[int], float],
    protect: Collection[Word] = (),
    unwanted: Callable[[Word], bool] = lambda word: False,
) -> Counter[Word]:
    """Take out words, longest first, whose PMI against their best parts is below the threshold for their length.

    Words of one length are judged by the same counts; then those taken out give their count to their parts. Unwanted
    words of that length always go, after the others.
    """
    counts = Counter({word: count for word, count in pieces.items() if count > 0})
    for length in range(max(map(len, counts), default=1), 1, -1):
        level = [word for word in counts if len(word) == length]
        for forced in (False, True):
            group = [word for word in level if unwanted(word) == forced]
            total = max(sum(counts.values()), 1)
            gone = []
            for word in group:
                parts = best_parts(word, counts, length - 1)
                apart = sum(math.log(max(counts[part], 1) / total) for part in parts)
                weak = math.log(counts[word] / total) - apart < threshold(length)
                if (forced or weak) and word not in protect:
                    gone.append((word, parts))
            freed = [(counts.pop(word), parts) for word, parts in gone]
            for count, parts in freed:
                for part in parts:
                    counts[part] += count
    return counts


RULES: dict[str | None, Callable[[int], float]] = {
    "length": lambda length: length - 1,
    "article": lambda length: 1.0,
    None: lambda length: -math.inf,
}


# Recipes


def plain(
    text: Segments,
    min_prob: float,
    min_pmi: float,
    rule: str = "length",
    protect: Collection[Word] = (),
    ban: Collection[Word] = (),
    max_length: int | None = None,
) -> Counter[Word]:
    """The four steps of ALGORITHMS: count, cut, truncate, remove redundancy."""
    units, pairs = count_ngrams(text, 1), count_ngrams(text, 2)
    total, pair_total = sum(units.values()), sum(pairs.values())
    good = [
        (a, b)
        for (a, b), n in pairs.items()
        if n > min_prob * pair_total and pmi(n, units[a,], units[b,], total, pair_total) > min_pmi
    ]
    pieces = cut(text, good, protect)
    pieces = truncate(pieces, min_prob * sum(pieces.values()), protect)
    return remove_redundant(pieces, RULES[rule], protect, unwanted_words(protect, ban, max_length))


def unwanted_words(protect: Collection[Word], ban: Collection[Word], max_length: int | None) -> Callable[[Word], bool]:
    def unwanted(word: Word) -> bool:
        too_long = max_length is not None and len(word) > max_length
        return word not in protect and (word in ban or too_long)

    return unwanted


def weakest_pmi(ngram: Word, counts: Mapping[Word, int], total: int) -> float:
    """PMI at the weakest cut of an n-gram; every count is relative to the number of units."""
    return min(
        math.log(counts[ngram] * total / (counts[ngram[:cut]] * counts[ngram[cut:]])) for cut in range(1, len(ngram))
    )


def cohesion(
    text: Segments,
    min_count: int,
    min_pmi: float,
    order: int = 4,
    protect: Collection[Word] = (),
    ban: Collection[Word] = (),
    max_length: int | None = None,
) -> Counter[Word]:
    """Frequent n-grams with weakest cut above (n − 1) · min_pmi keep their boundaries; candidates are checked again."""
    counts: Counter[Word] = Counter()
    for n in range(1, order + 1):
        counts.update(count_ngrams(text, n))
    total = sum(count_ngrams(text, 1).values())
    good = {
        word
        for word, count in counts.items()
        if len(word) > 1 and count >= min_count and weakest_pmi(word, counts, total) > (len(word) - 1) * min_pmi
    }
    pieces = truncate(cut(text, good, protect), min_count - 1, protect)
    is_unwanted = unwanted_words(protect, ban, max_length)

    def is_loose(word: Word) -> bool:
        if len(word) <= order:
            return word not in good
        return any(word[i : i + order] not in good for i in range(len(word) - order + 1))

    return remove_redundant(
        pieces, RULES[None], protect, lambda word: is_unwanted(word) or (word not in protect and is_loose(word))
    )


# Entropy


def bits_per_unit(counts: Mapping[Word, int]) -> tuple[float, float, float]:
    """H in bits per piece, l in units per piece, L = H / l; (2.6), (2.7)."""
    total = sum(counts.values())
    probs = {word: count / total for word, count in counts.items() if count}
    information = -sum(p * math.log2(p) for p in probs.values())
    length = sum(p * len(word) for word, p in probs.items())
    return information, length, information / length

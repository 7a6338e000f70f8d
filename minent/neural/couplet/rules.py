"""The rules that a lower line keeps: as a judgement of a finished line, and as what may stand where.

position  no character of the upper line at its own place (the article's only rule)
upper     no character of the upper line at any place
repeats   where characters of the upper line are equal, those of the lower line are, and only there
marks     punctuation stands where it stands in the upper line, the same, and nowhere else
tones     at the end of the line, and before each mark, a level tone answers an oblique one, an oblique a level one

Punctuation is left out of all but `marks`. A character without a tone breaks no rule of tones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from minent.neural.couplet.characters import UNKNOWN, Alphabet, is_mark
from minent.neural.couplet.settings import RULES


def keeps(rule: str, upper: str, lower: str) -> bool:
    """Whether a lower line of the same length keeps a rule.

    >>> [rule for rule in RULES if not keeps(rule, "天对地，雨对风", "海对山，云连花")]
    ['position', 'upper', 'repeats', 'tones']
    """
    places = [place for place, character in enumerate(upper) if not is_mark(character)]
    if rule == "position":
        return all(upper[place] != lower[place] for place in places)
    if rule == "upper":
        return not {upper[place] for place in places} & {lower[place] for place in places}
    if rule == "repeats":
        pairs = {(upper[place], lower[place]) for place in places}
        return len(pairs) == len({above for above, _ in pairs}) == len({below for _, below in pairs})
    if rule == "marks":
        return all(a == b if is_mark(a) else not is_mark(b) for a, b in zip(upper, lower, strict=True))
    if rule == "tones":
        from minent.neural.couplet.tones import tone_of

        return all(
            None in (tones := (tone_of(upper[place]), tone_of(lower[place]))) or tones[0] != tones[1]
            for place in ends(upper)
        )
    raise ValueError(f"{rule}: no such rule; there are {', '.join(RULES)}")


def ends(upper: str) -> Iterator[int]:
    """The places before a mark, and the last one, unless they are marks themselves.

    >>> list(ends("天对地，雨对风。"))
    [2, 6]
    """
    for place, character in enumerate(upper):
        if not is_mark(character) and (place + 1 == len(upper) or is_mark(upper[place + 1])):
            yield place


@dataclass(frozen=True)
class LineRules:
    """What may stand where in the lower line of one upper line.

    allowed  : bool (time, ids) — at this place, whatever stands elsewhere; at a mark that is copied, its id alone
    first    : int64 (time,) — the earlier place whose character must stand here again; -1 where there is none
    distinct : bool (time,) — whether what stands here must differ from all that stands at distinct places before;
               false also at the places of `first`, which repeat one of them
    marks    : the marks that are copied, by place; their id may be UNKNOWN
    """

    allowed: NDArray[np.bool_]
    first: NDArray[np.int64]
    distinct: NDArray[np.bool_]
    marks: dict[int, str]


def rules_of(upper: str, alphabet: Alphabet, rules: Collection[str]) -> LineRules:
    """The rules as masks for one upper line; UNKNOWN is never allowed but for a mark that is copied."""
    time = len(upper)
    is_marked = np.array([is_mark(character) for character in upper], dtype=np.bool_)
    allowed = np.ones((time, len(alphabet)), dtype=np.bool_)
    allowed[:, UNKNOWN] = False
    first = np.full(time, -1, dtype=np.int64)
    plain = np.flatnonzero(~is_marked)
    if "upper" in rules:
        allowed[plain[:, None], alphabet.ids("".join(upper[place] for place in plain))] = False
    elif "position" in rules:
        allowed[plain, [alphabet.ids(upper[place])[0] for place in plain]] = False
    if "marks" in rules:
        allowed[:, _marks_of(alphabet)] = False
    if "tones" in rules:
        tones = _tones_of(alphabet)
        for place in ends(upper):
            own = _tone_number(upper[place])
            allowed[place] &= (own == 0) | (tones != own)
    if "repeats" in rules:
        for character in {upper[place] for place in plain}:
            same = [place for place in plain if upper[place] == character]
            first[same[1:]] = same[0]
            allowed[same] = allowed[same].all(axis=0)  # what is chosen at the first place must do at all of them
    marks = {}
    if "marks" in rules:
        for place in np.flatnonzero(is_marked).tolist():
            marks[place] = upper[place]
            allowed[place] = False
            allowed[place, alphabet.ids(upper[place])] = True
    distinct = ~is_marked & (first < 0) & ("repeats" in rules)
    return LineRules(allowed, first, distinct, marks)


@lru_cache(maxsize=8)
def _marks_of(alphabet: Alphabet) -> NDArray[np.int64]:
    numbers = [number for number, character in enumerate(alphabet.characters, start=1) if is_mark(character)]
    return np.array(numbers, dtype=np.int64)


@lru_cache(maxsize=8)
def _tones_of(alphabet: Alphabet) -> NDArray[np.int8]:
    """The tone of every id; int8: 1 level, -1 oblique, 0 neither."""
    return np.array([0, *map(_tone_number, alphabet.characters)], dtype=np.int8)


def _tone_number(character: str) -> int:
    from minent.neural.couplet.tones import tone_of

    return {"level": 1, "oblique": -1, None: 0}[tone_of(character)]

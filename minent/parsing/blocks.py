"""What punctuation says about the tree: blocks that are parsed apart, and spans that are certain."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from minent.grammar.marks import Kind, paired_brackets, token_kind

LONGEST_BLOCK = 64  # words that are parsed together: charts grow with the square, time with the fourth power


@dataclass(frozen=True)
class Block:
    """Words that are parsed together.

    places : place of each word among the tokens;  after_mark, before_mark : whether a mark, or nothing, is beside it
    marks : len(places) + 1 numbers, of marks before each word since the first word
    forced : spans [a, b) of its words that are certain
    """

    places: tuple[int, ...]
    after_mark: tuple[bool, ...]
    before_mark: tuple[bool, ...]
    marks: tuple[int, ...]
    forced: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Layout:
    """Blocks of a line from left to right, and spans over several of them, in tokens [first, behind the last).

    pairs : places of brackets and quotation marks that belong together
    """

    blocks: tuple[Block, ...]
    outer: tuple[tuple[int, int], ...]
    pairs: tuple[tuple[int, int], ...]


def lay_out(tokens: Sequence[str], longest: int = LONGEST_BLOCK) -> Layout:
    """Cut a line into blocks.

    A block ends at a mark that ends clauses (，。；：！？…); around and inside a pair of brackets that has such a mark
    inside, too. What stands between paired brackets, and between two 、 of one list, is certain to be a span. A block
    of more than `longest` words is cut, behind the last mark that fits, else behind the last word that fits.

    >>> [block.places for block in lay_out(["他", "说", "：", "“", "好", "，", "走", "”", "。"]).blocks]
    [(0, 1), (4,), (6,)]
    """
    kinds = [token_kind(token) for token in tokens]
    pairs = paired_brackets(tokens)
    cuts = [kind == Kind.CLAUSE_END for kind in kinds]
    wide = [pair for pair in pairs if any(cuts[pair[0] + 1 : pair[1]])]
    for pair in wide:
        cuts[pair[0]] = cuts[pair[1]] = True
    certain = [(first + 1, last) for first, last in pairs] + _list_items(kinds, cuts, pairs)
    is_word = [kind == Kind.WORD for kind in kinds]
    blocks = []
    run: list[int] = []
    for place in range(len(tokens) + 1):
        if place == len(tokens) or cuts[place]:
            blocks += [_block(part, is_word, certain) for part in _bounded(run, longest)]
            run = []
        elif is_word[place]:
            run.append(place)
    return Layout(tuple(blocks), tuple((first + 1, last) for first, last in wide), tuple(pairs))


def _list_items(kinds: Sequence[Kind], cuts: Sequence[bool], pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Token ranges between two 、 that stand in the same brackets and the same block."""
    opens, closes = {first for first, _ in pairs}, {last for _, last in pairs}
    items: list[tuple[int, int]] = []
    last_mark = [-1]  # in each open pair of brackets, the last 、 since a cut, or −1
    for place, kind in enumerate(kinds):
        if cuts[place]:
            last_mark[-1] = -1
        if place in opens:
            last_mark.append(-1)
        elif place in closes:
            last_mark.pop()
        elif kind == Kind.ENUMERATION:
            if last_mark[-1] >= 0:
                items.append((last_mark[-1] + 1, place))
            last_mark[-1] = place
        if cuts[place]:
            last_mark[-1] = -1
    return items


def _bounded(run: list[int], longest: int) -> list[list[int]]:
    parts = []
    while len(run) > longest:
        cut = next((k for k in range(longest, longest // 2, -1) if run[k] > run[k - 1] + 1), longest)
        parts.append(run[:cut])
        run = run[cut:]
    return [*parts, run] if run else parts


def _block(places: Sequence[int], is_word: Sequence[bool], certain: Sequence[tuple[int, int]]) -> Block:
    """A block of these places; a certain range that a bound cut through is certain for what is left of it."""
    marks = [place - places[0] - k for k, place in enumerate(places)]
    last = len(is_word) - 1
    ranges = {(bisect_left(places, first), bisect_left(places, behind)) for first, behind in certain}
    forced = sorted((a, b) for a, b in ranges if 2 <= b - a < len(places))
    return Block(
        tuple(places),
        tuple(place == 0 or not is_word[place - 1] for place in places),
        tuple(place == last or not is_word[place + 1] for place in places),
        (*marks, marks[-1]),
        tuple(forced),
    )

"""What a token is to the grammar: a word, a mark that ends a clause, a bracket, or another mark."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

CLAUSE_ENDS = frozenset("，。；：！？…,.;:!?⋯﹐﹑﹒﹔﹕﹖﹗｡‥")
ENUMERATION = "、"
PAIRS = {
    "“": "”", "‘": "’", "「": "」", "『": "』", "《": "》", "〈": "〉", "（": "）", "(": ")", "【": "】", "〔": "〕",
    "［": "］", "[": "]", "｛": "｝", "{": "}", "〖": "〗", "＂": "＂", '"': '"', "＇": "＇", "﹁": "﹂", "﹃": "﹄",
}  # fmt: skip
CLOSING = frozenset(PAIRS.values())
DEEPEST = 32  # brackets in brackets; deeper ones are marks like any other, so that trees stay shallow


class Kind(IntEnum):
    """Kinds of token; all but WORD are marks."""

    WORD = 0
    CLAUSE_END = 1
    ENUMERATION = 2
    BRACKET = 3
    OTHER = 4


def token_kind(token: str) -> Kind:
    """Kind of one token. A word has a letter, a digit or a Han character; ℃, ％ or + alone are OTHER.

    A run such as …… or ！！ is what its first character is.

    >>> [token_kind(token).name for token in ("中国", "，", "、", "“", "——")]
    ['WORD', 'CLAUSE_END', 'ENUMERATION', 'BRACKET', 'OTHER']
    """
    if any(map(str.isalnum, token)):
        return Kind.WORD
    first = token[:1]
    if first in CLAUSE_ENDS:
        return Kind.CLAUSE_END
    if first == ENUMERATION:
        return Kind.ENUMERATION
    return Kind.BRACKET if first in PAIRS or first in CLOSING else Kind.OTHER


def paired_brackets(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Places of brackets and quotation marks that belong together: (opening, closing), inner pairs first.

    A closing mark closes the nearest open one of its kind; what was opened inside and is still open is given up.
    A mark that is its own partner (") opens if none of its kind is open. Marks without a partner are in no pair.

    >>> paired_brackets(["“", "他", "（", "我", "）", "”", "）"])
    [(2, 4), (0, 5)]
    """
    pairs, opened = [], list[tuple[str, int]]()
    for place, token in enumerate(tokens):
        if token in CLOSING:
            for depth in range(len(opened) - 1, -1, -1):
                if opened[depth][0] == token:
                    pairs.append((opened[depth][1], place))
                    del opened[depth:]
                    break
            else:
                if PAIRS.get(token) == token and len(opened) < DEEPEST:
                    opened.append((token, place))
        elif token in PAIRS and len(opened) < DEEPEST:
            opened.append((PAIRS[token], place))
    return pairs

"""What was learned from raw text: symbols of words, dependency models, a constituent model, boundary statistics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.grammar.bonds import Bonds
from minent.grammar.ccm import Ccm
from minent.grammar.dmv import Dmv
from minent.grammar.edges import Edges
from minent.grammar.text import FIRST_WORD, UNKNOWN, normal_form

RARE = 200  # occurrences below which a word tells what an unknown word of its shape is like


@dataclass(frozen=True)
class Grammar:
    """A trained grammar; immutable.

    words : the vocabulary, by falling count; the id of words[i] is i + 2; 0 is a mark, 1 a rare word
    counts : int64[ids] — occurrences in the training text
    dmvs : dependency models, whose posteriors are averaged;  ccm : the constituent-context model
    edges : boundary statistics;  bonds : how firmly neighbours hold together; both by the classes of `ccm`
    about : what the training was told and what it found, for the reader

    >>> from minent.grammar import Piece, train_grammar
    >>> grammar = train_grammar([Piece("我 看见 白色 的 小猫 。\\n" * 40)])
    >>> int(grammar.ids(["小猫"])[0]) > 1, int(grammar.ids(["小狗"])[0]) < 0     # for an unknown word another stands
    (True, True)
    """

    words: tuple[str, ...]
    counts: NDArray[np.int64]
    dmvs: tuple[Dmv, ...]
    ccm: Ccm
    edges: Edges
    bonds: Bonds
    about: dict[str, Any]

    def __repr__(self) -> str:
        return f"<Grammar: {len(self.words):,} words, {len(self.dmvs)} dependency models>"

    def ids(self, words: Sequence[str]) -> NDArray[np.int32]:
        """Id of each word, negative for an unknown one: then −id is a known word that stands for it.

        A word is looked up by its normal form (any number is `<N>`); an unknown one is taken for a rare word of the
        same length and last character, else of the same last character, else of the same length.
        """
        lookup = self._lookup
        return np.array([lookup[word] for word in words], dtype=np.int32)

    @cached_property
    def _lookup(self) -> _Lookup:
        return _Lookup(self)

    @cached_property
    def log_probs(self) -> NDArray[np.float64]:
        """float64[ids]: ln of each word's share of the words, in nats."""
        counts = self.counts.astype(np.float64)
        counts[0] = 0
        result: NDArray[np.float64] = np.log(np.maximum(counts, 1) / max(counts.sum(), 1))
        return result


class _Lookup(dict[str, int]):
    """Word → id, see Grammar.ids; remembers at most so many words that are not normal forms."""

    MOST = 1 << 20

    def __init__(self, grammar: Grammar) -> None:
        super().__init__({word: place for place, word in enumerate(grammar.words, FIRST_WORD)})
        self.grammar = grammar

    def __missing__(self, word: str) -> int:
        form = normal_form(word)
        found = self.get(form, 0)
        if not found:
            shapes = self._stand_ins
            keys = ((len(form), form[-1:]), (0, form[-1:]), (len(form), ""))
            found = -next((shapes[key] for key in keys if key in shapes), UNKNOWN)
        if len(self) < self.MOST:
            self[word] = found
        return found

    @cached_property
    def _stand_ins(self) -> dict[tuple[int, str], int]:
        """For each shape the rare word whose symbols are the most common among the rare words of that shape."""
        grammar = self.grammar
        models = [dmv.symbols for dmv in grammar.dmvs] + [grammar.ccm.classes]
        symbols = np.stack(models, axis=1)
        members: dict[tuple[int, str], list[int]] = {}
        for place, word in enumerate(grammar.words, FIRST_WORD):
            if grammar.counts[place] < RARE:
                for key in ((len(word), word[-1]), (0, word[-1]), (len(word), "")):
                    members.setdefault(key, []).append(place)
        found = {}
        for key, places in members.items():
            rows = symbols[places].T.tolist()
            common = [Counter(row) for row in rows]
            votes = [sum(c[s] for c, s in zip(common, column, strict=True)) for column in zip(*rows, strict=True)]
            found[key] = places[max(range(len(places)), key=lambda k: (votes[k], -k))]
        return found

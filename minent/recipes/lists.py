"""Words that the user knows better: never cut (`protect`), never wanted (`ban`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.corpus.alphabet import Alphabet
from minent.kernels.pieces import find_units
from minent.tables import Interner


@dataclass(frozen=True)
class WordLists:
    """`protect`: words that are never cut and always written; `ban`: words that are never written."""

    protect: frozenset[str] = frozenset()
    ban: frozenset[str] = frozenset()

    def protected_table(self, alphabet: Alphabet) -> Interner | None:
        """The protected words of two units or more that can occur, as a table for `mark_words`; None for none."""
        table = Interner(np.int32)
        for units in _coded(self.protect, alphabet):
            one = np.ones(1, dtype=np.int64)
            table.add_rows(units[None, :], one * len(units), one)
        return table if len(table) else None

    def protected_mask(self, words: Interner, alphabet: Alphabet) -> NDArray[np.bool_]:
        """bool[words]: which entries of a table are protected."""
        return _mask(self.protect, words, alphabet)

    def banned_mask(self, words: Interner, alphabet: Alphabet) -> NDArray[np.bool_]:
        """bool[words]: which entries of a table are banned."""
        return _mask(self.ban - self.protect, words, alphabet)


def _coded(texts: Iterable[str], alphabet: Alphabet) -> Iterable[NDArray[np.int32]]:
    """The units of each text that is one segment of two units or more, all of them in the alphabet."""
    for text in sorted(texts):
        units, _ = alphabet.encode(np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8))
        if len(units) > 2 and not (units[:-1] == 0).any() and alphabet.text(units[:-1]) == text:
            yield units[:-1]


def _mask(texts: Iterable[str], words: Interner, alphabet: Alphabet) -> NDArray[np.bool_]:
    mask = np.zeros(len(words), dtype=np.bool_)
    for units in _coded(texts, alphabet):
        entry = find_units(words.runs, words.entries, units)
        if entry >= 0:
            mask[entry] = True
    return mask

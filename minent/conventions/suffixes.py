"""Suffixes as words of their own: 产业化 → 产业, 化."""

from __future__ import annotations

from collections.abc import Collection

from minent.conventions.editing import move_counts, without
from minent.corpus.units import HAN, unit_classes
from minent.lexicon import Lexicon

SUFFIXES = "化者性率度式型界感力论员家级"


def split_suffixes(lexicon: Lexicon, keep: Collection[str] = (), suffixes: str = SUFFIXES) -> Lexicon:
    """Cut a suffix off the words of three characters or more whose rest is a word.

    >>> split_suffixes(Lexicon.from_counts({"产业化": 4, "产业": 9, "现代化": 5})).words     # 现代 is no word here
    ['产业', '现代化', '化']
    """
    kinds = unit_classes()
    parts_of = {
        word: (word[:-1], word[-1])
        for word in without(lexicon.words, keep)
        if len(word) > 2
        and word[-1] in suffixes
        and word[:-1] in lexicon
        and all(kinds[ord(sign)] == HAN for sign in word)
    }
    return move_counts(lexicon, dict(sorted(parts_of.items(), key=lambda entry: -len(entry[0]))))

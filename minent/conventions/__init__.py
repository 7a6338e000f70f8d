"""Conventions on which labelled corpora disagree, each a change of a lexicon that every segmenter then follows."""

from __future__ import annotations

from collections.abc import Collection

from minent.conventions.dates import join_dates, split_dates
from minent.conventions.names import split_names
from minent.conventions.suffixes import split_suffixes
from minent.lexicon import Lexicon

__all__ = ["CONVENTIONS", "apply_conventions", "join_dates", "split_dates", "split_names", "split_suffixes"]

CONVENTIONS = {
    "join-dates": join_dates,
    "split-dates": split_dates,
    "split-suffixes": split_suffixes,
    "split-names": split_names,
}


def apply_conventions(lexicon: Lexicon, names: Collection[str], keep: Collection[str] = ()) -> Lexicon:
    """The lexicon under some conventions, in the order of CONVENTIONS; the head of its file tells which.

    keep : words that are never cut.
    Errors: ValueError for an unknown name, or for joining and splitting dates at once.

    >>> lexicon = apply_conventions(Lexicon.from_counts({"<N>月<N>日": 3, "<N>日": 1}), ["split-dates"])
    >>> lexicon.words, lexicon.settings
    (['<N>日', '<N>月'], {'conventions': 'split-dates'})
    """
    for name in names:
        if name not in CONVENTIONS:
            raise ValueError(f"convention is {name!r}; it must be one of {', '.join(CONVENTIONS)}")
    if {"join-dates", "split-dates"} <= set(names):
        raise ValueError("dates can be joined or split, not both")
    chosen = [name for name in CONVENTIONS if name in names]
    for name in chosen:
        lexicon = CONVENTIONS[name](lexicon, keep)
    if not chosen:
        return lexicon
    settings = {**lexicon.settings, "conventions": " ".join(chosen)}
    return Lexicon(lexicon.words, lexicon.counts, settings, lexicon.columns)

"""Removing redundant words, longest first (kexue.fm/archives/5476, step 4)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from minent.counting import Pieces
from minent.kernels.pieces import remove_redundant
from minent.recipes.observer import NOBODY, Observer

LONGEST = 256  # a longer word is always cut, and is no part of another: no bound on it means no bound on the time


def remove_redundant_words(
    pieces: Pieces,
    rule: str | None,
    protected: NDArray[np.bool_],
    unwanted: NDArray[np.bool_],
    observer: Observer = NOBODY,
) -> int:
    """Cut words into others where that costs little information, and give their counts to the parts; in place.

    rule : threshold for ln p_w − Σ ln p_part, in nats: `length` is the word's length − 1, `article` is 1; None keeps
        every word that is not unwanted
    protected, unwanted : bool[words] — never cut, always cut

    Returns the number of words taken out.
    """
    words = pieces.words
    size = len(words)
    lengths = np.diff(words.ends(), prepend=0)
    counts = words.counts
    removed = 0
    levels = np.unique(lengths[counts[:size] > 0])
    for length in levels[::-1].tolist():
        longest = int(max(levels[(levels < length) & (levels <= LONGEST)], default=1))
        level = np.flatnonzero((lengths == length) & (counts[:size] > 0))
        threshold = {"length": length - 1.0, "article": 1.0, None: -math.inf}[rule]
        if length > LONGEST:
            threshold = math.inf
        for group, limit in ((level[~unwanted[level]], threshold), (level[unwanted[level]], math.inf)):
            if len(group):
                removed += _remove_level(pieces, group, length, longest, limit, protected, observer)
    return removed


def _remove_level(
    pieces: Pieces,
    level: NDArray[np.int64],
    length: int,
    longest: int,
    threshold: float,
    protected: NDArray[np.bool_],
    observer: Observer,
) -> int:
    words = pieces.words
    with np.errstate(divide="ignore"):
        log_counts = np.log(words.counts[: len(words)].astype(np.float64))
    log_singles = np.log(np.maximum(pieces.singles, 1).astype(np.float64))
    log_total = math.log(max(pieces.total, 1))
    observer.removal(pieces, level, longest, threshold, log_counts, log_singles, log_total)
    steps = np.zeros((len(level), length), dtype=np.int64)
    return int(
        remove_redundant(
            level, length, longest, threshold, protected, words.runs, words.entries, words.counts, pieces.singles,
            log_counts, log_singles, log_total, steps,
        )
    )  # fmt: skip

"""Merge proposals: strings of two words that would be a better word, but are seldom sampled."""

from __future__ import annotations

import numpy as np

from minent.kernels.sweep import WordModel, worth_joining
from minent.recipes.default.counts import KeyCounts
from minent.recipes.default.settings import DefaultSettings
from minent.recipes.default.sweep import Counts


def add_proposals(model: WordModel, words: Counts, strings: Counts, settings: DefaultSettings) -> tuple[Counts, int]:
    """Add the good strings to the words, with their occurrences; also returns how many were good.

    A string is good when it occurs `proposal_count` times and, with these occurrences as a word, outweighs
    its best split by `proposal_margin`. The words it was made of keep their counts until the next sweep.
    """
    keys, counts = strings
    often = counts >= settings.proposal_count
    keys, counts = keys[often], counts[often]
    good = worth_joining(model, keys, counts, settings.proposal_margin)
    joined = KeyCounts()
    joined.add(*words)
    joined.add(keys[good], counts[good])
    return joined.result(), int(np.count_nonzero(good))

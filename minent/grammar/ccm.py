"""Constituent-context model over word classes, learned by a few iterations of expectation maximisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.grammar.settings import GrammarSettings
from minent.grammar.strings import Strings, sum_shards
from minent.kernels.ccm import LENGTHS, expect_constituents

CONSTITUENT_PRIOR, DISTITUENT_PRIOR = 2.0, 8.0  # counts added to each yield and context

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ccm:
    """A trained model; the parameters are told in kernels/ccm.py.  classes : int32[ids] — class of every word id"""

    classes: NDArray[np.int32]
    yields: Floats
    contexts: Floats


def learn_constituents(strings: Strings, classes: NDArray[np.int32], settings: GrammarSettings, jobs: int = 1) -> Ccm:
    """Train on strings of classes, from ratios of 1. More than about 4 iterations make it worse (TREES, 2.5)."""
    size = int(classes.max()) + 1
    yields, contexts = np.ones((LENGTHS, size, size)), np.ones((size, size))
    longest = int(strings.lengths.max(initial=1))
    for _ in range(settings.constituent_iterations):

        def count(
            first: int, last: int, counts: tuple[Floats, ...], parameters: tuple[Floats, Floats] = (yields, contexts)
        ) -> float:
            result: float = expect_constituents(
                strings.symbols, strings.starts, strings.lengths, first, last, longest, *parameters, *counts
            )
            return result

        (yield_counts, context_counts), _ = sum_shards(
            strings, ((2, LENGTHS, size, size), (2, size, size)), count, jobs
        )
        yields, contexts = _ratios(yield_counts), _ratios(context_counts)
    return Ccm(classes, yields, contexts)


def _ratios(counts: Floats) -> Floats:
    """P(· | constituent) / P(· | distituent), smoothed."""
    constituent, distituent = counts[1] + CONSTITUENT_PRIOR, counts[0] + DISTITUENT_PRIOR
    result: Floats = (constituent / constituent.sum()) / (distituent / distituent.sum())
    return result

"""Dependency model with valence over word symbols, learned by expectation maximisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.grammar.settings import DmvSettings, GrammarSettings
from minent.grammar.strings import Strings, sum_shards
from minent.kernels.dmv import FIRST, LATER, count_harmonic, expect

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Dmv:
    """A trained model; the parameters are told in kernels/dmv.py.

    symbols : int32[ids] — symbol of every word id;  frequency : float64[S] — of each symbol in text, above 0
    """

    symbols: NDArray[np.int32]
    root: Floats
    stop: Floats
    attach: Floats
    frequency: Floats

    @property
    def parameters(self) -> tuple[Floats, Floats, Floats]:
        return self.root, self.stop, self.attach

    def ratios(self) -> tuple[Floats, Floats, Floats]:
        """Parameters with `root` and `attach` divided by the frequency of the child: weights of strings near 1."""
        return self.root / self.frequency, self.stop, self.attach / self.frequency


def word_symbols(classes: NDArray[np.int32], own_words: int) -> NDArray[np.int32]:
    """Symbol of every id: the first `own_words` words have their own, behind those of the classes.

    >>> word_symbols(np.array([0, 1, 2, 3, 2, 3], dtype=np.int32), 2).tolist()      # boundary, rare, four words
    [0, 1, 4, 5, 2, 3]
    """
    symbols: NDArray[np.int32] = classes.copy()
    own = min(own_words, len(classes) - 2)
    symbols[2 : 2 + own] = int(classes.max()) + 1 + np.arange(own)
    return symbols


class DmvTrainer:
    """Expectation maximisation from a harmonic start; each `step` is one iteration.

    size : number of symbols;  first_stops : float64[size, 2], initial probability to stop before the first child on
    a side; None: that of the settings
    """

    def __init__(
        self,
        strings: Strings,
        size: int,
        model: DmvSettings,
        settings: GrammarSettings,
        first_stops: Floats | None = None,
        jobs: int = 1,
    ) -> None:
        self.strings, self.size, self.settings, self.jobs = strings, size, settings, jobs

        def count(first: int, last: int, counts: tuple[Floats, ...]) -> float:
            count_harmonic(strings.symbols, strings.starts, strings.lengths, first, last, *counts)
            return 0.0

        (roots, attached), _ = sum_shards(strings, ((size,), (2, size, size)), count, jobs)
        stop = np.empty((size, 2, 2))
        stop[:, :, FIRST] = model.first_stop if first_stops is None else first_stops
        stop[:, :, LATER] = model.later_stop
        self.parameters = _normal(roots + 1.0), stop, _normal(attached + settings.smoothing)

    def step(self) -> float:
        """One iteration; returns Σ ln Z of the strings under the parameters before it, in nats."""
        strings, parameters, settings, size = self.strings, self.parameters, self.settings, self.size
        longest = int(strings.lengths.max(initial=1))

        def count(first: int, last: int, counts: tuple[Floats, ...]) -> float:
            result: float = expect(
                strings.symbols, strings.starts, strings.lengths, first, last, longest, parameters, *counts
            )
            return result

        (roots, stops, attached), total = sum_shards(
            strings, ((size,), (size, 2, 2, 2), (2, size, size)), count, self.jobs
        )
        stops += settings.stop_smoothing
        self.parameters = (
            _normal(roots + settings.smoothing),
            stops[..., 0] / stops.sum(axis=-1),
            _normal(attached + settings.smoothing),
        )
        return total


def _normal(counts: Floats) -> Floats:
    """Counts as probabilities over the last axis."""
    result: Floats = counts / counts.sum(axis=-1, keepdims=True)
    return result

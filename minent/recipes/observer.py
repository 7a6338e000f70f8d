"""What a recipe tells of its way, for those who ask why it keeps a word or drops it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from minent.counting import CodedCorpus, PieceCounter, Pieces
    from minent.recipes.default.bonds import Bonds
    from minent.recipes.default.factors import PairTable
    from minent.recipes.default.neighbours import Neighbours
    from minent.recipes.default.settings import DefaultSettings
    from minent.recipes.default.sweep import Counts
    from minent.recipes.mined import MinedWords


class Observer:
    """Is told what a run of a recipe finds, and changes nothing of it. This one takes no notice."""

    def start(self, corpus: CodedCorpus) -> None:
        """The units were counted and have ids; now the recipe runs."""

    def candidates(self, counted: PieceCounter, kept: Pieces, least: float) -> None:
        """plain, cohesion: the text was cut and its pieces counted; those that occur more than `least` times stay."""

    def removal(
        self,
        pieces: Pieces,
        level: NDArray[np.int64],
        longest: int,
        threshold: float,
        log_counts: NDArray[np.float64],
        log_singles: NDArray[np.float64],
        log_total: float,
    ) -> None:
        """plain, cohesion, long words: a level is about to be judged; see kernels.pieces.remove_redundant."""

    def decided(
        self,
        phase: str,
        words: Counts,
        listed: NDArray[np.bool_],
        pairs: PairTable,
        neighbours: Neighbours,
        bonds: Bonds,
        settings: DefaultSettings,
    ) -> None:
        """default: words of a cutting were joined and split; see recipes.default.bonds.decide_bonds.

        phase : "text", "kind 1 of 2" …, or "whole text"
        """

    def term_pairs(
        self,
        words: Sequence[str],
        keys: NDArray[np.int64],
        counts: NDArray[np.int64],
        strengths: NDArray[np.float64],
        above: float,
    ) -> None:
        """default, long words: some pairs of neighbouring words, by number << 32 | number, with their PMI in nats;
        those that occur more than `above` times may be kept together. See recipes.long_words."""

    def terms(self, counted: PieceCounter, kept: Pieces, least: float) -> None:
        """default, long words: as `candidates`, with words in the place of units; `removal` comes next."""

    def mined(self, words: MinedWords) -> None:
        """The recipe is done; what was not asked for (length, --ban) is not yet left out."""


NOBODY = Observer()

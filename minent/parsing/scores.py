"""The score of every span of a block: how likely it is a span, by all that a grammar knows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minent.grammar.grammar import Grammar
from minent.kernels.ccm import constituent_posteriors
from minent.kernels.chart import score_spans
from minent.kernels.dmv import yield_posteriors
from minent.parsing.blocks import Block
from minent.parsing.settings import DecoderSettings

Floats = NDArray[np.float64]


class SpanScorer:
    """Scores the spans of blocks; the settings tell what goes into a score."""

    def __init__(self, grammar: Grammar, settings: DecoderSettings) -> None:
        self.grammar, self.settings = grammar, settings
        self._models = [(dmv.symbols, dmv.ratios()) for dmv in grammar.dmvs]
        difference = np.clip(grammar.edges.begin - grammar.edges.end, -settings.clip, settings.clip)
        difference[:2] = 0  # of marks and unknown words
        self._difference = difference
        self._begin = settings.bad_begin * np.minimum(difference, 0)
        self._end = settings.bad_end * np.minimum(-difference, 0) + settings.good_end * np.maximum(-difference, 0)
        often = grammar.log_probs > settings.frequent
        self._frequent_end = np.where(often, np.maximum(-difference, 0), 0)
        self._end += settings.frequent_end * self._frequent_end + settings.frequent_end_square * self._frequent_end**2
        self._weights = np.array(
            [
                settings.bias, settings.mean_yield, settings.log_yield, settings.constituent, settings.weaker,
                settings.length, settings.medial_length, settings.initial_length,
                settings.yield_frequent_end, settings.yield_behind, settings.yield_medial, settings.yield_share,
            ]
        )  # fmt: skip

    def scores(self, words: Sequence[str], block: Block) -> Floats:
        """float64[n + 1, n + 1]: the score of words a … b − 1 of the block, for 2 ≤ b − a < n.

        It is a probability; punctuation adds 1 for a span that is certain, and takes 9 off what crosses such a one.
        """
        n = len(words)
        found = self.grammar.ids(words)
        ids = np.abs(found)
        yields = np.zeros((len(self._models), n + 1, n + 1))
        for k, (symbols, parameters) in enumerate(self._models):
            yield_posteriors(symbols[ids], n, parameters, 1.0, yields[k])
        ccm = self.grammar.ccm
        constituents = np.zeros((n + 1, n + 1))
        if not constituent_posteriors(ccm.classes[ids], n, ccm.yields, ccm.contexts, constituents):
            constituents[:] = 0
        starts, stops, gaps, frequent_ends = self._boundaries(np.where(found > 0, found, 0), ids, block)
        forced = np.array(block.forced, dtype=np.int64).reshape(-1, 2)
        scores = np.zeros((n + 1, n + 1))
        score_spans(n, yields, constituents, starts, stops, gaps, frequent_ends, forced, self._weights, scores)
        return scores

    def _boundaries(
        self, known: NDArray[np.int32], ids: NDArray[np.int32], block: Block
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """What speaks for a beginning and for an end at every gap, the PMI across it, and how well a very frequent word
        before it ends clauses: float64[n + 1] each.

        known : ids, 0 for unknown words;  ids : with their stand-ins
        """
        settings, grammar, n = self.settings, self.grammar, len(ids)
        classes = grammar.ccm.classes[ids]
        after_mark, before_mark = np.array(block.after_mark), np.array(block.before_mark)
        pair_begin = grammar.edges.pair_begin[classes[:-1], classes[1:]]
        pair_end = grammar.edges.pair_end[classes[:-1], classes[1:]]
        gaps = np.zeros(n + 1)
        gaps[1:n] = grammar.bonds.strengths(ids, classes, grammar.counts)
        starts = settings.before * gaps
        starts[:n] += np.where(after_mark, 0, self._begin[known])
        bad = np.where(after_mark, 0, np.minimum(self._difference[known], 0))
        starts[: n - 1] += settings.bad_begin_pair * bad[:-1] * pair_begin
        stops = np.zeros(n + 1)
        stops[1:] += np.where(before_mark, 0, self._end[known])
        stops[2:] += settings.pair_end * pair_end
        stops[:n] += settings.next_begin * np.where(np.append(False, before_mark[:-1]), 0, self._difference[known])
        stops[: n - 1] += settings.next_pair * pair_begin
        frequent_ends = np.zeros(n + 1)
        frequent_ends[1:] = np.where(before_mark, 0, self._frequent_end[known])
        return starts, stops, gaps, frequent_ends

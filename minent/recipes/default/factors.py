"""The word model of one sweep, from the words of the sweep before and the raw pairs of the text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.kernels import factors
from minent.kernels.factors import COUNT
from minent.kernels.packed import fill_rows
from minent.kernels.sweep import WordModel
from minent.recipes.default.counts import table_size
from minent.recipes.default.settings import DefaultSettings


@dataclass(frozen=True)
class PairTable:
    """Raw pairs, in the form of `WordModel.pairs`: columns 0 (pair) and 2 (PMI expert) are filled."""

    rows: NDArray[np.uint32]


def pair_table(
    keys: NDArray[np.uint64],
    counts: NDArray[np.int64],
    unit_counts: NDArray[np.int64],
    settings: DefaultSettings,
) -> PairTable:
    """Table of distinct pairs with G = exp(power · clip(PMI − threshold, ±clip))."""
    pmi = factors.pair_pmi(keys, counts, unit_counts, int(unit_counts.sum()))
    evidence = np.clip(pmi - settings.pmi_threshold, -settings.pmi_clip, settings.pmi_clip)
    rows = np.zeros((table_size(keys.size), 4), np.uint32)
    places = fill_rows(rows, keys.astype(np.uint32))
    rows.view(np.float32)[places, 2] = np.exp(settings.pmi_power * evidence)
    return PairTable(rows)


def pair_experts(pairs: PairTable) -> Callable[[NDArray[np.uint64]], NDArray[np.float32]]:
    """A function from pairs of the table, uint64[m], to their PMI experts G, float32[m]."""
    used = np.flatnonzero(pairs.rows[:, 0])
    used = used[np.argsort(pairs.rows[used, 0])]
    keys, values = pairs.rows[used, 0].astype(np.uint64), pairs.rows.view(np.float32)[used, 2]
    return lambda wanted: values[np.searchsorted(keys, wanted)]


def word_model(
    keys: NDArray[np.uint64],
    counts: NDArray[np.int64],
    pairs: PairTable,
    unit_counts: NDArray[np.int64],
    settings: DefaultSettings,
) -> WordModel:
    """Weights for the next sweep.

    keys : uint64[T], distinct packed words in ascending order;  counts : int64[T], at least 1
    pairs : has every pair of adjacent units of these words
    unit_counts : int64[V], raw counts, index 0 unused
    Source: SEGMENTATION 2.2 and 5.3 (Pitman–Yor unigrams over a Kneser–Ney spelling base, times tag and
    PMI experts; Mochihashi et al. 2009; Chen, Chang, Pei 2014).
    """
    while counts.max(initial=0) >= COUNT:  # all halved: only their shares of the whole matter by then
        counts = np.maximum(counts >> 1, 1)
    width = unit_counts.size
    rows = pairs.rows.copy()
    pair_values = rows.view(np.float32)
    transitions = np.zeros(rows.shape[0], np.int64)
    tags = np.zeros((4, width), np.int64)
    singles, firsts, followed, followers, preceders = np.zeros((5, width), np.int64)
    factors.count_types(keys, counts, rows, transitions, tags, singles, firsts)
    factors.pair_totals(rows, transitions, followed, followers, preceders)
    factors.fill_spelling(rows, transitions, followed, settings.spelling_discount, pair_values)

    total = float(counts.sum())
    back_off = (settings.strength + np.minimum(counts, settings.discount).sum()) / total
    prior = settings.length_prior
    shapes, starts = tag_transitions(keys, counts, tags, settings.tag_power)
    emissions = tag_emissions(tags, unit_counts, settings)
    discount = settings.spelling_discount

    units = np.zeros((width, 8), np.float32)
    units[:, 0] = starts[0] * emissions[factors.SINGLE]
    units[:, 1] = back_off * prior[0] * smoothed(singles, unit_counts)
    units[:, 2] = smoothed(firsts, unit_counts)
    units[:, 3] = continuation(preceders, unit_counts, discount)
    units[:, 4] = (discount * followers + 1) / (followed + 1)
    units[:, 5] = starts[1] * emissions[factors.BEGIN]
    units[:, 6] = emissions[factors.MIDDLE]
    units[:, 7] = emissions[factors.END]
    scalars = np.array([settings.discount, total, *(back_off * p for p in prior[1:]), *shapes], dtype=np.float64)

    single_counts = np.zeros(width, np.int32)
    words = np.zeros((table_size(int(np.count_nonzero(keys > np.uint64(0xFFFFFFFF)))), 2), np.uint64)
    factors.fill_counts(keys, counts, single_counts, rows, words)
    return WordModel(single_counts, rows, pair_values, words, units, scalars)


def smoothed(counts: NDArray[np.int64], unit_counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Add-half probabilities over the units that the text has; 0 for the others."""
    present = unit_counts > 0
    return np.where(present, (counts + 0.5) / (counts.sum() + 0.5 * present.sum()), 0.0)


def continuation(preceders: NDArray[np.int64], unit_counts: NDArray[np.int64], discount: float) -> NDArray[np.float64]:
    """Kneser–Ney probability of a unit by the number of distinct units before it, smoothed by 1/V."""
    present = unit_counts > 0
    uniform = (discount * np.count_nonzero(preceders) + 1) / present.sum()
    return np.where(present, (np.maximum(preceders - discount, 0) + uniform) / (preceders.sum() + 1), 0.0)


def tag_emissions(
    tags: NDArray[np.int64], unit_counts: NDArray[np.int64], settings: DefaultSettings
) -> NDArray[np.float64]:
    """(e(c|t) / p(c))^λ with e(c|t) = (n_ct + κ p(c)) / (n_t + κ): float64[4, V], 1 for absent units."""
    share = unit_counts / max(int(unit_counts.sum()), 1)
    kappa = settings.tag_smoothing
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (tags + kappa * share) / (tags.sum(axis=1, keepdims=True) + kappa) / share
    return np.where(unit_counts > 0, ratio, 1.0) ** settings.tag_power


def tag_transitions(
    keys: NDArray[np.uint64], counts: NDArray[np.int64], tags: NDArray[np.int64], power: float
) -> tuple[list[float], list[float]]:
    """Powered tag transitions: those inside a word of 2, 3, 4 units; those into a word (single, longer).

    Each choice (single or longer, B→E or B→M, M→E or M→M) is estimated from tokens with half a token more.
    """
    singles, longer, middles = (float(tags[t].sum()) for t in range(3))
    two = float(counts[(keys > np.uint64(0xFFFF)) & (keys <= np.uint64(0xFFFFFFFF))].sum())
    end_after_begin = (two + 0.5) / (longer + 1.0)
    end_after_middle = (longer - two + 0.5) / (middles + 1.0)
    into_single = (singles + 0.5) / (singles + longer + 1.0)
    of_three = (1 - end_after_begin) * end_after_middle
    of_four = of_three * (1 - end_after_middle)
    return (
        [shape**power for shape in (end_after_begin, of_three, of_four)],
        [into_single**power, (1 - into_single) ** power],
    )

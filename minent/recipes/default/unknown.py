"""The word model as plain arrays: what a lexicon file keeps so that a segmenter can weigh unknown words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from minent.kernels.factors import COUNT, fill_counts
from minent.kernels.packed import fill_rows
from minent.kernels.sweep import WordModel
from minent.recipes.default.counts import table_size

VERSION = 1


def model_arrays(model: WordModel) -> dict[str, NDArray[np.generic]]:
    """Arrays for `numpy.savez` (no pickles), all in an order that does not depend on table sizes.

    version int64[1]; units float32[V, 8] and scalars float64[8] as in `WordModel`; pairs uint32[p] ascending
    `left << 16 | right`; pair_factors float32[p, 2] (spelling, PMI expert); words uint64[w] packed, ascending;
    word_counts int64[w].  The weight of a word is then the formula of `fill_arcs`.
    """
    used = np.flatnonzero(model.pairs[:, 0])
    used = used[np.argsort(model.pairs[used, 0])]
    keys = [
        np.flatnonzero(model.singles).astype(np.uint64),
        model.pairs[used, 0].astype(np.uint64),
        model.words[:, 0],
    ]
    counts = [
        model.singles[model.singles > 0].astype(np.int64),
        (model.pairs[used, 3] & COUNT).astype(np.int64),
        model.words[:, 1].astype(np.int64),
    ]
    words, word_counts = np.concatenate(keys), np.concatenate(counts)
    known = np.flatnonzero(word_counts)
    known = known[np.argsort(words[known])]
    return {
        "version": np.array([VERSION]),
        "units": model.units,
        "scalars": model.scalars,
        "pairs": model.pairs[used, 0],
        "pair_factors": model.pair_values[used, 1:3],
        "words": words[known],
        "word_counts": word_counts[known],
    }


def model_from_arrays(arrays: Mapping[str, NDArray[np.generic]]) -> WordModel:
    """The word model of saved arrays; ValueError where they are not what `model_arrays` gives."""
    if int(arrays["version"][0]) != VERSION:
        raise ValueError(f"word model of version {int(arrays['version'][0])}, this program reads {VERSION}")
    units = np.ascontiguousarray(arrays["units"], np.float32)
    keys = np.asarray(arrays["pairs"], np.uint32)
    rows = np.zeros((table_size(keys.size), 4), np.uint32)
    rows.view(np.float32)[fill_rows(rows, keys), 1:3] = arrays["pair_factors"]
    words = np.asarray(arrays["words"], np.uint64)
    singles = np.zeros(units.shape[0], np.int32)
    long_words = np.zeros((table_size(int(np.count_nonzero(words > np.uint64(0xFFFFFFFF)))), 2), np.uint64)
    fill_counts(words, np.asarray(arrays["word_counts"], np.int64), singles, rows, long_words)
    scalars = np.asarray(arrays["scalars"], np.float64)
    return WordModel(singles, rows, rows.view(np.float32), long_words, units, scalars)

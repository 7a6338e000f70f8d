"""Words joined and split by the mutual information of the words beside each other in the last cutting.

The sampler decides token by token, and what it decides on a rare word is chance. Here every pair of words is decided
once, as a type, by ln(n_ab · N / (n_a · n_b)) over tokens, n_ab with a and b joined or side by side: equation 2.15 of
kexue.fm/archives/5476 with words in the place of characters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.kernels.packed import LONGEST, unpacked
from minent.recipes.default.counts import KeyCounts
from minent.recipes.default.neighbours import Neighbours
from minent.recipes.default.settings import DefaultSettings
from minent.recipes.default.sweep import Counts

_NONE = np.int64(-1)


@dataclass(frozen=True)
class Bonds:
    """What was decided.

    words : packed words in ascending order, and their counts, with the joined ones of up to four units
    listed : bool[T], which of them are written
    long_units, long_counts : int32[m, 8] unit ids filled with 0, int64[m] — joined words of more units
    """

    words: Counts
    listed: NDArray[np.bool_]
    long_units: NDArray[np.int32]
    long_counts: NDArray[np.int64]


def decide_bonds(words: Counts, listed: NDArray[np.bool_], neighbours: Neighbours, settings: DefaultSettings) -> Bonds:
    """Split the listed words whose parts hold too little together, join neighbours that hold much.

    A term of more than four units is cut somewhere by a sweep, and always there: 中华人 + 民共和国. Such pieces, which
    hardly occur without each other, are joined whatever their PMI, and are no words themselves.

    The tokens of a word that is split go to its parts, those of a joined word are taken from its parts.

    words : packed words in ascending order, and their counts;  listed : bool[T], which of them are written;
    neighbours : pairs of the cutting that gave the counts
    """
    keys, counts = words
    left, right, beside = neighbours.pairs()
    left_at, right_at = _places(keys, left), _places(keys, right)
    known = (left_at >= 0) & (right_at >= 0)
    known &= listed[left_at] & listed[right_at]
    split, left_parts, right_parts = _split(
        words, listed, neighbours.classes, (left[known], right[known], beside[known]), settings
    )
    stays = listed & ~split
    known &= stays[left_at] & stays[right_at] & (beside >= settings.join_count)
    known &= _lengths(left) + _lengths(right) <= settings.longest_joined
    left, right, left_at, right_at, beside = left[known], right[known], left_at[known], right_at[known], beside[known]

    left_length, right_length = _lengths(left), _lengths(right)
    short = left_length + right_length <= LONGEST
    whole = np.where(short, _packed(left, right, right_length), np.uint64(0))
    whole_at = _places(keys, whole)
    already = np.where(whole_at >= 0, counts[whole_at], 0)
    strength = _pmi(beside + already, counts[left_at], counts[right_at], int(counts.sum()))
    least = np.array(settings.join_pmi)[left_length - 1, right_length - 1]
    bound = ~short & (beside >= settings.inseparable * np.maximum(counts[left_at], counts[right_at]))
    joins = (bound | (strength > least)) & ~((whole_at >= 0) & stays[whole_at])
    shortly, longer = joins & short, joins & ~short
    pieces = np.zeros(keys.size, dtype=np.bool_)
    pieces[left_at[bound]] = pieces[right_at[bound]] = True

    new = KeyCounts()
    new.add(keys, np.where(split, 0, counts))
    for parts in (left_parts, right_parts):
        new.add(parts, counts[split])
    for parts in (left, right):
        new.add(parts[joins], -beside[joins])
    new.add(whole[shortly], beside[shortly])
    new_keys, new_counts = new.result()
    at = _places(keys, new_keys)
    new_listed = (_places(np.unique(whole[shortly]), new_keys) >= 0) | (at >= 0) & (stays & ~pieces)[at]
    new_counts = np.maximum(new_counts, new_listed)  # a word that is seen inside joined ones only is still a word
    kept = new_counts > 0
    units = _long_units(left[longer], right[longer])
    order = np.lexsort(units.T[::-1])
    long_units, long_counts = _summed_rows(units[order], beside[longer][order])
    return Bonds((new_keys[kept], new_counts[kept]), new_listed[kept], long_units, long_counts)


def _split(
    words: Counts,
    listed: NDArray[np.bool_],
    classes: int,
    pairs: tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]],
    settings: DefaultSettings,
) -> tuple[NDArray[np.bool_], NDArray[np.uint64], NDArray[np.uint64]]:
    """bool[T]: the listed words that have a cut into two listed words below its threshold; the parts of each.

    Of several such cuts the one furthest below its threshold counts.
    """
    keys, counts = words
    units, lengths = unpacked(keys)
    plain = listed & ((units > classes) | (units == 0)).all(axis=1)
    margin = np.zeros(keys.size)
    parts = np.zeros((2, keys.size), np.uint64)
    left, right, beside = pairs
    left_length, right_length = _lengths(left), _lengths(right)
    for i, thresholds in enumerate(settings.split_pmi, start=1):
        for j, threshold in enumerate(thresholds, start=1):
            at = np.flatnonzero(plain & (lengths == i + j))
            first, second = keys[at] >> np.uint64(16 * j), keys[at] & np.uint64((1 << 16 * j) - 1)
            first_at, second_at = _places(keys, first), _places(keys, second)
            known = (first_at >= 0) & (second_at >= 0)
            known &= listed[first_at] & listed[second_at]
            at, first_at, second_at = at[known], first_at[known], second_at[known]
            apart = KeyCounts()
            shape = (left_length == i) & (right_length == j)
            apart.add(_packed(left[shape], right[shape], right_length[shape]), beside[shape])
            apart_keys, apart_counts = apart.result()
            place = _places(apart_keys, keys[at])
            both = counts[at] + np.where(place >= 0, np.append(apart_counts, 0)[place], 0)
            below = _pmi(both, counts[first_at], counts[second_at], int(counts.sum())) - threshold
            worse = below < margin[at]
            at = at[worse]
            margin[at] = below[worse]
            parts[:, at] = first[known][worse], second[known][worse]
    split = margin < 0
    return split, parts[0, split], parts[1, split]


def _pmi(
    both: NDArray[np.int64], left: NDArray[np.int64], right: NDArray[np.int64], tokens: int
) -> NDArray[np.float64]:
    """ln(n_ab · N / (n_a · n_b)), in nats."""
    return np.log(both * float(tokens) / (left.astype(np.float64) * right))


def _places(keys: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
    """int64: where each wanted key is among the ascending `keys`, -1 where it is not."""
    if keys.size == 0:
        return np.full(wanted.size, _NONE)
    at = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    return np.where(keys[at] == wanted, at, _NONE)


def _lengths(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Units of packed words."""
    bounds = np.array([1 << 16, 1 << 32, 1 << 48], np.uint64)
    return 1 + np.searchsorted(bounds, keys, side="right")


def _packed(left: NDArray[np.uint64], right: NDArray[np.uint64], right_length: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The two words as one key; meaningless where they have more than four units together."""
    return left << (16 * (right_length % LONGEST)).astype(np.uint64) | right


def _long_units(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.int32]:
    """The units of joined words, int32[m, 8] filled with 0 at the end."""
    first, lengths = unpacked(left)
    second, _ = unpacked(right)
    units = np.concatenate([first, np.zeros_like(first)], axis=1)
    columns = lengths[:, None] + np.arange(LONGEST)
    units[np.arange(len(units))[:, None], columns] = second
    return units


def _summed_rows(rows: NDArray[np.int32], counts: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Equal neighbouring rows once, with the sum of their counts: 甲乙丙+丁戊 and 甲乙+丙丁戊 are one word."""
    if len(rows) == 0:
        return rows, counts
    new = np.append(True, (rows[1:] != rows[:-1]).any(axis=1))
    return rows[new], np.add.reduceat(counts, np.flatnonzero(new))

"""Factors of the default recipe's word weight, from counts of word types, word tokens and raw pairs."""

from __future__ import annotations

import math

import numpy as np

from minent.kernels import kernel
from minent.kernels.packed import find, key_length, key_unit

SINGLE, BEGIN, MIDDLE, END = range(4)  # the tag of a unit by its place in the word

_BITS = np.uint64(16)
_UNIT = np.uint64(0xFFFF)


@kernel
def pair_pmi(keys, counts, unit_counts, total):
    """Pointwise mutual information of adjacent units, in nats: ln(n_ac · N / (n_a · n_c)).

    keys : uint64[m] `left << 16 | right`;  counts : int64[m];  unit_counts : int64[V];  total : their sum
    Returns float64[m].
    """
    pmi = np.empty(keys.size)
    for j in range(keys.size):
        left = np.int64(keys[j] >> _BITS)
        right = np.int64(keys[j] & _UNIT)
        pmi[j] = math.log(counts[j] * total / (unit_counts[left] * unit_counts[right]))
    return pmi


@kernel
def count_types(keys, counts, pair_table, transitions, tags, singles, firsts):
    """Count what the spelling base and the tag expert need, over words and their counts.

    keys : uint64[T], packed words;  counts : int64[T], their tokens (at least 1)
    pair_table : uint64[slots], has every pair of adjacent units of a word
    transitions : int64[slots], out, zeros — types whose spelling has the pair (once per place)
    tags : int64[4, V], out, zeros — tokens of a unit as SINGLE, BEGIN, MIDDLE, END
    singles, firsts : int64[V], out, zeros — types that are the unit; types of two or more that begin with it
    """
    for w in range(keys.size):
        key = keys[w]
        length = key_length(key)
        first = key_unit(key, length, 0)
        if length == 1:
            singles[first] += 1
            tags[SINGLE, first] += counts[w]
            continue
        firsts[first] += 1
        tags[BEGIN, first] += counts[w]
        tags[END, key_unit(key, length, length - 1)] += counts[w]
        for i in range(1, length):
            left = key_unit(key, length, i - 1)
            right = key_unit(key, length, i)
            if i < length - 1:
                tags[MIDDLE, right] += counts[w]
            transitions[find(pair_table, (np.uint64(left) << _BITS) | np.uint64(right))] += 1


@kernel
def pair_totals(pair_table, transitions, followed, followers, preceders):
    """Sums over the transitions of each unit.

    followed : int64[V], out, zeros — transitions that leave the unit
    followers, preceders : int64[V], out, zeros — distinct units after it, before it
    """
    for slot in range(pair_table.size):
        t = transitions[slot]
        if t > 0:
            left = np.int64(pair_table[slot] >> _BITS)
            followed[left] += t
            followers[left] += 1
            preceders[np.int64(pair_table[slot] & _UNIT)] += 1


@kernel
def fill_spelling(pair_table, transitions, followed, discount, pair_values):
    """The part of the Kneser–Ney transition that depends on the pair: max(t_ac - D, 0) / (t_a + 1).

    pair_values : float32[slots, 2], out — column 0
    """
    for slot in range(pair_table.size):
        value = 0.0
        if transitions[slot] > 0:
            left = np.int64(pair_table[slot] >> _BITS)
            value = max(transitions[slot] - discount, 0.0) / (followed[left] + 1.0)
        pair_values[slot, 0] = value

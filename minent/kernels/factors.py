"""Factors of the default recipe's word weight, from counts of word types, word tokens and raw pairs."""

from __future__ import annotations

import math

import numpy as np

from minent.kernels import kernel
from minent.kernels.packed import find_row, key_length, key_unit

SINGLE, BEGIN, MIDDLE, END = range(4)  # the tag of a unit by its place in the word

STARTS_THREE, STARTS_FOUR = np.uint32(1 << 31), np.uint32(1 << 30)  # marks beside the count of a pair
COUNT = np.uint32((1 << 30) - 1)  # the count itself

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
        both = np.float64(counts[j]) * total  # int64 would wrap in a text of 10¹⁰ units
        pmi[j] = math.log(both / (np.float64(unit_counts[left]) * unit_counts[right]))
    return pmi


@kernel
def count_types(keys, counts, pairs, transitions, tags, singles, firsts):
    """Count what the spelling base and the tag expert need, over words and their counts.

    keys : uint64[T], packed words;  counts : int64[T], their tokens (at least 1)
    pairs : uint32[slots, 4], has in column 0 every pair of adjacent units of a word
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
            transitions[find_row(pairs, np.uint32(left << 16 | right))] += 1


@kernel
def pair_totals(pairs, transitions, followed, followers, preceders):
    """Sums over the transitions of each unit.

    pairs : uint32[slots, 4], column 0 is the pair
    followed : int64[V], out, zeros — transitions that leave the unit
    followers, preceders : int64[V], out, zeros — distinct units after it, before it
    """
    for slot in range(transitions.size):
        t = transitions[slot]
        if t > 0:
            left = pairs[slot, 0] >> 16
            followed[left] += t
            followers[left] += 1
            preceders[pairs[slot, 0] & 0xFFFF] += 1


@kernel
def fill_spelling(pairs, transitions, followed, discount, pair_values):
    """The part of the Kneser–Ney transition that depends on the pair: max(t_ac - D, 0) / (t_a + 1).

    pair_values : float32[slots, 4], out — column 1
    """
    for slot in range(transitions.size):
        value = 0.0
        if transitions[slot] > 0:
            value = max(transitions[slot] - discount, 0.0) / (followed[pairs[slot, 0] >> 16] + 1.0)
        pair_values[slot, 1] = value


@kernel
def fill_counts(keys, counts, singles, pairs, words):
    """Enter the words of a model into its tables; those of three and four units mark their first pair.

    keys : uint64[T];  counts : int64[T], below 2**30
    singles : int32[V], out;  pairs : uint32[slots, 4], column 3 out, zeros;  words : uint64[slots, 2], out, zeros
    """
    for w in range(keys.size):
        key = keys[w]
        length = key_length(key)
        if length == 1:
            singles[key] = counts[w]
            continue
        first = np.uint32(key >> np.uint64(16 * (length - 2)))
        pair = find_row(pairs, first)
        if length == 2:
            pairs[pair, 3] |= np.uint32(counts[w])
            continue
        pairs[pair, 3] |= STARTS_THREE if length == 3 else STARTS_FOUR
        slot = find_row(words, key)
        words[slot, 0] = key
        words[slot, 1] = counts[w]

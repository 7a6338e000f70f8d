"""Strings of units and their neighbours: a trie of all parts of some words, their counts, branching entropies.

The trie is one counter (kernels/table.py): key `node << 32 | unit` → the child. The node of a single unit is its id;
longer strings have the nodes from the number of units on.
"""

from __future__ import annotations

import math

import numpy as np

from minent.kernels import kernel
from minent.kernels.table import find_slot, find_value

_BITS = 32


@kernel
def enter_parts(stream, starts, lengths, at, units, table, used, nodes):
    """Enter every substring of the words `at…` into a trie.

    stream : int32[n];  word w is stream[starts[w] : starts[w] + lengths[w]];  starts, lengths : int64[words]
    units : number of unit ids;  table : the trie, filled to at most 5/8;  used : int64[1], in and out — its entries
    nodes : int64[words], out — node of each word

    Returns the word reached: len(starts), or the first for which the table has no room.
    """
    limit = (len(table) >> 1) * 5 // 8
    while at < len(starts):
        length = lengths[at]
        if used[0] + length * (length - 1) // 2 > limit:
            return at
        for first in range(starts[at], starts[at] + length):
            node = np.int64(stream[first])
            for k in range(first + 1, starts[at] + length):
                key = (node << _BITS) | np.int64(stream[k])
                place = find_slot(table, key)
                if table[place] < 0:
                    table[place] = key
                    table[place + 1] = units + used[0]
                    used[0] += 1
                node = table[place + 1]
            if first == starts[at]:
                nodes[at] = node
        at += 1
    return at


@kernel
def count_strings(stream, table, counts):
    """Count the strings of a trie in a coded stream; occurrences may overlap.

    stream : int32[n], ends with 0;  counts : int64[nodes], in and out
    """
    for first in range(len(stream)):
        node = np.int64(stream[first])
        end = first
        while node > 0:
            counts[node] += 1
            end += 1
            unit = np.int64(stream[end])
            node = find_value(table, (node << _BITS) | unit) if unit > 0 else np.int64(-1)


@kernel
def weakest_cuts(stream, starts, lengths, table, counts, cuts, parts):
    """The cut of each word whose two parts are the most frequent (by the product of their counts); the first of ties.

    stream, starts, lengths : words as in `enter_parts`, all of them in the trie;  counts : int64[nodes]
    cuts : int64[words], out — units before the cut, 0 for a word of one unit
    parts : int64[words, 2], out — counts of the left and the right part, 0 for a word of one unit
    """
    for word in range(len(starts)):
        first, end = starts[word], starts[word] + lengths[word]
        cuts[word] = 0
        parts[word, 0] = 0
        parts[word, 1] = 0
        largest = -1.0
        left = np.int64(stream[first])
        for cut in range(first + 1, end):
            right = np.int64(stream[cut])
            for k in range(cut + 1, end):
                right = find_value(table, (right << _BITS) | np.int64(stream[k]))
            product = float(counts[left]) * float(counts[right])
            if product > largest:
                largest = product
                cuts[word] = cut - first
                parts[word, 0] = counts[left]
                parts[word, 1] = counts[right]
            left = find_value(table, (left << _BITS) | np.int64(stream[cut]))


@kernel
def gather_neighbours(stream, table, words, takings, neighbours):
    """Write down what stands left and right of words in a coded stream.

    Of a word with `count` occurrences, `quota` are taken, evenly spread: an occurrence is taken when the quotas owed
    so far reach another `count`.

    stream : int32[n], ends with 0;  words : int32[nodes] — number of the word at a node, −1 for none
    takings : int64[m, 4], in and out — of each word: count, quota, owed so far, place of its next row
    neighbours : int32[rows, 2], out — the unit to the left, to the right; 0 for a boundary
    """
    before = np.int32(0)
    for first in range(len(stream)):
        node = np.int64(stream[first])
        end = first
        while node > 0:
            end += 1
            unit = stream[end]
            word = words[node]
            if word >= 0:
                owed = takings[word, 2] + takings[word, 1]
                if owed >= takings[word, 0]:
                    owed -= takings[word, 0]
                    row = takings[word, 3]
                    takings[word, 3] = row + 1
                    neighbours[row, 0] = before
                    neighbours[row, 1] = unit
                takings[word, 2] = owed
            node = find_value(table, (node << _BITS) | np.int64(unit)) if unit > 0 else np.int64(-1)
        before = stream[first]


@kernel
def branching_entropies(neighbours, starts, units, entropies):
    """Entropy of the neighbours of each word, in nats; the boundary is one outcome.

    neighbours : int32[rows, 2], the rows of word w are starts[w]:starts[w + 1];  starts : int64[m + 1]
    units : number of unit ids
    entropies : float64[m, 2], out — left, right; NaN for a word without rows
    """
    tally = np.zeros(units, np.int64)
    for word in range(len(starts) - 1):
        rows = starts[word + 1] - starts[word]
        for side in range(2):
            for row in range(starts[word], starts[word + 1]):
                tally[neighbours[row, side]] += 1
            total = 0.0
            for row in range(starts[word], starts[word + 1]):
                unit = neighbours[row, side]
                count = tally[unit]
                if count > 0:
                    total += count * math.log(count)
                    tally[unit] = 0
            entropies[word, side] = math.log(rows) - total / rows if rows > 0 else np.nan

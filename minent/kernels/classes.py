"""Word classes by exchange: each word moves to the class that makes the class bigrams most informative."""

from __future__ import annotations

import math

import numpy as np

from minent.kernels import kernel

FIRST_CLASS = 2


@kernel
def times_log(count):
    """x ln x, 0 for 0."""
    return count * math.log(count) if count > 0 else 0.0


@kernel
def count_class_pairs(starts, neighbours, counts, classes, pairs, totals):
    """Add up word bigrams by class.

    starts : int64[V + 1], neighbours : int32[m], counts : int64[m] — the words that follow each word, in CSR form
    classes : int32[V];  pairs : int64[K, K], out;  totals : int64[K], out — row sums of `pairs`
    """
    pairs[:] = 0
    totals[:] = 0
    for word in range(len(classes)):
        own = classes[word]
        for at in range(starts[word], starts[word + 1]):
            pairs[own, classes[neighbours[at]]] += counts[at]
            totals[own] += counts[at]


@kernel
def objective(pairs, totals):
    """Σ N(g,h) ln N(g,h) − 2 Σ N(g) ln N(g): nats, up to a constant the log-likelihood of the class bigrams."""
    value = 0.0
    for g in range(len(totals)):
        value -= 2.0 * times_log(totals[g])
        for h in range(len(totals)):
            value += times_log(pairs[g, h])
    return value


@kernel
def sum_by_class(start, end, neighbours, counts, classes, word, sums, used):
    """Sums of the counts of one word's neighbours by class: returns (classes with a sum, listed in `used`; own count).

    sums : int64[K], in zero, out;  the word's count with itself is not in them
    """
    size = 0
    own = np.int64(0)
    for at in range(start, end):
        other = neighbours[at]
        if other == word:
            own += counts[at]
        else:
            kind = classes[other]
            if sums[kind] == 0:
                used[size] = kind
                size += 1
            sums[kind] += counts[at]
    return size, own


@kernel
def move_word(kind, sign, sums_after, used_after, many_after, sums_before, used_before, many_before, own, tables):
    """Add (sign 1) or take away (−1) a word's bigrams in class `kind`: `pairs`, its transpose, and x ln x of both."""
    pairs, transposed, logs, transposed_logs = tables
    for k in range(many_after):
        other = used_after[k]
        pairs[kind, other] += sign * sums_after[other]
    for k in range(many_before):
        other = used_before[k]
        pairs[other, kind] += sign * sums_before[other]
    pairs[kind, kind] += sign * own
    for other in range(len(pairs)):
        transposed[other, kind] = pairs[kind, other]
        transposed[kind, other] = pairs[other, kind]
    for k in range(many_after):
        other = used_after[k]
        logs[kind, other] = transposed_logs[other, kind] = times_log(pairs[kind, other])
    for k in range(many_before):
        other = used_before[k]
        logs[other, kind] = transposed_logs[kind, other] = times_log(pairs[other, kind])
    logs[kind, kind] = transposed_logs[kind, kind] = times_log(pairs[kind, kind])


@kernel
def exchange(after, before, order, classes, pairs, totals, counts):
    """One sweep: every word of `order` in turn moves to its best class; returns how many moved.

    after, before : (starts, neighbours, counts) in CSR form — what follows and precedes each word
    classes : int32[V], in and out;  classes 0 and 1, of boundaries and of rare words, take no word
    pairs, totals : of these classes, in and out;  counts : int64[V] — of the words
    A word stays where it is unless another class is better; of equally good ones the lowest number is taken.
    Source: Kneser, Ney 1993; Martin, Liermann, Ney 1998. O(K · distinct neighbour classes) a word.
    """
    size = len(totals)
    following = np.zeros(size, dtype=np.int64)
    preceding = np.zeros(size, dtype=np.int64)
    used_after = np.empty(size, dtype=np.int64)
    used_before = np.empty(size, dtype=np.int64)
    gains = np.empty(size)
    transposed = pairs.T.copy()
    logs = np.empty((size, size))
    transposed_logs = np.empty((size, size))
    for g in range(size):
        for h in range(size):
            logs[g, h] = transposed_logs[h, g] = times_log(pairs[g, h])
    tables = pairs, transposed, logs, transposed_logs
    moved = 0
    for place in range(len(order)):
        word = order[place]
        old = classes[word]
        count = counts[word]
        many_after, own = sum_by_class(
            after[0][word], after[0][word + 1], after[1], after[2], classes, word, following, used_after
        )
        many_before, _ = sum_by_class(
            before[0][word], before[0][word + 1], before[1], before[2], classes, word, preceding, used_before
        )
        move_word(old, -1, following, used_after, many_after, preceding, used_before, many_before, own, tables)
        totals[old] -= count
        for kind in range(size):
            inside = times_log(pairs[kind, kind] + following[kind] + preceding[kind] + own) - logs[kind, kind]
            gains[kind] = inside - 2.0 * (times_log(totals[kind] + count) - times_log(totals[kind]))
        for k in range(many_after):
            other = used_after[k]
            more = following[other]
            keep = gains[other]
            for kind in range(size):
                gains[kind] += times_log(transposed[other, kind] + more) - transposed_logs[other, kind]
            gains[other] = keep  # what is inside a class is counted above
        for k in range(many_before):
            other = used_before[k]
            more = preceding[other]
            keep = gains[other]
            for kind in range(size):
                gains[kind] += times_log(pairs[other, kind] + more) - logs[other, kind]
            gains[other] = keep
        best = old
        for kind in range(FIRST_CLASS, size):
            if gains[kind] > gains[best] + 1e-9:
                best = kind
        move_word(best, 1, following, used_after, many_after, preceding, used_before, many_before, own, tables)
        totals[best] += count
        moved += best != old
        classes[word] = best
        for k in range(many_after):
            following[used_after[k]] = 0
        for k in range(many_before):
            preceding[used_before[k]] = 0
    return moved

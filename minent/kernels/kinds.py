"""Kinds of text: lines scored along the axis on which they differ most, and put to the kind that fits them best."""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel

_NOISE = 1e-9  # what is left of scores that are all alike


@kernel
def score_lines(units, starts, lengths, rounds, line_prior, unit_prior, unit_scores):
    """Scores of lines on the first axis of correspondence analysis, by reciprocal averaging (Hill 1973).

    A line's score is the mean of its units' scores, a unit's score the mean of its lines'; means are drawn
    towards 0 by pseudo-counts, so that short lines and rare units do not make an axis of their own.

    units : uint16[n], 0 = separator;  line j is units[starts[j] : starts[j] + lengths[j]]
    line_prior, unit_prior : pseudo-counts
    unit_scores : float64[V], in (any start) and out.  Returns float64[lines].
    """
    counts = np.zeros(unit_scores.size)
    for j in range(starts.size):
        for i in range(starts[j], starts[j] + lengths[j]):
            counts[units[i]] += 1.0
    counts[0] = 0.0
    total = max(counts.sum(), 1.0)
    scores = np.zeros(starts.size)
    sums = np.empty(unit_scores.size)
    for _ in range(rounds):
        unit_scores -= (unit_scores * counts).sum() / total
        spread = np.sqrt((unit_scores * unit_scores * counts).sum() / total)
        if spread > _NOISE:
            unit_scores /= spread
        else:
            unit_scores[:] = 0.0
        unit_scores[0] = 0.0
        sums[:] = 0.0
        for j in range(starts.size):
            score = 0.0
            size = 0
            for i in range(starts[j], starts[j] + lengths[j]):
                score += unit_scores[units[i]]
                size += units[i] != 0
            scores[j] = score / (size + line_prior)
            for i in range(starts[j], starts[j] + lengths[j]):
                sums[units[i]] += scores[j]
        unit_scores[:] = sums / (counts + unit_prior)
    return scores


@kernel
def count_by_kind(units, starts, lengths, kinds, counts):
    """Add up the units of the lines of every kind.

    kinds : int64[lines];  counts : int64[V, K], out, zeros — separators are not counted
    """
    for j in range(starts.size):
        for i in range(starts[j], starts[j] + lengths[j]):
            if units[i] != 0:
                counts[units[i], kinds[j]] += 1


@kernel
def best_kinds(units, starts, lengths, log_probs, kinds):
    """Put every line to the kind under which its units are most probable; a tie goes to the lower kind.

    log_probs : float64[V, K], nats, 0 for the separator;  kinds : int64[lines], out
    Returns the log-probability of all lines.
    """
    fit = np.empty(log_probs.shape[1])
    total = 0.0
    for j in range(starts.size):
        fit[:] = 0.0
        for i in range(starts[j], starts[j] + lengths[j]):
            for k in range(fit.size):
                fit[k] += log_probs[units[i], k]
        kinds[j] = np.argmax(fit)
        total += fit[kinds[j]]
    return total

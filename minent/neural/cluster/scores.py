"""How well classes that were found agree with true ones: majority label, one-to-one, NMI and V-measure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def contingency(found: ArrayLike, true: ArrayLike, least: int = 0) -> NDArray[np.int64]:
    """How often a found class and a true one come together; int64[found classes, at least so many; true classes]."""
    rows, columns = np.asarray(found, dtype=np.int64), np.asarray(true, dtype=np.int64)
    if rows.shape != columns.shape or rows.ndim != 1 or not len(rows):
        raise ValueError(f"{rows.shape} found and {columns.shape} true classes: needed are two lists of one length")
    table = np.zeros((max(least, rows.max() + 1), columns.max() + 1), dtype=np.int64)
    np.add.at(table, (rows, columns), 1)
    return table


def agreement(found: ArrayLike, true: ArrayLike) -> dict[str, Any]:
    """Figures from 0 to 1 of classes, each a whole number from 0 on.

    majority : share that is right where each found class is called by the true class that most of it has
    one_to_one : the same where no two found classes have one name (Kuhn 1955)
    nmi : mutual information / arithmetic mean of the entropies (the V-measure of 1.0)
    homogeneity, completeness : mutual information / entropy of the true, of the found classes

    >>> agreement([0, 0, 1, 1], [1, 1, 0, 1])["majority"]
    0.75
    """
    table = contingency(found, true)
    total = int(table.sum())
    joint = table / total
    outer = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    seen = joint > 0
    mutual = float((joint[seen] * np.log(joint[seen] / outer[seen])).sum())
    of_found, of_true = _entropy(table.sum(1) / total), _entropy(table.sum(0) / total)
    rows, columns = best_matching(table)
    return {
        "majority": int(table.max(axis=1).sum()) / total,
        "one_to_one": int(table[rows, columns].sum()) / total,
        "nmi": 2 * mutual / (of_found + of_true) if of_found + of_true else 1.0,
        "homogeneity": mutual / of_true if of_true else 1.0,
        "completeness": mutual / of_found if of_found else 1.0,
        "classes_used": int((table.sum(1) > 0).sum()),
    }


def best_matching(gains: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns, each at most once, whose gains have the largest sum; the smaller side is matched as a whole.

    Shortest augmenting paths with potentials, O(rows² · columns). Source: Jonker and Volgenant 1987.
    """
    costs = -np.asarray(gains, dtype=np.float64)
    if costs.shape[0] > costs.shape[1]:
        columns, rows = best_matching(np.asarray(gains).T)
        return rows, columns
    count, width = costs.shape
    of_rows, of_columns = np.zeros(count), np.zeros(width + 1)  # potentials; the last column is where a path begins
    row_at = np.full(width + 1, -1)
    for row in range(count):
        row_at[width], at = row, width
        shortest, before, done = np.full(width, np.inf), np.full(width, width), np.zeros(width + 1, dtype=bool)
        while row_at[at] >= 0:
            done[at] = True
            here = row_at[at]
            reduced = costs[here] - of_rows[here] - of_columns[:width]
            closer = ~done[:width] & (reduced < shortest)
            shortest[closer], before[closer] = reduced[closer], at
            nearest = int(np.argmin(np.where(done[:width], np.inf, shortest)))
            step = shortest[nearest]
            of_rows[row_at[done]] += step
            of_columns[done] -= step
            shortest[~done[:width]] -= step
            at = nearest
        while at != width:
            row_at[at], at = row_at[before[at]], before[at]
        row_at[width] = -1
    columns = np.flatnonzero(row_at[:width] >= 0)
    order = np.argsort(row_at[columns])
    return np.arange(count), columns[order]


def _entropy(shares: NDArray[np.float64]) -> float:
    """Nats."""
    seen = shares[shares > 0]
    return float(-(seen * np.log(seen)).sum())

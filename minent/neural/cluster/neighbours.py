"""The nearest neighbours of every example, by its main components: pairs that should be of one class.

Source: 1801.01587 (SpectralNet), 2005.12320 (SCAN): nearest neighbours share a class far more often than others do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

COMPONENTS = 64
SIDE = 28  # pictures that are larger are made so small first
AT_ONCE = 500  # examples that are compared with the others at a time
PART = 1 << 16  # examples among which neighbours are sought, so that the time stays proportional to the examples


def find_neighbours(examples: Any, count: int) -> NDArray[np.int64]:
    """The nearest other examples of each, nearest first; int64[n, count], or fewer columns where there are fewer.

    examples : Images or WordVectors. Distances are Euclidean in the COMPONENTS main components. More than PART
    examples are searched in parts that are dealt out in turn.
    """
    x = main_components(examples)
    parts = -(-len(x) // PART)
    count = min(count, len(x) // parts - 1)
    found = np.empty((len(x), max(0, count)), dtype=np.int64)
    for part in range(parts):
        members = np.arange(part, len(x), parts)
        for begin, nearest in _search(x[part::parts], count) if count > 0 else ():
            found[members[begin : begin + len(nearest)]] = members[nearest]
    return found


def main_components(examples: Any) -> Any:
    """Examples by their main components; float32 (n, at most COMPONENTS)."""
    mean = torch.stack([flat.sum(0) for flat in _flat(examples)]).sum(0) / len(examples)  # (numbers,)
    spread = torch.zeros(len(mean), len(mean))
    for flat in _flat(examples):
        spread += (flat - mean).T @ (flat - mean)
    axes = torch.linalg.eigh(spread.double()).eigenvectors[:, -COMPONENTS:].float()  # (numbers, components)
    return torch.cat([(flat - mean) @ axes for flat in _flat(examples)])


def _flat(examples: Any) -> Iterator[Any]:
    """Examples in batches; float32 (batch, numbers)."""
    for begin in range(0, len(examples), AT_ONCE):
        x = examples.tensor(np.arange(begin, min(begin + AT_ONCE, len(examples))))
        height, width = (min(SIDE, side) for side in x.shape[2:])
        yield functional.adaptive_avg_pool2d(x, (height, width)).flatten(1)


def _search(x: Any, count: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Where a batch begins, and the places of the nearest others of each vector in it; int64 (batch, count)."""
    squares = (x**2).sum(1)
    for begin in range(0, len(x), AT_ONCE):
        batch = x[begin : begin + AT_ONCE]
        distances = squares - 2 * batch @ x.T  # (batch, n), less the square of the first
        distances[torch.arange(len(batch)), begin + torch.arange(len(batch))] = math.inf
        yield begin, distances.topk(count, largest=False).indices.numpy()

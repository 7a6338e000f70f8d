"""Strings of symbols in fixed shards: sums over them are the same, to the bit, for any number of workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

SHARDS = 8

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Strings:
    """String i is symbols[starts[i] : starts[i] + lengths[i]]; int32[m], int64[strings] twice."""

    symbols: NDArray[np.int32]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def shards(self) -> list[tuple[int, int]]:
        ends = np.linspace(0, len(self.starts), SHARDS + 1).astype(int).tolist()
        return list(pairwise(ends))


def sum_shards(
    strings: Strings,
    shapes: Sequence[tuple[int, ...]],
    count: Callable[[int, int, tuple[Floats, ...]], float],
    jobs: int = 1,
) -> tuple[tuple[Floats, ...], float]:
    """Arrays of these shapes, filled by `count(first, last, arrays)` for each shard, and the sum of what it returns.

    Shards are counted apart and added in their order. Memory: the arrays (jobs + 2) times.
    """

    def one(shard: tuple[int, int]) -> tuple[tuple[Floats, ...], float]:
        arrays = tuple(np.zeros(shape) for shape in shapes)
        return arrays, count(*shard, arrays)

    sums, total = tuple(np.zeros(shape) for shape in shapes), 0.0
    shards = strings.shards()
    with ThreadPoolExecutor(jobs) as pool:
        for at in range(0, SHARDS, jobs):
            some = shards[at : at + jobs]
            for arrays, value in map(one, some) if jobs == 1 else pool.map(one, some):
                for mine, more in zip(sums, arrays, strict=True):
                    mine += more
                total += value
    return sums, total

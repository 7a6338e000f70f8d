"""Which examples make up a batch, as a function of its number alone: a resumed training sees the same ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


class ShuffledBatches:
    """Every example once an epoch, in an order that the seed and the epoch decide; the last batch may be smaller.

    >>> batches = ShuffledBatches(examples=5, batch_size=2, seed=0)
    >>> len(batches), sorted(np.concatenate([batches.at(number) for number in range(3)]).tolist())
    (3, [0, 1, 2, 3, 4])
    """

    def __init__(self, examples: int, batch_size: int, seed: int) -> None:
        if examples < 1 or batch_size < 1:
            raise ValueError(f"{examples} examples in batches of {batch_size}: both must be at least 1")
        self.examples, self.batch_size, self.seed = examples, batch_size, seed
        self._epoch, self._order = -1, np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        """Batches of an epoch."""
        return -(-self.examples // self.batch_size)

    def at(self, number: int) -> NDArray[np.int64]:
        """The examples of a batch; int64[batch_size] or fewer. Numbers go on over the epochs."""
        epoch, within = divmod(number, len(self))
        if epoch != self._epoch:
            self._epoch, self._order = epoch, np.random.default_rng((self.seed, epoch)).permutation(self.examples)
        return self._order[within * self.batch_size : (within + 1) * self.batch_size]


class EqualLengthBatches:
    """As `ShuffledBatches`, but all examples of one batch have the same length, so that none is padded.

    lengths : int64[n]
    """

    def __init__(self, lengths: ArrayLike, batch_size: int, seed: int) -> None:
        self.lengths = np.asarray(lengths, dtype=np.int64)
        if not len(self.lengths) or batch_size < 1:
            raise ValueError(f"{len(self.lengths)} examples in batches of {batch_size}: both must be at least 1")
        self.batch_size, self.seed = batch_size, seed
        self._epoch = -1
        self._batches: list[NDArray[np.int64]] = []
        self._count = int(sum(-(-count // batch_size) for count in np.unique(self.lengths, return_counts=True)[1]))

    def __len__(self) -> int:
        """Batches of an epoch."""
        return self._count

    def at(self, number: int) -> NDArray[np.int64]:
        """The examples of a batch; int64[batch_size] or fewer. Numbers go on over the epochs."""
        epoch, within = divmod(number, len(self))
        if epoch != self._epoch:
            self._epoch, self._batches = epoch, self._cut(np.random.default_rng((self.seed, epoch)))
        return self._batches[within]

    def _cut(self, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        order = rng.permutation(len(self.lengths))
        order = order[np.argsort(self.lengths[order], kind="stable")]
        borders = np.flatnonzero(np.diff(self.lengths[order])) + 1
        batches = [
            group[at : at + self.batch_size]
            for group in np.split(order, borders)
            for at in range(0, len(group), self.batch_size)
        ]
        return [batches[number] for number in rng.permutation(len(batches))]

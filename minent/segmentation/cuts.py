"""What cutters take and give."""

from __future__ import annotations

import hashlib
import math
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


class Sampling(NamedTuple):
    """How to draw a cutting: alpha below 0 is the best one. What is drawn depends on `key` and the place only.

    offset : of the first byte in the whole text
    """

    alpha: float
    key: np.uint64
    offset: int

    @classmethod
    def by_seed(cls, alpha: float, seed: int) -> Sampling:
        """Draw with probability ∝ Π p(word)^alpha; ValueError for an alpha that is not finite and ≥ 0."""
        if not 0 <= alpha < math.inf:
            raise ValueError(f"alpha is {alpha}; it must be a finite number of at least 0")
        digest = hashlib.blake2b(str(seed).encode(), digest_size=8).digest()
        return cls(float(alpha), np.uint64(int.from_bytes(digest, "little")), 0)


BEST = Sampling(-1.0, np.uint64(0), 0)


class CutBytes(NamedTuple):
    """A piece of text after cutting. `invalid` bytes are not UTF-8, the first at offset `first_invalid` (−1: none)."""

    data: Bytes
    invalid: int
    first_invalid: int


class AnyCutter(Protocol):
    """Puts separators between the words of a piece of text that neither begins nor ends inside a run of units."""

    def cut(self, data: Bytes, separator: bytes, *, space_before: bool = True, sampling: Sampling = BEST) -> CutBytes:
        """Cut a piece of text.

        data : uint8[n], UTF-8, valid or not;  separator : put between two words, but not beside whitespace
        space_before : what comes before is whitespace, or nothing; else the piece may begin with a separator
        """

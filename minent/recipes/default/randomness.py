"""Keys of counter-based random numbers: a draw depends on seed, stream number and position only."""

from __future__ import annotations

import numpy as np

from minent.kernels.sample import mixed


def random_key(seed: int, stream: int) -> np.uint64:
    """Key of one stream of random numbers (a sweep's number; -1 for the sample of lines)."""
    first = np.uint64(mixed(np.uint64(seed % 2**64)))
    key: np.uint64 = np.uint64(mixed(first ^ np.uint64(stream % 2**64)))
    return key

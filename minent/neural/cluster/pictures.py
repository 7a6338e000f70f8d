"""What the classes look like: pictures drawn from each, and pictures that belong to each."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from minent.neural.device import seed_step
from minent.neural.images.data import Images

MOST_ROWS = 100  # classes that are drawn


@torch.no_grad()
def conditional_samples(model: Any, columns: int, seed: int, deviation: float = 1.0) -> Any:
    """One row for each class; (classes · columns, channels, height, width)."""
    seed_step(seed, 0)
    rows = min(MOST_ROWS, model.config.classes)
    return torch.cat([model.sample(kind, columns, deviation) for kind in range(rows)])


def members(found: Any, images: Images, columns: int, seed: int) -> Any:
    """Pictures at random out of each class, one row for each; black where there are no more.

    found : int64[n], the class of each picture; result : uint8[classes · columns, channels, height, width]
    """
    rng = np.random.default_rng(seed)
    rows = min(MOST_ROWS, int(np.max(found)) + 1)
    sheet = np.zeros((rows, columns, *images.shape), dtype=np.uint8)
    for kind in range(rows):
        inside = rng.permutation(np.flatnonzero(found == kind))[:columns]
        sheet[kind, : len(inside)] = images.pixels[inside]
    return sheet.reshape(rows * columns, *images.shape)

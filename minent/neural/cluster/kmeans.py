"""k-means, the classes that the clustering VAE is compared with."""

from __future__ import annotations

from typing import Any

import torch

from minent.neural.device import seed_step


def k_means(x: Any, classes: int, seed: int, rounds: int = 50) -> Any:
    """Classes of vectors, int64[n], by Lloyd's algorithm from centres of k-means++ (Arthur and Vassilvitskii 2007).

    x : float32[n, numbers]. A class that loses all its members gets the vector that is farthest from its centre.
    """
    seed_step(seed, 0)
    centres = x[torch.randint(len(x), (1,))]
    nearest = ((x - centres) ** 2).sum(1)  # (n,), squared distance from the nearest centre
    for _ in range(1, classes):
        shares = nearest if nearest.sum() > 0 else torch.ones_like(nearest)
        new = x[torch.multinomial(shares, 1)]
        centres = torch.cat([centres, new])
        nearest = torch.minimum(nearest, ((x - new) ** 2).sum(1))
    found = torch.full((len(x),), -1)
    for _ in range(rounds):
        distances = (x**2).sum(1, keepdim=True) - 2 * x @ centres.T + (centres**2).sum(1)  # (n, classes)
        before, found = found, distances.argmin(1)
        if torch.equal(before, found):
            break
        sizes = torch.bincount(found, minlength=classes)
        sums = torch.zeros_like(centres).index_add_(0, found, x)
        centres = torch.where(sizes[:, None] > 0, sums / sizes.clamp(min=1)[:, None], centres)
        for empty in torch.nonzero(sizes == 0).flatten().tolist():
            farthest = distances.min(1).values.argmax()
            centres[empty] = x[farthest]
            distances[farthest] = 0  # the next empty class gets another one
    return found

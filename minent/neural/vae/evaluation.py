"""Figures of a VAE: bounds of the likelihood, and how much of its latent numbers it uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from minent.neural.device import seed_step
from minent.neural.images.data import Images
from minent.neural.vae.model import divergence, log_mean_exp

ACTIVE = 0.01  # least variance of a posterior mean over the pictures (1509.00519, section 5)
AT_ONCE = 4096 * 28 * 28  # numbers of decoded pictures in memory
BATCH = 32


@torch.no_grad()
def evaluate_vae(
    model: Any,
    images: Images,
    bounds: Sequence[int],
    seed: int,
    advance: Callable[[int], object] = lambda _: None,
) -> dict[str, Any]:
    """Figures over pictures, in nats a picture. `advance` is told of pictures done.

    L_k : bound (11) of −ln q(x), lower is better. All come from the same draws, the most of `bounds` for a picture, cut
        into groups of k; so where each k divides the next, L_k falls with k by Jensen's inequality, for these draws as
        in the mean.
    prior_k : (7), the same without an encoder: z of the prior
    reconstruction, divergence : −ln q(x|z) and KL of the posterior from the prior; their sum is the ELBO (4)
    active_units, posterior_variances : latent numbers whose posterior mean varies; mean variance of each latent number
    """
    most = max(bounds)
    device = model.mean.weight.device
    seed_step(seed, 0)
    sums = {f"L_{k}": 0.0 for k in bounds} | {f"prior_{most}": 0.0, "reconstruction": 0.0, "divergence": 0.0}
    means, variances, error = [], [], 0.0
    for begin in range(0, len(images), BATCH):
        pixels = images.tensor(np.arange(begin, min(begin + BATCH, len(images))), device)
        x = model.prepare(pixels)
        weights, likelihoods = [], []
        at_once = max(1, AT_ONCE // pixels.numel())
        for first in range(0, most, at_once):
            count = min(at_once, most - first)
            weights.append(model.log_weights(x, count).double())
            likelihoods.append(model.log_prior_likelihoods(x, count).double())
        drawn = torch.cat(weights)  # (most, batch)
        for k in bounds:
            groups = drawn[: most // k * k].unflatten(0, (-1, k))  # (groups, k, batch)
            sums[f"L_{k}"] -= float(log_mean_exp(groups.transpose(0, 1)).mean(0).sum())
        sums[f"prior_{most}"] -= float(log_mean_exp(torch.cat(likelihoods)).sum())
        mean, log_var = model.encode(x)
        _, decoded = model.draw(mean, log_var, 1)
        sums["reconstruction"] -= float(model.log_likelihood(x, decoded).sum())
        sums["divergence"] += float(divergence(mean, log_var).sum())
        error += float(((model.picture(mean) - pixels) ** 2).mean((1, 2, 3)).sum())
        means.append(mean.cpu())
        variances.append(log_var.exp().cpu())
        advance(len(x))
    active = torch.cat(means).var(0, correction=0) > ACTIVE
    return {
        "pictures": len(images),
        "objective": model.config.objective,
        "samples": model.config.samples,
        **{name: round(value / len(images), 4) for name, value in sums.items()},
        "squared_error": round(error / len(images), 6),
        "latent": model.config.latent,
        "active_units": int(active.sum()),
        "posterior_variances": [round(value, 4) for value in torch.cat(variances).mean(0).tolist()],
    }

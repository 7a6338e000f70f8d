"""What a VAE draws: samples, reconstructions, ways between two pictures, and the plane of two latent numbers."""

from __future__ import annotations

from typing import Any

import torch

from minent.neural.device import seed_step

WAY = 10  # pictures of an interpolation, both ends among them


@torch.no_grad()
def samples(model: Any, count: int, seed: int) -> Any:
    """Expected pictures of z from the prior; (count, channels, height, width)."""
    seed_step(seed, 0)
    return model.sample(count)


@torch.no_grad()
def reconstructions(model: Any, x: Any) -> Any:
    """Each picture, and behind it what is decoded from the mean of its posterior; (2 · batch, …)."""
    return torch.stack([x, model.picture(model.encode(x)[0])], 1).flatten(0, 1)


@torch.no_grad()
def interpolations(model: Any, x: Any) -> Any:
    """From the first picture to the second, from the third to the fourth, …; WAY pictures each, straight in z."""
    begins, ends = (model.encode(x[at::2][: len(x) // 2])[0] for at in (0, 1))  # twice (pairs, latent)
    shares = torch.linspace(0, 1, WAY, device=x.device)[None, :, None]
    z = begins[:, None] * (1 - shares) + ends[:, None] * shares  # (pairs, way, latent)
    return model.picture(z.flatten(0, 1))


@torch.no_grad()
def latent_grid(model: Any, side: int) -> Any:
    """The plane of two latent numbers at equal steps of probability; (side², …). ValueError: not two of them."""
    if model.config.latent != 2:
        raise ValueError(f"a grid needs two latent numbers, and this model has {model.config.latent}")
    shares = (torch.arange(side) + 0.5) / side
    places = torch.special.ndtri(shares).to(model.mean.weight.device)
    rows, columns = torch.meshgrid(places, places, indexing="ij")
    return model.picture(torch.stack([columns, rows], -1).reshape(-1, 2))

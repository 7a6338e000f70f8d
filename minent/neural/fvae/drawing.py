"""Pictures of an f-VAE: samples, reconstructions, and ways from one picture to another."""

from __future__ import annotations

from typing import Any

import torch

TOGETHER = 500  # pictures that are drawn at once
INTERPOLATED = 8  # pictures on the way from one to another, both ends among them


def draw(model: Any, count: int, temperature: float = 1.0) -> Any:
    """Samples from 0 to 1, (count, channels, size, size), on the CPU."""
    with torch.no_grad():
        parts = [model.sample(min(TOGETHER, count - at), temperature).cpu() for at in range(0, count, TOGETHER)]
    return to_grey(torch.cat(parts))


def reconstruct(model: Any, images: Any) -> Any:
    """Of uint8 images (n, channels, size, size): each image, then what is left of it; (2n, channels, size, size)."""
    x = from_grey(model, images)
    with torch.no_grad():
        pairs = torch.stack((x, model.reconstruct(x)), dim=1)  # (n, 2, channels, size, size)
    return to_grey(pairs.flatten(0, 1).cpu())


def interpolate(model: Any, images: Any) -> Any:
    """Of uint8 images, two by two: INTERPOLATED pictures on the straight line between their latents.

    (2n, channels, size, size) → (n · INTERPOLATED, channels, size, size)
    """
    with torch.no_grad():
        z = model.encode(from_grey(model, images[: len(images) // 2 * 2]))
        shares = torch.linspace(0, 1, INTERPOLATED, device=z.device)[None, :, None]
        between = z[::2, None].lerp(z[1::2, None], shares)  # (n, INTERPOLATED, dimensions)
        return to_grey(model.decode(between.flatten(0, 1)).cpu())


def from_grey(model: Any, images: Any) -> Any:
    """uint8 images on the model's device, from −1 to 1, each value in the middle of its 256th."""
    device = next(model.parameters()).device
    return (torch.as_tensor(images).to(device).float() + 0.5) / 128 - 1


def to_grey(x: Any) -> Any:
    """Images of a model as values from 0 to 1; what is no number becomes 0."""
    return ((x + 1) / 2).nan_to_num(0.0).clamp(0, 1)

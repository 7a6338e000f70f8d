"""The two halves of an autoencoder of small pictures: stride-2 convolutions, or a few full layers.

Source of the convolutions: bojone/vae, vae_keras_cluster.py (kexue.fm/archives/5887); padding and initial
values are those of Keras, so that the article's recipe can be repeated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional

SLOPE = 0.2  # of LeakyReLU below 0
LARGEST_WEIGHTS = 1 << 28  # of a configuration that is read at all


def check_sizes(config: object, **largest: int) -> None:
    """Raise ValueError where a size is below 1 or above what is allowed: a configuration may come from anywhere."""
    for name, most in largest.items():
        value = getattr(config, name)
        if not 1 <= value <= most:
            raise ValueError(f"{name}={value}: must be between 1 and {most:,}")


def check_weights(weights: int) -> None:
    """Raise ValueError where a model would have too many weights."""
    if weights > LARGEST_WEIGHTS:
        raise ValueError(f"about {weights:,} weights are more than the {LARGEST_WEIGHTS:,} that are allowed")


class ConvEncoder(nn.Module):
    """(batch, channels, height, width) → (batch, size): twice a convolution of stride 2 and one of stride 1."""

    def __init__(self, shape: tuple[int, int, int], filters: Sequence[int]) -> None:
        super().__init__()
        channels, height, width = shape
        layers: list[Any] = []
        for wide in filters:
            layers += [_keras(nn.Conv2d(channels, wide, 3, stride=2)), _keras(nn.Conv2d(wide, wide, 3, padding=1))]
            channels, height, width = wide, -(-height // 2), -(-width // 2)
        self.layers = nn.ModuleList(layers)
        self.shape = (channels, height, width)
        self.size = channels * height * width

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(_pad_as_keras(x)) if layer.stride == (2, 2) else layer(x)
            x = functional.leaky_relu(x, SLOPE)
        return x.flatten(1)


class ConvDecoder(nn.Module):
    """(batch, latent) → (batch, channels, height, width): the mirror image of `ConvEncoder`."""

    def __init__(self, latent: int, shape: tuple[int, int, int], filters: Sequence[int]) -> None:
        super().__init__()
        channels, self.height, self.width = shape
        factor = 2 ** len(filters)
        self.small = (filters[-1], -(-self.height // factor), -(-self.width // factor))
        self.begin = _keras(nn.Linear(latent, math.prod(self.small)))
        layers: list[Any] = []
        before = filters[-1]
        for wide in reversed(filters):
            layers += [_keras(nn.ConvTranspose2d(before, wide, 3, padding=1))]
            layers += [_keras(nn.ConvTranspose2d(wide, wide, 3, stride=2))]
            before = wide
        self.layers = nn.ModuleList(layers)
        self.end = _keras(nn.ConvTranspose2d(before, channels, 3, padding=1))

    def forward(self, z: Any) -> Any:
        x = self.begin(z).unflatten(1, self.small)
        for layer in self.layers:
            x = layer(x)
            x = x[..., :-1, :-1] if layer.stride == (2, 2) else x  # twice as high and wide as before
            x = functional.leaky_relu(x, SLOPE)
        return self.end(x)[..., : self.height, : self.width]


def full_layers(sizes: Sequence[int], activation: Any = nn.Tanh) -> nn.Sequential:
    """Full layers with an activation behind each: (batch, …) → (batch, sizes[-1])."""
    layers: list[Any] = [nn.Flatten()]
    for before, after in pairwise(sizes):
        layers += [_keras(nn.Linear(before, after)), activation()]
    return nn.Sequential(*layers)


def linear(before: int, after: int) -> Any:
    """A full layer with the initial values of Keras."""
    return _keras(nn.Linear(before, after))


def _keras(layer: Any) -> Any:
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _pad_as_keras(x: Any) -> Any:
    """What padding="same" is at stride 2 and width 3: an even side gets its zero at the end only."""
    sides: list[int] = []
    for side in (x.shape[-1], x.shape[-2]):
        sides += [side % 2, 1]
    return functional.pad(x, sides)


def log_normal(x: Any, mean: Any, log_var: Any) -> Any:
    """ln N(x; mean, exp(log_var)) summed over the last axis."""
    return -0.5 * (math.log(2 * math.pi) + log_var + (x - mean) ** 2 * torch.exp(-log_var)).sum(-1)

"""Residual players, of spectral normalisation's paper (arXiv 1802.05957) and of BigGAN (1809.11096).

BigGAN adds to the first: one embedding of the classes for all layers, a part of z for each block beside it as the
condition of batch norm, spectral norm in the generator, orthogonal initial weights. Its self-attention is left out.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from minent.neural.gan.layers import ConditionalNorm, normalised
from minent.neural.gan.settings import GanConfig

EMBEDDING = 32  # dimensions of biggan's shared embedding


class UpBlock(nn.Module):
    """Twice the resolution: norm, ReLU, upsample, convolution, norm, ReLU, convolution, beside a 1×1 convolution."""

    def __init__(self, inputs: int, outputs: int, condition: int, spectral: bool) -> None:
        super().__init__()
        self.norm_1 = ConditionalNorm(inputs, condition, spectral)
        self.norm_2 = ConditionalNorm(outputs, condition, spectral)
        self.conv_1 = normalised(nn.Conv2d(inputs, outputs, 3, padding=1), spectral)
        self.conv_2 = normalised(nn.Conv2d(outputs, outputs, 3, padding=1), spectral)
        self.skip = normalised(nn.Conv2d(inputs, outputs, 1), spectral)

    def forward(self, x: Any, condition: Any) -> Any:
        """(batch, inputs, h, w) → (batch, outputs, 2h, 2w)."""
        h = functional.interpolate(functional.relu(self.norm_1(x, condition)), scale_factor=2)
        h = self.conv_2(functional.relu(self.norm_2(self.conv_1(h), condition)))
        return h + functional.interpolate(self.skip(x), scale_factor=2)


class ResnetGenerator(nn.Module):
    """Up-blocks; a condition of batch norm carries the class, and in biggan a part of z too."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.big = config.architecture == "biggan"
        spectral = self.big and config.spectral_norm
        widths = config.widths()
        self.first, self.base = widths[0], config.base
        self.embedding = nn.Linear(config.classes, EMBEDDING, bias=False) if self.big and config.classes else None
        self.parts = self._cut(config.latent, len(widths) if self.big else 1)
        shared = EMBEDDING if self.embedding is not None else config.classes
        conditions = [shared + (part if self.big else 0) for part in self.parts[1:]] or [shared] * config.doublings
        self.dense = normalised(nn.Linear(self.parts[0], self.first * self.base**2), spectral)
        self.blocks = nn.ModuleList(
            UpBlock(inputs, outputs, condition, spectral)
            for inputs, outputs, condition in zip(widths, widths[1:], conditions, strict=False)
        )
        self.norm = nn.BatchNorm2d(widths[-1])
        self.last = normalised(nn.Conv2d(widths[-1], config.channels, 3, padding=1), spectral)
        if self.big:
            orthogonal_weights(self)

    @staticmethod
    def _cut(latent: int, parts: int) -> list[int]:
        """Sizes of the parts of z, as equal as they can be; the first goes into the dense layer."""
        return [latent // parts + (number < latent % parts) for number in range(parts)]

    def forward(self, z: Any, classes: Any = None) -> Any:
        """z (batch, latent), classes one-hot (batch, classes) or None → (batch, channels, size, size)."""
        first, *others = z.split(self.parts, dim=1)
        shared = classes if self.embedding is None or classes is None else self.embedding(classes)
        x = self.dense(first).unflatten(1, (self.first, self.base, self.base))
        for number, block in enumerate(self.blocks):
            given = [part for part in (shared, others[number] if others else None) if part is not None]
            x = block(x, torch.cat(given, dim=1) if given else None)
        return torch.tanh(self.last(functional.relu(self.norm(x))))


class DownBlock(nn.Module):
    """Half the resolution: ReLU, convolution, ReLU, convolution, mean, beside a 1×1 convolution."""

    def __init__(self, inputs: int, outputs: int, spectral: bool, first: bool) -> None:
        super().__init__()
        self.conv_1 = normalised(nn.Conv2d(inputs, outputs, 3, padding=1), spectral)
        self.conv_2 = normalised(nn.Conv2d(outputs, outputs, 3, padding=1), spectral)
        self.skip = normalised(nn.Conv2d(inputs, outputs, 1), spectral)
        self.first = first

    def forward(self, x: Any) -> Any:
        """(batch, inputs, h, w) → (batch, outputs, h/2, w/2)."""
        h = self.conv_1(x if self.first else functional.relu(x))
        h = functional.avg_pool2d(self.conv_2(functional.relu(h)), 2)
        return h + self.skip(functional.avg_pool2d(x, 2))


class ResnetBody(nn.Module):
    """Down-blocks, then the sum over the places that are left."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        widths = [config.channels, *reversed(config.widths()[:-1] or [config.width])]
        self.blocks = nn.ModuleList(
            DownBlock(inputs, outputs, config.spectral_norm, first=not number)
            for number, (inputs, outputs) in enumerate(pairwise(widths))
        )
        self.dropout = nn.Dropout(config.dropout)
        self.features = widths[-1]
        if config.architecture == "biggan":
            orthogonal_weights(self)

    def forward(self, x: Any) -> Any:
        """(batch, channels, size, size) → (batch, features)."""
        for block in self.blocks:
            x = self.dropout(block(x))
        return functional.relu(x).sum(dim=(2, 3))


def orthogonal_weights(module: Any) -> None:
    """BigGAN's initial weights."""
    for name, weight in module.named_parameters():
        if weight.dim() >= 2 and weight.device.type != "meta" and "embedding" not in name:
            nn.init.orthogonal_(weight.data)

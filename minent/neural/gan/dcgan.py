"""DCGAN's players (arXiv 1511.06434), the plain architecture that the penalties and losses are compared on."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import nn

from minent.neural.gan.layers import SLOPE, normalised
from minent.neural.gan.settings import GanConfig


class DcganGenerator(nn.Module):
    """Transposed convolutions of stride 2 with batch norm; the label is a part of the latent."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        widths = config.widths()[:-1] or [config.width]
        self.first, self.base = widths[0], config.base
        self.dense = nn.Linear(config.latent + config.classes, self.first * self.base**2)
        layers: list[Any] = [nn.BatchNorm2d(self.first), nn.ReLU()]
        for inputs, outputs in pairwise(widths):
            layers += [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), nn.BatchNorm2d(outputs), nn.ReLU()]
        if config.doublings:
            layers.append(nn.ConvTranspose2d(widths[-1], config.channels, 4, 2, 1))
        else:
            layers.append(nn.Conv2d(widths[-1], config.channels, 3, padding=1))
        self.layers = nn.Sequential(*layers, nn.Tanh())
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                nn.init.normal_(layer.weight, 0, 0.02)

    def forward(self, z: Any, classes: Any = None) -> Any:
        """z (batch, latent), classes one-hot (batch, classes) or None → (batch, channels, size, size)."""
        x = self.dense(z if classes is None else torch.cat((z, classes), dim=1))
        return self.layers(x.unflatten(1, (self.first, self.base, self.base)))


class DcganBody(nn.Module):
    """Convolutions of stride 2; batch norm only where images may be judged together."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        widths = [config.channels, *reversed(config.widths()[:-1] or [config.width])]
        layers: list[Any] = []
        for number, (inputs, outputs) in enumerate(pairwise(widths)):
            stride = 2 if config.doublings else 1
            layers.append(normalised(nn.Conv2d(inputs, outputs, 2 + stride, stride, 1), config.spectral_norm))
            if number and config.norm_of_discriminator:
                layers.append(nn.BatchNorm2d(outputs))
            layers += [nn.LeakyReLU(SLOPE), nn.Dropout(config.dropout)]
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.features = widths[-1] * config.base**2

    def forward(self, x: Any) -> Any:
        """(batch, channels, size, size) → (batch, features)."""
        return self.layers(x)

"""An encoder of small pictures that learns fast: convolutions of stride 2 with batch normalisation (1502.03167)."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

LAYERS = ((32, 5), (64, 3))  # filters and width of each convolution
FEATURES = 256


class NormalisedEncoder(nn.Module):
    """(batch, channels, height, width) → (batch, FEATURES)."""

    size = FEATURES

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        before, height, width = shape
        layers: list[Any] = []
        for filters, wide in LAYERS:
            layers += [nn.Conv2d(before, filters, wide, stride=2, padding=wide // 2, bias=False)]
            layers += [nn.BatchNorm2d(filters), nn.ReLU()]
            before, height, width = filters, -(-height // 2), -(-width // 2)
        layers += [nn.Flatten(), nn.Linear(before * height * width, FEATURES, bias=False)]
        self.layers = nn.Sequential(*layers, nn.BatchNorm1d(FEATURES), nn.ReLU())

    def forward(self, x: Any) -> Any:
        # a batch of one has no variance: it is its own second picture
        return self.layers(torch.cat([x, x]))[:1] if len(x) == 1 and self.training else self.layers(x)

    @staticmethod
    def weights(channels: int, height: int, width: int) -> int:
        """About how many weights there are."""
        count = 0
        for filters, wide in LAYERS:
            count += channels * filters * wide * wide
            channels, height, width = filters, -(-height // 2), -(-width // 2)
        return count + channels * height * width * FEATURES

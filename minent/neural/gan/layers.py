"""Layers of the papers: conditional batch norm, equalised learning rate, pixel norm, minibatch deviation, AdaIN.

Sources: arXiv 1710.10196 (PGGAN), 1802.05957 (spectral norm), 1809.11096 (BigGAN), 1812.04948 (StyleGAN).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

SLOPE = 0.2  # of all leaky ReLUs
EPSILON = 1e-8


def normalised(layer: Any, on: bool) -> Any:
    """The layer, divided by the largest singular value of its weight, one power iteration a step, where `on`."""
    return spectral_norm(layer) if on else layer


def begin_without_biases(module: Any) -> None:
    """All biases become 0, as in the papers' code, where PyTorch draws them.

    A bias of the dense layer is in all pictures: beside a large one z hardly counts, and under spectral norm, which
    bounds what z can give, it stays so.
    """
    for name, parameter in module.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter.data)


class EqualConvolution(nn.Module):
    """A convolution with weights of N(0, 1) that are scaled by He's constant when used (PGGAN, 4.1)."""

    def __init__(self, inputs: int, outputs: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, width, width))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale, self.padding = math.sqrt(2 / (inputs * width * width)), width // 2

    def forward(self, x: Any) -> Any:
        """(batch, inputs, h, w) → (batch, outputs, h, w)."""
        return functional.conv2d(x, self.weight * self.scale, self.bias, padding=self.padding)


class EqualLinear(nn.Module):
    """A product with weights of N(0, 1) that are scaled by He's constant when used (PGGAN, 4.1).

    rate : of the learning rate, what this layer gets of it, by Adam's steps being of one size (StyleGAN, C)
    """

    def __init__(self, inputs: int, outputs: int, gain: float = math.sqrt(2), rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale, self.rate = gain / math.sqrt(inputs) * rate, rate

    def forward(self, x: Any) -> Any:
        """(batch, inputs) → (batch, outputs)."""
        return functional.linear(x, self.weight * self.scale, self.bias * self.rate)


def pixel_norm(x: Any) -> Any:
    """Each pixel's vector over the channels (axis 1) gets mean square 1 (PGGAN, 4.2)."""
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + EPSILON)


def minibatch_deviation(x: Any) -> Any:
    """One more channel: the deviation over the batch, as a mean over channels and places (PGGAN, 3).

    (batch, c, h, w) → (batch, c + 1, h, w)
    """
    deviation = (x.var(dim=0, unbiased=False) + EPSILON).sqrt().mean()
    return torch.cat((x, deviation.expand(len(x), 1, *x.shape[2:])), dim=1)


def adain(x: Any, scale: Any, bias: Any) -> Any:
    """Each channel of each image gets the deviation `scale` and the mean `bias`, both (batch, c) (StyleGAN, eq. 1)."""
    mean = x.mean(dim=(2, 3), keepdim=True)
    variance = x.var(dim=(2, 3), unbiased=False, keepdim=True)
    return (x - mean) * torch.rsqrt(variance + EPSILON) * scale[:, :, None, None] + bias[:, :, None, None]


class ConditionalNorm(nn.Module):
    """Batch norm whose scale and shift are linear in a condition (batch, n) (BigGAN, appendix B); n = 0: its own."""

    def __init__(self, channels: int, condition: int, spectral: bool = False) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=not condition)
        self.project = None
        if condition:
            self.project = normalised(nn.Linear(condition, 2 * channels, bias=False), spectral)

    def forward(self, x: Any, condition: Any) -> Any:
        """x (batch, c, h, w) → the same shape."""
        x = self.norm(x)
        if self.project is None:
            return x
        scale, shift = self.project(condition)[:, :, None, None].chunk(2, dim=1)
        return x * (1 + scale) + shift


def orthogonal_penalty(module: Any, leave_out: tuple[str, ...] = ()) -> Any:
    """Sum over weights of ‖WWᵀ ⊙ (1 − I)‖²_F, a row for each output (BigGAN, eq. 3: norms are left free)."""
    total: Any = 0.0
    for name, weight in module.named_parameters():
        if weight.dim() < 2 or any(part in name for part in leave_out):
            continue
        rows = weight.flatten(1)
        products = rows @ rows.T
        total = total + (products - torch.diag(products.diagonal())).square().sum()
    return total


def truncated_normal(shape: tuple[int, ...], threshold: float, device: Any = None) -> Any:
    """Standard normal values; those of a magnitude above the threshold are drawn again (BigGAN, 3.1).

    By the inverse of the distribution function, so that no number of draws is needed.
    """
    edge = math.erf(threshold / math.sqrt(2))
    uniform = (torch.rand(shape, device=device, dtype=torch.double) * 2 - 1) * edge
    return (math.sqrt(2) * torch.erfinv(uniform)).clamp(-threshold, threshold).float()

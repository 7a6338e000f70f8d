"""Players that grow from small images to large ones: those of PGGAN, and the generator of StyleGAN.

Sources: arXiv 1710.10196 (growth, fade-in, equalised learning rate, pixel norm, minibatch deviation); 1812.04948
(mapping network, constant input, AdaIN, noise, style mixing, truncation; its blur filters are left out). The
discriminator is PGGAN's for both.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from minent.neural.gan.layers import (
    SLOPE,
    EqualConvolution,
    EqualLinear,
    adain,
    minibatch_deviation,
    pixel_norm,
)
from minent.neural.gan.settings import GanConfig

MAPPING_LAYERS = 4
MAPPING_RATE = 0.01  # of the learning rate (1812.04948, appendix C)
STYLE = 64  # dimensions of w
MEAN_DECAY = 0.995  # of the mean style


def growth_at(step: int, grow: int, doublings: int) -> float:
    """How far the players have grown: 1.25 is the second resolution, with a quarter of the third faded in.

    Each resolution is faded in for `grow` steps, then kept for `grow` steps; the smallest is kept at once.

    >>> [growth_at(step, 10, 2) for step in (0, 10, 15, 20, 30, 35, 99)]
    [0.0, 0.0, 0.5, 1.0, 1.0, 1.5, 2.0]
    """
    if not grow:
        return float(doublings)
    phase, within = divmod(step, grow)
    return min(float(doublings), phase / 2 if phase % 2 == 0 else (phase - 1) / 2 + within / grow)


def shrink_to(images: Any, base: int, growth: float) -> Any:
    """Real images as large as the players are, the last resolution faded in as it is in the generator's."""
    top = math.ceil(growth)
    images = functional.adaptive_avg_pool2d(images, base << top)
    if top == growth:
        return images
    blurred = functional.interpolate(functional.avg_pool2d(images, 2), scale_factor=2)
    return blurred.lerp(images, growth - (top - 1))


class PlainStage(nn.Module):
    """Two convolutions, each with leaky ReLU and pixel norm."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList([EqualConvolution(inputs, outputs, 3), EqualConvolution(outputs, outputs, 3)])

    def forward(self, x: Any, style: Any) -> Any:
        """(batch, inputs, h, w) → (batch, outputs, h, w); there is no style."""
        for convolution in self.convolutions:
            x = pixel_norm(functional.leaky_relu(convolution(x), SLOPE))
        return x


class StyleStage(nn.Module):
    """Two convolutions, each with noise, leaky ReLU and AdaIN."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList([EqualConvolution(inputs, outputs, 3), EqualConvolution(outputs, outputs, 3)])
        self.styles = nn.ModuleList(EqualLinear(STYLE, 2 * outputs, gain=1.0) for _ in range(2))
        self.noise = nn.Parameter(torch.zeros(2, outputs, 1, 1))  # its strength, by channel

    def forward(self, x: Any, style: Any) -> Any:
        """x (batch, inputs, h, w), style (batch, STYLE) → (batch, outputs, h, w)."""
        for convolution, affine, strength in zip(self.convolutions, self.styles, self.noise, strict=True):
            x = convolution(x)
            x = x + strength * torch.randn(len(x), 1, *x.shape[2:], device=x.device, dtype=x.dtype)
            scale, bias = affine(style).chunk(2, dim=1)
            x = adain(functional.leaky_relu(x, SLOPE), 1 + scale, bias)
        return x


class GrowingGenerator(nn.Module):
    """A stage and a layer to colours for each resolution; the colours of the last two are blended while it grows."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.style, self.mixing, self.base = config.architecture == "style", config.style_mixing, config.base
        widths = config.widths()
        self.first = widths[0]
        inputs = config.latent + config.classes
        if self.style:
            sizes = [inputs] + [STYLE] * MAPPING_LAYERS
            self.mapping = nn.ModuleList(EqualLinear(*pair, rate=MAPPING_RATE) for pair in pairwise(sizes))
            self.constant = nn.Parameter(torch.ones(1, self.first, self.base, self.base))
            self.register_buffer("mean_style", torch.zeros(STYLE))
        else:
            self.dense = EqualLinear(inputs, self.first * self.base**2, gain=math.sqrt(2) / 4)
        stage = StyleStage if self.style else PlainStage
        self.stages = nn.ModuleList(
            stage(narrow, wide) for narrow, wide in zip([self.first, *widths], widths, strict=False)
        )
        self.to_colours = nn.ModuleList(EqualConvolution(width, config.channels, 1) for width in widths)
        self.register_buffer("growth", torch.tensor(0.0 if config.grow else float(config.doublings)))

    def styles(self, z: Any, truncation: float) -> Any:
        """w of latents: the mapping network, and w̄ + ψ(w − w̄); (batch, STYLE)."""
        w = pixel_norm(z)
        for layer in self.mapping:
            w = functional.leaky_relu(layer(w), SLOPE)
        if self.training:
            self.mean_style.lerp_(w.detach().mean(dim=0), 1 - MEAN_DECAY)
        return w if truncation == 1 else self.mean_style.lerp(w, truncation)

    def start(self, z: Any, classes: Any, truncation: float) -> tuple[Any, list[Any]]:
        """What the first stage gets, and the style of each stage."""
        labelled = z if classes is None else torch.cat((z, classes), dim=1)
        if not self.style:
            x = functional.leaky_relu(self.dense(pixel_norm(labelled)), SLOPE)
            return pixel_norm(x.unflatten(1, (self.first, self.base, self.base))), [None] * len(self.stages)
        styles = [self.styles(labelled, truncation)] * len(self.stages)
        if self.training and len(styles) > 1 and float(torch.rand(())) < self.mixing:
            other = torch.randn_like(z)
            second = self.styles(other if classes is None else torch.cat((other, classes), dim=1), truncation)
            cross = int(torch.randint(1, len(styles), ()))
            styles = styles[:cross] + [second] * (len(styles) - cross)
        return self.constant.expand(len(z), -1, -1, -1), styles

    def forward(self, z: Any, classes: Any = None, truncation: float = 1.0) -> Any:
        """z (batch, latent), classes one-hot (batch, classes) or None → (batch, channels, s, s), s as it has grown."""
        growth = float(self.growth)
        top = math.ceil(growth)
        x, styles = self.start(z, classes, truncation)
        images: Any = None
        for level in range(top + 1):
            x = functional.interpolate(x, scale_factor=2) if level else x
            x = self.stages[level](x, styles[level])
            if level >= top - 1:
                before, images = images, self.to_colours[level](x)
        if top > growth:
            return functional.interpolate(before, scale_factor=2).lerp(images, growth - (top - 1))
        return images


class GrowingBody(nn.Module):
    """The generator's stages in the inverse order; the smallest sees the deviation over the batch."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        widths = config.widths()
        self.base, self.features = config.base, widths[0]
        self.dropout = nn.Dropout(config.dropout)
        self.from_colours = nn.ModuleList(EqualConvolution(config.channels, width, 1) for width in widths)
        self.last = EqualConvolution(widths[0] + 1, widths[0], 3)
        self.dense = EqualLinear(widths[0] * self.base**2, self.features)
        self.stages = nn.ModuleList(
            nn.ModuleList([EqualConvolution(wide, wide, 3), EqualConvolution(wide, narrow, 3)])
            for narrow, wide in pairwise(widths)
        )
        self.register_buffer("growth", torch.tensor(0.0 if config.grow else float(config.doublings)))

    def forward(self, x: Any) -> Any:
        """(batch, channels, s, s) → (batch, features); s as it has grown."""
        growth = float(self.growth)
        top = math.ceil(growth)
        h = functional.leaky_relu(self.from_colours[top](x), SLOPE)
        for level in range(top, 0, -1):
            for convolution in self.stages[level - 1]:
                h = functional.leaky_relu(convolution(h), SLOPE)
            h = self.dropout(functional.avg_pool2d(h, 2))
            if level == top and top > growth:
                small = functional.leaky_relu(self.from_colours[top - 1](functional.avg_pool2d(x, 2)), SLOPE)
                h = small.lerp(h, growth - (top - 1))
        h = functional.leaky_relu(self.last(minibatch_deviation(h)), SLOPE)
        return functional.leaky_relu(self.dense(h.flatten(1)), SLOPE)

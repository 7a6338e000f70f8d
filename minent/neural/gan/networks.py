"""Both players of each architecture by name, and what all of them share: drawing latents, scoring features."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from minent.neural.gan.bottleneck import Bottleneck, Encoding
from minent.neural.gan.dcgan import DcganBody, DcganGenerator
from minent.neural.gan.growing import GrowingBody, GrowingGenerator
from minent.neural.gan.layers import EqualLinear, begin_without_biases, normalised, truncated_normal
from minent.neural.gan.resnet import ResnetBody, ResnetGenerator
from minent.neural.gan.settings import GROWING, GanConfig

BODIES: dict[str, Any] = {"resnet": ResnetBody, "biggan": ResnetBody, "progressive": GrowingBody, "style": GrowingBody}
GENERATORS: dict[str, Any] = {
    **{"resnet": ResnetGenerator, "biggan": ResnetGenerator},
    **{"progressive": GrowingGenerator, "style": GrowingGenerator},
}


class Generator(nn.Module):
    """Latents, and labels where there are classes, to images."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.config = config
        self.net = GENERATORS.get(config.architecture, DcganGenerator)(config)
        begin_without_biases(self)

    def forward(self, z: Any, labels: Any = None, style_truncation: float = 1.0) -> Any:
        """z (batch, latent), labels int64 (batch,) → (batch, channels, size, size) about [−1, 1]; less while it grows.

        style_truncation : ψ of the style generator; the others have none
        """
        classes = functional.one_hot(labels, self.config.classes).float() if self.config.classes else None
        if self.config.architecture == "style":
            return self.net(z, classes, style_truncation)
        return self.net(z, classes)

    def sample(self, count: int, labels: Any = None, truncation: float | None = None) -> Any:
        """Images of latents drawn at random, of full size; labels: None for random ones.

        truncation : of biggan and the others without a mapping network, the largest magnitude in z (BigGAN, 3.1); of
            style, ψ: how far a style may be from the mean style, as a share (StyleGAN, B)
        """
        device = next(self.parameters()).device
        if labels is None and self.config.classes:
            labels = torch.randint(self.config.classes, (count,), device=device)
        if truncation is None or self.config.architecture == "style":
            z = torch.randn(count, self.config.latent, device=device)
            images = self(z, labels, 1.0 if truncation is None else truncation)
        else:
            images = self(truncated_normal((count, self.config.latent), truncation, device), labels)
        return functional.interpolate(images, size=self.config.size) if images.shape[-1] < self.config.size else images


class Judgement(NamedTuple):
    """What a discriminator says of images: score (batch,), features (batch, n), KL in nats (batch,) or None."""

    score: Any
    features: Any
    kl: Any


class Discriminator(nn.Module):
    """Images to scores: features, a bottleneck where there is one, a linear head, and a projection of the label.

    The projection is that of arXiv 1802.05637, which BigGAN takes over.
    """

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.body = BODIES.get(config.architecture, DcganBody)(config)
        self.bottleneck = Bottleneck(self.body.features, config) if config.bottleneck else None
        features = self.body.features if self.bottleneck is None else self.bottleneck.dimensions
        head = EqualLinear(features, 1, gain=1.0) if config.architecture in GROWING else nn.Linear(features, 1)
        self.head = normalised(head, config.spectral_norm)
        self.embedding = None
        if config.classes:
            self.embedding = normalised(nn.Embedding(config.classes, features), config.spectral_norm)
        begin_without_biases(self)

    def forward(self, x: Any, labels: Any = None, mean: bool = False) -> Judgement:
        """x (batch, channels, size, size) → Judgement; `mean`: the bottleneck hands on means and draws nothing."""
        features, kl = self.body(x), None
        if self.bottleneck is not None:
            features, kl = self.bottleneck(features, mean)
        score = self.head(features)[:, 0]
        if self.embedding is not None:
            score = score + (self.embedding(labels) * features).sum(dim=1)
        return Judgement(score, features, kl)


class Encoder(nn.Module):
    """The encoder of IntroVAE, its only judge of images: the parameters of q(z|x)."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.body = DcganBody(config)
        self.head = normalised(nn.Linear(self.body.features, 2 * config.latent), config.spectral_norm)
        begin_without_biases(self)

    def forward(self, x: Any) -> Encoding:
        """x (batch, channels, size, size) → mean and log-deviation, each (batch, latent)."""
        mean, log_sigma = self.head(self.body(x)).chunk(2, dim=1)
        return Encoding(mean, log_sigma.clamp(-8, 8))


def make_generator(config: GanConfig) -> Any:
    """The generator of this configuration."""
    return Generator(config)


def make_judge(config: GanConfig) -> Any:
    """The other player of this configuration: Discriminator, or Encoder for introvae."""
    return Encoder(config) if config.architecture == "introvae" else Discriminator(config)

"""The VAE and its objectives: how well a decoder explains pictures, by a posterior that an encoder guesses.

Sources: kexue.fm/archives/5383, whose numbers of equations stand here, and whose letters: q(x|z) and q(z)
are the model, p(z|x) is the encoder's; 1509.00519 (IWAE).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from minent.neural.images.networks import (
    ConvDecoder,
    ConvEncoder,
    check_sizes,
    check_weights,
    full_layers,
    linear,
    log_normal,
)
from minent.neural.images.settings import LARGEST_SIDE, check_channels
from minent.neural.vae.settings import LIKELIHOODS, NETWORKS, OBJECTIVES

KIND = "vae"
FILTERS = (32, 64)
LEAST_VARIANCE = 2.0**-16  # of a pixel: (1/256)²; without it the likelihood of equal pixels has no limit


@dataclass(frozen=True)
class VaeConfig:
    """Sizes, and what the model is trained for.

    objective, samples : of OBJECTIVES; z that are drawn for one picture
    likelihood : of a picture given z: bernoulli (pixels are drawn as 0 or 1) or gaussian (one learned variance)
    layers : hidden full layers of the mlp; 0 makes both halves linear
    """

    channels: int
    height: int
    width: int
    objective: str = "elbo"
    samples: int = 1
    likelihood: str = "bernoulli"
    network: str = "mlp"
    latent: int = 50
    hidden: int = 200
    layers: int = 2

    def __post_init__(self) -> None:
        for name, choices in (("objective", OBJECTIVES), ("likelihood", LIKELIHOODS), ("network", NETWORKS)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)}: choose {', '.join(choices)}")
        check_channels(self.channels)
        check_sizes(self, height=LARGEST_SIDE, width=LARGEST_SIDE, samples=10_000, latent=4096, hidden=8192)
        if not 0 <= self.layers <= 16:
            raise ValueError(f"layers={self.layers}: must be between 0 and 16")
        if self.network == "mlp":
            pixels = self.channels * self.height * self.width
            check_weights(2 * (self.layers * self.hidden**2 + (pixels + self.latent) * self.hidden))
        else:
            check_weights(3 * self.latent * FILTERS[-1] * (self.height // 4 + 1) * (self.width // 4 + 1))


class Vae(nn.Module):
    """Encoder, decoder, and the bounds of the likelihood that they give."""

    def __init__(self, config: VaeConfig) -> None:
        super().__init__()
        self.config = config
        self.shape = (config.channels, config.height, config.width)
        pixels = math.prod(self.shape)
        hidden = [config.hidden] * config.layers
        if config.network == "conv":
            self.encoder: Any = ConvEncoder(self.shape, FILTERS)
            self.decoder: Any = ConvDecoder(config.latent, self.shape, FILTERS)
            size = self.encoder.size
        else:
            self.encoder = full_layers([pixels, *hidden])
            self.decoder = nn.Sequential(
                full_layers([config.latent, *hidden]), linear(([config.latent, *hidden])[-1], pixels)
            )
            size = [pixels, *hidden][-1]
        self.mean = linear(size, config.latent)
        self.log_var = linear(size, config.latent)
        self.log_sigma: Any = nn.Parameter(torch.zeros(())) if config.likelihood == "gaussian" else None

    def encode(self, x: Any) -> tuple[Any, Any]:
        """Mean and logarithm of the variance of p(z|x); twice (batch, latent)."""
        features = self.encoder(x)  # (batch, size)
        return self.mean(features), self.log_var(features)

    def decode(self, z: Any) -> Any:
        """What q(x|z) needs: logits of the pixels, or their means; (batch, channels, height, width)."""
        return self.decoder(z).unflatten(1, self.shape) if self.config.network == "mlp" else self.decoder(z)

    def picture(self, z: Any) -> Any:
        """The expected picture of z, from 0 to 1; (batch, channels, height, width)."""
        found = self.decode(z)
        return torch.sigmoid(found) if self.log_sigma is None else found.clamp(0, 1)

    def variance(self) -> Any:
        """Of a pixel under the Gaussian likelihood."""
        return torch.exp(2 * self.log_sigma) + LEAST_VARIANCE

    def prepare(self, x: Any) -> Any:
        """Pictures as the likelihood has them: a pixel of brightness p is drawn as 1 with probability p, or stays p."""
        return torch.bernoulli(x) if self.log_sigma is None else x

    def log_likelihood(self, x: Any, decoded: Any) -> Any:
        """ln q(x|z) of pictures that can be broadcast against (…, channels, height, width); (…)."""
        if self.log_sigma is None:
            each = x * decoded - functional.softplus(decoded)
        else:
            each = -0.5 * ((x - decoded) ** 2 / self.variance() + torch.log(2 * math.pi * self.variance()))
        return each.sum((-3, -2, -1))

    def draw(self, mean: Any, log_var: Any, samples: int) -> tuple[Any, Any]:
        """z from p(z|x) by reparameterisation, (samples, batch, latent), and ln q(x|z)'s parameters for each."""
        noise = torch.randn(samples, *mean.shape, device=mean.device, dtype=mean.dtype)
        z = mean + torch.exp(0.5 * log_var) * noise
        return z, self.decode(z.flatten(0, 1)).unflatten(0, (samples, -1))

    def log_weights(self, x: Any, samples: int) -> Any:
        """ln q(x|z_i) q(z_i) / p(z_i|x), z_i drawn from p(z|x); (samples, batch)."""
        mean, log_var = self.encode(x)
        z, decoded = self.draw(mean, log_var, samples)
        prior = log_normal(z, torch.zeros_like(z), torch.zeros_like(z))
        return self.log_likelihood(x, decoded) + prior - log_normal(z, mean, log_var)

    def log_prior_likelihoods(self, x: Any, samples: int) -> Any:
        """ln q(x|z_i), z_i drawn from q(z), the same for all pictures; (samples, batch)."""
        z = torch.randn(samples, self.config.latent, device=x.device, dtype=x.dtype)
        return self.log_likelihood(x, self.decode(z)[:, None])

    def nats(self, x: Any) -> Any:
        """What the objective has go down for each picture, an upper bound of −ln q(x) in the mean; (batch,)."""
        samples = self.config.samples
        if self.config.objective == "elbo":  # (4)
            mean, log_var = self.encode(x)
            _, decoded = self.draw(mean, log_var, samples)
            return divergence(mean, log_var) - self.log_likelihood(x, decoded).mean(0)
        if self.config.objective == "elbo-sampled":  # (5)
            return -self.log_weights(x, samples).mean(0)
        if self.config.objective == "iwae":  # (11)
            return -log_mean_exp(self.log_weights(x, samples))
        return -log_mean_exp(self.log_prior_likelihoods(x, samples))  # (7)

    def sample(self, count: int) -> Any:
        """Expected pictures of z from q(z); (count, channels, height, width)."""
        return self.picture(torch.randn(count, self.config.latent, device=self.mean.weight.device))


def divergence(mean: Any, log_var: Any) -> Any:
    """KL of N(mean, exp(log_var)) from N(0, 1), in nats; (batch,)."""
    return 0.5 * (mean**2 + torch.exp(log_var) - 1 - log_var).sum(-1)


def log_mean_exp(values: Any) -> Any:
    """ln of the mean of exp over the first axis."""
    return torch.logsumexp(values, 0) - math.log(len(values))

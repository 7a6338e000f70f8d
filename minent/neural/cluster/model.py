"""The clustering VAE: latent numbers z and a class y together, where each class has its own mean of z.

Source: kexue.fm/archives/5887; bojone/vae, vae_keras_cluster.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from minent.neural.cluster.encoder import FEATURES, NormalisedEncoder
from minent.neural.cluster.settings import ENCODERS, NETWORKS, OUTPUTS
from minent.neural.images.networks import ConvDecoder, ConvEncoder, check_sizes, check_weights, full_layers, linear
from minent.neural.images.settings import LARGEST_SIDE, check_channels

KIND = "cluster"
FILTERS = (32, 64)
LAYERS = 2  # of the mlp
MOST_HEADS = 100
SMALL = 1e-7  # Keras' ε: added to a probability before its logarithm


@dataclass(frozen=True)
class ClusterConfig:
    """Sizes.

    network, decoder : of ENCODERS and NETWORKS, the two halves
    output : sigmoid for pictures, linear for word vectors
    hidden, judge : width of the full layers of an mlp, and of p(y|z)
    heads, fine : further classifiers of what the encoder finds, which only training uses, and their classes
    """

    channels: int
    height: int
    width: int
    classes: int = 10
    latent: int = 20
    network: str = "conv"
    decoder: str = "conv"
    output: str = "sigmoid"
    hidden: int = 512
    judge: int = 256
    heads: int = 0
    fine: int = 50

    def __post_init__(self) -> None:
        for name, choices in (("network", ENCODERS), ("decoder", NETWORKS), ("output", OUTPUTS)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)}: choose {', '.join(choices)}")
        if self.output == "sigmoid":
            check_channels(self.channels)
        elif (self.network, self.decoder) != ("mlp", "mlp"):
            raise ValueError(f"network={self.network}, decoder={self.decoder}: word vectors are no pictures; give mlp")
        check_sizes(
            self, channels=1 << 16, height=LARGEST_SIDE, width=LARGEST_SIDE, classes=1 << 16, latent=4096, hidden=8192
        )
        check_sizes(self, judge=8192, fine=1 << 16)
        if not 0 <= self.heads <= MOST_HEADS:
            raise ValueError(f"heads={self.heads}: must be between 0 and {MOST_HEADS}")
        numbers = self.channels * self.height * self.width
        small = FILTERS[-1] * (self.height // 4 + 1) * (self.width // 4 + 1)
        of_mlp, of_conv = self.hidden * (numbers + self.hidden), 2 * self.latent * small
        of_norm = NormalisedEncoder.weights(self.channels, self.height, self.width)
        of_kind = {"mlp": of_mlp, "conv": of_conv, "batchnorm": of_norm}
        halves = of_kind[self.network] + of_kind[self.decoder]
        of_classes = (self.classes + self.latent) * (self.judge + self.latent)
        of_classes += self.heads * self.fine * {"mlp": self.hidden, "conv": small, "batchnorm": FEATURES}[self.network]
        check_weights(halves + of_classes + 18 * self.channels * FILTERS[0])


class ClusterVae(nn.Module):
    """p(z|x) normal, q(x|z) normal, q(z|y) = N(μ_y, 1), q(y) uniform, p(y|z) a softmax classifier of z."""

    def __init__(self, config: ClusterConfig) -> None:
        super().__init__()
        self.config = config
        self.shape = (config.channels, config.height, config.width)
        numbers = math.prod(self.shape)
        hidden = [config.hidden] * LAYERS
        if config.network == "conv":
            self.encoder: Any = ConvEncoder(self.shape, FILTERS)
        elif config.network == "batchnorm":
            self.encoder = NormalisedEncoder(self.shape)
        else:
            self.encoder = full_layers([numbers, *hidden], nn.ReLU)
        if config.decoder == "conv":
            self.decoder: Any = ConvDecoder(config.latent, self.shape, FILTERS)
        else:
            last = [linear(hidden[-1], numbers), nn.Unflatten(1, self.shape)]
            self.decoder = nn.Sequential(full_layers([config.latent, *hidden], nn.ReLU), *last)
        size = hidden[-1] if config.network == "mlp" else self.encoder.size
        self.mean = linear(size, config.latent)
        self.log_var = linear(size, config.latent)
        self.judge = nn.Sequential(linear(config.latent, config.judge), nn.ReLU(), linear(config.judge, config.classes))
        self.heads = nn.ModuleList(linear(size, config.fine) for _ in range(config.heads))
        self.centres = nn.Parameter(torch.zeros(config.classes, config.latent))

    def encode(self, x: Any) -> tuple[Any, Any]:
        """Mean and logarithm of the variance of p(z|x); twice (batch, latent)."""
        features = self.encoder(x)  # (batch, size)
        return self.mean(features), self.log_var(features)

    def decode(self, z: Any) -> Any:
        """The mean of q(x|z); (batch, channels, height, width)."""
        found = self.decoder(z)
        return torch.sigmoid(found) if self.config.output == "sigmoid" else found

    def draw(self, mean: Any, log_var: Any) -> Any:
        """z from p(z|x) by reparameterisation; (batch, latent)."""
        return mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)

    def classify(self, x: Any) -> Any:
        """p(y|x), by the mean of z; (batch, classes)."""
        return torch.softmax(self.judge(self.encode(x)[0]), -1)

    def terms(self, x: Any, mean: Any, log_var: Any) -> tuple[Any, Any, Any]:
        """Means over the batch of ½‖x − x̂‖², Σ_y p(y|z) ½(−Σ ln σ² + ‖z − μ_y‖²) and Σ_y p(y|z) ln p(y|z).

        Their sum, the first times λ, is the loss of the article. mean, log_var : what `encode` says of x
        """
        z = self.draw(mean, log_var)
        reconstruction = 0.5 * ((x - self.decode(z)) ** 2).flatten(1).sum(1)
        classes = torch.softmax(self.judge(z), -1)  # (batch, classes)
        distances = ((z[:, None] - self.centres) ** 2).sum(-1)  # (batch, classes)
        prior = 0.5 * (classes * (distances - log_var.sum(-1, keepdim=True))).sum(-1)
        return reconstruction.mean(), prior.mean(), (classes * torch.log(classes + SMALL)).sum(-1).mean()

    def foreign(self, count: int) -> Any:
        """Mean of −ln p(y|z) where y is drawn evenly and z from N(μ_y, 1): 0 where no class draws what is another's."""
        kinds = torch.randint(len(self.centres), (count,), device=self.centres.device)
        z = self.centres[kinds]
        return functional.cross_entropy(self.judge(z + torch.randn_like(z)), kinds)

    def sample(self, kind: int, count: int, deviation: float = 1.0) -> Any:
        """Pictures of one class, decoded from z = μ_y + deviation · noise; (count, channels, height, width)."""
        centre = self.centres[kind]
        return self.decode(centre + deviation * torch.randn(count, len(centre), device=centre.device))

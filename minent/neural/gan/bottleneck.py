"""The variational bottleneck of a discriminator, whose price rises while it lets more than I_c nats through.

Source: arXiv 1810.00821, (8)–(12): min max E[…] + β (E KL(E(z|x) ‖ N(0, 1)) − I_c), β ← max(0, β + α_β (E KL − I_c)).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn

from minent.neural.gan.settings import GanConfig

DIMENSIONS = 64


class Encoding(NamedTuple):
    """A normal distribution for each image; (batch, n) each."""

    mean: Any
    log_sigma: Any

    def sample(self) -> Any:
        """One value of each; (batch, n)."""
        return self.mean + self.log_sigma.exp() * torch.randn_like(self.mean)

    def kl(self) -> Any:
        """KL(q ‖ N(0, 1)) in nats; (batch,)."""
        return 0.5 * (self.mean.square() + (2 * self.log_sigma).exp() - 1 - 2 * self.log_sigma).sum(dim=1)


class Bottleneck(nn.Module):
    """Features to a stochastic code of few dimensions; keeps the dual variable β."""

    def __init__(self, features: int, config: GanConfig) -> None:
        super().__init__()
        self.encode = nn.Linear(features, 2 * DIMENSIONS)
        self.register_buffer("beta", torch.zeros(()))
        self.dimensions, self.capacity, self.rate = DIMENSIONS, config.bottleneck, config.bottleneck_rate

    def forward(self, features: Any, mean: bool = False) -> tuple[Any, Any]:
        """(batch, features) → code (batch, dimensions), KL (batch,)."""
        first, raw = self.encode(features).chunk(2, dim=1)
        encoding = Encoding(first, raw.clamp(-8, 8))
        return (encoding.mean if mean else encoding.sample()), encoding.kl()

    def price(self, kl: Any) -> Any:
        """β (KL − I_c), what the discriminator pays for the mean KL of a batch."""
        return float(self.beta) * (kl - self.capacity)

    def update(self, kl: float) -> None:
        """The step of the dual variable."""
        self.beta.add_(self.rate * (kl - self.capacity)).clamp_(min=0)

"""f-VAE: z = F(σ₁u + E(x)), q(x|z) = N(G(F⁻¹(z)), σ₂²), with a Glow-like flow F, and its two limits.

Source: kexue.fm/archives/5977 (arXiv 1809.05861); the flow is Glow's (arXiv 1807.03039) with fixed permutations.
Without F, and with an encoder that gives a scale for each dimension, it is a VAE; without E and G it is a flow.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from minent.neural.fvae.settings import FvaeConfig

LOG_TWO_PI = math.log(2 * math.pi)
LARGEST_STEP = 1.5  # of the log-scales of a coupling
LARGEST_LOG_SCALE = 8.0  # of a posterior or a split: e^±8 is far beyond what images need


class ActNorm(nn.Module):
    """Scale and shift of channels; the first batch of the training gets mean 0 and deviation 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.log_scale = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.register_buffer("ready", torch.zeros((), dtype=torch.bool))

    def forward(self, x: Any) -> tuple[Any, Any]:
        """x (batch, c, h, w) → y of its shape, ln |det| (batch,)."""
        if self.training and not self.ready:
            with torch.no_grad():
                self.shift.copy_(-x.mean(dim=(0, 2, 3), keepdim=True))
                self.log_scale.copy_(-x.std(dim=(0, 2, 3), keepdim=True).clamp_min(1e-4).log())
                self.ready.fill_(True)
        log_det = self.log_scale.sum() * (x.shape[2] * x.shape[3])
        return (x + self.shift) * self.log_scale.exp(), log_det.expand(len(x))

    def inverse(self, y: Any) -> Any:
        """The x of a y."""
        return y * (-self.log_scale).exp() - self.shift


class Coupling(nn.Module):
    """Channels in another order; then one half scales and shifts the other."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.register_buffer("order", torch.randperm(channels))
        self.net = nn.Sequential(
            nn.Conv2d(channels // 2, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 1),
            nn.ReLU(),
            zero_convolution(width, channels, 3),
        )

    def scale_and_shift(self, kept: Any) -> tuple[Any, Any]:
        """Log-scales and shifts, both 0 at the start. Glow's sigmoid may come near 0, and has no inverse there."""
        raw, shift = self.net(kept).chunk(2, dim=1)
        return LARGEST_STEP * torch.tanh(raw / LARGEST_STEP), shift

    def forward(self, x: Any) -> tuple[Any, Any]:
        """x (batch, c, h, w) → y of its shape, ln |det| (batch,); a permutation has the determinant ±1."""
        kept, changed = x[:, self.order].chunk(2, dim=1)
        log_scale, shift = self.scale_and_shift(kept)
        return torch.cat((kept, (changed + shift) * log_scale.exp()), dim=1), log_scale.sum(dim=(1, 2, 3))

    def inverse(self, y: Any) -> Any:
        """The x of a y."""
        kept, changed = y.chunk(2, dim=1)
        log_scale, shift = self.scale_and_shift(kept)
        x = torch.cat((kept, changed * (-log_scale).exp() - shift), dim=1)
        return x[:, torch.argsort(self.order)]


class Split(nn.Module):
    """Half of the channels leave as latent variables, standardised by what the other half predicts of them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.net = zero_convolution(channels // 2, channels, 3)

    def mean_and_log_scale(self, kept: Any) -> tuple[Any, Any]:
        """Of the normal distribution of the half that leaves."""
        mean, raw = self.net(kept).chunk(2, dim=1)
        return mean, LARGEST_LOG_SCALE * torch.tanh(raw / LARGEST_LOG_SCALE)

    def forward(self, x: Any) -> tuple[Any, Any, Any]:
        """x (batch, c, h, w) → kept (batch, c/2, h, w), latent of the same shape, ln |det| (batch,)."""
        kept, left = x.chunk(2, dim=1)
        mean, log_scale = self.mean_and_log_scale(kept)
        return kept, (left - mean) * (-log_scale).exp(), -log_scale.sum(dim=(1, 2, 3))

    def inverse(self, kept: Any, latent: Any) -> Any:
        """The x of what was kept and what left."""
        mean, log_scale = self.mean_and_log_scale(kept)
        return torch.cat((kept, latent * log_scale.exp() + mean), dim=1)


class Flow(nn.Module):
    """F: levels of squeeze, (actnorm, permutation, coupling) × depth, and half of the channels split off."""

    def __init__(self, config: FvaeConfig) -> None:
        super().__init__()
        self.levels = nn.ModuleList()
        self.splits = nn.ModuleList()
        channels = config.channels
        for level in range(config.levels):
            channels *= 4
            steps = [(ActNorm(channels), Coupling(channels, config.flow_width)) for _ in range(config.depth)]
            self.levels.append(nn.ModuleList(part for step in steps for part in step))
            if level < config.levels - 1:
                self.splits.append(Split(channels))
                channels //= 2
        self.last_channels, self.last_size = channels, config.size >> config.levels

    def forward(self, h: Any) -> tuple[Any, Any]:
        """h (batch, channels, size, size) → z (batch, channels · size²), ln |det ∂z/∂h| (batch,)."""
        log_det = h.new_zeros(len(h))
        latents = []
        for number, level in enumerate(self.levels):
            h = functional.pixel_unshuffle(h, 2)  # (batch, 4c, size/2, size/2)
            for part in level:
                h, more = part(h)
                log_det = log_det + more
            if number < len(self.splits):
                h, latent, more = self.splits[number](h)  # (batch, 2c, …)
                log_det = log_det + more
                latents.append(latent.flatten(1))
        return torch.cat((*latents, h.flatten(1)), dim=1), log_det

    def inverse(self, z: Any) -> Any:
        """The h of a z."""
        end = z.shape[1]
        at = end - self.last_channels * self.last_size**2
        h = z[:, at:end].unflatten(1, (self.last_channels, self.last_size, self.last_size))
        for number in reversed(range(len(self.levels))):
            if number < len(self.splits):
                end, at = at, at - h[0].numel()
                h = self.splits[number].inverse(h, z[:, at:end].view_as(h))
            for part in reversed(self.levels[number]):
                h = part.inverse(h)
            h = functional.pixel_shuffle(h, 2)
        return h


class Residual(nn.Module):
    """x + W·ReLU(norm(conv x)), where the 1×1 convolution W starts at 0."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            zero_convolution(width, channels, 1),
        )

    def forward(self, x: Any) -> Any:
        """x (batch, c, h, w) → the same shape."""
        return x + self.net(x)


class Encoder(nn.Module):
    """E: squeezes with residual blocks after each. No dimension is lost, so the result is given the image's shape."""

    def __init__(self, config: FvaeConfig, scaled: bool) -> None:
        super().__init__()
        channels = [config.channels * 4**level for level in range(1, config.levels + 1)]
        self.levels = nn.ModuleList(residuals(each, config) for each in channels)
        self.scale = zero_convolution(channels[-1], channels[-1], 1) if scaled else None

    def forward(self, x: Any) -> tuple[Any, Any]:
        """x (batch, c, size, size) → its mean in the same shape; log-scales in that shape, or None."""
        for level in self.levels:
            x = level(functional.pixel_unshuffle(x, 2))
        scale = None
        if self.scale is not None:
            scale = unsqueeze(LARGEST_LOG_SCALE * torch.tanh(self.scale(x) / LARGEST_LOG_SCALE), len(self.levels))
        return unsqueeze(x, len(self.levels)), scale


class Decoder(nn.Module):
    """G: the encoder in the inverse order."""

    def __init__(self, config: FvaeConfig) -> None:
        super().__init__()
        channels = [config.channels * 4**level for level in range(config.levels, 0, -1)]
        self.levels = nn.ModuleList(residuals(each, config) for each in channels)

    def forward(self, h: Any) -> Any:
        """h (batch, c, size, size) → the mean of x in the same shape."""
        for _ in self.levels:
            h = functional.pixel_unshuffle(h, 2)
        for level in self.levels:
            h = functional.pixel_shuffle(level(h), 2)
        return h


class Bound(NamedTuple):
    """An upper bound of −ln p(x) for each image, in nats, and the parts of it; all (batch,)."""

    nats: Any
    error: Any  # ‖x̂ − x‖² / D


class Fvae(nn.Module):
    """Encoder, decoder, flow; which of them there are is `config.model`."""

    def __init__(self, config: FvaeConfig) -> None:
        super().__init__()
        self.config = config
        self.dimensions = config.channels * config.size**2
        self.flow = None if config.model == "vae" else Flow(config)
        self.encoder = self.decoder = None
        if config.model != "glow":
            self.encoder, self.decoder = Encoder(config, scaled=config.model == "vae"), Decoder(config)
            self.log_sigma = nn.Parameter(torch.tensor(math.log(config.sigma)))  # σ₂
            self.log_noise = nn.Parameter(torch.tensor(math.log(config.noise)))  # σ₁, over the scales of the VAE

    def posterior(self, x: Any, u: Any) -> tuple[Any, Any]:
        """σ₁u + E(x) for a standard normal u of the shape of x, and ln |det ∂/∂u| of it (batch,)."""
        if self.encoder is None:
            return x, x.new_zeros(len(x))
        mean, scale = self.encoder(x)
        log_scale = self.log_noise if scale is None else self.log_noise + scale
        return mean + log_scale.exp() * u, log_scale.expand_as(x).sum(dim=(1, 2, 3))

    def to_latent(self, h: Any) -> tuple[Any, Any]:
        """F(h) as (batch, D), and ln |det ∂F/∂h| (batch,)."""
        return (h.flatten(1), h.new_zeros(len(h))) if self.flow is None else self.flow(h)

    def decode(self, z: Any) -> Any:
        """G(F⁻¹(z)): latents (batch, D) → images (batch, c, size, size)."""
        c, size = self.config.channels, self.config.size
        h = z.unflatten(1, (c, size, size)) if self.flow is None else self.flow.inverse(z)
        return h if self.decoder is None else self.decoder(h)

    def bound(self, x: Any, u: Any = None) -> Bound:
        """The loss of (8.5) with its constants, so that it bounds −ln p(x); for a flow alone it is −ln p(x).

        ½‖(G(h) − x)/σ₂‖² + D ln σ₂ + ½‖F(h)‖² − ln |det ∂F(h)/∂u|, h = σ₁u + E(x); + ½ D ln 2π − ½‖u‖².
        """
        u = torch.randn_like(x) if u is None else u
        h, log_det = self.posterior(x, u)
        z, more = self.to_latent(h)
        nats = gaussian_nats(z, self.dimensions) - log_det - more
        if self.decoder is None:
            return Bound(nats, torch.zeros_like(nats))
        difference = (self.decoder(h) - x).flatten(1)
        nats = nats + gaussian_nats(difference * (-self.log_sigma).exp(), self.dimensions)
        nats = nats + self.dimensions * self.log_sigma - gaussian_nats(u.flatten(1), self.dimensions)
        return Bound(nats, difference.square().mean(dim=1))

    def loss(self, x: Any) -> tuple[Any, Any]:
        """Nats of a dimension, and the squared error of a pixel, as means over the images (batch, c, size, size)."""
        if len(x) == 1 and self.training:  # a batch of one has no variance: it is its own second picture
            x = x.repeat(2, 1, 1, 1)
        bound = self.bound(x)
        return bound.nats.mean() / self.dimensions, bound.error.mean()

    def sample(self, count: int, temperature: float = 1.0) -> Any:
        """Images G(F⁻¹(u)), u ~ N(0, T²); (count, c, size, size)."""
        parameter = next(self.parameters())
        u = torch.randn(count, self.dimensions, device=parameter.device, dtype=parameter.dtype)
        return self.decode(temperature * u)

    def encode(self, x: Any) -> Any:
        """F(E(x)), the latent of an image without noise; (batch, D)."""
        return self.to_latent(self.posterior(x, torch.zeros_like(x))[0])[0]

    def reconstruct(self, x: Any) -> Any:
        """G(E(x)): what is left of an image."""
        return self.decode(self.encode(x))


def gaussian_nats(x: Any, dimensions: int) -> Any:
    """−ln N(x; 0, 1) of (batch, D), in nats."""
    return 0.5 * x.square().sum(dim=1) + 0.5 * dimensions * LOG_TWO_PI


def bits_per_dimension(nats: Any, dimensions: int) -> Any:
    """Bits of a dimension of an image of 256 grey values that was stretched to [−1, 1], from nats of the density."""
    return nats / dimensions / math.log(2) + 7


def residuals(channels: int, config: FvaeConfig) -> Any:
    """The residual blocks between two squeezes."""
    return nn.Sequential(*(Residual(channels, config.width) for _ in range(config.blocks)))


def unsqueeze(h: Any, times: int) -> Any:
    """Channels back to places."""
    for _ in range(times):
        h = functional.pixel_shuffle(h, 2)
    return h


def zero_convolution(inputs: int, outputs: int, width: int) -> Any:
    """A convolution that gives 0 at the start."""
    convolution = nn.Conv2d(inputs, outputs, width, padding=width // 2)
    nn.init.zeros_(convolution.weight)
    nn.init.zeros_(convolution.bias)
    return convolution

"""What the players win and lose, and what a discriminator pays for its slope.

Sources: non-saturating, 1406.2661; hinge, 1802.05957; least squares, 1611.04076; Wasserstein with `gp`, 1704.00028;
`r1` and `r2`, 1801.04406; `roth`, 1705.09367; `ct`, 1803.01541; IntroVAE, 1807.06358 (all arXiv).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

Scorer = Callable[[Any], Any]  # images → scores (batch,)


def discriminator_loss(name: str, real: Any, fake: Any) -> Any:
    """Of scores (batch,) of real images and of generated ones."""
    if name == "hinge":
        return functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()
    if name == "wasserstein":
        return fake.mean() - real.mean()
    if name == "least-squares":
        return (real - 1).square().mean() + fake.square().mean()
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def generator_loss(name: str, fake: Any) -> Any:
    """Of scores (batch,) of generated images."""
    if name in ("hinge", "wasserstein"):
        return -fake.mean()
    if name == "least-squares":
        return (fake - 1).square().mean()
    return functional.softplus(-fake).mean()


def squared_slopes(score: Scorer, images: Any) -> tuple[Any, Any]:
    """‖∂D/∂x‖² of each image, with a graph for its own gradient, and the scores; (batch,) each."""
    images = images.detach().requires_grad_(True)
    scores = score(images)
    (slopes,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return slopes.square().flatten(1).sum(dim=1), scores


def zero_centred(score: Scorer, images: Any) -> Any:
    """½ E‖∇D‖², R1 on real images and R2 on generated ones; its weight is γ (1801.04406, eq. 9)."""
    return 0.5 * squared_slopes(score, images)[0].mean()


def one_centred(score: Scorer, real: Any, fake: Any) -> Any:
    """E(‖∇D‖ − 1)² at random places between real and generated images; its weight is λ (1704.00028, eq. 3)."""
    share = torch.rand(len(real), 1, 1, 1, device=real.device, dtype=real.dtype)
    squares, _ = squared_slopes(score, fake.lerp(real, share))
    return ((squares + 1e-12).sqrt() - 1).square().mean()


def consistency(first: tuple[Any, Any], second: tuple[Any, Any], margin: float) -> Any:
    """E max(0, d(D(x'), D(x'')) + 0.1 d(D_(x'), D_(x'')) − M′) of two passes with dropout (1803.01541, eq. 4).

    first, second : scores (batch,) and features (batch, n); d is the squared distance, a mean over the features
    """
    scores = (first[0] - second[0]).square()
    features = (first[1] - second[1]).square().mean(dim=1)
    return functional.relu(scores + 0.1 * features - margin).mean()


def jensen_shannon_slope(score: Scorer, real: Any, fake: Any) -> Any:
    """½ (E (1 − φ)²‖∇ψ‖² on real images + E φ²‖∇ψ‖² on generated ones), φ = σ(ψ) (1705.09367, 2.3)."""
    of_real, real_scores = squared_slopes(score, real)
    of_fake, fake_scores = squared_slopes(score, fake)
    wrong = (torch.sigmoid(-real_scores).square() * of_real).mean()
    return 0.5 * (wrong + (torch.sigmoid(fake_scores).square() * of_fake).mean())


def intro_encoder_loss(real_kl: Any, fake_kls: list[Any], weight: float, margin: float) -> Any:
    """KL of real images, and α [m − KL]₊ of reconstructed and sampled ones (1807.06358, eq. 11); KLs (batch,)."""
    pushed = [functional.relu(margin - kl).mean() for kl in fake_kls]
    return real_kl.mean() + weight * torch.stack(pushed).sum()


def intro_generator_loss(fake_kls: list[Any], weight: float) -> Any:
    """α KL of reconstructed and sampled images (1807.06358, eq. 12); KLs (batch,)."""
    return weight * torch.stack([kl.mean() for kl in fake_kls]).sum()

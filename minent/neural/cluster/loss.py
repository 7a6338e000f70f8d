"""The loss of the clustering VAE: the article's three terms, and what makes its classes better.

Sources: kexue.fm/archives/5887; 1702.08720 (IMSAT: classes that tell much of a picture and outlive small changes).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional

from minent.neural.cluster.settings import ClusterSettings


def cluster_loss(model: Any, x: Any, step: int, settings: ClusterSettings) -> tuple[Any, dict[str, float]]:
    """The loss of a batch at a step of the training, and its terms."""
    reconstruction, prior, entropy, mean = model.terms(x)
    share = min(1.0, (step + 1) / settings.warmup_steps) if settings.warmup_steps else 1.0
    loss = settings.reconstruction * reconstruction + prior + share * entropy
    figures = {"reconstruction": reconstruction.item(), "prior": prior.item(), "entropy": entropy.item()}
    if settings.balance or settings.sharpness or settings.consistency:
        logs = torch.log_softmax(model.judge(mean), -1)  # (batch, classes)
        unused, doubt = imbalance(logs), uncertainty(logs)
        loss = loss + share * (settings.balance * unused + settings.sharpness * doubt)
        figures |= {"imbalance": unused.item(), "uncertainty": doubt.item()}
        if settings.consistency:
            changed = torch.log_softmax(model.judge(model.draw(*model.encode(change(x, settings)))), -1)
            disagreement = -(logs.exp().detach() * changed).sum(-1).mean()
            loss = loss + share * settings.consistency * disagreement
            figures["disagreement"] = disagreement.item()
    return loss, figures


def imbalance(logs: Any) -> Any:
    """ln K − H of the mean of p(y|x) over the batch; 0 where all classes are used alike. logs : (batch, classes)"""
    mean = torch.logsumexp(logs, 0) - math.log(len(logs))
    return math.log(logs.shape[1]) + (mean.exp() * mean).sum()


def uncertainty(logs: Any) -> Any:
    """Mean of H(p(y|x)); 0 where every picture has one class. logs : (batch, classes)"""
    return -(logs.exp() * logs).sum(-1).mean()


def change(x: Any, settings: ClusterSettings) -> Any:
    """Each picture turned, slanted, shifted, stretched a little, in its own way; of word vectors, noise added."""
    if x.shape[-1] == 1:
        return x + settings.noise * torch.randn_like(x)
    count = len(x)
    uniform = 2 * torch.rand(6, count, device=x.device) - 1  # (6, batch), from −1 to 1
    angle = uniform[0] * math.radians(settings.turn)
    wide, high = 1 + settings.stretch * uniform[1], 1 + settings.stretch * uniform[2]
    right, down = 2 * settings.shift * uniform[3], 2 * settings.shift * uniform[4]
    slant = settings.slant * uniform[5]
    rows = [
        torch.stack([torch.cos(angle) * wide, slant - torch.sin(angle) * high, right], -1),
        torch.stack([torch.sin(angle) * wide, torch.cos(angle) * high, down], -1),
    ]
    grid = functional.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    return functional.grid_sample(x, grid, align_corners=False)

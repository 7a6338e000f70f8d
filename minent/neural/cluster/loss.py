"""The loss of the clustering VAE: the article's three terms, and what makes its classes better.

Sources: kexue.fm/archives/5887; 1807.06653 (IIC: classes of two views of a picture tell much of each other).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional

from minent.neural.cluster.settings import ClusterSettings

SMALLEST = 1e-9  # joint probability of two classes


def cluster_loss(model: Any, x: Any, other: Any, step: int, settings: ClusterSettings) -> tuple[Any, dict[str, float]]:
    """The loss of a batch at a step of the training, and its terms.

    x : pictures or word vectors; other : for each of them what is of the same class once it is changed a little
    """
    paired = settings.information > 0 or settings.finer > 0
    if not paired and settings.changes:
        x = change(x, settings)
    features = model.encoder(torch.cat([x, change(other, settings)]) if paired else x)
    means, log_vars = model.mean(features), model.log_var(features)
    mean, log_var = means[: len(x)], log_vars[: len(x)]
    reconstruction, prior, entropy = model.terms(x, mean, log_var)
    share = min(1.0, (step + 1) / settings.warmup_steps) if settings.warmup_steps else 1.0
    loss = settings.reconstruction * reconstruction + share * (prior + entropy)
    figures = {"reconstruction": reconstruction.item(), "prior": prior.item(), "entropy": entropy.item()}
    if paired:
        information, reward = shared_information(model.judge(means), settings.evenness)
        loss = loss - settings.information * reward
        figures["information"] = information.item()
        if model.heads:
            found = [shared_information(head(features), settings.evenness) for head in model.heads]
            loss = loss - settings.finer * sum(reward for _, reward in found) / len(found)
            figures["finer"] = sum(information.item() for information, _ in found) / len(found)
    if settings.ownership:
        foreign = model.foreign(len(x))
        loss = loss + share * settings.ownership * foreign
        figures["foreign"] = foreign.item()
    return loss, figures


def shared_information(logits: Any, evenness: float = 1.0) -> tuple[Any, Any]:
    """Mutual information I(y; y′) of the classes of two views of the same examples, and 2·evenness·H(y) − H(y, y′).

    In nats. logits : (2 · batch, classes), first of the one view of each, then of the other; p(y, y′) is symmetric.
    """
    one, other = torch.softmax(logits, -1).chunk(2)
    joint = one.T @ other / len(one)  # (classes, classes)
    joint = ((joint + joint.T) / 2).clamp(min=SMALLEST)
    of_classes = joint.sum(0)
    entropy = -(of_classes * of_classes.log()).sum()
    of_pairs = -(joint * joint.log()).sum()
    return 2 * entropy.detach() - of_pairs.detach(), 2 * evenness * entropy - of_pairs


def change(x: Any, settings: ClusterSettings) -> Any:
    """Each picture moved and mirrored in its own way; of word vectors, noise added."""
    if x.shape[-1] == 1:
        return x + settings.noise * torch.randn_like(x)
    count = len(x)
    mirrored = 1 - 2 * (torch.rand(count, device=x.device) < settings.flip).float()
    uniform = 2 * torch.rand(6, count, device=x.device) - 1  # (6, batch), from −1 to 1
    angle = uniform[0] * math.radians(settings.turn)
    wide, high = 1 + settings.stretch * uniform[1], 1 + settings.stretch * uniform[2]
    right, down = 2 * settings.shift * uniform[3], 2 * settings.shift * uniform[4]
    slant = settings.slant * uniform[5]
    rows = [
        torch.stack([mirrored * torch.cos(angle) * wide, slant - torch.sin(angle) * high, right], -1),
        torch.stack([mirrored * torch.sin(angle) * wide, torch.cos(angle) * high, down], -1),
    ]
    grid = functional.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    return functional.grid_sample(x, grid, align_corners=False)

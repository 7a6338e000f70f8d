"""The taggers: gated convolutions over characters and pairs of them → log-odds of a boundary before each.

Sources: Dauphin et al. 2017 (gated convolutions); pairs of characters as features of a Chinese tagger: Pei et al. 2014.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from minent.neural.couplet.characters import check_characters, check_sizes
from minent.neural.segment.elements import FIRST, FOLDS

LEFT, RIGHT = 7919, 104729  # primes that mix the two ids of a pair


@dataclass(frozen=True)
class TaggerConfig:
    """Sizes. characters : those that have an id, from FIRST on, signs among them

    dim : channels of each of the two taggers;  layers : convolutions of width 3, which look 1, 2, 4, … elements far
    character_dim, pair_dim : of the embeddings;  pairs : rows for pairs of elements, which share them by a hash
    """

    characters: str
    dim: int = 96
    character_dim: int = 64
    pair_dim: int = 32
    pairs: int = 1 << 15
    layers: int = 3
    dropout: float = 0.1

    def __post_init__(self) -> None:
        check_characters(self.characters)
        check_sizes(self, dim=4096, character_dim=4096, pair_dim=4096, pairs=1 << 24, layers=8)

    @property
    def reach(self) -> int:
        """Elements that the convolutions see on each side of one."""
        return (1 << self.layers) - 1


class GatedConvolution(nn.Module):
    """h ⊙ σ(g) of one convolution of width 3 that gives both, added to what came in where the sizes agree."""

    def __init__(self, inner: int, dim: int, step: int) -> None:
        super().__init__()
        self.step, self.residual = step, inner == dim
        self.convolution = nn.Conv1d(inner, 2 * dim, 3, dilation=step)

    def forward(self, x: Any) -> Any:
        """(batch, inner, time) → (batch, dim, time − 2 · step): nothing is made up at the ends."""
        new, gate = self.convolution(x).chunk(2, dim=1)
        new = new * torch.sigmoid(gate)
        return new + x[:, :, self.step : -self.step] if self.residual else new


class Tagger(nn.Module):
    """Ids of elements in, log-odds of a boundary before each out, but for the first reach + 2 and the last reach."""

    def __init__(self, config: TaggerConfig) -> None:
        super().__init__()
        self.rows = config.pairs
        rows = FIRST + len(config.characters)
        self.characters = nn.Embedding(rows, config.character_dim)
        self.pairs = nn.Embedding(config.pairs, config.pair_dim)
        nn.init.normal_(self.characters.weight, std=0.1)
        nn.init.normal_(self.pairs.weight, std=0.1)
        self.dropout = nn.Dropout(config.dropout)
        sizes = [config.character_dim + config.pair_dim, *[config.dim] * config.layers]
        self.blocks = nn.ModuleList(
            GatedConvolution(sizes[number], config.dim, 1 << number) for number in range(config.layers)
        )
        self.edge = nn.Conv1d(config.dim, config.dim // 2 + 1, 2)
        self.head = nn.Conv1d(config.dim // 2 + 1, 1, 1)

    def forward(self, ids: Any) -> Any:
        """(batch, time) → (batch, time − 2 · reach − 2)"""
        pairs = (ids[:, :-1] * LEFT + ids[:, 1:] * RIGHT) % self.rows  # of each element and the one before it
        x = torch.cat([self.characters(ids[:, 1:]), self.pairs(pairs)], dim=2)  # (batch, time − 1, inner)
        x = self.dropout(x).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        return self.head(nn.functional.gelu(self.edge(self.dropout(x)))).squeeze(1)


class Taggers(nn.Module):
    """Two taggers, each of which has learned from the strings of one fold only (see elements.py)."""

    def __init__(self, config: TaggerConfig) -> None:
        super().__init__()
        self.config = config
        self.before, self.after = config.reach + 2, config.reach
        self.members = nn.ModuleList(Tagger(config) for _ in range(FOLDS))

    def forward(self, ids: Any) -> Any:
        """Log-odds in nats, (batch, FOLDS, time − before − after), of int64 ids (batch, time)."""
        return torch.stack([member(ids) for member in self.members], dim=1)

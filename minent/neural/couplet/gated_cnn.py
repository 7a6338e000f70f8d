"""The couplet tagger of the article: six gated convolutions over the upper line, then each lower character by itself.

Source: kexue.fm/archives/6270, and its code in bojone/seq2seq, whose initial values (those of Keras) are kept here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from minent.neural.couplet.characters import check_characters, check_sizes


@dataclass(frozen=True)
class GatedCnnConfig:
    """Sizes. characters : those that have an id, from 1 on; 0 is any other one"""

    characters: str
    dim: int = 128
    layers: int = 6
    width: int = 3
    dropout: float = 0.25

    def __post_init__(self) -> None:
        check_characters(self.characters)
        check_sizes(self, dim=4096, layers=64, width=63)
        if self.width % 2 == 0:
            raise ValueError(f"width={self.width}: must be odd, so that the line keeps its length")


class GatedConvolution(nn.Module):
    """y = x·σ(g) + h·σ(−g), where one convolution gives g and h."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(dim, 2 * dim, width, padding=width // 2)
        nn.init.xavier_uniform_(self.convolution.weight)
        nn.init.zeros_(self.convolution.bias)

    def forward(self, x: Any) -> Any:
        gate, new = self.convolution(x).chunk(2, dim=1)  # twice (batch, dim, time)
        return x * torch.sigmoid(gate) + new * torch.sigmoid(-gate)


class GatedCnn(nn.Module):
    """Upper line in, logits of every lower character out; they know nothing of one another."""

    def __init__(self, config: GatedCnnConfig) -> None:
        super().__init__()
        self.config = config
        rows = len(config.characters) + 1
        self.embedding = nn.Embedding(rows, config.dim)
        nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(GatedConvolution(config.dim, config.width) for _ in range(config.layers))
        self.head = nn.Linear(config.dim, rows)
        nn.init.xavier_uniform_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, upper: Any, lower: Any = None) -> Any:
        """Logits (batch, time, characters + 1) of int64 (batch, time); `lower` is not looked at."""
        x = self.dropout(self.embedding(upper)).transpose(1, 2)  # (batch, dim, time)
        for block in self.blocks:
            x = block(x)
        return self.head(x.transpose(1, 2))

    def read(self, upper: Any) -> Any:
        """What `next_logits` needs of the upper lines; tensors whose first axis is the line."""
        return (self(upper),)

    def next_logits(self, read: Any, lower: Any) -> Any:
        """Logits (batch, characters + 1) of the character after `lower`, int64 (batch, time so far)."""
        return read[0][:, lower.shape[1]]

    def optimizer(self, learning_rate: float, weight_decay: float) -> Any:
        """Adam with the ε of Keras. ValueError: a weight decay, which the article's model has none of."""
        if weight_decay:
            raise ValueError("weight_decay: the gated-cnn is trained as in its article, without")
        return torch.optim.Adam(self.parameters(), lr=learning_rate, eps=1e-7)

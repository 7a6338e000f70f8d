"""The default couplet model: attention over the upper line, then the lower line written character by character.

Place i of the lower line sees the whole upper line, most of all its own place there, and the lower characters before
i; their product is the exact probability of a lower line. Sources: Vaswani et al. 2017 (attention; encoder, decoder),
Xiong et al. 2020 (layer norm before attention), Su et al. 2021 (rotary positions), Press & Wolf 2017 (tied embeddings).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from minent.neural.couplet.characters import check_characters, check_sizes

NEAR = 32  # places from an end of the line that are told apart; those farther away share one vector


@dataclass(frozen=True)
class AlignedConfig:
    """Sizes. characters : those that have an id, from 1 on; 0 is any other one"""

    characters: str
    dim: int = 128
    heads: int = 4
    encoder_layers: int = 2
    decoder_layers: int = 2
    dropout: float = 0.2

    def __post_init__(self) -> None:
        check_characters(self.characters)
        check_sizes(self, dim=4096, heads=256, encoder_layers=64, decoder_layers=64)
        if self.dim % (2 * self.heads):
            raise ValueError(f"dim={self.dim}: must be a multiple of twice the heads, {2 * self.heads}")


def rotated(x: Any) -> Any:
    """Queries or keys (batch, heads, time, size), turned by angles that grow with their place."""
    time, half = x.shape[-2], x.shape[-1] // 2
    rates = 10_000.0 ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
    angles = torch.arange(time, device=x.device, dtype=torch.float32)[:, None] * rates  # (time, half)
    cosine, sine = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat((first * cosine - second * sine, first * sine + second * cosine), dim=-1)


class Attention(nn.Module):
    """What each place of x takes from the places of `source`; with `causal`, from those up to its own."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.query = nn.Linear(dim, dim, bias=False)
        self.key_value = nn.Linear(dim, 2 * dim, bias=False)
        self.out = nn.Linear(dim, dim)

    def forward(self, x: Any, source: Any, causal: bool) -> Any:
        batch, time, dim = x.shape
        split = (self.heads, dim // self.heads)
        query = self.query(x).unflatten(-1, split).transpose(1, 2)  # (batch, heads, time, size)
        key, value = (part.unflatten(-1, split).transpose(1, 2) for part in self.key_value(source).chunk(2, dim=-1))
        mixed = functional.scaled_dot_product_attention(
            rotated(query), rotated(key), value, dropout_p=self.dropout if self.training else 0.0, is_causal=causal
        )
        return self.out(mixed.transpose(1, 2).reshape(batch, time, dim))


class Block(nn.Module):
    """Attention to its own line, a decoder's also to the upper one, and a layer on each place."""

    def __init__(self, config: AlignedConfig, decodes: bool) -> None:
        super().__init__()
        dim = config.dim
        self.decodes = decodes
        self.self_norm, self.own = nn.LayerNorm(dim), Attention(dim, config.heads, config.dropout)
        if decodes:
            self.upper_norm, self.upper = nn.LayerNorm(dim), Attention(dim, config.heads, config.dropout)
        self.norm = nn.LayerNorm(dim)
        self.wide, self.narrow = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Any, upper: Any = None) -> Any:
        inner = self.self_norm(x)
        x = x + self.dropout(self.own(inner, inner, causal=self.decodes))
        if self.decodes:
            x = x + self.dropout(self.upper(self.upper_norm(x), upper, causal=False))
        return x + self.dropout(self.narrow(functional.gelu(self.wide(self.norm(x)))))


class Aligned(nn.Module):
    """Upper line in, logits of every lower character out, given the lower characters before it."""

    def __init__(self, config: AlignedConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.embedding = nn.Embedding(len(config.characters) + 1, dim)  # of both lines, and of the answer
        self.from_start, self.from_end = nn.Embedding(NEAR, dim), nn.Embedding(NEAR, dim)
        self.begin = nn.Parameter(torch.empty(dim))
        self.dropout = nn.Dropout(config.dropout)
        self.encoder = nn.ModuleList(Block(config, decodes=False) for _ in range(config.encoder_layers))
        self.encoder_norm = nn.LayerNorm(dim)
        self.join = nn.Linear(4 * dim, dim)
        self.decoder = nn.ModuleList(Block(config, decodes=True) for _ in range(config.decoder_layers))
        self.decoder_norm = nn.LayerNorm(dim)
        self.answer = nn.Linear(dim, dim)
        self.bias = nn.Parameter(torch.zeros(len(config.characters) + 1))
        for table in (self.embedding, self.from_start, self.from_end):
            nn.init.normal_(table.weight, std=dim**-0.5)
        nn.init.normal_(self.begin, std=dim**-0.5)

    def forward(self, upper: Any, lower: Any) -> Any:
        """Logits (batch, time, characters + 1) of int64 (batch, time), each knowing the lower characters before it."""
        encoded, places = self.read(upper)
        return self.logits(self.decode(encoded, places, lower[:, :-1]))

    def read(self, upper: Any) -> Any:
        """What `next_logits` needs of the upper lines; tensors whose first axis is the line."""
        embedded = self.embedding(upper)  # (batch, time, dim)
        here = torch.arange(upper.shape[1], device=upper.device)
        ends = self.from_start(here.clamp(max=NEAR - 1)) + self.from_end(here.flip(0).clamp(max=NEAR - 1))
        x = self.dropout(embedded + ends)
        for block in self.encoder:
            x = block(x)
        encoded = self.encoder_norm(x)
        before = functional.pad(embedded[:, :-1], (0, 0, 1, 0))  # the upper character before this place
        return encoded, torch.cat((encoded, embedded, before), dim=-1)

    def decode(self, encoded: Any, places: Any, lower: Any) -> Any:
        """The states (batch, time + 1, dim) after the beginning `lower` (batch, time) of the lower lines."""
        begin = self.begin.expand(len(lower), 1, -1)
        written = torch.cat((begin, self.embedding(lower)), dim=1)  # (batch, time + 1, dim)
        x = self.dropout(self.join(torch.cat((places[:, : written.shape[1]], written), dim=-1)))
        for block in self.decoder:
            x = block(x, encoded)
        return x

    def logits(self, x: Any) -> Any:
        """Logits (…, characters + 1) of states (…, dim)."""
        return functional.linear(self.answer(self.decoder_norm(x)), self.embedding.weight, self.bias)

    def next_logits(self, read: Any, lower: Any) -> Any:
        """Logits (batch, characters + 1) of the character after `lower`, int64 (batch, time so far)."""
        encoded, places = read
        return self.logits(self.decode(encoded, places, lower)[:, -1])

    def optimizer(self, learning_rate: float, weight_decay: float) -> Any:
        """AdamW; norms, biases and the vectors of places do not decay."""
        matrices = [parameter for parameter in self.parameters() if parameter.dim() > 1]
        others = [parameter for parameter in self.parameters() if parameter.dim() <= 1]
        groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
        return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.98))

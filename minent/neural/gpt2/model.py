"""Chinese GPT-2 as GPT2_ML has it: Grover's block, whose attention has no norm before it and whose output has one.

Sources: kexue.fm/archives/7292; imcaspar/gpt2-ml; Zellers et al. 2019, arXiv 1905.12616. Not OpenAI's GPT-2: with x the
input of a block, h = x + O(attention(x)) and out = LN1(h + W2 gelu(W1 LN0(h))); there is no norm after the last block,
and the output layer is the embedding of the words, without a bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

PAD = 0  # the id that the loss ignores
MASKED = -1e10  # score of a place that may not be seen
NORM_EPSILON = 1e-5
LARGEST = {"num_hidden_layers": 1000, "hidden_size": 1 << 16, "intermediate_size": 1 << 18, "vocab_size": 1 << 22}
LARGEST |= {"max_position_embeddings": 1 << 20, "num_attention_heads": 1 << 10}


@dataclass(frozen=True)
class GPT2Config:
    """Sizes of a model, under the names of GPT2_ML's JSON files.

    hidden_dropout_prob : after the embedding, the attention and the second layer of each block, in training
    attention_probs_dropout_prob : stands in the files; the model has no dropout in its attention
    initializer_range : standard deviation of the first weights
    """

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int = 1024
    hidden_act: str = "gelu"
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    initializer_range: float = 0.02

    def __post_init__(self) -> None:
        for name, largest in LARGEST.items():
            if not 1 <= getattr(self, name) <= largest:
                raise ValueError(f"{name} is {getattr(self, name)}, not between 1 and {largest}")
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(f"hidden_size {self.hidden_size} is no multiple of {self.num_attention_heads} heads")
        if self.hidden_act != "gelu":
            raise ValueError(f"hidden_act is {self.hidden_act!r}; only gelu is known")
        for name in ("hidden_dropout_prob", "attention_probs_dropout_prob", "initializer_range"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, not at least 0 and below 1")

    @property
    def parameters(self) -> int:
        """Numbers that the model has.

        >>> GPT2Config(21130, 1536, 48, 24, 6144).parameters
        1393944576
        """
        hidden, wide = self.hidden_size, self.intermediate_size
        block = 4 * hidden * (hidden + 1) + hidden * (wide + 1) + wide * (hidden + 1) + 4 * hidden
        return (self.vocab_size + self.max_position_embeddings + 2) * hidden + self.num_hidden_layers * block


class Cache:
    """Keys and values of what a model has read, so that the next unit costs one step.

    keys, values : (batch, heads, capacity, size of a head) for each block;  seen : bool (batch, capacity)
    """

    def __init__(self, config: GPT2Config, batch: int, capacity: int, like: Any) -> None:
        shape = (batch, config.num_attention_heads, capacity, config.hidden_size // config.num_attention_heads)
        self.keys = [like.new_zeros(shape) for _ in range(config.num_hidden_layers)]
        self.values = [like.new_zeros(shape) for _ in range(config.num_hidden_layers)]
        self.seen = torch.zeros(batch, capacity, dtype=torch.bool, device=like.device)
        self.length = 0

    def append(self, layer: int, key: Any, value: Any) -> tuple[Any, Any]:
        """Keep the keys and values of new places; all of this block so far, the new ones included."""
        end = self.length + key.shape[2]
        self.keys[layer][:, :, self.length : end] = key
        self.values[layer][:, :, self.length : end] = value
        return self.keys[layer][:, :, :end], self.values[layer][:, :, :end]


class Block(nn.Module):
    """Attention without a norm before it, then a feed-forward part between two norms."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        hidden, wide = config.hidden_size, config.intermediate_size
        self.heads = config.num_attention_heads
        self.query, self.key, self.value = (nn.Linear(hidden, hidden) for _ in range(3))
        self.projection = nn.Linear(hidden, hidden)
        self.ln0, self.ln1 = (nn.LayerNorm(hidden, eps=NORM_EPSILON) for _ in range(2))
        self.intermediate, self.output = nn.Linear(hidden, wide), nn.Linear(wide, hidden)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x: Any, mask: Any, cache: Cache | None = None, layer: int = 0) -> Any:
        """x : (batch, time, hidden);  mask : what is added to the scores, or None for plain causal attention."""
        batch, time, hidden = x.shape

        def split(y: Any) -> Any:  # (batch, time, hidden) → (batch, heads, time, size); heads are contiguous
            return y.view(batch, time, self.heads, hidden // self.heads).transpose(1, 2)

        query, key, value = split(self.query(x)), split(self.key(x)), split(self.value(x))
        if cache is not None:
            key, value = cache.append(layer, key, value)  # (batch, heads, time so far, size)
        seen = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=mask is None and time > 1)
        seen = seen.transpose(1, 2).reshape(batch, time, hidden)
        h = x + self.dropout(self.projection(seen))
        return self.ln1(h + self.dropout(self.output(F.gelu(self.intermediate(self.ln0(h))))))


class GPT2(nn.Module):
    """Ids of units → logits of the next unit."""

    kind = "gpt2"

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.config = config
        self.word_embed = nn.Embedding(config.vocab_size, config.hidden_size)
        self.pos_embed = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.embed_norm = nn.LayerNorm(config.hidden_size, eps=NORM_EPSILON)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.layers = nn.ModuleList(Block(config) for _ in range(config.num_hidden_layers))
        self.recompute = False  # in training: keep no activations inside blocks, compute them again for the gradient

    def initialize(self) -> GPT2:
        """Draw the first weights: normal, cut at two standard deviations; biases are 0."""
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                std = self.config.initializer_range
                nn.init.trunc_normal_(module.weight, std=std, a=-2 * std, b=2 * std)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
        return self

    def forward(self, ids: Any, real: Any = None, cache: Cache | None = None) -> Any:
        """Logits of what follows each id.

        ids : int64 (batch, time), at most `max_position_embeddings` with what is in the cache
        real : bool (batch, time), False where padding stands before a shorter text; None: there is no padding
        cache : what was read before; it is extended
        → (batch, time, vocab_size)
        """
        return self.head(self.hidden(ids, real, cache))

    def hidden(self, ids: Any, real: Any = None, cache: Cache | None = None) -> Any:
        """The output of the last block, (batch, time, hidden)."""
        time = ids.shape[1]
        start = 0 if cache is None else cache.length
        if start + time > self.config.max_position_embeddings:
            raise ValueError(f"{start + time} units, the model has {self.config.max_position_embeddings} positions")
        positions, mask = self.places(ids, real, cache)
        x = self.dropout(self.embed_norm(self.word_embed(ids) + self.pos_embed(positions)))  # (batch, time, hidden)
        for number, layer in enumerate(self.layers):
            if self.recompute and self.training:
                x = checkpoint(layer, x, mask, use_reentrant=False)
            else:
                x = layer(x, mask, cache, number)
        if cache is not None:
            cache.length += time
        return x

    def head(self, x: Any) -> Any:
        """(…, hidden) → (…, vocab_size)"""
        return F.linear(x, self.word_embed.weight)

    def places(self, ids: Any, real: Any, cache: Cache | None) -> tuple[Any, Any]:
        """Positions of the ids, counted without padding, and what is added to the scores (None: plain causal)."""
        batch, time = ids.shape
        start = 0 if cache is None else cache.length
        if cache is not None:
            cache.seen[:, start : start + time] = True if real is None else real
            real = cache.seen[:, : start + time]
        if real is None or bool(real.all()):
            positions = torch.arange(start, start + time, device=ids.device)
            if start == 0 or time == 1:
                return positions, None
            real = torch.ones(batch, start + time, dtype=torch.bool, device=ids.device)
        else:
            positions = (real.cumsum(1) - 1).clamp(min=0)[:, start:]
        visible = torch.ones(time, start + time, dtype=torch.bool, device=ids.device).tril(diagonal=start)
        visible = visible & real[:, None, :]  # (batch, time, time so far)
        dtype = torch.get_autocast_dtype(ids.device.type) if torch.is_autocast_enabled(ids.device.type) else self.dtype
        mask = torch.zeros(visible.shape, dtype=dtype, device=ids.device).masked_fill(~visible, MASKED)
        return positions, mask[:, None]  # (batch, 1 for all heads, time, time so far)

    @property
    def dtype(self) -> Any:
        return self.word_embed.weight.dtype

    def loss(self, ids: Any, targets: Any) -> Any:
        """Mean nats of the targets, (batch, time) as `ids`; a target that is PAD does not count."""
        logits = self(ids)
        return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), ignore_index=PAD)

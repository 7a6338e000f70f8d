"""GPT2_ML's forward pass in plain NumPy, one text and one place at a time; imports nothing from minent.

Written from the description in docs/gpt2.md and the variables of the TensorFlow checkpoint, which it takes as they are.
"""

from __future__ import annotations

import math

import numpy as np


def normalized(x, gamma, beta):
    """LayerNorm over the last axis."""
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(variance + 1e-5) + beta


def gelu(x):
    erf = np.vectorize(math.erf)
    return 0.5 * x * (1 + erf(x / math.sqrt(2)))


def softmax(x):
    exponentials = np.exp(x - x.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def logits_of(variables, ids, heads):
    """variables : name in the checkpoint → float64 array;  ids : one text → (len(ids), vocabulary)."""
    get = {name.removeprefix("newslm/"): np.asarray(value, dtype=np.float64) for name, value in variables.items()}
    x = get["embeddings/word_embed"][ids] + get["embeddings/pos_embed"][: len(ids)]
    x = normalized(x, get["embeddings/LayerNorm_embed_norm/gamma"], get["embeddings/LayerNorm_embed_norm/beta"])
    blocks = len({name.split("/")[0] for name in get if name.startswith("layer")})
    for number in range(blocks):
        x = block(x, {name[8:]: value for name, value in get.items() if name.startswith(f"layer{number:02}/")}, heads)
    return x @ get["embeddings/word_embed"].T


def block(x, get, heads):
    def dense(name, y):
        return y @ get[f"{name}/kernel"] + get[f"{name}/bias"]

    time, hidden = x.shape
    size = hidden // heads
    query, key, value = (dense(name, x) for name in ("query_layer", "key_layer", "value_layer"))
    seen = np.zeros_like(x)
    mask = np.tril(np.ones((time, time)))
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        scores = query[:, part] @ key[:, part].T / math.sqrt(size)
        scores = scores * mask - 1e10 * (1 - mask)
        seen[:, part] = softmax(scores) @ value[:, part]
    h = x + dense("context_projection_layer", seen)
    inner = normalized(h, get["LayerNorm_mlp_ln0/gamma"], get["LayerNorm_mlp_ln0/beta"])
    wide = gelu(dense("intermediate", inner))
    return normalized(h + dense("output", wide), get["LayerNorm_mlp_ln1/gamma"], get["LayerNorm_mlp_ln1/beta"])


def variables_of(vocab, hidden, blocks, heads, wide, positions, seed=0):
    """Random variables of a model of these sizes, float32, with norms and biases that matter."""
    rng = np.random.default_rng(seed)

    def draw(*shape, around=0.0, spread=0.3):
        return (around + spread * rng.standard_normal(shape)).astype(np.float32)

    found = {
        "embeddings/word_embed": draw(vocab, hidden),
        "embeddings/pos_embed": draw(positions, hidden),
        "embeddings/LayerNorm_embed_norm/gamma": draw(hidden, around=1.0),
        "embeddings/LayerNorm_embed_norm/beta": draw(hidden),
    }
    for number in range(blocks):
        for name, rows, columns in (
            ("query_layer", hidden, hidden),
            ("key_layer", hidden, hidden),
            ("value_layer", hidden, hidden),
            ("context_projection_layer", hidden, hidden),
            ("intermediate", hidden, wide),
            ("output", wide, hidden),
        ):
            found[f"layer{number:02}/{name}/kernel"] = draw(rows, columns)
            found[f"layer{number:02}/{name}/bias"] = draw(columns)
        for norm in ("LayerNorm_mlp_ln0", "LayerNorm_mlp_ln1"):
            found[f"layer{number:02}/{norm}/gamma"] = draw(hidden, around=1.0)
            found[f"layer{number:02}/{norm}/beta"] = draw(hidden)
    return {f"newslm/{name}": value for name, value in found.items()}

"""Couplet models and BLEU in plain NumPy and Python, from their formulas; imports nothing from minent.

Weights are a dict from PyTorch's names to float64 arrays. One line at a time: ids are lists of int.
"""

from __future__ import annotations

import math

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def log_softmax(x):
    x = x - x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def gated_cnn(weights, layers, upper):
    """Log-probabilities (time, ids): y = x·σ(g) + h·σ(−g), g the first half of the channels, h the second."""
    x = weights["embedding.weight"][upper]  # (time, dim)
    time, dim = x.shape
    for layer in range(layers):
        kernel = weights[f"blocks.{layer}.convolution.weight"]  # (2 dim, dim, width)
        bias = weights[f"blocks.{layer}.convolution.bias"]
        reach = kernel.shape[2] // 2
        out = np.tile(bias, (time, 1))
        for place in range(time):
            for shift in range(-reach, reach + 1):
                if 0 <= place + shift < time:
                    out[place] += kernel[:, :, shift + reach] @ x[place + shift]
        gate, new = out[:, :dim], out[:, dim:]
        x = x * sigmoid(gate) + new * sigmoid(-gate)
    return log_softmax(x @ weights["head.weight"].T + weights["head.bias"])


def layer_norm(x, weights, name):
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def turned(vector, place):
    """Rotary positions as complex numbers: pair k turns by place / 10000^(k / pairs)."""
    half = len(vector) // 2
    numbers = vector[:half] + 1j * vector[half:]
    numbers = numbers * np.exp(1j * place * 10_000.0 ** (-np.arange(half) / half))
    return np.concatenate((numbers.real, numbers.imag))


def attention(weights, name, heads, x, source, causal):
    dim = x.shape[1]
    size = dim // heads
    query = x @ weights[f"{name}.query.weight"].T
    both = source @ weights[f"{name}.key_value.weight"].T
    key, value = both[:, :dim], both[:, dim:]
    mixed = np.zeros_like(x)
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        for place in range(len(x)):
            seen = range(place + 1) if causal else range(len(source))
            scores = np.array(
                [
                    turned(query[place, part], place) @ turned(key[other, part], other) / math.sqrt(size)
                    for other in seen
                ]
            )
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            mixed[place, part] = sum(share * value[other, part] for share, other in zip(shares, seen, strict=True))
    return mixed @ weights[f"{name}.out.weight"].T + weights[f"{name}.out.bias"]


def block(weights, name, heads, x, upper=None):
    inner = layer_norm(x, weights, f"{name}.self_norm")
    x = x + attention(weights, f"{name}.own", heads, inner, inner, causal=upper is not None)
    if upper is not None:
        inner = layer_norm(x, weights, f"{name}.upper_norm")
        x = x + attention(weights, f"{name}.upper", heads, inner, upper, causal=False)
    wide = layer_norm(x, weights, f"{name}.norm") @ weights[f"{name}.wide.weight"].T + weights[f"{name}.wide.bias"]
    wide = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
    return x + wide @ weights[f"{name}.narrow.weight"].T + weights[f"{name}.narrow.bias"]


def aligned(weights, heads, encoder_layers, decoder_layers, upper, lower, near=32):
    """Log-probabilities (time, ids) of each lower character given the upper line and the lower ones before it."""
    embedding = weights["embedding.weight"]
    time = len(upper)
    embedded = embedding[upper]
    x = np.array(
        [
            embedded[place]
            + weights["from_start.weight"][min(place, near - 1)]
            + weights["from_end.weight"][min(time - 1 - place, near - 1)]
            for place in range(time)
        ]
    )
    for layer in range(encoder_layers):
        x = block(weights, f"encoder.{layer}", heads, x)
    encoded = layer_norm(x, weights, "encoder_norm")
    inputs = []
    for place in range(time):
        before = embedded[place - 1] if place else np.zeros_like(embedded[0])
        written = embedding[lower[place - 1]] if place else weights["begin"]
        joined = np.concatenate((encoded[place], embedded[place], before, written))
        inputs.append(weights["join.weight"] @ joined + weights["join.bias"])
    x = np.array(inputs)
    for layer in range(decoder_layers):
        x = block(weights, f"decoder.{layer}", heads, x, encoded)
    answer = layer_norm(x, weights, "decoder_norm") @ weights["answer.weight"].T + weights["answer.bias"]
    return log_softmax(answer @ embedding.T + weights["bias"])


def bleu(references, candidates, order):
    """Corpus BLEU by crossing off n-grams one by one."""
    product_of_precisions = 1.0
    for n in range(1, order + 1):
        hits = tries = 0
        for reference, candidate in zip(references, candidates, strict=True):
            left = [reference[at : at + n] for at in range(len(reference) - n + 1)]
            for at in range(len(candidate) - n + 1):
                tries += 1
                if candidate[at : at + n] in left:
                    left.remove(candidate[at : at + n])
                    hits += 1
        if hits == 0:
            return 0.0
        product_of_precisions *= hits / tries
    reference_length, length = sum(map(len, references)), sum(map(len, candidates))
    penalty = 1.0 if length >= reference_length else math.exp(1 - reference_length / length)
    return penalty * product_of_precisions ** (1 / order)

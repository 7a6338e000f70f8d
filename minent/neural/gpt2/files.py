"""A GPT-2 in its folder: weights, sizes and vocabulary; and the sizes that have names."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import torch

from minent.errors import ModelError
from minent.files import describe_os_error, display_path
from minent.neural import checkpoint
from minent.neural.checkpoint import LARGEST_JSON, Folder
from minent.neural.device import choose_device
from minent.neural.gpt2.model import GPT2, GPT2Config
from minent.neural.gpt2.tokenizer import Tokenizer, load_tokenizer
from minent.neural.settings import from_mapping
from minent.neural.tensors import open_tensors

VOCABULARY = "vocab.txt"
PRECISIONS = {"file": None, "fp32": torch.float32, "bf16": torch.bfloat16}
SIZES = {  # tiny is ours, the others are those of GPT2_ML: vocabulary, hidden, blocks, heads, feed-forward, positions
    "tiny": GPT2Config(21128, 192, 4, 3, 768, 256, hidden_dropout_prob=0.0, initializer_range=0.04),
    "base": GPT2Config(21128, 768, 12, 12, 3072, 1024),
    "large": GPT2Config(21128, 1024, 24, 16, 4096, 1024),
    "mega": GPT2Config(21128, 1536, 48, 24, 6144, 1024, initializer_range=0.014142135623731),
}


def read_sizes(name: str, vocab_size: int | None = None, positions: int | None = None) -> GPT2Config:
    """A configuration by its name or from a JSON file as GPT2_ML has them, for a vocabulary of this size.

    Without `vocab_size` or `positions` the file says it. ModelError: no such file, or not in the format.
    """
    given = {"vocab_size": vocab_size, "max_position_embeddings": positions}
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    shown = display_path(name)
    try:
        if name in SIZES:
            return dataclasses.replace(SIZES[name], **changes)
        with open(name, "rb") as stream:
            content = json.loads(stream.read(LARGEST_JSON))
        if not isinstance(content, dict):
            raise ValueError("not a JSON object")
        return dataclasses.replace(from_mapping(GPT2Config, content), **changes)
    except OSError as error:
        hint = f"sizes with a name are {', '.join(SIZES)}"
        raise ModelError(shown, describe_os_error(error), hint) from error
    except (ValueError, RecursionError) as error:
        raise ModelError(shown, f"not a configuration of GPT-2: {error}") from error


def load(folder: Folder, *, device: str = "cpu", precision: str = "file") -> GPT2:
    """The model in a folder, in evaluation mode; called with int64 (batch, time) it gives (batch, time, vocabulary).

    `device` : auto, cpu, cuda or mps;  `precision` : fp32, bf16, or file, whatever the file has: on the CPU the weights
    then stay in the mapped file and are read when they are used. ModelError: no model, another kind, cut off.
    """
    model: GPT2 = checkpoint.build_model(
        folder, GPT2.kind, GPT2Config, GPT2, choose_device(device), PRECISIONS[precision]
    )
    return model


def load_vocabulary(folder: Folder) -> Tokenizer:
    """The tokenizer of the model in a folder. ModelError: vocab.txt is absent, or another model's."""
    config = checkpoint.read_config(folder, GPT2.kind, GPT2Config)
    path = Path(folder) / VOCABULARY
    tokenizer = load_tokenizer(path)
    checkpoint.require_extras(folder, VOCABULARY)
    if len(tokenizer) > config.vocab_size:
        problem = f"has {len(tokenizer):,} entries, the model only {config.vocab_size:,}"
        raise ModelError(display_path(path), problem, "it is the vocabulary of another model")
    return tokenizer


def memory_needed(config: GPT2Config, *, bytes_per_weight: int = 4, optimizer: str | None = None) -> int:
    """Bytes of the weights; in training also of gradients and of what the optimiser keeps. Activations come on top.

    >>> memory_needed(read_sizes("mega", 21130)) // 2**20
    5317
    """
    copies = {None: 1, "adafactor": 2, "adamw": 4}[optimizer]
    return config.parameters * bytes_per_weight * copies


def stored_sizes(folder: Folder) -> tuple[GPT2Config, int]:
    """The sizes of the model in a folder, and the bytes of one weight in its file. ModelError: no model."""
    config: GPT2Config = checkpoint.read_config(folder, GPT2.kind, GPT2Config)
    with open_tensors(Path(folder) / checkpoint.WEIGHTS) as reader:
        name = "word_embed.weight"
        halved = name in set(reader.keys()) and reader.get_slice(name).get_dtype() == "BF16"
    return config, 2 if halved else 4

"""GPT2_ML's TensorFlow checkpoint → a folder of ours, tensor by tensor.

Sources: imcaspar/gpt2-ml, train/modeling.py; kexue.fm/archives/7292. Kernels are [in, out] there and [out, in] here.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from minent.errors import ModelError
from minent.files import display_path
from minent.neural import checkpoint
from minent.neural.gpt2.bundle import Bundle
from minent.neural.gpt2.files import PRECISIONS, VOCABULARY
from minent.neural.gpt2.model import GPT2, GPT2Config
from minent.neural.gpt2.tokenizer import load_tokenizer
from minent.neural.plot import LOSS_PLOT
from minent.neural.tensors import TensorSpec, stream_one_by_one
from minent.progress import progress_bar

ROOT = "newslm"
EMBEDDINGS = {
    "word_embed.weight": "word_embed",
    "pos_embed.weight": "pos_embed",
    "embed_norm.weight": "LayerNorm_embed_norm/gamma",
    "embed_norm.bias": "LayerNorm_embed_norm/beta",
}
LINEAR = {
    "query": "query_layer",
    "key": "key_layer",
    "value": "value_layer",
    "projection": "context_projection_layer",
    "intermediate": "intermediate",
    "output": "output",
}
NORMS = {"ln0": "LayerNorm_mlp_ln0", "ln1": "LayerNorm_mlp_ln1"}
LAYER = re.compile(rf"{ROOT}/layer(\d+)/")


@dataclasses.dataclass(frozen=True)
class Source:
    """The variable of TensorFlow that a tensor of ours comes from, and whether it must be transposed."""

    name: str
    transposed: bool


def sources(blocks: int) -> dict[str, Source]:
    """For each tensor of a model with so many blocks: where it comes from.

    >>> len(sources(48)), sources(48)["layers.7.query.weight"]
    (772, Source(name='newslm/layer07/query_layer/kernel', transposed=True))
    """
    found = {ours: Source(f"{ROOT}/embeddings/{theirs}", False) for ours, theirs in EMBEDDINGS.items()}
    for number in range(blocks):
        theirs, ours = f"{ROOT}/layer{number:02}", f"layers.{number}"
        for mine, layer in LINEAR.items():
            found[f"{ours}.{mine}.weight"] = Source(f"{theirs}/{layer}/kernel", True)
            found[f"{ours}.{mine}.bias"] = Source(f"{theirs}/{layer}/bias", False)
        for mine, norm in NORMS.items():
            found[f"{ours}.{mine}.weight"] = Source(f"{theirs}/{norm}/gamma", False)
            found[f"{ours}.{mine}.bias"] = Source(f"{theirs}/{norm}/beta", False)
    return found


def shapes_of(config: GPT2Config) -> dict[str, tuple[int, ...]]:
    """The shapes of all tensors of a model, without making one."""
    with torch.device("meta"):
        return {name: tuple(tensor.shape) for name, tensor in GPT2(config).state_dict().items()}


def check(shown: str, found: Mapping[str, tuple[int, ...]], config: GPT2Config) -> GPT2Config:
    """The configuration with as many rows of the vocabulary as the checkpoint has.

    `found` : shapes of the checkpoint's variables; those that no model has (global_step, slots of optimisers) do not
    matter. ModelError: a variable is missing or of another shape, or there are more blocks than in the configuration.
    """
    blocks = {int(match[1]) for name in found if (match := LAYER.match(name))}
    if blocks and max(blocks) + 1 != config.num_hidden_layers:
        problem = f"has {max(blocks) + 1} blocks, the configuration {config.num_hidden_layers}"
        raise ModelError(shown, problem, "choose another --config")
    wanted = sources(config.num_hidden_layers)
    missing = [source.name for source in wanted.values() if source.name not in found]
    if missing:
        problem = f"{len(missing)} of {len(wanted)} variables are missing, the first {missing[0]}"
        raise ModelError(shown, problem, "is it a checkpoint of GPT2_ML, with this --config?")
    words = found[wanted["word_embed.weight"].name]
    if len(words) == 2:
        try:
            config = dataclasses.replace(config, vocab_size=words[0])
        except ValueError as error:
            raise ModelError(shown, str(error)) from error
    for name, shape in shapes_of(config).items():
        source = wanted[name]
        theirs = shape[::-1] if source.transposed else shape
        if found[source.name] != theirs:
            problem = f"{source.name} has the shape {found[source.name]}, the configuration needs {theirs}"
            raise ModelError(shown, problem, "choose another --config")
    return config


def convert(
    path: str | os.PathLike[str],
    config: GPT2Config,
    vocabulary: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    precision: str = "fp32",
    progress: bool = False,
) -> GPT2Config:
    """Write the model of a TensorFlow checkpoint into a folder; one tensor is in memory at a time.

    `config` : sizes; the rows of the vocabulary are taken from the checkpoint. Errors: ModelError for a checkpoint
    that is not whole or not of this model, or a vocabulary with more entries than it has rows; OutputError.
    """
    tokenizer = load_tokenizer(vocabulary)
    bundle = Bundle(path)
    config = check(bundle.shown, {name: entry.shape for name, entry in bundle.entries.items()}, config)
    if len(tokenizer) > config.vocab_size:
        problem = f"has {len(tokenizer):,} entries, the checkpoint only {config.vocab_size:,} rows"
        raise ModelError(display_path(vocabulary), problem, "it is the vocabulary of another model")
    wanted = sources(config.num_hidden_layers)
    dtype = PRECISIONS[precision]
    specs = {name: TensorSpec(dtype, shape) for name, shape in shapes_of(config).items()}
    checkpoint.prepare_folder(output)
    folder = Path(output)
    with progress_bar(sum(spec.size for spec in specs.values()), "B", "convert", progress) as advance:

        def tensor_of(name: str) -> Any:
            advance(specs[name].size)
            tensor = as_tensor(bundle[wanted[name].name], bundle.entries[wanted[name].name].dtype)
            return (tensor.t() if wanted[name].transposed else tensor).to(dtype)

        checkpoint.save_model(
            folder,
            GPT2.kind,
            dataclasses.asdict(config),
            partial(stream_one_by_one, specs, tensor_of),
            extras={VOCABULARY: tokenizer.to_bytes()},
            replaced=(checkpoint.TRAINING, checkpoint.METRICS, LOSS_PLOT),
        )
    return config


def as_tensor(values: Any, dtype: str) -> Any:
    """Values of a bundle as a tensor; those of bfloat16 are bits."""
    tensor = torch.from_numpy(np.array(values, dtype=values.dtype.newbyteorder("="), order="C"))
    return tensor.view(torch.bfloat16) if dtype == "bfloat16" else tensor

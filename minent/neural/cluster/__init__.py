"""One-step clustering: a VAE whose prior has one mean for each class (kexue.fm/archives/5887, and beyond)."""

from __future__ import annotations

import os
from typing import Any


def load_with_words(folder: str | os.PathLike[str], device: Any = None) -> tuple[Any, Any]:
    """The trained module in a folder, and the WordVectors that it has learned from. ModelError: not from words."""
    from minent.errors import ModelError
    from minent.files import display_path
    from minent.neural.checkpoint import require_extras
    from minent.neural.words.vectors import FILE, WORDS, load_vectors

    model, vectors = load(folder, device), load_vectors(folder)
    require_extras(folder, FILE, WORDS)
    if model.shape != vectors.shape or model.config.output != "linear":
        raise ModelError(display_path(folder), "was not trained on these words, but on pictures or other vectors")
    return model, vectors


def load(folder: str | os.PathLike[str], device: Any = None) -> Any:
    """The trained module in a folder: `classify(x)` gives p(y|x), (batch, classes). ModelError: no such model.

    x : float32 (batch, channels, height, width), pictures from 0 to 1; or word vectors, (batch, numbers, 1, 1)
    """
    from minent.neural.checkpoint import build_model
    from minent.neural.cluster.model import KIND, ClusterConfig, ClusterVae

    return build_model(folder, KIND, ClusterConfig, ClusterVae, device)

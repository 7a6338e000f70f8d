"""One-step clustering: a VAE whose prior has one mean for each class (kexue.fm/archives/5887, and beyond)."""

from __future__ import annotations

import os
from typing import Any


def load(folder: str | os.PathLike[str], device: Any = None) -> Any:
    """The trained module in a folder: `classify(x)` gives p(y|x), (batch, classes). ModelError: no such model.

    x : float32 (batch, channels, height, width), pictures from 0 to 1; or word vectors, (batch, numbers, 1, 1)
    """
    from minent.neural.checkpoint import build_model
    from minent.neural.cluster.model import KIND, ClusterConfig, ClusterVae

    return build_model(folder, KIND, ClusterConfig, ClusterVae, device)

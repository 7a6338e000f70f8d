"""f-VAE: a variational autoencoder and a flow in one, beside both alone (kexue.fm/archives/5977, arXiv 1809.05861)."""

from __future__ import annotations

import os
from typing import Any


def load(folder: str | os.PathLike[str], device: Any = None) -> Any:
    """The trained module in a folder: `sample`, `reconstruct`, `decode` and `bound` of images float32 in [−1, 1].

    Images are (batch, channels, size, size). ModelError: no such model.
    """
    from minent.errors import ModelError
    from minent.files import display_path
    from minent.neural.checkpoint import build_model
    from minent.neural.fvae.model import Fvae
    from minent.neural.fvae.settings import FvaeConfig

    model = build_model(folder, "fvae", FvaeConfig, Fvae, device)
    for name, value in model.named_buffers():
        if name.endswith("order") and sorted(value.tolist()) != list(range(len(value))):
            raise ModelError(display_path(folder), f"{name} is not an order of {len(value)} channels")
    return model

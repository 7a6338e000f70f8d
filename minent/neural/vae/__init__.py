"""Variational autoencoders of pictures under four objectives (kexue.fm/archives/5383)."""

from __future__ import annotations

import os
from typing import Any


def load(folder: str | os.PathLike[str], device: Any = None) -> Any:
    """The trained module in a folder: `encode(x)`, `decode(z)`, `log_weights(x, samples)`. ModelError: no such model.

    x : float32 (batch, channels, height, width), from 0 to 1
    """
    from minent.neural.checkpoint import build_model
    from minent.neural.vae.model import KIND, Vae, VaeConfig

    return build_model(folder, KIND, VaeConfig, Vae, device)

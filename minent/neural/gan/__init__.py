"""Generative adversarial networks: ten papers as switches of one trainer (kexue.fm/archives/6240)."""

from __future__ import annotations

import os
from typing import Any


def load(folder: str | os.PathLike[str], device: Any = None) -> Any:
    """The generator in a folder: latents (batch, latent) and, where it has classes, labels int64 (batch,) → images.

    Images are float32 (batch, channels, size, size) in [−1, 1]; `module.sample(count, labels, truncation)` draws the
    latents too. ModelError: no such model.
    """
    from minent.errors import ModelError
    from minent.files import display_path
    from minent.neural.checkpoint import build_model
    from minent.neural.gan.networks import make_generator
    from minent.neural.gan.settings import GanConfig

    generator = build_model(folder, "gan", GanConfig, make_generator, device)
    for name, value in generator.named_buffers():
        if name.endswith("growth") and not 0 <= float(value) <= generator.config.doublings:
            raise ModelError(display_path(folder), f"has grown to {float(value)} of {generator.config.doublings}")
    return generator

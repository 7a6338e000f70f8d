"""Couplets: the lower line that answers an upper line, character by character (kexue.fm/archives/6270, and beyond)."""

from __future__ import annotations

import os
from typing import Any


def load(folder: str | os.PathLike[str], device: Any = None) -> Any:
    """The trained module in a folder: int64 upper and lower lines (batch, time) → logits (batch, time, characters + 1).

    `module.config.characters` are the characters that have an id, from 1 on. ModelError: no such model.
    """
    from minent.neural.couplet.models import load_model  # PyTorch, which `minent --help` does without

    return load_model(folder, device)

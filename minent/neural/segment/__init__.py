"""A small neural segmenter: a tagger that learns from a lexicon's cuttings of raw text, beside that lexicon."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minent.neural.segment.segmenter import NeuralSegmenter


def load(folder: str | os.PathLike[str], device: Any = None) -> Any:
    """The trained module in a folder: int64 ids (batch, time) → log-odds of a boundary before each, in nats.

    The first `module.before` and the last `module.after` ids have none. `module.config.characters` are the characters
    that have an id, from `minent.neural.segment.elements.FIRST` on. ModelError: no such model.
    """
    from minent.neural.segment.segmenter import load_model  # PyTorch, which `minent --help` does without

    return load_model(folder, device)


def load_segmenter(folder: str | os.PathLike[str], device: Any = None) -> NeuralSegmenter:
    """The segmenter in a folder, to use as any `minent.Segmenter`. ModelError, LexiconError: it is not whole."""
    from minent.neural.segment.segmenter import load_segmenter

    return load_segmenter(folder, device=device)

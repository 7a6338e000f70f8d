"""The couplet models by name: made anew, or loaded from a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minent.errors import ModelError
from minent.files import display_path
from minent.neural.checkpoint import CONFIG, Folder, build_model, read_json
from minent.neural.couplet.aligned import Aligned, AlignedConfig
from minent.neural.couplet.gated_cnn import GatedCnn, GatedCnnConfig

KINDS: dict[str, tuple[Any, Any]] = {  # in config.json: the sizes, the model
    "couplet-aligned": (AlignedConfig, Aligned),
    "couplet-gated-cnn": (GatedCnnConfig, GatedCnn),
}


def load_model(folder: Folder, device: Any = None) -> Any:
    """The couplet model in a folder, whichever it is, in evaluation mode. ModelError: none, another kind, not whole."""
    path = Path(folder)
    if not path.is_dir():
        raise ModelError(display_path(folder), "is not the folder of a model")
    kind = read_json(path / CONFIG)["model"]
    if kind not in KINDS:
        raise ModelError(display_path(folder), f"holds a model of the kind {kind[:40]!r}, not of couplets")
    config_type, make = KINDS[kind]
    return build_model(folder, kind, config_type, make, device)

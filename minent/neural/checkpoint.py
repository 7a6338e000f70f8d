"""A trained model as a folder: model.safetensors and config.json; no pickles."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, TypeVar

import torch

from minent.errors import ModelError, OutputError
from minent.files import AtomicFiles, atomic_open, describe_os_error, display_path
from minent.neural.settings import from_mapping
from minent.neural.tensors import open_tensors, read_metadata

FORMAT = "minent-neural 1"
CONFIG, WEIGHTS, TRAINING, METRICS = "config.json", "model.safetensors", "training.safetensors", "metrics.jsonl"
OURS = (CONFIG, WEIGHTS, TRAINING, METRICS)
LARGEST_JSON = 1 << 20  # bytes of config.json
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)

Config = TypeVar("Config")
Folder = str | os.PathLike[str]


def prepare_folder(folder: Folder) -> list[Path]:
    """Make a folder for a model; the folders that were made, the innermost last.

    OutputError: it cannot be made, or `refuse_folder`.
    """
    refuse_folder(folder)
    path = Path(folder)
    made: list[Path] = []
    try:
        for each in reversed([part for part in (path, *path.parents) if not part.exists()]):
            with suppress(FileExistsError):  # made by somebody else in the meantime
                each.mkdir()
                made.append(each)
    except OSError as error:
        remove_folders(made)
        raise OutputError(display_path(folder), describe_os_error(error)) from error
    return made


def remove_folders(made: list[Path]) -> None:
    """Remove folders that were made, the innermost last, as far as nothing is in them."""
    with suppress(OSError):
        for each in reversed(made):
            each.rmdir()


def refuse_folder(folder: Folder) -> None:
    """OutputError: a folder holds things but no model of ours, or is none. One that is not there yet is not refused.

    A log alone is what a training leaves that failed before its first checkpoint: there another one may begin.
    """
    path = Path(folder)
    shown = display_path(folder)
    try:
        names = {name for name in os.listdir(path) if not name.startswith(".")}
    except FileNotFoundError as error:
        if path.is_symlink():
            raise OutputError(shown, "a link that leads nowhere") from error
        above = next(parent for parent in path.absolute().parents if parent.exists())
        if not os.access(above, os.W_OK | os.X_OK):
            raise OutputError(shown, describe_os_error(PermissionError(errno.EACCES, None))) from error
        return
    except OSError as error:
        raise OutputError(shown, describe_os_error(error)) from error
    if names and CONFIG not in names and not (names == {METRICS} and _is_log(path / METRICS)):
        raise OutputError(shown, "exists and holds other things than a model")
    if CONFIG in names:
        read_json(path / CONFIG)  # somebody else's config.json is not overwritten


def _is_log(path: Path) -> bool:
    """Whether a file is empty, or begins like the log of a training."""
    if not path.is_file():
        return False
    try:
        with open(path, "rb") as stream:
            return stream.read(8) in (b"", b'{"step":')
    except OSError:
        return False


def save_config(folder: Folder, kind: str, config: Mapping[str, Any]) -> None:
    """Write config.json: the kind of model and its sizes."""
    with atomic_open(Path(folder) / CONFIG, "w") as stream:
        stream.write(_config_text(kind, config))


def save_model(
    folder: Folder,
    kind: str,
    config: Mapping[str, Any],
    write: Callable[[IO[bytes], Mapping[str, str]], None],
    note: Mapping[str, Any] | None = None,
    *,
    extras: Mapping[str, bytes] | None = None,
    replaced: Iterable[str] = (),
) -> None:
    """Write config.json, model.safetensors and further files; the weights know whose they are, and their files.

    write : writes the weights with such metadata to a stream, `partial(stream_tensors, weights)` for instance
    note : figures about the weights;  extras : further files, which `require_extras` compares
    replaced : files of an earlier model, which go

    OutputError: one of them cannot be written; then all are as they were.
    """
    path, extras = Path(folder), extras or {}
    metadata = {"format": FORMAT, "model": kind, "config": _canonical(config)}
    metadata |= {"note": json.dumps(dict(note), sort_keys=True)} if note else {}
    metadata["extras"] = json.dumps({name: _digest(content) for name, content in extras.items()}, sort_keys=True)
    with AtomicFiles() as files:
        with files.open(path / CONFIG, "w") as stream:
            stream.write(_config_text(kind, config))
        with files.open(path / WEIGHTS) as stream:
            write(stream, metadata)
        for name, content in extras.items():
            with files.open(path / name) as stream:
                stream.write(content)
        for name in replaced:
            files.remove(path / name)


def require_extras(folder: Folder, *names: str) -> None:
    """ModelError: a file beside the weights is not the one that was written with them.

    Weights that do not tell of their files, as those of another program, are believed.
    """
    told = read_metadata(Path(folder) / WEIGHTS).get("extras")
    known: Any = None
    with suppress(ValueError, RecursionError):
        known = {} if told is None else json.loads(told)
    for name in names if told is not None else ():
        path = Path(folder) / name
        if not isinstance(known, dict) or not path.is_file() or known.get(name) != _digest(path.read_bytes()):
            raise ModelError(display_path(path), f"does not belong to {WEIGHTS}", "the folder was mixed up")


def read_config(folder: Folder, kind: str, config_type: type[Config]) -> Config:
    """The sizes of the model in a folder. ModelError: no model, another kind of model, or not in the format."""
    path = Path(folder) / CONFIG
    if not Path(folder).is_dir():
        raise ModelError(display_path(folder), "is not the folder of a model")
    content = read_json(path)
    if content["model"] != kind:
        raise ModelError(display_path(folder), f"holds a model of the kind {content['model']}, not {kind}")
    try:
        return from_mapping(config_type, content["config"])
    except ValueError as error:
        raise ModelError(display_path(path), f"not a configuration of {kind}: {error}") from error


def read_json(path: Path) -> dict[str, Any]:
    """What config.json holds: format, model and config. ModelError where that is not so."""
    shown = display_path(path)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ModelError(shown, "is not a file")
        with open(path, "rb") as stream:
            data = stream.read(LARGEST_JSON + 1)
    except OSError as error:
        raise ModelError(shown, describe_os_error(error)) from error
    if len(data) > LARGEST_JSON:
        raise ModelError(shown, "too large for the configuration of a model")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelError(shown, "not valid JSON") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ModelError(shown, "not the configuration of a minent model", f'its "format" must be "{FORMAT}"')
    if not isinstance(content.get("model"), str) or not isinstance(content.get("config"), dict):
        raise ModelError(shown, '"model" must be a name and "config" an object')
    return content


def build_model(
    folder: Folder,
    kind: str,
    config_type: type[Config],
    make: Callable[[Config], Any],
    device: Any = None,
    dtype: Any = None,
) -> Any:
    """The model in a folder, in evaluation mode. ModelError: see `read_config` and `assign_weights`.

    It is made without memory first (PyTorch's device "meta"), compared with the file by names and shapes, and only
    then given its weights: mapped from the file on the CPU in the file's precision, else copied one by one.
    """
    config = read_config(folder, kind, config_type)
    with torch.device("meta"):
        model = make(config)
    assign_weights(model, Path(folder) / WEIGHTS, kind, config, device, dtype)
    return model.eval()


def assign_weights(model: Any, path: Path, kind: str, config: object, device: Any = None, dtype: Any = None) -> None:
    """Give a model that was made on "meta" the weights of a file. All its buffers must be persistent.

    ModelError: the file is not whole, its names, shapes, types or metadata are those of another model, or it holds
    what is no number.
    """
    shown = display_path(path)
    expected = model.state_dict()
    with open_tensors(path) as reader:
        found = dict(reader.metadata() or {})
        for key, same in (("model", found.get("model", kind) == kind), ("config", _tells_of(found, config))):
            if not same:
                raise ModelError(shown, f"belongs to another {key} than {CONFIG} says", "the folder was mixed up")
        compare_shapes(shown, expected, {name: tuple(reader.get_slice(name).get_shape()) for name in reader.keys()})  # noqa: SIM118
        weights, precision = {}, None  # all weights have that of the first
        for name, wanted in expected.items():
            tensor = reader.get_tensor(name)
            floats = wanted.dtype.is_floating_point
            precision = precision or (tensor.dtype if floats and tensor.dtype in FLOATS else None)
            if tensor.dtype != (precision if floats else wanted.dtype):
                raise ModelError(shown, f"{name} is of the type {str(tensor.dtype).removeprefix('torch.')}")
            if floats and not torch.isfinite(tensor).all():
                raise ModelError(shown, f"{name} holds what is no number")
            target = (dtype or tensor.dtype) if wanted.dtype.is_floating_point else wanted.dtype
            weights[name] = tensor.to(device=device or "cpu", dtype=target)
    model.load_state_dict(weights, strict=True, assign=True)


def _tells_of(metadata: Mapping[str, str], config: object) -> bool:
    """Whether the metadata of weights tell of this configuration, or of none; fields they lack have their defaults."""
    if "config" not in metadata:
        return True
    try:
        content = json.loads(metadata["config"])
        return isinstance(content, dict) and from_mapping(type(config), content) == config
    except (ValueError, RecursionError):
        return False


def compare_shapes(shown: str, expected: Mapping[str, Any], found: Mapping[str, tuple[int, ...]]) -> None:
    """Raise ModelError where names or shapes are not those of the model."""
    missing, extra = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if missing or extra:
        names = ", ".join([f"without {name}" for name in missing[:2]] + [f"unknown {name}" for name in extra[:2]])
        raise ModelError(
            shown, f"not the weights of this model: {len(missing)} missing, {len(extra)} unknown ({names})"
        )
    for name, tensor in expected.items():
        if tuple(tensor.shape) != found[name]:
            raise ModelError(shown, f"{name} has the shape {found[name]}, the model needs {tuple(tensor.shape)}")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _config_text(kind: str, config: Mapping[str, Any]) -> str:
    return json.dumps({"format": FORMAT, "model": kind, "config": dict(config)}, ensure_ascii=False, indent=2) + "\n"


def _canonical(config: Mapping[str, Any]) -> str:
    return json.dumps(dict(config), sort_keys=True, ensure_ascii=False)

"""Named tensors in one safetensors file, written one after another and read by mapping the file into memory.

Source: huggingface/safetensors, README "Format": length of the header, header in JSON, bytes of the tensors.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import torch
from safetensors import SafetensorError, safe_open

from minent.errors import ModelError
from minent.files import atomic_open, describe_os_error, display_path

DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
LARGEST_HEADER = 100_000_000  # bytes; what the reader of safetensors takes


@dataclass(frozen=True)
class TensorSpec:
    """What is known of a tensor before its values."""

    dtype: Any
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return int(torch.Size(self.shape).numel()) * int(self.dtype.itemsize)


def write_tensors(path: str | os.PathLike[str], tensors: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
    """Write tensors to a file that appears whole or not at all. OutputError: it cannot be written."""
    with atomic_open(path) as stream:
        stream_tensors(tensors, stream, metadata)


def stream_tensors(tensors: Mapping[str, Any], stream: IO[bytes], metadata: Mapping[str, str]) -> None:
    """Write tensors to a stream, from its beginning."""
    specs = {name: TensorSpec(tensor.dtype, tuple(tensor.shape)) for name, tensor in tensors.items()}
    stream_one_by_one(specs, tensors.__getitem__, stream, metadata)


def stream_one_by_one(
    specs: Mapping[str, TensorSpec],
    tensor_of: Callable[[str], Any],
    stream: IO[bytes],
    metadata: Mapping[str, str],
) -> None:
    """As `stream_tensors`, but a tensor is asked for when its turn comes: no two need be in memory together."""
    names = sorted(specs, key=lambda name: (-specs[name].dtype.itemsize, name))  # so that every tensor is aligned
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    at = 0
    for name in names:
        spec = specs[name]
        header[name] = {
            "dtype": DTYPES[spec.dtype],
            "shape": list(spec.shape),
            "data_offsets": [at, at + spec.size],
        }
        at += spec.size
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > LARGEST_HEADER:
        raise ValueError(f"{len(specs):,} tensors and their metadata are too many for one safetensors file")
    stream.write(len(text).to_bytes(8, "little"))
    stream.write(text)
    for name in names:
        tensor = tensor_of(name).detach()
        assert tuple(tensor.shape) == specs[name].shape and tensor.dtype == specs[name].dtype, name
        flat = tensor.cpu().contiguous().reshape(-1)
        stream.write(memoryview(flat.view(torch.uint8).numpy()))


@contextmanager
def open_tensors(path: str | os.PathLike[str], device: str = "cpu") -> Iterator[Any]:
    """The reader of a safetensors file, open; tensors on the CPU lie in the mapped file until they are written to.

    ModelError: absent, no safetensors file, cut off, or with offsets that do not fit.
    """
    shown = display_path(path)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ModelError(shown, "is not a file")
        with safe_open(os.fspath(path), framework="pt", device=device) as reader:
            yield reader
    except OSError as error:
        raise ModelError(shown, describe_os_error(error)) from error
    except SafetensorError as error:
        raise ModelError(shown, f"not a whole safetensors file ({error})", "was it cut off while copied?") from error


def read_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """What a safetensors file says of itself. ModelError as `open_tensors`."""
    with open_tensors(path) as reader:
        return dict(reader.metadata() or {})


def read_tensors(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """All tensors of a file, mapped, and its metadata. ModelError as `open_tensors`."""
    with open_tensors(path) as reader:
        return {name: reader.get_tensor(name) for name in reader.keys()}, dict(reader.metadata() or {})  # noqa: SIM118

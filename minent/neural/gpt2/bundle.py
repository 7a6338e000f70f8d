"""The tensors of a TensorFlow checkpoint, without TensorFlow: an index in LevelDB's table format, and raw data.

Sources: tensorflow/core/util/tensor_bundle (tensor_bundle.proto, naming.cc), tensorflow/core/lib/io/format.cc and
google/leveldb, doc/table_format.md. `NAME.index` holds one entry a tensor (type, shape, file, offset, size, checksum);
`NAME.data-00000-of-0000N` hold the values.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from minent.errors import ModelError
from minent.files import describe_os_error, display_path
from minent.neural.gpt2.crc32c import crc32c, unmask

LARGEST_INDEX = 1 << 26  # bytes
LONGEST_NAME = 1024  # bytes of the name of a tensor; names share beginnings, so that a small file could hold huge ones
MOST_TENSORS = 1 << 16
FOOTER, MAGIC = 48, 0xDB4775248B80FB57
TYPES = {
    1: ("float32", 4),
    2: ("float64", 8),
    3: ("int32", 4),
    9: ("int64", 8),
    14: ("bfloat16", 2),
    19: ("float16", 2),
}
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types of protocol buffers


@dataclass(frozen=True)
class Entry:
    """Where a tensor lies. `dtype` is "" for a type that is not read; `sliced` is one that is stored in parts."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    checksum: int
    sliced: bool


class Bundle:
    """A checkpoint whose index was read: `entries` by name; values are mapped, and checked when they are asked for.

    `checkpoint` : the prefix (`model.ckpt-100000`), one of its files, or a folder with one checkpoint.
    ModelError: absent, cut off, changed, compressed, or with values that are not where the index says.
    """

    def __init__(self, checkpoint: str | os.PathLike[str]) -> None:
        self.prefix = find_prefix(checkpoint)
        index = f"{self.prefix}.index"
        self.shown = display_path(index)
        data = _read(index, LARGEST_INDEX)
        self.entries: dict[str, Entry] = {}
        try:
            header = None
            for key, value in _table(data):
                if key == b"":
                    header = _fields(value)
                else:
                    entry = _entry(key.decode("utf-8"), value)
                    self.entries[entry.name] = entry
                    if len(self.entries) > MOST_TENSORS:
                        raise ValueError(f"more than {MOST_TENSORS:,} tensors")
            if header is None:
                raise ValueError("no header")
            self.shards = _number(header, 1)
            if _number(header, 2) != 0:
                raise ModelError(self.shown, "was written on a big-endian machine")
        except (ValueError, IndexError, UnicodeDecodeError) as error:
            raise ModelError(
                self.shown, f"not the index of a TensorFlow checkpoint ({error})", "was it cut off?"
            ) from error
        self._files: dict[int, NDArray[np.uint8]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        """The values of a tensor, read-only; bfloat16 comes as uint16. ModelError: see the class."""
        entry = self.entries[name]
        if entry.sliced or not entry.dtype:
            self._refuse(name, "is stored in slices" if entry.sliced else "is not of a type of numbers that is read")
        width = next(width for dtype, width in TYPES.values() if dtype == entry.dtype)
        count = 1
        for length in entry.shape:
            count *= length
        if count * width != entry.size:
            self._refuse(name, f"has {entry.size:,} bytes, its shape {entry.shape} needs {count * width:,}")
        data = self._file(entry.shard)
        if entry.offset + entry.size > len(data):
            end = entry.offset + entry.size
            raise ModelError(
                display_path(self._shard_name(entry.shard)),
                f"has {len(data):,} bytes, {name} ends at {end:,}",
                "was it cut off while copied?",
            )
        raw = data[entry.offset : entry.offset + entry.size]
        if crc32c(raw) != entry.checksum:
            raise ModelError(display_path(self._shard_name(entry.shard)), f"the checksum of {name} is wrong")
        stored = "<u2" if entry.dtype == "bfloat16" else np.dtype(entry.dtype).newbyteorder("<")
        values: NDArray[Any] = np.frombuffer(raw, dtype=stored).reshape(entry.shape)
        return values

    def _refuse(self, name: str, problem: str) -> NoReturn:
        raise ModelError(self.shown, f"{name} {problem}")

    def _shard_name(self, shard: int) -> str:
        return f"{self.prefix}.data-{shard:05}-of-{self.shards:05}"

    def _file(self, shard: int) -> NDArray[np.uint8]:
        if shard not in self._files:
            name = self._shard_name(shard)
            try:
                if not stat.S_ISREG(os.stat(name).st_mode):
                    raise ModelError(display_path(name), "is not a file")
                empty = os.path.getsize(name) == 0
                self._files[shard] = np.empty(0, np.uint8) if empty else np.memmap(name, np.uint8, mode="r")
            except OSError as error:
                raise ModelError(display_path(name), describe_os_error(error)) from error
        return self._files[shard]


def find_prefix(checkpoint: str | os.PathLike[str]) -> str:
    """What the names of a checkpoint's files begin with. ModelError: none there, or several."""
    name = os.fspath(checkpoint)
    if os.path.isdir(name):
        found = sorted(str(path) for path in Path(name).glob("*.index"))
        if len(found) != 1:
            problem = "holds no checkpoint (NAME.index)" if not found else f"holds {len(found)} checkpoints"
            raise ModelError(display_path(name), problem, "name one, such as FOLDER/model.ckpt-100000")
        name = found[0]
    return re.sub(r"\.(index|meta|data-\d{5}-of-\d{5})$", "", name)


def _read(name: str, largest: int) -> bytes:
    try:
        if not stat.S_ISREG(os.stat(name).st_mode):
            raise ModelError(display_path(name), "is not a file")
        with open(name, "rb") as stream:
            data = stream.read(largest + 1)
    except OSError as error:
        raise ModelError(display_path(name), describe_os_error(error)) from error
    if len(data) > largest:
        raise ModelError(display_path(name), "too large for the index of a checkpoint")
    return data


def _table(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a table of LevelDB, in order."""
    if len(data) < FOOTER or int.from_bytes(data[-8:], "little") != MAGIC:
        raise ValueError("no such table")
    footer = data[-FOOTER:]
    at = 0
    handle = []
    for _ in range(4):  # offset and size of the meta index, then of the index
        number, at = _varint(footer, at)
        handle.append(number)
    end = 0
    for _, value in _block(data, handle[2], handle[3]):
        offset, at = _varint(value, 0)
        size, _ = _varint(value, at)
        if offset < end:  # one block, named often enough, would be read for ever
            raise ValueError("blocks that overlap")
        end = offset + size
        yield from _block(data, offset, size)


def _block(data: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Entries of a block; a key keeps a prefix of the one before it."""
    end = offset + size
    if end + 5 > len(data) - FOOTER:
        raise ValueError("a block ends behind the file")
    if data[end] != 0:
        raise ValueError("compressed")
    checked = np.frombuffer(data, np.uint8)[offset : end + 1]
    if crc32c(checked) != unmask(int.from_bytes(data[end + 1 : end + 5], "little")):
        raise ValueError("wrong checksum")
    if size < 4:
        raise ValueError("an empty block")
    restarts = int.from_bytes(data[end - 4 : end], "little")
    end -= 4 + 4 * restarts
    if end < offset:
        raise ValueError("more restarts than a block has")
    at, key = offset, b""
    while at < end:
        shared, at = _varint(data, at)
        fresh, at = _varint(data, at)
        length, at = _varint(data, at)
        if shared > len(key) or at + fresh + length > end:
            raise ValueError("an entry ends behind its block")
        if shared + fresh > LONGEST_NAME:
            raise ValueError("a name that is too long")
        key = key[:shared] + data[at : at + fresh]
        at += fresh
        yield key, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number that does not end")


def _fields(message: bytes) -> list[tuple[int, int | bytes]]:
    """The fields of a protocol buffer, by number, in order."""
    fields: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        wire = tag & 7
        if wire == VARINT:
            value, at = _varint(message, at)
            fields.append((tag >> 3, value))
            continue
        if wire == BYTES:
            length, at = _varint(message, at)
        elif wire in (FIXED32, FIXED64):
            length = 4 if wire == FIXED32 else 8
        else:
            raise ValueError("an unknown field")
        if at + length > len(message):
            raise ValueError("a field that does not end")
        part = message[at : at + length]
        fields.append((tag >> 3, part if wire == BYTES else int.from_bytes(part, "little")))
        at += length
    return fields


def _number(fields: list[tuple[int, int | bytes]], number: int) -> int:
    """The last value of a field of numbers, 0 where it is absent."""
    found = 0
    for key, value in fields:
        if key == number:
            if not isinstance(value, int):
                raise ValueError("a number was expected")
            found = value
    return found


def _entry(name: str, value: bytes) -> Entry:
    """A BundleEntryProto."""
    fields = _fields(value)
    shape: list[int] = []
    for key, part in fields:
        if key == 2 and isinstance(part, bytes):
            for inner, dimension in _fields(part):
                if inner == 2 and isinstance(dimension, bytes):
                    shape.append(_number(_fields(dimension), 1))
    if any(length >= 1 << 40 for length in shape) or len(shape) > 8:
        raise ValueError("a shape out of all bounds")
    return Entry(
        name=name,
        dtype=TYPES.get(_number(fields, 1), ("", 0))[0],
        shape=tuple(shape),
        shard=_number(fields, 3),
        offset=_number(fields, 4),
        size=_number(fields, 5),
        checksum=unmask(_number(fields, 6)),
        sliced=any(key == 7 for key, _ in fields),
    )

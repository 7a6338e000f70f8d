"""The file of a stage: arrays, and the content of tables, in raw bytes; nothing in it is believed when it is read."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from minent.errors import RunError
from minent.files import describe_os_error, display_path
from minent.kernels.spill import GROUPS
from minent.spill import BLOCK, LARGEST_COUNT, LARGEST_TOTAL, SLOT, Sink, Spill, read_whole

MAGIC = b"minent-stage\x00\x00\x00\x01"
LONGEST_FOOTER = 1 << 24  # bytes
DTYPES = {"<i8", "<i4", "<u8", "<u4", "<u2", "|u1", "<f8", "<f4"}


class Table(Protocol):
    """What can be kept in a stage: SpillingCounter, SpillingInterner and the like."""

    def written(self, sink: Sink) -> Iterator[Spill]:
        """Write everything to a file, group by group; nothing is left."""


class StageWriter:
    """The file of a stage while it is written: arrays, and spills (minent/spill.py)."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._size = len(MAGIC)
        self._check = 0
        self._arrays: dict[str, list[Any]] = {}
        self.facts: dict[str, Any] = {}
        file.write(MAGIC)

    def write(self, data: NDArray[Any]) -> None:
        """Append the bytes of an array."""
        view = np.ascontiguousarray(data).reshape(-1).view(np.uint8).data
        self._file.write(view)
        self._check = zlib.crc32(view, self._check)
        self._size += len(view)

    def add(self, name: str, array: NDArray[Any]) -> None:
        """Append an array of one dimension under a name."""
        array = np.ascontiguousarray(array)
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        self._arrays[name] = [array.dtype.str, self._size, len(array)]
        self.write(array)

    def last_spill(self, sizes: NDArray[np.int64], total: int) -> Spill:
        """As in SpillFile: what was written last, which cannot be read before the stage is whole."""
        return Spill(_Unreadable(), self._size - int(sizes.sum()), sizes, total)

    def add_table(self, name: str, table: Table) -> None:
        """Append all that a table has counted, as one spill; it is empty afterwards."""
        start, total, sizes = self._size, 0, np.zeros(GROUPS, dtype=np.int64)
        for spill in table.written(self):
            sizes += spill.sizes
            total += spill.total
        self.facts |= {f"{name} start": start, f"{name} total": total}
        self.add(name, sizes)

    def finish(self) -> None:
        """Append what tells where the arrays are."""
        footer = json.dumps({"facts": self.facts, "arrays": self._arrays, "check": self._check}).encode()
        self._file.write(footer)
        self._file.write(len(footer).to_bytes(8, "little"))


class _Unreadable:
    def read_into(self, at: int, buffer: memoryview) -> None:
        raise AssertionError("a stage is read when it is whole")

    def damage(self) -> Exception:
        return AssertionError("a stage is read when it is whole")


class Stage:
    """A whole stage, or part of one; nothing in it is believed. Errors: RunError where it is damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with open(path, "rb", buffering=0) as file:
                self._read_footer(file, os.fstat(file.fileno()).st_size)
        except OSError as error:
            raise RunError(display_path(path), describe_os_error(error)) from error
        except (ValueError, KeyError, TypeError, RecursionError, MemoryError):
            raise self.damage() from None

    def _read_footer(self, file: IO[bytes], size: int) -> None:
        head = bytearray(len(MAGIC))
        read_whole(file, 0, memoryview(head))
        length = bytearray(8)
        read_whole(file, max(size - 8, 0), memoryview(length))
        footer_size = int.from_bytes(length, "little")
        end = size - 8 - footer_size
        if bytes(head) != MAGIC or footer_size > LONGEST_FOOTER or end < len(MAGIC):
            raise ValueError
        footer = bytearray(footer_size)
        read_whole(file, end, memoryview(footer))
        found = json.loads(bytes(footer))
        self.facts: dict[str, Any] = dict(found["facts"])
        self._arrays: dict[str, tuple[str, int, int]] = {}
        for name, (dtype, at, length_) in dict(found["arrays"]).items():
            if dtype not in DTYPES or not all(type(n) is int for n in (at, length_)):
                raise ValueError
            if at < len(MAGIC) or length_ < 0 or at + length_ * np.dtype(dtype).itemsize > end:
                raise ValueError
            self._arrays[name] = dtype, at, length_
        self._body = end
        if self._checksum(file) != found["check"]:
            raise ValueError

    def _checksum(self, file: IO[bytes]) -> int:
        check, at, buffer = 0, len(MAGIC), bytearray(BLOCK)
        while at < self._body:
            view = memoryview(buffer)[: min(BLOCK, self._body - at)]
            read_whole(file, at, view)
            check = zlib.crc32(view, check)
            at += len(view)
        return check

    def array(self, name: str, dtype: str) -> NDArray[Any]:
        """An array that was added under this name, of this type."""
        if name not in self._arrays or self._arrays[name][0] != dtype:
            raise self.damage()
        _, at, length = self._arrays[name]
        data = np.empty(length, dtype=np.dtype(dtype))
        self.read_into(at, data.view(np.uint8).data)
        return data.astype(data.dtype.newbyteorder("="), copy=False)

    def fact(self, name: str, kind: type, *, optional: bool = False) -> Any:
        """One of the facts that were saved with the stage; None for an optional one that is not there."""
        value = self.facts.get(name)
        if type(value) is not kind and not (optional and value is None):
            raise self.damage()
        return value

    def spill(self, name: str, width: int) -> Spill:
        """What `add_table` added, of items of `width` bytes."""
        sizes = self.array(name, "<i8")
        start, total = self.fact(f"{name} start", int), self.fact(f"{name} total", int)
        if len(sizes) != GROUPS or (sizes < 0).any() or (sizes % width).any() or (sizes > self._body).any():
            raise self.damage()
        if not (len(MAGIC) <= start and start + int(sizes.sum()) <= self._body and 0 <= total < LARGEST_TOTAL):
            raise self.damage()
        return Spill(self, start, sizes, total)

    def check_pairs(
        self, spill: Spill, are_valid: Callable[[NDArray[np.int64]], NDArray[np.bool_]], *, signed: bool = True
    ) -> None:
        """RunError unless the keys of pairs are valid (and, if they have a sign, none is below 0) and the counts can be
        counts."""
        total = 0
        for block in spill.blocks(0, GROUPS, SLOT):
            pairs = block.view(np.int64)
            keys, counts = pairs[::2], pairs[1::2]
            counted = (counts >= 1) & (counts < LARGEST_COUNT)
            if (signed and (keys < 0).any()) or not counted.all() or not are_valid(keys).all():
                raise self.damage()
            total += int(counts.sum())
        if total != spill.total:
            raise self.damage()

    def read_into(self, at: int, buffer: memoryview) -> None:
        try:
            with open(self.path, "rb", buffering=0) as file:  # a long run has more parts than files may be open
                read_whole(file, at, buffer)
        except OSError as error:
            problem = f"cannot be read: {describe_os_error(error)}"
            raise RunError(display_path(self.path), problem) from error

    def damage(self) -> RunError:
        return RunError(display_path(self.path), "is damaged", "remove it and --resume, or start again")

"""Tables that fill their share of memory, then go to a temporary file as spills, which are merged group by group.

A spill is the content of a table, grouped by a hash of its keys (kernels/spill.py). Equal keys are in the same group
of every spill: so one group after another, or a part of one, is read from all spills into a table that fits, and what
a key occurred in all is known without the rest being in memory. Exact at any share, whatever the number of spills.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from minent.errors import SpillError
from minent.files import describe_os_error, display_path
from minent.kernels.spill import (
    DAMAGED,
    GROUPS,
    NO_ROOM,
    add_pairs,
    add_records,
    gather_pairs,
    group_entries,
    group_pairs,
    sum_records,
    write_records,
)
from minent.tables import Counter, Interner

BLOCK = 1 << 20  # bytes that are read or written at once
SLOT = 16  # bytes of a slot of a counter; 5/8 of them are used
ENTRY = 40  # bytes of an entry of a table of sequences, beside its elements
WORD = 4  # bytes of a word of a record of a sequence
WORD_MEMORY = 24  # bytes of a table of sequences for each word of its records, at most
LEAST_BATCH = 64  # items that are merged at once, however small the share
LARGEST_COUNT = 1 << 46  # of one record of a stage: the sum of those of a block cannot wrap
LARGEST_TOTAL = 1 << 50  # of all records of a stage: nor can that of thousands of stages
NO_BOUND = 1 << 32

Keep = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]
"""From keys and counts: which of them are wanted."""


class Place(Protocol):
    """What spills are read from."""

    def read_into(self, at: int, buffer: memoryview) -> None:
        """Fill a buffer with the bytes from `at` on."""

    def damage(self) -> Exception:
        """What to raise where the content cannot be."""


@dataclass(frozen=True)
class Spill:
    """A spill in a file.

    start : of its first byte;  sizes : int64[GROUPS] — bytes of each group;  total : the sum of its counts
    """

    file: Place
    start: int
    sizes: NDArray[np.int64]
    total: int

    def blocks(self, first: int, end: int, width: int) -> Iterator[NDArray[np.uint8]]:
        """The bytes of the groups first … end − 1, in blocks of whole items of `width` bytes."""
        at = self.start + int(self.sizes[:first].sum())
        stop = at + int(self.sizes[first:end].sum())
        buffer = np.empty(min(BLOCK // width * width, stop - at), dtype=np.uint8)
        while at < stop:
            block = buffer[: min(len(buffer), stop - at)]
            self.file.read_into(at, block.data)
            yield block
            at += len(block)


class Sink(Protocol):
    """What spills are written to."""

    def write(self, data: NDArray[Any]) -> None:
        """Append an array."""

    def last_spill(self, sizes: NDArray[np.int64], total: int) -> Spill:
        """The spill whose groups, of these sizes in bytes, were written last."""


class SpillFile:
    """A temporary file without a name, made when something is written: gone with this object, or when we are killed."""

    def __init__(self, folder: str | None) -> None:
        self.folder = folder
        self._file: IO[bytes] | None = None
        self._size = 0

    def __del__(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def write(self, data: NDArray[Any]) -> None:
        """Append an array. Raises SpillError, for example when the disk is full."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="minent-", dir=self.folder, buffering=0)  # noqa: SIM115
            write_all(self._file, data)
        except OSError as error:
            raise self._error(f"{describe_os_error(error)} after {self._size >> 20} MiB") from error
        self._size += data.nbytes

    def last_spill(self, sizes: NDArray[np.int64], total: int) -> Spill:
        """The spill whose groups, of these sizes in bytes, were written last."""
        return Spill(self, self._size - int(sizes.sum()), sizes, total)

    def read_into(self, at: int, buffer: memoryview) -> None:
        assert self._file is not None
        try:
            read_whole(self._file, at, buffer)
        except OSError as error:
            raise self._error(f"cannot be read: {describe_os_error(error)}") from error

    def damage(self) -> Exception:
        return self._error("what was read is not what was written")

    def _error(self, problem: str) -> SpillError:
        return SpillError(display_path(self.folder or tempfile.gettempdir()), problem)


def write_all(file: IO[bytes], data: NDArray[Any]) -> None:
    """Write all of an array to a raw file, which may take it in parts."""
    view = np.ascontiguousarray(data).reshape(-1).view(np.uint8).data
    while len(view):
        view = view[file.write(view) :]


def read_whole(file: IO[bytes], at: int, buffer: memoryview) -> None:
    """Fill a buffer from a raw file. OSError where the file ends before."""
    file.seek(at)
    while len(buffer):
        got = file.readinto(buffer)  # type: ignore[attr-defined]
        if not got:
            raise OSError(errno.EIO, "it ends too early")
        buffer = buffer[got:]


class Spilling:
    """What both kinds of tables share: their spills, and the batches in which these fit into memory."""

    def __init__(self, share: int | None, folder: str | None) -> None:
        self.share = share
        self.spills: list[Spill] = []
        self.above = NO_BOUND  # elements of sequences are below it; a spill where they are not is damaged
        self.file = SpillFile(folder)

    def take(self, other: Spilling) -> None:
        """The spills and the share of another worker's table."""
        self.spills += other.spills
        other.spills = []
        if self.share is not None and other.share is not None:
            self.share += other.share
            other.share = 0

    def batches(self, width: int, memory: int) -> Iterator[tuple[int, int, int, int]]:
        """What fits into half of the share at once: (first group, end, parts of it, part), when items of `width`
        bytes in a spill take `memory` bytes in a table."""
        items = sum((spill.sizes for spill in self.spills), np.zeros(GROUPS, dtype=np.int64)) // width
        most = int(items.sum()) + 1 if self.share is None else max(self.share // 2 // memory, LEAST_BATCH)
        first = 0
        while first < GROUPS:
            end = first + max(1, int(np.searchsorted(np.cumsum(items[first:]), most, side="right")))
            size = int(items[first:end].sum())
            splits = 1
            while size > splits * most:
                splits *= 2
            for split in range(splits if size else 0):
                yield first, end, splits, split
            first = end


class SpillingCounter(Counter, Spilling):
    """A counter that spills when it would fill more than `share` bytes (None: never)."""

    def __init__(self, share: int | None = None, folder: str | None = None) -> None:
        slots = 1 << 16
        while share is not None and slots * SLOT > share and slots > 1 << 8:
            slots //= 2
        Counter.__init__(self, slots)
        Spilling.__init__(self, share, folder)

    @property
    def total(self) -> int:
        """The sum of all counts."""
        return int(self.table[1::2][self.table[::2] >= 0].sum()) + sum(spill.total for spill in self.spills)

    def grow(self, entries: int = 0) -> None:
        size = self.table.nbytes
        if self.share is None or not self.is_full(entries) or 3 * size <= self.share:  # old and new table
            super().grow(entries)
        else:
            self.spill()
            if 2 * size <= self.share:
                self.table = np.empty(0, dtype=np.int64)  # first give the old one back
                self.table = np.full(2 * size // 8, -1, dtype=np.int64)

    def merge(self, other: Counter) -> None:
        """Add the counts of another worker; takes over its share."""
        if isinstance(other, SpillingCounter):
            self.take(other)
            together = 2 * SLOT * (len(self) + len(other)) * 8 // 5 + self.table.nbytes + other.table.nbytes
            if self.share is not None and together > self.share:
                other.spill()
                self.take(other)
                return
        super().merge(other)

    def spill(self) -> None:
        """Write what is counted to the file, as a spill, and forget it."""
        if len(self):
            self.spills.append(write_counter(self, self.file))

    def parts(self) -> Iterator[Counter]:
        """All that was counted, in counters that have no key in common; each is good until the next is asked for."""
        if not self.spills:
            yield self
            return
        self.spill()
        self.table = np.full(2, -1, dtype=np.int64)
        part = Counter(1 << 8)
        for first, end, splits, split in self.batches(SLOT, 2 * SLOT * 8 // 5):
            for spill in self.spills:
                for block in spill.blocks(first, end, SLOT):
                    pairs, at = block.view(np.int64), 0
                    while (at := add_pairs(part.table, part.used, pairs, at, splits, split)) < len(pairs) // 2:
                        part.grow()
            yield part
            part.clear()

    def written(self, sink: Sink) -> Iterator[Spill]:
        """Write everything to a file, group by group; nothing is left."""
        for part in self.parts():
            yield write_counter(part, sink)
        self.spills = []

    def blocks(self, keep: Keep | None = None) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """All keys with their counts, or those for which `keep(keys, counts)` is true, in no particular order, in one
        block or more."""
        empty = np.empty(0, dtype=np.int64)
        yield empty, empty
        for part in self.parts():
            for at in range(0, len(part.table), BLOCK):
                slots = part.table[at : at + BLOCK]
                used = np.flatnonzero(slots[::2] >= 0)
                keys, counts = slots[2 * used], slots[2 * used + 1]
                if keep is not None:
                    kept = keep(keys, counts)
                    keys, counts = keys[kept], counts[kept]
                yield keys, counts

    def items(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All keys with their counts, in memory."""
        blocks = list(self.blocks())
        return np.concatenate([keys for keys, _ in blocks]), np.concatenate([counts for _, counts in blocks])


def write_counter(counter: Counter, file: Sink) -> Spill:
    """Append a counter to a file as a spill; it is empty afterwards."""
    size = gather_pairs(counter.table)
    pairs = counter.table[: 2 * size]
    sizes = np.empty(GROUPS, dtype=np.int64)
    group_pairs(pairs, size, sizes)
    total = int(pairs[1::2].sum())
    file.write(pairs)
    counter.clear()
    return file.last_spill(sizes * SLOT, total)


class SpillingInterner(Interner, Spilling):
    """A table of sequences that spills when it would fill more than `share` bytes (None: never).

    One sequence is always kept, whatever its length.
    """

    def __init__(self, dtype: type[np.generic], share: int | None = None, folder: str | None = None) -> None:
        Interner.__init__(self, dtype)
        Spilling.__init__(self, share, folder)

    @property
    def total(self) -> int:
        """The sum of all counts."""
        return int(self.counts[: len(self)].sum()) + sum(spill.total for spill in self.spills)

    def grow(self, length: int = 0) -> None:
        if self.share is not None and len(self):
            capacity, need = len(self.entries), int(self.state[1]) + length
            size = ENTRY * capacity + self.content.nbytes
            if 2 * (len(self) + 1) > capacity:
                size += (ENTRY + 16) * capacity
            if 2 * need > len(self.content):
                size += max(self.content.nbytes, 2 * need * self.content.itemsize) + self.content.nbytes
            if size > self.share:
                self.spill()
        super().grow(length)

    def merge(self, other: Interner) -> None:
        """Add the sequences of another worker; takes over its share."""
        if isinstance(other, SpillingInterner):
            self.take(other)
            size = sum(ENTRY * len(table.entries) + table.content.nbytes for table in (self, other))
            if self.share is not None and 3 * size > self.share:
                other.spill()
                self.take(other)
                return
        super().merge(other)

    def spill(self) -> None:
        """Write the sequences to the file, as a spill, and forget them."""
        if len(self):
            self.spills.append(write_interner(self, self.file))

    def parts(self) -> Iterator[Interner]:
        """All sequences, in tables that have none in common; each is good until the next is asked for."""
        if not self.spills:
            yield self
            return
        self.spill()
        self.release()
        for first, end, splits, split in self.batches(WORD, WORD_MEMORY):
            part = Interner(self.content.dtype.type)
            for spill in self.spills:
                read_interner(part, spill, (first, end, splits, split), self.above)
            yield part

    def written(self, sink: Sink) -> Iterator[Spill]:
        """Write everything to a file, group by group; nothing is left."""
        for part in self.parts():
            yield write_interner(part, sink)
        self.spills = []


def write_interner(table: Interner, file: Sink) -> Spill:
    """Append a table of sequences to a file as a spill; it is empty afterwards."""
    size, order = len(table), table.slots  # which are not needed any more
    sizes = np.empty(GROUPS, dtype=np.int64)
    group_entries(table.entries, size, order, sizes)
    total = int(table.counts[:size].sum())
    words = np.empty(BLOCK // WORD, dtype=np.uint32)
    at = 0
    while at < size:
        at, written = write_records(order, at, size, table.entries, table.content, table.counts, words)
        if written == 0:
            words = np.empty(2 * len(words), dtype=np.uint32)
        file.write(words[:written])
    table.clear()
    return file.last_spill(sizes * WORD, total)


def read_interner(table: Interner, spill: Spill, batch: Sequence[int], above: int = NO_BOUND) -> None:
    """Add a batch of a spill (see `batches`) to a table; elements must be below `above`."""
    first, end, splits, split = batch
    held = np.empty(0, dtype=np.uint32)
    for block in spill.blocks(first, end, WORD):
        words, at = block.view(np.uint32), 0
        if len(held):
            words = np.concatenate([held, words])
        while True:
            at, outcome = add_records(
                words, at, splits, split, above, table.runs, table.entries, table.counts, table.state
            )
            if outcome == DAMAGED:
                raise spill.file.damage()
            if outcome != NO_ROOM:
                break
            table.grow(int(words[at + 4]))
        held = words[at:].copy()
    if len(held):
        raise spill.file.damage()


def check_records(spill: Spill, above: int) -> None:
    """Raise what the file of a spill has for damage, unless it holds sequences of elements below `above`, with counts
    whose sum is the spill's."""
    held, total = np.empty(0, dtype=np.uint32), 0
    for block in spill.blocks(0, GROUPS, WORD):
        words = block.view(np.uint32)
        if len(held):
            words = np.concatenate([held, words])
        at, found, outcome = sum_records(words, above, LARGEST_COUNT)
        if outcome == DAMAGED:
            raise spill.file.damage()
        total += int(found)
        held = words[at:].copy()
    if len(held) or total != spill.total:
        raise spill.file.damage()


def are_counts(counts: NDArray[np.int64]) -> bool:
    """Whether an array of a stage can hold counts: none is below 0, and they are not too many in all."""
    return bool((counts >= 0).all() and counts.sum(dtype=np.float64) < LARGEST_TOTAL)

"""Tables that grow: counters of integer keys, numbers for distinct sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.errors import MinentError
from minent.kernels.intern import find_run, merge_entries, place_entries
from minent.kernels.pieces import hash_units, intern_rows
from minent.kernels.spill import add_frequent
from minent.kernels.table import add_table

MOST_ENTRIES = 1 << 30


class Counter:
    """int64 key ≥ 0 → int64 count. 16 bytes a slot, at most 5/8 of the slots used."""

    def __init__(self, slots: int = 1 << 16) -> None:
        self.table = np.full(2 * slots, -1, dtype=np.int64)
        self.used = np.zeros(1, dtype=np.int64)

    def __len__(self) -> int:
        return int(self.used[0])

    def grow(self, entries: int = 0) -> None:
        """Make room for one more, or for `entries` in all."""
        slots = len(self.table) // 2
        need = max(entries, len(self) + 1)
        while need > slots * 5 // 8:
            slots *= 2
        if 2 * slots > len(self.table):
            old, self.table = self.table, np.full(2 * slots, -1, dtype=np.int64)
            add_table(self.table, old)

    def is_full(self, entries: int = 0) -> bool:
        """Whether there is no room for one more, or for `entries` in all."""
        return max(entries, len(self) + 1) > len(self.table) // 2 * 5 // 8

    def clear(self) -> None:
        """Forget everything; the room stays."""
        self.table.fill(-1)
        self.used[0] = 0

    def merge(self, other: Counter) -> None:
        """Add the counts of another counter."""
        self.grow(len(self) + len(other))
        self.used[0] += add_table(self.table, other.table)

    def items(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Keys and counts, in no particular order."""
        places = np.flatnonzero(self.table[::2] >= 0)
        return self.table[2 * places], self.table[2 * places + 1]

    @classmethod
    def from_items(cls, keys: NDArray[np.int64], values: NDArray[np.int64]) -> Counter:
        """A counter that holds these distinct keys and values."""
        counter = cls(1 << 4)
        counter.grow(len(keys))
        packed = np.empty(2 * len(keys), dtype=np.int64)
        packed[::2], packed[1::2] = keys, values
        counter.used[0] = add_table(counter.table, packed)
        return counter


class Interner:
    """Distinct sequences of one integer type, numbered in order of arrival, each with a count.

    See kernels/intern.py for the layout. Kernels take `runs`, `entries`, `counts` and `state`; when one says that
    there is no room, `grow` and call it again.
    """

    def __init__(self, dtype: type[np.generic], capacity: int = 1 << 10) -> None:
        self.slots = np.full(4 * capacity, -1, dtype=np.int32)
        self.content: NDArray[Any] = np.zeros(8 * capacity, dtype=dtype)
        self.entries = np.zeros((capacity, 2), dtype=np.uint64)
        self.counts = np.zeros(capacity, dtype=np.int64)
        self.state = np.array([0, 0, 0, -1], dtype=np.int64)

    def __len__(self) -> int:
        return int(self.state[0])

    @property
    def nbytes(self) -> int:
        """Bytes of the table."""
        return self.slots.nbytes + self.content.nbytes + self.entries.nbytes + self.counts.nbytes

    @property
    def runs(self) -> tuple[NDArray[np.int32], NDArray[Any]]:
        return self.slots, self.content

    def grow(self, length: int = 0) -> None:
        """Double whatever is more than half full; make room for one more sequence of `length` elements."""
        capacity = len(self.entries)
        if len(self) >= MOST_ENTRIES:  # their numbers are int32
            raise MinentError(f"more than {MOST_ENTRIES:,} distinct pieces of text; limit the memory with -S")
        if 2 * (len(self) + 1) > capacity:
            self.entries = np.concatenate([self.entries, np.zeros((capacity, 2), dtype=np.uint64)])
            self.counts = np.concatenate([self.counts, np.zeros(capacity, dtype=np.int64)])
            self.slots = np.full(4 * len(self.entries), -1, dtype=np.int32)
            place_entries(self.slots, self.entries, len(self))
        need = int(self.state[1]) + length
        if 2 * need > len(self.content):
            room = np.zeros(max(len(self.content), 2 * need - len(self.content)), dtype=self.content.dtype)
            self.content = np.concatenate([self.content, room])

    def clear(self) -> None:
        """Forget everything; the room stays."""
        self.counts[: len(self)] = 0
        self.slots.fill(-1)
        self.state[:2] = 0

    def release(self) -> None:
        """Forget everything, and give the room back."""
        Interner.__init__(self, self.content.dtype.type)

    def add_rows(self, rows: NDArray[np.int32], lengths: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        """Add sequences of int32, row by row: int32[m, longest], int64[m], int64[m]."""
        at = 0
        while True:
            at = intern_rows(rows, lengths, counts, at, self.runs, self.entries, self.counts, self.state)
            if at == len(rows):
                return
            self.grow(rows.shape[1])

    def merge(self, other: Interner) -> None:
        """Add the sequences of another table with their counts."""
        self.add_entries(other.entries, other.content, other.counts[: len(other)])

    def add_entries(self, entries: NDArray[np.uint64], content: NDArray[Any], counts: NDArray[np.int64]) -> None:
        """Add sequences with these counts, laid out as in a table."""
        done = 0
        while True:
            done = merge_entries(self.runs, self.entries, self.counts, self.state, entries, content, counts, done)
            if done == len(counts):
                return
            first = int(entries[done - 1, 1]) if done else 0
            self.grow(int(entries[done, 1]) - first)

    def add_frequent(self, other: Interner, least: float, wanted: Interner) -> None:
        """Add those sequences of another table that occur more than `least` times there or are in `wanted`."""
        counts, done, found = other.counts[: len(other)], 0, (wanted.runs, wanted.entries)
        while True:
            done = add_frequent(
                other.entries, other.content, counts, done, least, found,
                self.runs, self.entries, self.counts, self.state,
            )  # fmt: skip
            if done == len(counts):
                return
            first = int(other.entries[done - 1, 1]) if done else 0
            self.grow(int(other.entries[done, 1]) - first)

    def add_text(self, text: str) -> None:
        """Count a text once more, in a table of bytes."""
        self.add_bytes(text.encode())

    def add_bytes(self, text: bytes) -> None:
        """Count some bytes once more, in a table of bytes."""
        self.add_entries(*_as_entry(text), np.ones(1, dtype=np.int64))

    def has_text(self, text: str) -> bool:
        """Whether a text is in a table of bytes."""
        entries, content = _as_entry(text.encode())
        return bool(find_run(self.runs, self.entries, content, 0, len(content), entries[0, 0]) >= 0)

    def texts(self) -> list[str]:
        """The sequences of a table of bytes, as text."""
        content, start, texts = self.content.tobytes(), 0, []
        for end in self.ends().tolist():
            texts.append(content[start:end].decode())
            start = end
        return texts

    def ends(self) -> NDArray[np.int64]:
        """int64[entries]: where the content of each sequence ends."""
        return self.entries[: len(self), 1].astype(np.int64)


def _as_entry(text: bytes) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """A text as the only entry of a table: its hash and length, its bytes."""
    content = np.frombuffer(text, dtype=np.uint8)
    return np.array([[hash_units(content, 0, len(content)), len(content)]], dtype=np.uint64), content

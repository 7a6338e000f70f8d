"""Bytes of text → the elements that the tagger sees, as ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.corpus.units import HAN, UNIT_LIMIT, unit_classes
from minent.kernels.lattice import IS_NUMBER
from minent.kernels.trie import UNKNOWN
from minent.kernels.viterbi import IS_SPACE, read_elements
from minent.segmentation.cuts import Bytes
from minent.tables import Interner

EDGE, RUN, RARE, NUMBER, LATIN, SPACE, SIGN, FIRST = 0, UNKNOWN, *range(UNKNOWN + 1, UNKNOWN + 7)
"""Ids: beyond a line, a run before its kind is known, a character without an id, a number, a Latin run, whitespace, any
other sign; from FIRST on characters. A kernel gives RUN to runs of letters or digits, and 0 to other signs."""

FOLDS = 2
LONGEST_HASHED = 16  # elements of a string that decide its fold
LINE_END = 0x0A
BLOCK = 1 << 18  # bytes of whole lines that are handled at once


@dataclass(frozen=True)
class Elements:
    """The elements of a piece of text.

    ids : int32[n];  starts : int64[n + 1] — where each starts, and the last ends
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


class ElementReader:
    """Knows the ids of some characters. Holds nothing that changes."""

    def __init__(self, characters: str) -> None:
        classes = unit_classes()
        codes = np.where(classes[:UNIT_LIMIT] == HAN, RARE, 0).astype(np.int32)
        points = np.array([ord(character) for character in characters], dtype=np.int64)
        inside = points < UNIT_LIMIT
        codes[points[inside]] = FIRST + np.flatnonzero(inside)
        none, flags = Interner(np.uint8), np.ones(2, dtype=np.int64)
        self.alphabet = (classes, codes, none.slots, none.content, none.entries, np.empty(0, dtype=np.int32), flags)
        units = np.zeros(FIRST + len(characters), dtype=np.bool_)
        units[[RARE, NUMBER, LATIN]] = True
        units[FIRST:] = classes[points] == HAN
        self.units = units

    def read(self, data: Bytes) -> Elements:
        """The elements of a text; invalid bytes are signs."""
        codes = np.empty(len(data) + 1, dtype=np.int32)
        starts = np.empty(len(data) + 1, dtype=np.int64)
        marks = np.empty(len(data) + 1, dtype=np.uint8)
        count, _ = read_elements(data, 0, self.alphabet, codes, starts, marks, np.array([1, 0, -1], dtype=np.int64))
        ids, marks = codes[:count], marks[:count]
        runs = ids == RUN
        ids[ids == 0] = SIGN
        ids[runs] = np.where(marks[runs] & IS_NUMBER, NUMBER, LATIN)
        ids[(marks & IS_SPACE) > 0] = SPACE
        ids[data[starts[:count]] == LINE_END] = EDGE
        return Elements(ids, starts[: count + 1])

    def is_unit(self, ids: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether each id is that of a unit: a Han character, a number, a Latin run."""
        return self.units[ids]


def blocks(data: Bytes, size: int = BLOCK) -> Iterator[tuple[int, int]]:
    """Where pieces of whole lines start and end: the shortest of at least so many bytes; the last may be shorter."""
    start = 0
    while start < len(data):
        stop = start + size
        ends = np.flatnonzero(data[stop - 1 : stop - 1 + size] == LINE_END)
        while not len(ends) and stop < len(data):
            stop += size
            ends = np.flatnonzero(data[stop - 1 : stop - 1 + size] == LINE_END)
        end = min(stop + int(ends[0]) if len(ends) else len(data), len(data))
        yield start, end
        start = end


def spread(ids: NDArray[np.int32], width: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Ids as the tagger reads them: for each line end so many EDGEs that no line sees another.

    Returns the ids, and the place of each element among them.

    >>> [found.tolist() for found in spread(np.array([9, EDGE, 8], dtype=np.int32), 3)]
    [[9, 0, 0, 0, 8], [0, 1, 4]]
    """
    widths = np.where(ids == EDGE, width, 1)
    places = np.cumsum(widths) - widths
    stream = np.full(int(widths.sum()), EDGE, dtype=np.int32)
    stream[places] = ids
    return stream, places


def folds_of(ids: NDArray[np.int32], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The fold of each string ids[start:end]: chance, but equal strings have the same one."""
    digests = np.zeros(len(starts), dtype=np.uint64)
    for place in range(min(int((ends - starts).max(initial=0)), LONGEST_HASHED)):
        inside = starts + place < ends
        digests[inside] = digests[inside] * HASH_STEP + ids[starts[inside] + place].astype(np.uint64) + HASH_ONE
    return (digests * HASH_MIX >> HASH_SHIFT).astype(np.uint8)


HASH_STEP, HASH_ONE, HASH_MIX, HASH_SHIFT = (np.uint64(n) for n in (1_000_003, 1, 0x9E37_79B9_7F4A_7C15, 63))

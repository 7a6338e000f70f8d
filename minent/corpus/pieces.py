"""Text in memory, mapped or in blocks → pieces that end at a line end or, in a long line, where no word can be."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from minent.errors import CorpusError

MAPPED_BEHIND = 1 << 25  # bytes of a mapped file that stay in memory behind the newest shard

# Where a line that is too long for a shard is cut: after a space, a sign or a NUL, never before what could
# belong to the sign (a combining mark, a variation selector): only before ASCII and U+4000–9FFF. Nor inside 3.14.
LINE_CUT = re.compile(
    rb"(?:[ ,;\x00]|\.(?![0-9])|\xe3\x80[\x81\x82]|\xef\xbc[\x81\x8c\x9b\x9f])(?=[\x00-\x7f\xe4-\xe9])"
)
ANY_CUT = re.compile(rb"\n|" + LINE_CUT.pattern)
LONGEST_CUT = 3  # bytes
LONGEST_PIECE = 1 << 26  # bytes; where there is no place to cut for so long, the cut is before any character
LINE_END = 0x0A

Piece: TypeAlias = tuple[NDArray[np.uint8], int, bool]  # bytes, their offset, whether inside a line


def map_file(file: BinaryIO, length: int) -> mmap.mmap | None:
    """The first `length` bytes of a file in memory; None where the file is empty or cannot be mapped."""
    try:
        return mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ) if length else None
    except (OSError, ValueError):  # some network and virtual file systems
        return None


def cut_mapped(buffer: mmap.mmap, file: BinaryIO, start: int, size: int, place: str) -> Iterator[Piece]:
    """Pieces of a mapped file from byte `start` on; nothing is copied.

    Pages that lie far behind are given back to the system; whoever still reads them gets them again.
    """
    data = np.frombuffer(buffer, dtype=np.uint8)
    released = 0
    at = start
    while at < len(data):
        if os.fstat(file.fileno()).st_size < len(data):
            raise CorpusError(place, "became shorter while it was read", "start again")
        end = len(data)
        if end - at > size:
            cut = find_cut(buffer, at, size, end)
            end = cut if cut >= 0 else end
        yield data[at:end], at - start, at > start and buffer[at - 1] != LINE_END
        at = end
        behind = (at - MAPPED_BEHIND) // mmap.PAGESIZE * mmap.PAGESIZE
        if behind > released and hasattr(mmap, "MADV_DONTNEED"):
            buffer.madvise(mmap.MADV_DONTNEED, released, behind - released)
            released = behind


def cut_blocks(blocks: Iterable[bytes], size: int, *, at_once: bool = False) -> Iterator[Piece]:
    """Pieces of a text that comes in blocks; `at_once` hands on every line as soon as it is complete."""
    held: list[bytes] = []
    held_size = offset = 0
    mid_line = searched = False  # searched: what is held has `size` bytes or more and no place to cut
    for block in blocks:
        if searched:  # look at the new bytes only, or a line of 100 MB would be searched a hundred times
            tail = b"".join(held[-LONGEST_CUT:])[-LONGEST_CUT:] + block
            searched = next_cut(tail, 0, len(tail)) < 0
        held.append(block)
        held_size += len(block)
        if searched and held_size > LONGEST_PIECE:
            searched = False
        if searched or not (held_size >= size or (at_once and b"\n" in block)):
            continue
        buffer = b"".join(held)
        data = np.frombuffer(buffer, dtype=np.uint8)
        complete = buffer.rfind(b"\n") + 1 if at_once else 0
        at = 0
        while at < complete or len(buffer) - at >= size:
            end = last_cut(buffer, at, min(at + size, complete)) if at < complete else -1
            if end < 0:
                end = find_cut(buffer, at, size, len(buffer))
            if end < 0:
                searched = True
                break
            yield data[at:end], offset + at, mid_line
            mid_line = buffer[end - 1] != LINE_END
            at = end
        held = [buffer[at:]]
        held_size = len(buffer) - at
        offset += at
    if held_size:
        yield np.frombuffer(b"".join(held), dtype=np.uint8), offset, mid_line


def find_cut(buffer: bytes | mmap.mmap, at: int, size: int, end: int) -> int:
    """Where the piece that starts at `at` ends: before `size` bytes if it can, or soon after; -1 for nowhere yet."""
    cut = last_cut(buffer, at, min(at + size, end))
    if cut < 0:
        cut = next_cut(buffer, max(at, at + size - LONGEST_CUT), min(at + LONGEST_PIECE, end))
    if cut < 0 and end - at > LONGEST_PIECE:
        cut = at + LONGEST_PIECE
        while cut > at + LONGEST_PIECE - 4 and buffer[cut] & 0xC0 == 0x80:
            cut -= 1
    return cut


def last_cut(buffer: bytes | mmap.mmap, start: int, stop: int) -> int:
    """The end of the last line in `start:stop`, or of the last part of a line, or -1."""
    line_end = buffer.rfind(b"\n", start, stop)
    if line_end >= 0:
        return line_end + 1
    width = 1 << 12
    while True:
        begin = max(start, stop - width)
        end = max((match.end() for match in LINE_CUT.finditer(buffer, begin, stop)), default=-1)
        if end >= 0 or begin == start:
            return end
        width <<= 4


def next_cut(buffer: bytes | mmap.mmap, start: int, stop: int) -> int:
    """The end of the first line, or part of a line, that ends in `start:stop`, or -1."""
    match = ANY_CUT.search(buffer, start, stop)
    return match.end() if match else -1

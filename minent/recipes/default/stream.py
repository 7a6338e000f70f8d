"""The coded stream, cut again into fixed shards that do not depend on how it arrived."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from minent.kernels.sample import narrow

Chunk: TypeAlias = tuple[NDArray[np.int32], NDArray[np.int64]]
"""A piece of the coded stream: units, and the places (in units of this chunk) before which a line ends."""

Chunks: TypeAlias = Callable[[], Iterable[Chunk]]
"""Called once per pass over the text; yields the same coded stream every time, in any pieces."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Shard:
    """A piece of the text between two separators.

    units: uint16[n], 0 = separator; line_ends: int64[m], ascending places before which a line ends;
    offset: place of units[0] in the whole text.
    """

    units: NDArray[np.uint16]
    line_ends: NDArray[np.int64]
    offset: int


def cut_shards(chunks: Chunks, size: int, longest_segment: int) -> Iterator[Shard]:
    """Cut the stream into shards of at most `size` units, after the last line end that fits.

    Where no line ends inside `size` units the cut is after the last separator.  Segments of more than
    `longest_segment` units (below `size`) get separators inside.
    """
    waiting: list[NDArray[np.uint16]] = []
    waiting_ends: list[NDArray[np.int64]] = []
    held = 0
    offset = 0
    for units, line_ends in narrowed(chunks, longest_segment):
        waiting.append(units)
        waiting_ends.append(line_ends + held)
        held += units.size
        if held <= size:
            continue
        joined, ends = np.concatenate(waiting), np.concatenate(waiting_ends)
        start = 0
        while held - start > size:
            cut = _last_cut(joined, ends, start, start + size)
            inside = ends[(ends > start) & (ends <= cut)] - start
            yield Shard(joined[start:cut], inside, offset + start)
            start = cut
        waiting, waiting_ends = [joined[start:]], [ends[ends > start] - start]
        held -= start
        offset += start
    if held:
        ends = np.concatenate(waiting_ends)
        yield Shard(np.concatenate(waiting), ends[ends > 0], offset)


def _last_cut(units: NDArray[np.uint16], ends: NDArray[np.int64], start: int, limit: int) -> int:
    """The last line end in (start, limit], or else the place after the last separator before `limit`."""
    line = int(np.searchsorted(ends, limit, side="right")) - 1
    if line >= 0 and ends[line] > start:
        return int(ends[line])
    return start + int(np.flatnonzero(units[start:limit] == 0)[-1]) + 1


def narrowed(chunks: Chunks, longest: int) -> Iterator[tuple[NDArray[np.uint16], NDArray[np.int64]]]:
    """The stream in 16 bits, with separators inside segments of more than `longest` units."""
    run = 0
    for units, line_ends in chunks():
        narrow_units = np.empty(units.size + units.size // longest + 1, np.uint16)
        narrow_ends = np.empty(line_ends.size, np.int64)
        written, run = narrow(units, line_ends, run, longest, narrow_units, narrow_ends)
        yield narrow_units[:written], narrow_ends


def map_in_order(function: Callable[[Shard], Result], shards: Iterable[Shard], jobs: int) -> Iterator[Result]:
    """Apply `function` to every shard in `jobs` threads; results come in the order of the shards.

    At most `jobs` + 1 shards are held at a time.
    """
    if jobs == 1:
        yield from map(function, shards)
        return
    running: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(jobs) as pool:
        for shard in shards:
            running.append(pool.submit(function, shard))
            if len(running) > jobs:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()

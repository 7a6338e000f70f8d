"""The fixed shards of the default recipe on a cluster: the same cuts as `stream.cut_shards` finds one after another.

Where a shard ends depends on where it begins, so the cuts are found here, in the order of the text. What is needed for
that is little: the lengths of the coded pieces, and the line ends near the places where cuts are expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.distributed.counts import as_shard
from minent.engines.rows import INVALID, Row, Rows, Shared
from minent.recipes.default.stream import Shard, narrowed
from minent.recipes.sampled import coded_chunk

EXPECTED = 1000  # cuts that are looked for at once
MARGIN = 1 << 14  # units by which a cut may be earlier than expected, beside what adds up

Ends = NDArray[np.int64]


@dataclass(frozen=True)
class CodedPieces:
    """The coded pieces of a text, kept by the cluster.

    places : int64[n], rising;  starts : int64[n + 1] — of each piece in the coded stream, and its end
    units : units without separators
    """

    rows: Rows
    places: NDArray[np.int64]
    starts: NDArray[np.int64]
    units: int

    @classmethod
    def read(cls, pieces: Rows, alphabet: Shared[Any], longest_segment: int) -> CodedPieces:
        """Code the pieces of a text."""
        rows = pieces.map(_Code(alphabet, longest_segment)).kept()
        sizes = sorted(rows.map(_sizes).collect(), key=lambda row: row.place)
        lengths = np.array([row.key for row in sizes], dtype=np.int64)
        places = np.array([row.place for row in sizes], dtype=np.int64)
        units = sum(int.from_bytes(row.data, "little") for row in sizes)
        return cls(rows, places, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]), units)

    def chunks(self) -> list[tuple[NDArray[np.int32], NDArray[np.int64]]]:
        """The whole coded stream, here."""
        rows = sorted(self.rows.collect(), key=lambda row: row.place)
        return [(units.astype(np.int32), ends) for units, ends in (unpack(row.data) for row in rows)]

    def shards(self, share: Callable[[Any], Shared[Any]], size: int, longest_segment: int) -> Rows:
        """The text again, in shards of at most `size` units: rows for `read_coded_shards`, kept by the cluster."""

        def look(windows: NDArray[np.int64], separators: bool) -> Ends:
            found = self.rows.map(_Look(share((self.places, self.starts, windows)), separators)).collect()
            return np.unique(np.concatenate([np.empty(0, np.int64), *(np.frombuffer(r.data, np.int64) for r in found)]))

        cuts = find_cuts(int(self.starts[-1]), size, longest_segment, look)
        rows = self.rows.map(_Slice(share((self.places, self.starts, cuts)))).exchanged(ordered=True).kept()
        return rows


def find_cuts(
    total: int, size: int, longest: int, look: Callable[[NDArray[np.int64], bool], Ends]
) -> NDArray[np.int64]:
    """Where the shards of a stream of `total` units start, and where the last one ends.

    look : from windows, int64[m, 2] (first, last), to the line ends in them, or to the separators' ends; rising
    """
    cuts = [0]
    drift = 0.0  # units by which a shard is shorter than `size`, about
    while total - cuts[-1] > size:
        start = cuts[-1]
        steps = np.arange(1, min(EXPECTED, (total - start - 1) // size) + 1)
        last = start + steps * size
        first = np.maximum(last - (2 * drift * (steps - 1)).astype(np.int64) - MARGIN, start + 1)
        first[1:] = np.maximum(first[1:], last[:-1] + 1)
        ends = look(np.column_stack([first, last]), False)
        found = _advance(cuts, ends, first, last, total, size)
        if not found:  # no line end where we have looked
            limit = np.array([[start + 1, start + size]], dtype=np.int64)
            if not _advance(cuts, look(limit, False), limit[:, 0], limit[:, 1], total, size):
                near = np.array([[max(start + 1, start + size - longest), start + size]], dtype=np.int64)
                cuts.append(int(look(near, True)[-1]))
        else:
            drift = max(drift, size - (cuts[-1] - start) / found)
    return np.array([*cuts, total], dtype=np.int64)


def _advance(
    cuts: list[int], ends: Ends, first: NDArray[np.int64], last: NDArray[np.int64], total: int, size: int
) -> int:
    """Append the cuts that the line ends in some windows tell; returns how many."""
    found = 0
    while total - cuts[-1] > size:
        limit = cuts[-1] + size
        window = int(np.searchsorted(first, limit, side="right")) - 1
        at = int(np.searchsorted(ends, limit, side="right")) - 1
        if window < 0 or limit > last[window] or at < 0 or ends[at] < first[window] or ends[at] <= cuts[-1]:
            break
        cuts.append(int(ends[at]))
        found += 1
    return found


def read_coded_shards(rows: Iterator[Row]) -> Iterator[Shard]:
    """The shards of one task, from the slices of pieces that make them (key: where a shard starts)."""
    units: list[NDArray[np.uint16]] = []
    ends: list[Ends] = []
    start = -1
    for row in rows:
        if row.key != start and units:
            yield Shard(np.concatenate(units), np.concatenate(ends), start)
            units, ends = [], []
        start = row.key
        some, some_ends = unpack(row.data)
        units.append(some)
        ends.append(some_ends)
    if units:
        yield Shard(np.concatenate(units), np.concatenate(ends), start)


def pack(units: NDArray[np.uint16], ends: Ends) -> bytes:
    """Units and line ends as bytes."""
    return b"".join([np.int64(len(ends)).tobytes(), ends.astype(np.int64).tobytes(), units.tobytes()])


def unpack(data: bytes | memoryview) -> tuple[NDArray[np.uint16], Ends]:
    """Units and line ends from bytes."""
    aligned = bytes(data)
    count = int(np.frombuffer(aligned, np.int64, 1)[0])
    return np.frombuffer(aligned, np.uint16, -1, 8 * (count + 1)), np.frombuffer(aligned, np.int64, count, 8)


@dataclass(frozen=True)
class _Code:
    alphabet: Shared[Any]
    longest_segment: int

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            if row.key != INVALID:
                chunk = coded_chunk(self.alphabet.value, as_shard(row))
                for units, ends in narrowed(lambda chunk=chunk: [chunk], self.longest_segment):  # type: ignore[misc]
                    yield Row(0, row.place, pack(units, ends))


def _sizes(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        units, _ = unpack(row.data)
        yield Row(len(units), row.place, int(np.count_nonzero(units)).to_bytes(8, "little"))


@dataclass(frozen=True)
class _Look:
    """From coded pieces to their line ends, or the ends of their separators, inside windows of the stream."""

    shared: Shared[Any]
    separators: bool

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        places, starts, windows = self.shared.value
        for row in rows:
            piece = int(np.searchsorted(places, row.place))
            before = int(np.searchsorted(windows[:, 1], starts[piece]))
            if before == len(windows) or windows[before, 0] > starts[piece + 1]:
                continue
            units, ends = unpack(row.data)
            if self.separators:
                ends = np.flatnonzero(units == 0) + 1
            ends = ends + starts[piece]
            window = np.minimum(np.searchsorted(windows[:, 1], ends), len(windows) - 1)
            inside = (windows[window, 0] <= ends) & (ends <= windows[window, 1])
            if inside.any():
                yield Row(0, 0, ends[inside].astype(np.int64).tobytes())


@dataclass(frozen=True)
class _Slice:
    """From coded pieces to their parts in each shard (key: where the shard starts)."""

    shared: Shared[Any]

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        places, starts, cuts = self.shared.value
        for row in rows:
            start = int(starts[int(np.searchsorted(places, row.place))])
            units, ends = unpack(row.data)
            ends = ends + start
            first = max(int(np.searchsorted(cuts, start)) - 1, 0)  # a line end at its start is that of the one before
            last = int(np.searchsorted(cuts, start + len(units)))
            for begin, end in zip(cuts[first:last].tolist(), cuts[first + 1 : last + 1].tolist(), strict=True):
                some = units[max(begin - start, 0) : max(end - start, 0)]
                inside = ends[(ends > begin) & (ends <= end)] - begin
                if len(some) or len(inside):
                    yield Row(begin, row.place, pack(some, inside))

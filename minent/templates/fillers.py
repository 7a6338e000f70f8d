"""What fills the slots of templates in a corpus: its equivalence classes of words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.kernels.template_fillers import (
    build_trie,
    count_filler_buckets,
    count_fillers,
    count_slot_fillers,
    find_fillers,
    intern_entries,
)
from minent.memory import Memory
from minent.spill import SpillingInterner
from minent.tables import Counter, Interner
from minent.templates.edges import Edges
from minent.templates.streams import WordStream, sentences, sort_key
from minent.templates.template import Element
from minent.templates.template_set import Filler

BUCKET_BITS = 25  # a byte each, for all workers together
FEW_EVENTS = 1 << 21  # so many fillers are counted at once, without buckets
MOST_PATHS = 10_000  # of a component that is looked at for fillers

Lists = dict[int, tuple[Filler, ...]]
Found = Callable[[NDArray[np.int32]], tuple[NDArray[np.int32], NDArray[np.int64]]]
"""From a block of a stream to words, and fillers among them: int64[n, 3] — number of a slot, start, stop."""


def gather_fillers(
    text: WordStream[Any], found: Found, expected: float, top: int, memory: Memory | None = None
) -> Lists:
    """The `top` most frequent fillers of each slot that has any, by falling count, then by text.

    expected : how many fillers there are at most. Those that were seen once are left out.
    memory : of all workers; None: that of the text
    Memory: 32 MiB, and about 80 bytes for each filler that was seen twice. With a limit the former are a quarter of it
    at most, and the latter spill.
    """

    def bound(buckets: NDArray[np.uint8], stream: NDArray[np.int32]) -> None:
        for piece in sentences(stream):
            words, some = found(piece)
            count_filler_buckets(words, some, len(some), buckets)

    def add_up(buckets: NDArray[np.uint8], other: NDArray[np.uint8]) -> None:
        np.add(buckets, other, out=buckets)  # at most 2 a worker: see MOST_WORKERS

    size = (1 << BUCKET_BITS) // max(text.jobs, 1)
    memory = memory or text.memory
    share = memory.share(text.jobs)
    if share is not None:
        size = min(size, share // 4)
    size = 1 << max(16, size.bit_length() - 1)
    if expected <= FEW_EVENTS:
        buckets = np.full(1, 2, dtype=np.uint8)
    else:
        buckets = text.fold(lambda: np.zeros(size, dtype=np.uint8), bound, add_up, "bound fillers")

    def count(fillers: _Fillers | _SpillingFillers, stream: NDArray[np.int32]) -> None:
        for piece in sentences(stream):
            fillers.add(*found(piece), buckets)

    if share is None:
        return text.fold(_Fillers, count, _Fillers.merge, "fillers").lists(text.words, top)
    left, folder = share - buckets.nbytes // text.jobs, memory.temp_dir
    spilling = text.fold(lambda: _SpillingFillers(left, folder), count, _SpillingFillers.merge, "fillers")
    return spilling.lists(text.words, top)


class _Fillers:
    """Counts of fillers: spans by entry, occurrences by slot << 32 | entry."""

    def __init__(self) -> None:
        self.spans = Interner(np.int32)
        self.counter = Counter()

    def add(self, stream: NDArray[np.int32], events: NDArray[np.int64], buckets: NDArray[np.uint8]) -> None:
        """Count the fillers of a block."""
        spans, at = self.spans, 0
        while True:
            at = count_fillers(
                stream, events, at, len(events), buckets, spans.runs, spans.entries, spans.state,
                self.counter.table, self.counter.used,
            )  # fmt: skip
            if at == len(events):
                return
            self.counter.grow(2 * len(self.counter))
            spans.grow(int(events[at, 2] - events[at, 1]))

    def merge(self, other: _Fillers) -> None:
        """Add the counts of another worker."""
        numbers, at, spans = np.empty(len(other.spans), dtype=np.int64), 0, self.spans
        while True:
            at = intern_entries(
                spans.runs, spans.entries, spans.state, other.spans.content, other.spans.entries, numbers, at
            )
            if at == len(numbers):
                break
            start = int(other.spans.entries[at - 1, 1]) if at else 0
            spans.grow(int(other.spans.entries[at, 1]) - start)
        keys, counts = other.counter.items()
        keys = (keys >> 32 << 32) | numbers[keys & 0xFFFFFFFF]
        self.counter.merge(Counter.from_items(keys, counts))

    def lists(self, words: list[Element], top: int) -> Lists:
        """The `top` most frequent fillers of each slot that has any."""
        keys, counts = self.counter.items()
        return _lists(keys >> 32, counts, keys & 0xFFFFFFFF, self.spans, 0, words, top)


class _SpillingFillers:
    """Counts of fillers in a table that spills: the number of the slot, then the words."""

    def __init__(self, share: int, folder: str | None) -> None:
        self.table = SpillingInterner(np.int32, share, folder)

    def add(self, stream: NDArray[np.int32], events: NDArray[np.int64], buckets: NDArray[np.uint8]) -> None:
        """Count the fillers of a block."""
        table, at = self.table, 0
        filler = np.empty(1 + int((events[:, 2] - events[:, 1]).max(initial=0)), dtype=np.int32)
        while True:
            at = count_slot_fillers(
                stream, events, at, len(events), buckets, table.runs, table.entries, table.counts, table.state, filler
            )
            if at == len(events):
                return
            table.grow(len(filler))

    def merge(self, other: _SpillingFillers) -> None:
        """Add the counts of another worker."""
        self.table.merge(other.table)

    def lists(self, words: list[Element], top: int) -> Lists:
        """The `top` most frequent fillers of each slot that has any."""
        lists: Lists = {}
        for part in self.table.parts():
            entries = np.arange(len(part))
            slots = part.content[np.append(0, part.ends())[:-1]].astype(np.int64)
            for slot, some in _lists(slots, part.counts[: len(part)], entries, part, 1, words, top).items():
                lists[slot] = tuple(sorted((*lists.get(slot, ()), *some), key=_rank)[:top])
        return lists


@dataclass(frozen=True)
class FillerFinder:
    """Looks for the fillers of some templates.

    gather : see `gather_fillers`, over the text
    content : int32[n] — word numbers, 0 for a slot;  ends, counts : int64[m] — where each template ends, occurrences
    most_paths : components with more paths are passed over;  longest : words of the longest filler that is counted
    """

    gather: Callable[[Found, float, int], Lists]
    edges: Edges
    content: NDArray[np.int32]
    ends: NDArray[np.int64]
    counts: NDArray[np.int64]
    most_paths: int
    longest: int

    def find(self, top: int) -> list[tuple[tuple[Filler, ...], ...]]:
        """For each template and each slot the `top` most frequent fillers, as `gather_fillers` finds them."""
        slots_before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(self.content == 0)])
        slot_ends = slots_before[self.ends]
        first_slots = np.concatenate([np.zeros(1, dtype=np.int64), slot_ends])[:-1]
        lists = self._count(first_slots, slot_ends - first_slots, top) if self.content.size else {}
        return [
            tuple(lists.get(slot, ()) for slot in range(first, stop))
            for first, stop in zip(first_slots.tolist(), slot_ends.tolist(), strict=True)
        ]

    def _count(self, first_slots: NDArray[np.int64], slots: NDArray[np.int64], top: int) -> Lists:
        table = np.full(2 << max(4, (len(self.content) * 8 // 5).bit_length()), -1, dtype=np.int64)
        finals = np.full(2 * (len(self.content) + 1), -1, dtype=np.int64)
        build_trie(self.content, self.ends, first_slots, table, finals)
        strong, window = self.edges.tables(), self.edges.settings.window
        limits = np.array([min(self.most_paths, MOST_PATHS), self.longest], dtype=np.int64)

        expected = float(self.counts.astype(np.float64) @ slots)
        return self.gather(_Events(window, strong, limits, table, finals), expected, top)


@dataclass(frozen=True)
class _Events:
    """Finds the fillers in a block of a stream. Can be pickled."""

    window: int
    strong: tuple[NDArray[np.uint8], NDArray[np.int64]]
    limits: NDArray[np.int64]
    table: NDArray[np.int64]
    finals: NDArray[np.int64]

    def __call__(self, stream: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        found, at, room = [np.empty((0, 3), dtype=np.int64)], 0, max(len(stream), 64)
        trie = (self.table, self.finals)
        while at < len(stream):
            some = np.empty((room, 3), dtype=np.int64)
            at, number = find_fillers(stream, at, self.window, self.strong, self.limits, trie, some)
            found.append(some[:number])
            room *= 1 if number else 2
        return stream, np.concatenate(found)


def _rank(filler: Filler) -> tuple[Any, ...]:
    """The most frequent ones first; of equals the text decides."""
    return -filler.count, tuple(map(sort_key, filler.words))


def _lists(
    slots: NDArray[np.int64],
    counts: NDArray[np.int64],
    entries: NDArray[np.int64],
    spans: Interner,
    skipped: int,
    words: list[Element],
    top: int,
) -> Lists:
    """The most frequent fillers of each slot that has any. skipped : elements at the start of each entry"""
    often = counts > 1
    slots, counts, entries = slots[often], counts[often], entries[often]
    order = np.lexsort((-counts, slots))
    slots, counts, entries = slots[order], counts[order], entries[order]
    starts = np.flatnonzero(np.diff(slots, prepend=-1))
    ends = spans.ends().tolist()
    lists = {}
    for start, stop in zip(starts.tolist(), np.append(starts, len(slots))[1:].tolist(), strict=True):
        last = stop
        if stop - start > top:  # the last that is kept may tie with others: the text decides
            last = start + int(np.searchsorted(-counts[start:stop], -counts[start + top - 1], side="right"))
        some = []
        for entry, count in zip(entries[start:last].tolist(), counts[start:last].tolist(), strict=True):
            span = spans.content[(ends[entry - 1] if entry else 0) + skipped : ends[entry]]
            some.append(Filler(tuple(words[number] for number in span.tolist()), count))
        some.sort(key=_rank)
        lists[int(slots[start])] = tuple(some[:top])
    return lists

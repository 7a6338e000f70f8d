"""Templates found again in the word stream; what fills their slots, counted.

Fillers are counted twice, as skip-grams are (kernels/skipgram.py): in buckets first, so that of the many that occur
only once hardly one is ever stored.
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel
from minent.kernels.intern import find_run, hash_step, intern_run
from minent.kernels.patterns import link_words, new_graph, sentence_end
from minent.kernels.pieces import hash_units
from minent.kernels.table import add_value, find_value

TWICE = np.uint8(2)


@kernel
def build_trie(content, ends, slot_numbers, table, finals):
    """Put templates into a trie of labels (kernels/patterns.py).

    content : int32[n] — words, 0 for a slot;  ends : int64[m];  slot_numbers : int64[m] — number of its first slot
    table : int64[2 · slots], empty (kernels/table.py), in and out — node << 32 | label → node; the root is 0
    finals : int64[2 · nodes], out, filled with −1 — slot number of the template that ends here, by whether in a slot

    Returns the number of nodes.
    """
    nodes = 1
    start = np.int64(0)
    for k in range(len(ends)):
        node = np.int64(0)
        slot = 0
        for at in range(start, ends[k]):
            if content[at] == 0:
                slot = 1
                continue
            key = (node << 32) | (np.int64(content[at]) << 1) | slot
            child = find_value(table, key)
            if child < 0:
                child = np.int64(nodes)
                add_value(table, key, child)
                nodes += 1
            node = child
            slot = 0
        finals[2 * node + slot] = slot_numbers[k]
        start = ends[k]
    return nodes


@kernel
def find_fillers(stream, at, window, strong, limits, trie, events):
    """Find the occurrences of templates in the sentences from `at` on.

    strong : see `link_words`;  trie : (table, finals) of `build_trie`
    limits : (paths, words) — components with more paths have no templates, longer fillers are passed over
    events : int64[room, 3], out — number of a slot, and where in the stream its filler starts and stops

    Returns (position reached: len(stream), or the start of a sentence for which there is no room; events).
    """
    most_paths, longest = limits
    table, finals = trie
    graph = new_graph(1 << 10)
    path = np.empty((3, 1 << 10), dtype=np.int64)
    number = 0
    while at < len(stream):
        size = sentence_end(stream, at) - at
        if size > path.shape[1]:
            graph = new_graph(2 * size)
            path = np.empty((3, 2 * size), dtype=np.int64)
        places, nodes, pending = path[0], path[1], path[2]
        link_words(stream, at, size, window, strong, graph)
        edges, _, totals, roots, _, _, entered = graph
        before = number
        for source in range(size):
            if entered[source] != 0 or totals[roots[source]] > most_paths:
                continue
            if edges[source] == 0 and source != 0 and source != size - 1:  # trivial
                continue
            node = find_value(table, (np.int64(stream[at + source]) << 1) | np.int64(source > 0))
            depth = 0
            places[0], nodes[0], pending[0] = source, node, edges[source] if node >= 0 else 0
            while depth >= 0:
                place = places[depth]
                if edges[place] == 0:
                    slot = finals[2 * nodes[depth] + np.int64(place < size - 1)]
                    if slot >= 0:
                        if number + depth + 2 > len(events):
                            return at, before
                        last = np.int64(-1)
                        for k in range(depth + 2):
                            here = places[k] if k <= depth else size
                            if here - last > 1:
                                if here - last - 1 <= longest:
                                    events[number, 0] = slot
                                    events[number, 1] = at + last + 1
                                    events[number, 2] = at + here
                                    number += 1
                                slot += 1
                            last = here
                if pending[depth] == 0:
                    depth -= 1
                    continue
                after = place + 1
                bit = np.int64(1)
                while pending[depth] & bit == 0:
                    bit <<= 1
                    after += 1
                pending[depth] ^= bit
                label = (np.int64(stream[at + after]) << 1) | np.int64(after > place + 1)
                node = find_value(table, (nodes[depth] << 32) | label)
                if node >= 0:
                    depth += 1
                    places[depth], nodes[depth], pending[depth] = after, node, edges[after]
        at += size + 1
    return at, number


@kernel
def filler_bucket(stream, start, stop, slot, buckets):
    """The bucket of a filler of a slot; their number is a power of two."""
    code = hash_step(hash_units(stream, start, stop), slot)
    return np.int64((code * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(24)) & (buckets - 1)


@kernel
def count_filler_buckets(stream, events, number, buckets):
    """Count fillers in buckets, up to two. buckets : uint8[power of two], in and out."""
    for k in range(number):
        bucket = filler_bucket(stream, events[k, 1], events[k, 2], events[k, 0], len(buckets))
        if buckets[bucket] < TWICE:
            buckets[bucket] += np.uint8(1)


@kernel
def count_fillers(stream, events, k, number, buckets, runs, entries, state, table, used):
    """Count the fillers `events[k:number]` whose bucket holds two or more.

    runs, entries, state : table of int32 content for the fillers (kernels/intern.py)
    table, used : counter (kernels/table.py) under slot << 32 | entry

    Returns the event reached: `number`, or one for which a table has no room.
    """
    limit = (len(table) >> 1) * 5 // 8
    while k < number:
        slot, start, stop = events[k, 0], events[k, 1], events[k, 2]
        if buckets[filler_bucket(stream, start, stop, slot, len(buckets))] >= TWICE:
            entry = intern_run(runs, entries, state, stream, start, stop, hash_units(stream, start, stop))
            if entry < 0 or used[0] >= limit:
                return k
            used[0] += add_value(table, (slot << 32) | entry, 1)
        k += 1
    return k


@kernel
def count_slot_fillers(stream, events, k, number, buckets, runs, entries, counts, state, filler):
    """Count the fillers `events[k:number]` whose bucket holds two or more, each with its slot.

    runs, entries, counts, state : table of int32 content (kernels/intern.py): number of the slot, words
    filler : int32[], longer than any, scratch

    Returns the event reached: `number`, or one for which the table has no room.
    """
    while k < number:
        slot, start, stop = events[k, 0], events[k, 1], events[k, 2]
        if buckets[filler_bucket(stream, start, stop, slot, len(buckets))] >= TWICE:
            filler[0] = slot
            size = stop - start + 1
            for at in range(1, size):
                filler[at] = stream[start + at - 1]
            entry = intern_run(runs, entries, state, filler, 0, size, hash_units(filler, 0, size))
            if entry < 0:
                return k
            counts[entry] += 1
        k += 1
    return k


@kernel
def intern_entries(runs, entries, state, other_content, other_entries, numbers, k):
    """Find or make the entries of another table in this one.

    numbers : int64[m], out — entry here of each entry there;  k : the entry there to go on with
    Returns the entry reached: m, or one for which there is no room.
    """
    while k < len(numbers):
        start = np.int64(other_entries[k - 1, 1]) if k > 0 else np.int64(0)
        stop = np.int64(other_entries[k, 1])
        entry = intern_run(runs, entries, state, other_content, start, stop, other_entries[k, 0])
        if entry < 0:
            return k
        numbers[k] = entry
        k += 1
    return k


@kernel
def find_entries(runs, entries, other_content, other_entries, numbers):
    """Find the entries of another table in this one. numbers : int64[m], out — entry here, −1 if it is not here"""
    start = np.int64(0)
    for k in range(len(numbers)):
        stop = np.int64(other_entries[k, 1])
        numbers[k] = find_run(runs, entries, other_content, start, stop, other_entries[k, 0])
        start = stop

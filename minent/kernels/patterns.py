"""Strong edges of sentences → connected components; components → the paths that occur often, each with its exact count.

The strong skip-grams of a sentence are the edges of an acyclic graph over its words. A path of the graph from a source
to a sink is a template (kexue.fm/archives/5577). A word without an edge is a path of its own and counted at once; all
others lie in components of two words or more, and of these only the distinct ones are kept, with their counts:

component int32[1 + 2 k] — flags (1: its first word begins the sentence, 2: its last word ends it), then for each of its
    k words its number and its links: bit d − 1 for an edge to the d-th next word of the component, and ADJACENT if the
    edge to the next one leaves no gap. Words between them, which no edge touches, are forgotten.

A label is a step of a path: word << 1 | whether there is a slot before it.
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel
from minent.kernels.intern import intern_run
from minent.kernels.pieces import hash_units
from minent.kernels.table import find_slot

ADJACENT = np.int64(1 << 30)
FULL = np.int64(1 << 61)  # counts do not grow beyond
BEGINS, ENDS = 1, 2  # flags of a component
SOURCE, SLOT_BEFORE, SLOT_AFTER = 1, 2, 4  # what is true of a word of a component
PATHS, LEFT_OUT, COUNTED = 0, 1, 2  # places in `tally`


@kernel
def add_full(first, second):
    """The sum of two counts, at most FULL."""
    return min(first + second, FULL)


@kernel
def multiply_full(first, second):
    """The product of two counts, at most FULL."""
    return FULL if second != 0 and first > FULL // second else first * second


@kernel
def new_graph(size):
    """Room for the graph of a sentence of `size` words: see `link_words`."""
    edges, paths, totals = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    roots, following, latest = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int32)
    return edges, paths, totals, roots, following, latest, np.empty(size, np.uint8)


@kernel
def link_words(stream, start, size, window, strong, graph):
    """Build the graph of the sentence `stream[start:start + size]` from its strong edges.

    strong : (screen uint8[2^k] — not 0 where the key of a strong skip-gram falls, table with these keys)
    graph : out, for each word — edges int64 (bit d − 1: to the d-th next word), paths int64 (from it to any sink),
        totals int64 (paths of its component, at its root), roots int32 (first word of its component), following int32
        (next word of its component, `size` for none), latest int32 (scratch), entered uint8 (an edge leads to it)
    """
    edges, paths, totals, roots, following, latest, entered = graph
    screen, table = strong
    for at in range(size):
        roots[at] = at
        entered[at] = 0
        totals[at] = 0
        latest[at] = size
    for at in range(size):
        first = np.int64(stream[start + at]) << 32
        found = np.int64(0)
        for distance in range(1, min(window, size - 1 - at) + 1):
            key = first | np.int64(stream[start + at + distance])
            if screen[screen_place(key, len(screen))] != 0 and table[find_slot(table, key)] >= 0:
                found |= np.int64(1) << (distance - 1)
                entered[at + distance] = 1
                one, other = roots[at], roots[at + distance]
                while roots[one] != one:
                    one = roots[one]
                while roots[other] != other:
                    other = roots[other]
                roots[max(one, other)] = min(one, other)
        edges[at] = found
    for at in range(size):
        roots[at] = roots[roots[at]]  # those of earlier words are final
    for at in range(size - 1, -1, -1):
        count = np.int64(edges[at] == 0)
        left, after = edges[at], at + 1
        while left != 0:
            if left & 1:
                count = add_full(count, paths[after])
            left >>= 1
            after += 1
        paths[at] = count
        root = roots[at]
        if entered[at] == 0:
            totals[root] = add_full(totals[root], count)
        following[at] = latest[root]
        latest[root] = at


@kernel
def screen_place(key, size):
    """Where a skip-gram falls in a screen of `size` (a power of two) places."""
    return ((key >> 32) * 40503 + key) & (size - 1)


@kernel
def fill_screen(keys, screen):
    """Mark the places of these skip-grams."""
    for k in range(len(keys)):
        screen[screen_place(keys[k], len(screen))] = 1


@kernel
def sentence_end(stream, at):
    """Where the 0 after the sentence is that goes on at `at`."""
    while stream[at] != 0:
        at += 1
    return at


@kernel
def count_components(stream, at, window, strong, most_paths, singles, runs, entries, counts, state, tally):
    """Count the components of the sentences from `at` on, and their isolated words.

    most_paths : components with more paths are left out
    singles : int64[words + 1, 4], in and out — isolated words by 1 if they begin the sentence, + 2 if they end it
    runs, entries, counts, state : table of int32 content (kernels/intern.py)
    tally : int64[3], in and out — paths of all components counted, components left out, and how many components of
        the sentence at `at` have been counted already

    Returns the position reached: len(stream), or the start of a sentence for which the table has no room.
    """
    graph = new_graph(1 << 10)
    component = np.empty(1 << 12, dtype=np.int32)
    while at < len(stream):
        size = sentence_end(stream, at) - at
        if size > len(graph[0]):
            graph = new_graph(2 * size)
            component = np.empty(4 * size + 1, dtype=np.int32)
        link_words(stream, at, size, window, strong, graph)
        edges, _, totals, roots, following, ranks, entered = graph
        number = 0
        for first in range(size):
            if roots[first] != first or edges[first] == 0:
                continue
            number += 1
            if number <= tally[COUNTED]:
                continue
            if totals[first] > most_paths:
                tally[LEFT_OUT] += 1
                tally[COUNTED] += 1
                continue
            length = 0
            word = first
            while word < size:
                ranks[word] = length
                length += 1
                last = word
                word = following[word]
            component[0] = (BEGINS if first == 0 else 0) | (ENDS if last == size - 1 else 0)
            word = first
            for k in range(length):
                links = np.int64(0)
                left, after = edges[word], word + 1
                if left & 1:
                    links |= ADJACENT
                while left != 0:
                    if left & 1:
                        links |= np.int64(1) << np.int64(ranks[after] - k - 1)
                    left >>= 1
                    after += 1
                component[2 * k + 1] = stream[at + word]
                component[2 * k + 2] = links
                word = following[word]
            stop = 2 * length + 1
            entry = intern_run(runs, entries, state, component, 0, stop, hash_units(component, 0, stop))
            if entry < 0:
                return at
            counts[entry] += 1
            tally[PATHS] = add_full(tally[PATHS], totals[first])
            tally[COUNTED] += 1
        tally[COUNTED] = 0
        for word in range(size):
            if edges[word] == 0 and entered[word] == 0:
                singles[stream[at + word], np.int64(word == 0) | (np.int64(word == size - 1) << 1)] += 1
        at += size + 1
    return at


@kernel
def read_components(content, entries, number, words, links, owners, traits, bounds):
    """Lay the words of all components side by side.

    content, entries : the table;  number : its entries
    words : int32[n], out;  links : int32[n], out, with ADJACENT;  owners : int32[n], out — component of each word
    traits : uint8[n], out — SOURCE, SLOT_BEFORE, SLOT_AFTER
    bounds : int64[n], out — at least the number of paths from here to a sink that give one and the same template
    """
    node = 0
    start = np.int64(0)
    for entry in range(number):
        stop = np.int64(entries[entry, 1])
        flags = content[start]
        first = node
        length = (stop - start) // 2
        for k in range(length):
            words[node] = content[start + 2 * k + 1]
            links[node] = content[start + 2 * k + 2]
            owners[node] = entry
            traits[node] = SOURCE
            if k > 0 or flags & BEGINS == 0:
                traits[node] |= SLOT_BEFORE
            if k < length - 1 or flags & ENDS == 0:
                traits[node] |= SLOT_AFTER
            node += 1
        for at in range(node - 1, first - 1, -1):
            bounds[at] = np.int64(links[at] == 0)
            near = np.int64(links[at]) & ADJACENT != 0
            left, after = np.int64(links[at]) & ~ADJACENT, at + 1
            while left != 0:
                if left & 1:
                    traits[after] &= 0xFF ^ SOURCE
                    same = bounds[after]  # of all that lie behind a slot, those with the same word
                    also, other = left >> 1, after + 1
                    while also != 0 and not (near and after == at + 1):
                        if also & 1 and words[other] == words[after]:
                            same = add_full(same, bounds[other])
                        also >>= 1
                        other += 1
                    bounds[at] = max(bounds[at], same)
                left >>= 1
                after += 1
        start = stop
    return node


@kernel
def grow_patterns(nodes, weights, least, least_places, label_count, longest):
    """All templates that occur at least `least` times, in components that weigh at least `least_places`; with counts.

    nodes : (words, links, owners, traits, bounds), see `read_components`;  weights : int64[components]
    label_count : labels are below;  longest : words of the longest component

    A prefix of paths is held as its occurrences (last word, number of ways to it) and grown by one step at a time. It
    is dropped when Σ ways · bounds is below `least`, or the weight of its components below `least_places`: then no
    template that begins like it is frequent (PrefixSpan, Pei et al. 2001, with multiplicities). So the cost grows with
    the number of frequent prefixes, not with that of paths. Occurrences are always in the order of their components.

    Returns (content int32[] — templates one after the other, words and 0 for a slot; ends int64[m]; counts int64[m]).
    """
    words, links, owners, traits, bounds = nodes
    content, used = np.empty(1 << 12, dtype=np.int32), 0
    ends, counts, found = np.empty(1 << 10, dtype=np.int64), np.empty(1 << 10, dtype=np.int64), 0
    # occurrences, and the groups of them that wait: a stack, each group a range of occurrences
    place, ways = np.empty(len(words) + 16, dtype=np.int32), np.empty(len(words) + 16, dtype=np.int64)
    groups, waiting = np.empty((1 << 10, 4), dtype=np.int64), 0  # start, stop, depth, label
    path = np.empty(longest + 1, dtype=np.int64)
    # of the labels that follow the group at hand: which these are, their bounds, where their occurrences go
    slots = np.full(label_count, -1, dtype=np.int32)
    labels, label_bounds = np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int64)
    label_sizes, label_starts = np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int64)
    label_places, label_owners = np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int64)
    complete, places, owner_before = np.empty(2, np.int64), np.empty(2, np.int64), np.empty(2, np.int64)
    merged = np.zeros(2 * len(words), dtype=np.int64)  # of a word, by whether a slot is before it: its occurrence
    start, stop, depth = 0, len(words), 0  # the group of the empty path: every word, of which the sources count
    while True:
        number = 0
        sources = depth == 0
        complete[:], places[:], owner_before[:] = 0, 0, -1  # without and with a slot at the end
        size = 0
        for step in range(2):  # first the bounds, then the occurrences of what is frequent enough
            for k in range(start, stop):
                if sources:
                    owner = np.int64(owners[k])
                    way = weights[owner]
                    left, after = np.int64(traits[k] & SOURCE), k
                    near = traits[k] & SLOT_BEFORE == 0
                else:
                    node = place[k]
                    owner = np.int64(owners[node])
                    way = ways[k]
                    left, after = np.int64(links[node]) & ~ADJACENT, node + 1
                    near = np.int64(links[node]) & ADJACENT != 0
                    if step == 0 and left == 0:
                        variant = np.int64(traits[node] & SLOT_AFTER != 0)
                        complete[variant] = add_full(complete[variant], way)
                        if owner_before[variant] != owner:
                            owner_before[variant] = owner
                            places[variant] += weights[owner]
                while left != 0:
                    if left & 1:
                        label = (np.int64(words[after]) << 1) | np.int64(not near)
                        slot = slots[label]
                        if step == 0:
                            if slot < 0:
                                if number == len(labels):
                                    labels, label_bounds = widen(labels), widen(label_bounds)
                                    label_sizes, label_starts = widen(label_sizes), widen(label_starts)
                                    label_places, label_owners = widen(label_places), widen(label_owners)
                                slot = number
                                slots[label] = slot
                                labels[slot] = label
                                label_bounds[slot] = 0
                                label_sizes[slot] = 0
                                label_places[slot] = 0
                                label_owners[slot] = -1
                                number += 1
                            label_bounds[slot] = add_full(label_bounds[slot], multiply_full(way, bounds[after]))
                            label_sizes[slot] += 1
                            if label_owners[slot] != owner:
                                label_owners[slot] = owner
                                label_places[slot] += weights[owner]
                        elif label_bounds[slot] >= least:
                            where = merged[2 * after + np.int64(near)]
                            begin = label_starts[slot]
                            if begin <= where < begin + label_sizes[slot] and place[where] == after:
                                ways[where] = add_full(ways[where], way)
                            else:
                                where = begin + label_sizes[slot]
                                label_sizes[slot] += 1
                                merged[2 * after + np.int64(near)] = where
                                place[where] = after
                                ways[where] = way
                    near = False
                    left >>= 1
                    after += 1
            if step == 0:
                top = np.int64(0) if sources else stop
                size = top
                for slot in range(number):
                    label_starts[slot] = size
                    if label_places[slot] < least_places:
                        label_bounds[slot] = 0
                    if label_bounds[slot] >= least:
                        size += label_sizes[slot]
                    label_sizes[slot] = 0
                while size > len(place):
                    place, ways = widen(place), widen(ways)
        for slot in range(number):
            slots[labels[slot]] = -1
            if label_bounds[slot] >= least:
                if waiting == len(groups):
                    wider = np.empty((2 * waiting, 4), dtype=np.int64)
                    wider[:waiting] = groups
                    groups = wider
                groups[waiting, 0] = label_starts[slot]
                groups[waiting, 1] = label_starts[slot] + label_sizes[slot]
                groups[waiting, 2] = depth + 1
                groups[waiting, 3] = labels[slot]
                waiting += 1
        for variant in range(2):
            if depth > 0 and complete[variant] >= least and places[variant] >= least_places:
                while used + 2 * depth + 1 > len(content):
                    content = widen(content)
                if found == len(ends):
                    ends, counts = widen(ends), widen(counts)
                for k in range(depth):
                    if path[k] & 1:
                        content[used] = 0
                        used += 1
                    content[used] = path[k] >> 1
                    used += 1
                if variant == 1:
                    content[used] = 0
                    used += 1
                ends[found] = used
                counts[found] = complete[variant]
                found += 1
        if waiting == 0:
            break
        waiting -= 1
        start, stop, depth = groups[waiting, 0], groups[waiting, 1], groups[waiting, 2]
        path[depth - 1] = groups[waiting, 3]
    return content[:used], ends[:found], counts[:found]


@kernel
def widen(values):
    """The same values with twice the room."""
    wider = np.empty(2 * len(values), dtype=values.dtype)
    wider[: len(values)] = values
    return wider

"""One more step of all frequent prefixes of paths: what `patterns.grow_patterns` does, level by level.

So that components can be in many places: each tells what it adds to the steps behind the prefixes of one length, and
only sums decide which of them are frequent.
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel
from minent.kernels.patterns import ADJACENT, SLOT_AFTER, SLOT_BEFORE, SOURCE
from minent.kernels.table import find_slot, find_value

STEP, ENDING = 0, 1  # what a key stands for, in its lowest bit
PREFIX_BITS = 33


@kernel
def count_steps(nodes, weights, component, prefixes, tally):
    """Count the steps behind the newest prefixes in the components from `component` on.

    nodes : (words, links, owners, traits, bounds), see `patterns.read_components`;  weights : int64[components]
    prefixes : (trie, newest) — a table (kernels/table.py), node << 32 | label → node, of the frequent prefixes, whose
        root is 0; those of the last level are its nodes from `newest` on
    tally : (table, used, sums, owners), in and out — number of each key (kernels/table.py); int64[1], keys in use;
        int64[capacity, 2], Σ weight · bound of the steps, or Σ weight of the paths that end, and the weight of the
        components that have one; int64[capacity], the last of these components, filled with −1
        Keys: (prefix − newest) << PREFIX_BITS | label << 1 | STEP for one more step, and
        (prefix − newest) << PREFIX_BITS | whether a slot follows << 1 | ENDING where a path ends

    Returns the component reached: all, or the first for which there is no room.
    """
    owners = nodes[2]
    path = np.empty((3, 1 << 10), dtype=np.int64)
    start = np.searchsorted(owners, component)
    while component < len(weights):
        stop = start
        while stop < len(owners) and owners[stop] == component:
            stop += 1
        if stop - start > path.shape[1]:
            path = np.empty((3, 2 * (stop - start)), dtype=np.int64)
        span = (start, stop, np.int64(component), weights[component])
        # first see to it that every key has a number
        if not walk_component(nodes, span, prefixes, path, False, tally):
            return component
        walk_component(nodes, span, prefixes, path, True, tally)
        start = stop
        component += 1
    return component


@kernel
def walk_component(nodes, span, prefixes, path, add, tally):
    """Find the newest prefixes in one component; number the keys behind them, or add to them. False: no room.

    span : (first node, node behind the last, component, its weight);  path : int64[3, longest], scratch
    """
    words, links, _, traits, bounds = nodes
    start, stop, component, weight = span
    trie, newest = prefixes
    at_nodes, at_prefixes, pending = path[0], path[1], path[2]
    fits = True
    for source in range(start, stop):
        if traits[source] & SOURCE == 0:
            continue
        label = (np.int64(words[source]) << 1) | np.int64(traits[source] & SLOT_BEFORE != 0)
        if newest == 0:
            fits &= note_key((label << 1) | STEP, weight * bounds[source], weight, component, add, tally)
            continue
        prefix = find_value(trie, label)
        depth = 0 if prefix >= 0 else -1
        at_nodes[0], at_prefixes[0], pending[0] = source, prefix, np.int64(links[source]) & ~ADJACENT
        while depth >= 0:
            node, prefix = at_nodes[depth], at_prefixes[depth]
            if prefix >= newest:
                base = (prefix - newest) << PREFIX_BITS
                left, after = np.int64(links[node]) & ~ADJACENT, node + 1
                if left == 0:
                    key = base | (np.int64(traits[node] & SLOT_AFTER != 0) << 1) | ENDING
                    fits &= note_key(key, weight, weight, component, add, tally)
                while left != 0:
                    if left & 1:
                        key = base | (step_label(words[after], node, after, links[node]) << 1) | STEP
                        fits &= note_key(key, weight * bounds[after], weight, component, add, tally)
                    left >>= 1
                    after += 1
                depth -= 1
            elif pending[depth] == 0:
                depth -= 1
            else:
                after = node + 1
                bit = np.int64(1)
                while pending[depth] & bit == 0:
                    bit <<= 1
                    after += 1
                pending[depth] ^= bit
                child = find_value(trie, (prefix << 32) | step_label(words[after], node, after, links[node]))
                if child >= 0:
                    depth += 1
                    at_nodes[depth], at_prefixes[depth] = after, child
                    pending[depth] = np.int64(links[after]) & ~ADJACENT
    return fits


@kernel
def step_label(word, node, after, links):
    """The label of the step from a node to one after it."""
    return (np.int64(word) << 1) | np.int64(after > node + 1 or np.int64(links) & ADJACENT == 0)


@kernel
def note_key(key, value, weight, component, add, tally):
    """Number a key, or add to its sums. False: no room."""
    table, used, sums, owners = tally
    place = find_slot(table, key)
    fits = table[place] >= 0 or used[0] < min(len(owners), (len(table) >> 1) * 5 // 8)
    if fits and table[place] < 0:
        table[place] = key
        table[place + 1] = used[0]
        used[0] += 1
    if fits and add:
        number = table[place + 1]
        sums[number, 0] += value
        if owners[number] != component:
            owners[number] = component
            sums[number, 1] += weight
    return fits

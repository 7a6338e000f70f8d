"""Words → double-array trie: the coding of the words, the building of the trie and a step along it.

A node is 16 bytes, `base` int32, `check` int32, `log_prob` float64, so that a step touches one cache line. Kernels see
the same memory twice: `links` int32[4 n] (base at 4 s, check at 4 s + 1) and `values` float64[2 n] (at 2 s + 1).

The child of node s by code c is t = base[s] + c, if check[t] = s. There is no root: the node of the first code c is
node c, whether words begin with it or not, and its check is −1, as in unused nodes. A node without children has base 0,
so that a step from it ends at one of these. The value of a node that is no word is −inf.

Codes: 0 is what cannot be in a word, 1 a unit that is in none, 2 any number, 3 any Latin run, ≥ 4 the units of words.
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel
from minent.kernels.intern import hash_step, intern_run
from minent.kernels.scan import DIGIT, HASH_START, LATIN, decode, run_end
from minent.kernels.table import find_slot

REPEAT = 6  # class of code points, as in minent.corpus.units
UNKNOWN, NUMBER_CODE, LATIN_CODE, FIRST_CODE = 1, 2, 3, 4
WORD_END = 0xFF  # no byte of UTF-8

ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
ONE = np.uint64(1)


@kernel
def repeat_end(data, at, end, length):
    """Where the run of the character `data[at:at + length]` ends, and the hash of its bytes."""
    code = HASH_START
    stop = at
    same = True
    while same:
        for k in range(stop, stop + length):
            code = hash_step(code, data[k])
        stop += length
        same = stop + length <= end
        if same:
            for k in range(length):
                same &= data[stop + k] == data[at + k]
    return stop, code


@kernel
def encode_words(data, starts, first, classes, whole_runs, limit, runs, entries, state, stream, ends):
    """Write the words as sequences of preliminary codes, one after the other.

    A character is its code point; `<N>` is `limit`, `<L>` is limit + 1, a run is limit + 2 + its entry.

    data : uint8[n] — words in UTF-8, each followed by WORD_END;  starts : int64[words] — where each starts
    first : the word to go on with;  whole_runs : bool — a run of Latin letters or of digits is one unit
    limit : a word with a code point from here on is left out, as is one that is not valid UTF-8
    runs, entries, state — table of runs (kernels/intern.py) with uint8 content
    stream : int32[n], out;  ends : int64[words], out — where each word ends in it; one left out has no codes

    Returns the word reached: their number, or one with a run for which the table has no room.
    """
    for word in range(first, len(starts)):
        begin = ends[word - 1] if word > 0 else np.int64(0)
        size = begin
        at = starts[word]
        end = starts[word + 1] - 1 if word + 1 < len(starts) else len(data) - 1
        while at < end:
            if at + 2 < end and data[at] == 60 and data[at + 2] == 62 and (data[at + 1] == 78 or data[at + 1] == 76):
                stream[size] = limit if data[at + 1] == 78 else limit + 1
                size += 1
                at += 3
                continue
            point, length = decode(data, at, end)
            if point < 0 or point >= limit:
                size = begin
                break
            code = point
            kind = classes[point]
            if (whole_runs and (kind == LATIN or kind == DIGIT)) or kind == REPEAT:
                if kind == REPEAT:
                    stop, digest = repeat_end(data, at, end, length)
                else:
                    stop, digest = run_end(data, at, end, kind, classes)
                entry = intern_run(runs, entries, state, data, at, stop, digest)
                if entry < 0:
                    return word
                code = limit + 2 + entry
                length = stop - at
            stream[size] = code
            size += 1
            at += length
        ends[word] = size
    return len(starts)


@kernel
def insert_words(stream, ends, table, parents, codes, last_nodes):
    """Number the nodes of the trie: the root's children by their codes, the others in order of the words.

    stream : int32[n] — final codes;  ends : int64[words]
    table : int64[2 · slots], empty (kernels/table.py) — for (parent << 32 | code) the node
    parents, codes : int32[n + number of codes], out;  last_nodes : int64[words], out — 0 for a word without codes

    Returns the number of nodes; on entry, parents[0] is the number of codes.
    """
    nodes = np.int64(parents[0])
    for code in range(nodes):
        parents[code] = 0
        codes[code] = code
    begin = np.int64(0)
    for word in range(len(ends)):
        node = np.int64(0)
        if ends[word] > begin:
            node = np.int64(stream[begin])
        for at in range(begin + 1, ends[word]):
            place = find_slot(table, (node << 32) | np.int64(stream[at]))
            if table[place] < 0:
                table[place] = (node << 32) | np.int64(stream[at])
                table[place + 1] = nodes
                parents[nodes] = node
                codes[nodes] = stream[at]
                nodes += 1
            node = table[place + 1]
        last_nodes[word] = node
        begin = ends[word]
    return nodes


@kernel
def place_nodes(parents, codes, code_count, bases, slots):
    """Find a base for every node with children: the first of those tried at which all of them fall on free slots.

    parents, codes : int32[nodes];  code_count : the root's children are the nodes below
    bases, slots : int32[nodes], out

    Nodes are placed in the order of their numbers, that of the words: what is frequent comes to lie together. For each
    power of two of children the search goes on where it ended last, 64 bases at once in a bitmap of the used slots.
    Returns the number of slots.
    """
    nodes = len(parents)
    first_child = np.zeros(nodes + 1, dtype=np.int32)
    for node in range(code_count, nodes):
        first_child[parents[node] + 1] += 1
    for node in range(nodes):
        first_child[node + 1] += first_child[node]
    children = np.empty(nodes, dtype=np.int32)
    filled = first_child.copy()
    for node in range(code_count, nodes):
        children[filled[parents[node]]] = node
        filled[parents[node]] += 1

    used = np.zeros((2 * nodes + 2 * code_count) // 64 + 4, dtype=np.uint64)
    for slot in range(code_count):
        used[slot >> 6] |= ONE << np.uint64(slot & 63)
        slots[slot] = slot
    hints = np.zeros(32, dtype=np.int64)
    highest = code_count - 1
    for node in range(nodes):
        bases[node] = 0
        start, stop = first_child[node], first_child[node + 1]
        if start == stop:
            continue
        size_class = 0
        while (stop - start) >> size_class > 1:
            size_class += 1
        least = codes[children[start]]
        for k in range(start + 1, stop):
            least = min(least, codes[children[k]])
        group = hints[size_class]  # 64 slots for the child of the least code; slots below code_count are not free
        while True:
            if group * 64 + 64 + code_count > (len(used) - 2) * 64:
                wider = np.zeros(2 * len(used), dtype=np.uint64)
                wider[: len(used)] = used
                used = wider
            taken = np.uint64(0)
            for k in range(start, stop):
                slot = group * 64 + codes[children[k]] - least
                shift = np.uint64(slot & 63)
                taken |= (used[slot >> 6] >> shift) | ((used[(slot >> 6) + 1] << ONE) << (np.uint64(63) - shift))
                if taken == ALL:
                    break
            if taken != ALL:
                break
            group += 1
        hints[size_class] = group
        base = group * 64 - least
        while taken & ONE:
            taken >>= ONE
            base += 1
        bases[node] = base
        for k in range(start, stop):
            slot = base + codes[children[k]]
            slots[children[k]] = slot
            used[slot >> 6] |= ONE << np.uint64(slot & 63)
            highest = max(highest, slot)
    return highest + 1


@kernel
def fill_nodes(parents, bases, slots, last_nodes, word_values, unknown, code_count, links, values):
    """Write the nodes to their slots.

    parents, bases, slots : int32[nodes];  last_nodes : int64[words];  word_values : float64[words] — nats
    unknown : float64 — value of a unit that is no word
    links : int32[4 · slots], out, filled with −1;  values : float64[2 · slots], out, of the same memory
    """
    for node in range(len(slots)):
        slot = slots[node]
        links[4 * slot] = bases[node]
        if node < code_count:
            values[2 * slot + 1] = unknown
        else:
            links[4 * slot + 1] = slots[parents[node]]
            values[2 * slot + 1] = -np.inf
    values[1] = 0.0
    for word in range(len(last_nodes)):
        if last_nodes[word] > 0:
            values[2 * slots[last_nodes[word]] + 1] = word_values[word]


@kernel
def child(links, node, code):
    """The child of a node by a code; −1 if it has none."""
    below = np.int64(links[4 * node]) + code
    return below if links[4 * below + 1] == node else np.int64(-1)

"""The best analysis of a sentence by nested templates: a dynamic programme over (start, end, node of a trie).

Source: kexue.fm/archives/5577. A block, a span of words, is covered by one template, of which the words are its own and
each slot is a block again. Its score is ln p(template) plus the scores of these blocks. A block that no template covers
has a score for its length and one for each of its words.

trie : (table — node << 32 | word → node, the root is 0 (kernels/table.py); slots int32[nodes] — the node after a slot,
    or −1; values float64[nodes] — ln p of the template that ends here, in nats, or −inf)
plain : (by_length float64[n + 1], to float64[n + 1] — a block without template scores by_length[its words] + to[end] −
    to[start]; free — it may do so even if a template covers it, which the article does not allow)
states : partial matches that begin at one word — nodes int32, stops int32 (where they end), scores float64, parents
    int32
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel
from minent.kernels.patterns import sentence_end, widen
from minent.kernels.table import find_value


@kernel
def new_states(size):
    """Room for `size` states."""
    nodes, stops = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int32)
    return nodes, stops, np.empty(size, dtype=np.float64), np.empty(size, dtype=np.int32)


@kernel
def match_templates(words, start, last, trie, plain, best, states, marks):
    """All partial matches that begin at `start`, and with them the scores of the blocks from there.

    words : int32[n];  last : where the longest block ends
    best : float64[n, n + 1], in and out — score of the block (start, end), known of all blocks that begin later
    states : room for them;  marks : int32[nodes], scratch — a state of each node, or anything

    Returns (states, with more room if need be; their number).
    """
    table, slots, values = trie
    by_length, to, free = plain
    nodes, stops, scores, parents = states
    opened = np.empty(64, dtype=np.int32)  # states after which a slot may come
    open_count = 0
    nodes[0], stops[0], scores[0], parents[0] = 0, start, 0.0, -1
    first, size = 0, 1  # the states that end at `at` are those from `first` on
    at = start
    while True:
        while 3 * size - 2 * first + 2 * open_count + 4 > len(nodes):
            nodes, stops, scores, parents = widen(nodes), widen(stops), widen(scores), widen(parents)
        by_word = size
        if at > start:
            for k in range(open_count):
                parent = opened[k]
                begin = stops[parent]
                if begin == start:
                    continue  # a slot at the very beginning: below, when the score of its block is known
                node = slots[nodes[parent]]
                score = scores[parent] + best[begin, at]
                known = marks[node]
                if by_word <= known < size and nodes[known] == node:
                    if score > scores[known]:
                        scores[known] = score
                        parents[known] = parent
                else:
                    marks[node] = size
                    nodes[size], stops[size], scores[size], parents[size] = node, at, score, parent
                    size += 1
            score = -np.inf
            for state in range(first, size):
                score = max(score, scores[state] + values[nodes[state]])
            if free or score == -np.inf:
                score = max(score, by_length[at - start] + to[at] - to[start])
            best[start, at] = score
            if slots[0] >= 0:
                nodes[size], stops[size], scores[size], parents[size] = slots[0], at, best[start, at], 0
                size += 1
        if at == last:
            break
        for state in range(first, size):
            if slots[nodes[state]] >= 0:
                if open_count == len(opened):
                    opened = widen(opened)
                opened[open_count] = state
                open_count += 1
        until = size
        for state in range(first, until):
            node = find_value(table, (np.int64(nodes[state]) << 32) | np.int64(words[at]))
            if node >= 0:
                nodes[size], stops[size], scores[size], parents[size] = node, at + 1, scores[state], state
                size += 1
        first = until
        at += 1
    return (nodes, stops, scores, parents), size


@kernel
def parse_words(words, trie, plain, best, blocks):
    """The best analysis of a sentence; a tie goes to the template with more words of its own.

    words : int32[n], n ≥ 1, 0 for a word that no template has;  best : float64[n, n + 1], out
    blocks : int32[2 n, 3], out — start, end and node (−1 for no template) of each block, parents before children, these
        from left to right

    Returns the number of blocks.
    """
    _, slots, values = trie
    size = len(words)
    states = new_states(1 << 10)
    marks = np.empty(len(slots), dtype=np.int32)
    for start in range(size - 1, -1, -1):
        states, _ = match_templates(words, start, size, trie, plain, best, states, marks)
    waiting = np.empty((2 * size, 2), dtype=np.int32)
    waiting[0, 0], waiting[0, 1] = 0, size
    height, number = 1, 0
    while height > 0:
        height -= 1
        start, end = waiting[height, 0], waiting[height, 1]
        states, count = match_templates(words, start, end, trie, plain, best, states, marks)
        nodes, stops, scores, parents = states
        chosen, most = -1, 0
        for state in range(count - 1, -1, -1):
            if stops[state] != end:
                break
            if scores[state] + values[nodes[state]] >= best[start, end] - 1e-9 and values[nodes[state]] > -np.inf:
                length = 0
                up = state
                while up > 0:
                    length += slots[nodes[parents[up]]] != nodes[up]
                    up = parents[up]
                if length > most:
                    chosen, most = state, length
        blocks[number, 0], blocks[number, 1] = start, end
        blocks[number, 2] = nodes[chosen] if chosen >= 0 else -1
        number += 1
        if chosen >= 0:
            up = chosen
            while up > 0:  # from right to left, so that the leftmost is on top
                before = parents[up]
                if slots[nodes[before]] == nodes[up]:
                    waiting[height, 0], waiting[height, 1] = stops[before], stops[up]
                    height += 1
                up = before
    return number


@kernel
def count_blocks(stream, numbers, trie, by_length, word_values, node_counts, word_counts, null_counts):
    """Parse the sentences of a word stream and count what they are made of.

    stream : int32[n] (kernels/skipgram.py);  numbers : int32[words + 1] — number of each word in the trie, or 0
    by_length : float64[longest + 1], as in `plain`; a longer sentence is parsed in equal parts of at most so many words
    word_values : float64[words + 1] — score of a word of a block without template, which any block may be
    node_counts : int64[nodes], in and out — blocks by template
    word_counts, null_counts : int64[words + 1], int64[longest + 1], in and out — words of blocks without template, and
        these blocks by their length
    """
    at = 0
    longest = len(by_length) - 1
    to = np.zeros(longest + 1, dtype=np.float64)
    blocks = np.empty((2 * longest, 3), dtype=np.int32)
    while at < len(stream):
        size = sentence_end(stream, at) - at
        parts = (size + longest - 1) // longest
        for part in range(parts):
            start, stop = at + size * part // parts, at + size * (part + 1) // parts
            words = numbers[stream[start:stop]]
            best = np.empty((stop - start, stop - start + 1), dtype=np.float64)
            for k in range(stop - start):
                to[k + 1] = to[k] + word_values[stream[start + k]]
            for k in range(parse_words(words, trie, (by_length, to, True), best, blocks)):
                if blocks[k, 2] >= 0:
                    node_counts[blocks[k, 2]] += 1
                else:
                    null_counts[blocks[k, 1] - blocks[k, 0]] += 1
                    for place in range(start + blocks[k, 0], start + blocks[k, 1]):
                        word_counts[stream[place]] += 1
        at += size + 1

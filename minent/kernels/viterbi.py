"""UTF-8 bytes in, cut bytes out: elements of the text, their best cutting through the trie, separators between words.

An element is the smallest thing that a word is made of: a unit, any other character, a run of a repeated sign, or a
run of invalid bytes. Elements are handled in blocks:

codes  int32[n + 1] — code in the trie (kernels/trie.py), 0 for what is in no word; codes[n] is 0
starts int64[n + 1] — where each starts in the data, and where the last ends
marks  uint8[n + 1] — bits: 1 comes first or after whitespace or is whitespace, 2 is whitespace, 4 is a mark on the
    element before it, 8 a number and 16 a Latin run that may stand for a class; marks[n] is 0
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel
from minent.kernels.intern import find_run
from minent.kernels.lattice import IS_LATIN, IS_NUMBER, cut_random, find_free_cut, find_words
from minent.kernels.scan import DIGIT, LATIN, common_han, decode, run_end
from minent.kernels.trie import REPEAT, UNKNOWN, repeat_end

SPACE, MARK = 4, 5  # classes of code points, as in minent.corpus.units
AT_SPACE, IS_SPACE, ADHERES = 1, 2, 4  # bits of `marks`
BLOCK = 1 << 12  # elements handled at once
LONG_RUN = 1 << 11  # a run that does not fit into a block may be cut after so many elements

WHOLE_RUNS, HAS_CLASSES = 0, 1  # places in `flags`
SPACE_BEFORE, INVALID_BYTES, FIRST_INVALID = 0, 1, 2  # places in `state`

# The hot loops count in uint64: for a signed index Numba has to provide for negative ones.
U0, U1, U2, U4 = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(4)


@kernel
def read_elements(data, at, alphabet, codes, starts, marks, state):
    """Read elements until the block or the data is full.

    alphabet : (classes uint8[0x110000], char_codes int32[limit], slots, content, entries, run_codes int32[],
        flags int64[2]), the runs in a table of kernels/intern.py
    codes, starts, marks : the block, out
    state : int64[3], in and out — whether whitespace or nothing comes before (in only), number of invalid bytes,
        offset of the first of them or −1

    Returns (elements, where the last ends).
    """
    classes, char_codes, slots, content, entries, run_codes, flags = alphabet
    end = len(data)
    room = len(marks) - 1
    size = 0
    after_space = np.uint8(state[SPACE_BEFORE])
    while at < end and size < room:
        while at + 2 < end and size < room:
            common = common_han(np.int64(data[at]), np.int64(data[at + 1]), np.int64(data[at + 2]))
            if common == 0:
                break
            codes[size] = char_codes[common]
            starts[size] = at
            marks[size] = after_space
            after_space = np.uint8(0)
            size += 1
            at += 3
        if at == end or size == room:
            break
        point, length = decode(data, at, end)
        code = np.int32(0)
        mark = after_space
        after_space = np.uint8(0)
        if point < 0:
            if state[FIRST_INVALID] < 0:
                state[FIRST_INVALID] = at
            length = 0
            while point < 0:
                length += 1
                point = 0
                if at + length < end:
                    point, _ = decode(data, at + length, end)
            state[INVALID_BYTES] += length
        else:
            kind = classes[point]
            if kind == REPEAT or (flags[WHOLE_RUNS] != 0 and (kind == LATIN or kind == DIGIT)):
                if kind == REPEAT:
                    stop, digest = repeat_end(data, at, end, length)
                else:
                    stop, digest = run_end(data, at, end, kind, classes)
                    code = np.int32(UNKNOWN)
                    if flags[HAS_CLASSES] != 0:
                        mark |= np.uint8(IS_NUMBER if kind == DIGIT else IS_LATIN)
                length = stop - at
                entry = find_run((slots, content), entries, data, at, stop, digest)
                if entry >= 0:
                    code = run_codes[entry]
            else:
                if point < len(char_codes):
                    code = char_codes[point]
                if kind == SPACE:
                    mark = np.uint8(AT_SPACE | IS_SPACE)
                    after_space = np.uint8(AT_SPACE)
                elif kind == MARK and mark == 0:
                    mark = np.uint8(ADHERES)
        codes[size] = code
        starts[size] = at
        marks[size] = mark
        size += 1
        at += length
    starts[size] = at
    codes[size] = 0
    marks[size] = 0
    return size, at


@kernel
def find_pairs(codes, count, links, pairs):
    """The node of the first two elements at every place: all cache misses of the trie at once, no jump to guess.

    pairs : int32[count], out — 0 where no word begins with these two
    """
    for k in range(count):
        at = np.uint64(k)
        node = np.uint64(codes[at])
        below = np.uint64(links[U4 * node]) + np.uint64(codes[at + U1])
        pairs[at] = below if np.uint64(links[U4 * below + U1]) == node else U0


@kernel
def cut_best(block, trie, count, pairs, score, steps):
    """Best cutting of a block, from right to left (unigram Viterbi, as jieba has it); a tie goes to the longer word.

    block : (codes, marks);  trie : (links, values, longest);  pairs : from find_pairs
    score : float64[count + 1], out — log-probability of the best cutting from each element to the end of its run
    steps : int32[count], out — elements of its first word; an element of code 0 is one of its own, of score 0
    """
    codes, marks = block
    links, values, longest = trie
    found = np.empty(longest + 1)
    stack = np.empty(2 * longest + 4, dtype=np.int64)
    at = np.uint64(count)
    score[at] = 0.0
    nearest = at + U2  # the next element that may stand for a class
    while at != U0:
        at -= U1
        code = np.uint64(codes[at])
        best = values[U2 * code + U1] + score[at + U1]
        end = at + U1
        stop = end
        node = np.uint64(pairs[at])
        if node != U0:
            stop += U1
            value = values[U2 * node + U1] + score[stop]
            if value >= best:
                best = value
                end = stop
            below = np.uint64(links[U4 * node]) + np.uint64(codes[stop])
            while np.uint64(links[U4 * below + U1]) == node:
                node = below
                stop += U1
                value = values[U2 * node + U1] + score[stop]
                if value >= best:
                    best = value
                    end = stop
                below = np.uint64(links[U4 * node]) + np.uint64(codes[stop])
        if marks[at] >= IS_NUMBER:
            nearest = at
        if nearest <= stop and code != U0:
            reached = find_words(block, trie, np.int64(at), found, stack)
            best = found[1] + score[at + U1]
            end = at + U1
            for length in range(2, reached + 1):
                value = found[length] + score[np.int64(at) + length]
                if value >= best:
                    best = value
                    end = at + np.uint64(length)
        score[at] = best if code != U0 else 0.0
        steps[at] = end - at
    return 0


@kernel
def write_words(data, starts, marks, steps, count, separator, joined, out, size):
    """Copy a block with separators before its words.

    separator : uint8[≥ 1];  joined : bits of `marks` that keep the separator away
    out : uint8[], out, with room for one separator more;  size : bytes of it in use

    Returns the bytes in use afterwards.
    """
    o = np.uint64(size)
    word = U0
    width = np.uint64(len(separator))
    first_byte = separator[0]
    for i in range(count):
        k = np.uint64(i)
        begins = k == word
        if begins:
            word += np.uint64(steps[k])
        parted = begins and marks[k] & joined == 0
        out[o] = first_byte
        if width == U1:
            o += np.uint64(parted)
        elif parted:
            for j in range(width):
                out[o] = separator[j]
                o += U1
        a = np.uint64(starts[k])
        b = np.uint64(starts[k + U1])
        if b - a == np.uint64(3):
            out[o] = data[a]
            out[o + U1] = data[a + U1]
            out[o + U2] = data[a + U2]
            o += np.uint64(3)
        else:
            while a < b:
                out[o] = data[a]
                o += U1
                a += U1
    return np.int64(o)


@kernel
def cut_text(data, at, alphabet, trie, separator, joined, sampling, out, size, state):
    """Cut `data[at:]` and write it with separators before the words.

    alphabet, state : see read_elements;  trie : (links, values, longest);  separator, joined : see write_words
    sampling : (alpha, key, offset of data[0] in the whole text); the best cutting where alpha is negative
    out : uint8[], out;  size : bytes of it in use

    Returns (where the first block starts for which `out` has no room, or len(data); bytes of `out` in use).
    """
    alpha, key, offset = sampling
    size = np.int64(size)
    room = BLOCK
    codes = np.empty(room + 1, dtype=np.int32)
    starts = np.empty(room + 1, dtype=np.int64)
    marks = np.empty(room + 1, dtype=np.uint8)
    pairs = np.empty(room, dtype=np.int32)
    steps = np.empty(room, dtype=np.int32)
    score = np.empty(room + 1)
    while at < len(data):
        count, stop = read_elements(data, at, alphabet, codes, starts, marks, state)
        if stop < len(data):
            whole = count
            while whole > 0 and codes[whole - 1] != 0:
                whole -= 1
            if whole == 0:
                whole = find_free_cut((codes, marks), trie, count, LONG_RUN)
            if whole == 0:  # words overlap without end: only a larger block is exact
                room *= 2
                codes = np.empty(room + 1, dtype=np.int32)
                starts = np.empty(room + 1, dtype=np.int64)
                marks = np.empty(room + 1, dtype=np.uint8)
                pairs = np.empty(room, dtype=np.int32)
                steps = np.empty(room, dtype=np.int32)
                score = np.empty(room + 1)
                continue
            count = whole
            codes[count] = 0
            marks[count] = 0
        if size + (starts[count] - at) + (count + 1) * len(separator) > len(out):
            break
        if alpha < 0:
            find_pairs(codes, count, trie[0], pairs)
            cut_best((codes, marks), trie, count, pairs, score, steps)
        else:
            cut_random((codes, marks), trie, count, starts, alpha, key, offset, score, steps)
        size = write_words(data, starts, marks, steps, count, separator, joined, out, size)
        at = starts[count]
        state[SPACE_BEFORE] = (marks[count - 1] & IS_SPACE) >> 1
    return at, size

"""UTF-8 bytes in, cut bytes out: elements of the text, their best cutting through the trie, separators between words.

An element is the smallest thing that a word is made of: a unit, any other character, a run of a repeated sign, or a
run of invalid bytes. Elements are handled in blocks: `codes` int32[n + 1] (kernels/trie.py; a negative code is a number
or a Latin run that a class word may match, too; codes[n] is 0), `starts` int64[n + 1] (bytes in the data) and `marks`
uint8[n] (bit 0: no separator before it; bit 1: it is whitespace).
"""

from __future__ import annotations

import math

import numpy as np

from minent.kernels import kernel
from minent.kernels.intern import find_run
from minent.kernels.scan import DIGIT, LATIN, common_han, decode, run_end
from minent.kernels.trie import LATIN_CODE, NUMBER_CODE, REPEAT, UNKNOWN, child, repeat_end

SPACE, MARK = 4, 5  # classes of code points, as in minent.corpus.units
BLOCK = 1 << 13  # elements handled at once
LONG_RUN = 1 << 12  # elements after which a run that does not fit into a block may be cut

# places in `flags`
WHOLE_RUNS, HAS_CLASSES, LONGEST = 0, 1, 2
# places in `state`
SPACE_BEFORE, INVALID_BYTES, FIRST_INVALID = 0, 1, 2


@kernel
def read_elements(data, at, alphabet, codes, starts, marks, state):
    """Read elements until the block or the data is full.

    alphabet : (classes uint8[0x110000], char_codes int32[limit], runs, entries, run_codes int32[], flags int64[3])
    codes, starts, marks : the block, out; starts[n] and codes[n] are set as well
    state : int64[3], in and out — 1 if whitespace or nothing comes before, invalid bytes, offset of the first or −1

    Returns (elements, where the last ends).
    """
    classes, char_codes, runs, entries, run_codes, flags = alphabet
    end = len(data)
    room = len(codes) - 1
    size = 0
    glued = np.uint8(state[SPACE_BEFORE])
    while at < end and size < room:
        while at + 2 < end and size < room:
            common = common_han(np.int64(data[at]), np.int64(data[at + 1]), np.int64(data[at + 2]))
            if common == 0:
                break
            codes[size] = char_codes[common]
            starts[size] = at
            marks[size] = glued
            glued = np.uint8(0)
            size += 1
            at += 3
        if at == end or size == room:
            break
        point, length = decode(data, at, end)
        code = np.int32(0)
        mark = glued
        glued = np.uint8(0)
        if point < 0:
            if state[FIRST_INVALID] < 0:
                state[FIRST_INVALID] = at
            while point < 0:
                state[INVALID_BYTES] += 1
                length += 1
                point = np.int64(0)
                if at + length - 1 < end:
                    point, _ = decode(data, at + length - 1, end)
            length -= 1
        else:
            kind = classes[point]
            if (flags[WHOLE_RUNS] != 0 and (kind == LATIN or kind == DIGIT)) or kind == REPEAT:
                if kind == REPEAT:
                    stop, digest = repeat_end(data, at, end, length)
                else:
                    stop, digest = run_end(data, at, end, kind, classes)
                    code = np.int32(UNKNOWN)
                length = stop - at
                entry = find_run(runs, entries, data, at, stop, digest)
                if entry >= 0:
                    code = run_codes[entry]
                if flags[HAS_CLASSES] != 0 and kind != REPEAT:
                    code = -code
            else:
                if point < len(char_codes):
                    code = char_codes[point]
                if kind == SPACE:
                    mark = np.uint8(3)
                    glued = np.uint8(1)
                elif kind == MARK:
                    mark = np.uint8(1)
        codes[size] = code
        starts[size] = at
        marks[size] = mark
        size += 1
        at += length
    starts[size] = at
    codes[size] = 0
    state[SPACE_BEFORE] = glued
    return size, at


@kernel
def cut_best(codes, count, links, values, score, steps):
    """Best cutting of a block (unigram Viterbi from right to left, as jieba has it); a tie goes to the longer word.

    count : elements; one with code 0 ends a run and is a word of its own, without a probability
    score : float64[count + 1], out — log-probability of the best cutting from each element to the end of its run
    steps : int32[count], out — elements of its first word

    Returns the number of elements that have to wait for `cut_classes`: those with a class in their window.
    """
    score[count] = 0.0
    for at in range(count - 1, -1, -1):
        node = np.int64(codes[at])
        best = values[2 * node + 1] + score[at + 1]
        step = 1
        stop = at + 1
        code = np.int64(codes[stop])
        below = np.int64(links[4 * node]) + code
        while links[4 * below + 1] == node:
            node = below
            stop += 1
            value = values[2 * node + 1] + score[stop]
            if value >= best:
                best = value
                step = stop - at
            below = np.int64(links[4 * node]) + np.int64(codes[stop])
        if codes[at] == 0:
            best = 0.0
        score[at] = best
        steps[at] = step
    return 0

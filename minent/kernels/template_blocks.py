"""Bracketed word streams → the main template of every block, and what fills its slots (TREES 2.7).

Bracketed stream: int32, word numbers ≥ 1, −1 before and −2 behind the members of every block, 0 behind every tree.
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel
from minent.kernels.pieces import hash_units

OPEN, CLOSE = -1, -2
SLOT, SIGN, LITERAL = 0, 1, 2  # what a word is in a template: filler of a slot, or a sign or a word of its own


@kernel
def read_blocks(stream, kinds, words, content, entries, fillers):
    """List the main templates of the blocks that have a word of their own.

    stream : int32[n], bracketed;  kinds : uint8[words + 1] — SLOT, SIGN or LITERAL
    words : int32[n], out — the stream without brackets
    content : int32[n], out — templates one after another: word numbers, 0 for a slot
    entries : uint64[n, 2], out — hash and end of each template in `content`, as in an intern table
    fillers : int64[n, 2], out — of each 0 in `content`, where its filler starts and stops in `words`

    Returns (templates, fillers, blocks without a word of their own, trees).
    """
    partners = np.empty(len(stream), dtype=np.int64)  # of an OPEN, its CLOSE
    places = np.empty(len(stream) + 1, dtype=np.int64)  # in `words`
    opened = np.empty(len(stream), dtype=np.int64)
    depth = size = trees = 0
    for at in range(len(stream)):
        places[at] = size
        number = stream[at]
        if number == OPEN:
            opened[depth] = at
            depth += 1
        elif number == CLOSE:
            depth -= 1
            partners[opened[depth]] = at
        else:
            words[size] = number
            size += 1
            trees += number == 0
    templates = used = slots = bare = 0
    for first in range(len(stream)):
        if stream[first] != OPEN:
            continue
        start, slots_before = used, slots
        is_worded = False
        at = first + 1
        while stream[at] != CLOSE:
            number = stream[at]
            after = at + 1 if number > 0 else partners[at] + 1
            kind = kinds[number] if number > 0 else SLOT
            is_worded |= kind == LITERAL
            content[used] = number if kind != SLOT else 0
            used += 1
            if kind == SLOT:
                fillers[slots, 0] = places[at]
                fillers[slots, 1] = places[after]
                slots += 1
            at = after
        if is_worded:
            entries[templates, 0] = hash_units(content, start, used)
            entries[templates, 1] = used
            templates += 1
        else:
            bare += 1
            used, slots = start, slots_before
    return templates, slots, bare, trees

"""Bytes of UTF-8 → bytes with separators, through the kernels."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from minent.corpus.units import SPACE_RANGES, unit_classes
from minent.kernels.lattice import fill_arcs
from minent.kernels.viterbi import ADHERES, AT_SPACE, cut_text
from minent.segmentation.cuts import BEST, Bytes, CutBytes, Sampling
from minent.segmentation.word_trie import WordTrie

Arcs: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]
"""arc_ptr, arc_lengths and arc_values of a lattice, see kernels/lattice.py."""


class Cutter:
    """A trie, ready to cut pieces of text. Holds nothing that changes: any number of threads may use it.

    mark_runs : mark what may stand for a class even if no word of the trie has one
    """

    def __init__(self, trie: WordTrie, *, mark_runs: bool = False) -> None:
        self.trie = trie
        flags = np.array([trie.whole_runs, trie.has_classes or mark_runs], dtype=np.int64)
        runs = trie.runs
        self.alphabet = (
            unit_classes(), trie.char_codes, runs.slots, runs.content, runs.entries, trie.run_codes, flags
        )  # fmt: skip
        self.nodes = (trie.links, trie.values, trie.longest)
        spaces = np.concatenate([np.arange(first, last + 1) for first, last in SPACE_RANGES])
        self.spaces_in_words = bool(trie.char_codes[spaces].any())

    def cut(
        self,
        data: Bytes,
        separator: bytes,
        *,
        space_before: bool = True,
        sampling: Sampling = BEST,
        every_token: bool = False,
    ) -> CutBytes:
        """Cut a piece of text that neither begins nor ends inside a run of units.

        data : uint8[n], UTF-8, valid or not;  separator : put between two words, but not beside whitespace
        space_before : what comes before is whitespace, or nothing; else the piece may begin with a separator
        every_token : put the separator before every token instead, the first and whitespace too
        """
        if not separator:
            raise ValueError("the separator is empty")
        state = np.array([space_before, 0, -1], dtype=np.int64)
        joined = ADHERES if every_token else ADHERES | AT_SPACE
        out = np.empty(len(data) + len(data) // 2 * len(separator) + 64, dtype=np.uint8)
        mark = np.frombuffer(separator, dtype=np.uint8)
        at = size = 0
        while True:
            at, size = self._cut_blocks(data, at, mark, joined, sampling, out, size, state)
            if at == len(data):
                return CutBytes(out[:size], int(state[1]), int(state[2]))
            out = np.concatenate([out[:size], np.empty(len(out) + 64 * len(separator), dtype=np.uint8)])

    def _cut_blocks(
        self,
        data: Bytes,
        at: int,
        separator: Bytes,
        joined: int,
        sampling: Sampling,
        out: Bytes,
        size: int,
        state: NDArray[np.int64],
    ) -> tuple[int, int]:
        """Cut as many blocks as `out` has room for, see kernels/viterbi.py: (where the next one starts, size)."""
        reached: tuple[int, int] = cut_text(
            data, at, self.alphabet, self.nodes, separator, joined, sampling, out, size, state
        )
        return reached

    def arcs(self, codes: NDArray[np.int32], marks: NDArray[np.uint8], count: int) -> Arcs:
        """The words between `count` elements. codes, marks : [count + 1], 0 at the end."""
        arc_ptr = np.empty(count + 1, dtype=np.int64)
        lengths, values = np.empty(0, dtype=np.int32), np.empty(0)
        size = fill_arcs((codes, marks), self.nodes, count, arc_ptr, lengths, values)
        lengths, values = np.empty(size, dtype=np.int32), np.empty(size)
        fill_arcs((codes, marks), self.nodes, count, arc_ptr, lengths, values)
        return arc_ptr, lengths, values

    def tokens(self, data: Bytes, sampling: Sampling = BEST) -> list[bytes]:
        """The tokens of a text, every whitespace character one of its own: joined they are the text."""
        text = data.tobytes()
        start = b"\xff"  # in no valid UTF-8; a longer mark of this form overlaps with itself nowhere, either
        while start in text:
            start += b"\xfe"
        return self.cut(data, start, sampling=sampling, every_token=True).data.tobytes().split(start)[1:]

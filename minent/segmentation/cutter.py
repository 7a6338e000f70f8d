"""Bytes of UTF-8 → bytes with separators, through the kernels."""

from __future__ import annotations

import numpy as np

from minent.corpus.units import SPACE_RANGES, unit_classes
from minent.kernels.viterbi import ADHERES, AT_SPACE, cut_text
from minent.segmentation.cuts import BEST, Bytes, CutBytes, Sampling
from minent.segmentation.word_trie import WordTrie


class Cutter:
    """A trie, ready to cut pieces of text. Holds nothing that changes: any number of threads may use it."""

    def __init__(self, trie: WordTrie) -> None:
        self.trie = trie
        flags = np.array([trie.whole_runs, trie.has_classes], dtype=np.int64)
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
            at, size = cut_text(data, at, self.alphabet, self.nodes, mark, joined, sampling, out, size, state)
            if at == len(data):
                return CutBytes(out[:size], int(state[1]), int(state[2]))
            out = np.concatenate([out[:size], np.empty(len(out) + 64 * len(separator), dtype=np.uint8)])

    def tokens(self, data: Bytes, sampling: Sampling = BEST) -> list[bytes]:
        """The tokens of a text, every whitespace character one of its own: joined they are the text."""
        text = data.tobytes()
        start = b"\xff"  # in no valid UTF-8; a longer mark of this form overlaps with itself nowhere, either
        while start in text:
            start += b"\xfe"
        return self.cut(data, start, sampling=sampling, every_token=True).data.tobytes().split(start)[1:]

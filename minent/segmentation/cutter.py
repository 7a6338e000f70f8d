"""Bytes of UTF-8 → bytes with separators, through the kernels."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minent.corpus.units import SPACE_RANGES, unit_classes
from minent.kernels.viterbi import ADHERES, AT_SPACE, cut_text
from minent.segmentation.word_trie import WordTrie

TOKEN_START = b"\xff"  # in no UTF-8, nor in what str.encode makes of a lone surrogate

Bytes = NDArray[np.uint8]


class Sampling(NamedTuple):
    """How to draw a cutting. `alpha` below 0: the best one. The numbers drawn depend on `key` and the place only.

    offset : of the first byte in the whole text
    """

    alpha: float
    key: np.uint64
    offset: int

    @classmethod
    def by_seed(cls, alpha: float, seed: int, offset: int = 0) -> Sampling:
        """Draw with probability ∝ Π p(word)^alpha; ValueError for an alpha that is not finite and ≥ 0."""
        if not 0 <= alpha < float("inf"):
            raise ValueError(f"alpha is {alpha}; it must be a finite number of at least 0")
        digest = hashlib.blake2b(str(seed).encode(), digest_size=8).digest()
        return cls(float(alpha), np.uint64(int.from_bytes(digest, "little")), offset)


BEST = Sampling(-1.0, np.uint64(0), 0)


class CutBytes(NamedTuple):
    """A piece of text after cutting. `invalid` bytes are not UTF-8, the first at offset `first_invalid` (−1: none)."""

    data: Bytes
    invalid: int
    first_invalid: int


class Cutter:
    """A trie, ready to cut pieces of text. Holds nothing that changes: any number of threads may use it."""

    def __init__(self, trie: WordTrie) -> None:
        self.trie = trie
        flags = np.array([trie.whole_runs, trie.has_classes], dtype=np.int64)
        self.alphabet = (
            unit_classes(), trie.char_codes, trie.runs.slots, trie.runs.content, trie.runs.entries, trie.run_codes, flags
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
        return self.cut(data, TOKEN_START, sampling=sampling, every_token=True).data.tobytes().split(TOKEN_START)[1:]

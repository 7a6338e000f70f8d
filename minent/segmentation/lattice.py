"""The lattice of a text: all words of a lexicon that it admits, its best cuttings, how sure each word is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.kernels.lattice import arc_posteriors, rank_cuttings
from minent.kernels.viterbi import ADHERES, IS_SPACE, read_elements
from minent.segmentation.cuts import Bytes
from minent.segmentation.cutter import Cutter


@dataclass(frozen=True)
class Lattice:
    """The elements of a text and the words (arcs) between their boundaries.

    data : uint8[bytes];  starts : int64[n + 1] — where each element starts;  marks : uint8[n] (kernels/viterbi.py)
    arc_ptr : int64[n + 1] — arcs that start at element i are arc_ptr[i]:arc_ptr[i + 1], the longest first
    arc_lengths : int32[m], elements;  arc_values : float64[m], nats
    """

    data: Bytes
    starts: NDArray[np.int64]
    marks: NDArray[np.uint8]
    arc_ptr: NDArray[np.int64]
    arc_lengths: NDArray[np.int32]
    arc_values: NDArray[np.float64]

    @classmethod
    def read(cls, data: Bytes, cutter: Cutter) -> Lattice:
        """The lattice of a text. Memory: about 40 bytes a byte of text and 12 a word that it admits."""
        codes = np.empty(len(data) + 1, dtype=np.int32)
        starts = np.empty(len(data) + 1, dtype=np.int64)
        marks = np.empty(len(data) + 1, dtype=np.uint8)
        state = np.array([1, 0, -1], dtype=np.int64)
        count, _ = read_elements(data, 0, cutter.alphabet, codes, starts, marks, state)
        arcs = cutter.arcs(codes[: count + 1], marks[: count + 1], count)
        return cls(data, starts[: count + 1], marks[:count], *arcs)

    def best(self, k: int) -> list[tuple[float, list[bytes]]]:
        """The k best cuttings, best first: (sum of the values in nats, words without whitespace)."""
        n = len(self.marks)
        scores = np.empty((n + 1, k))
        lengths = np.zeros((n + 1, k), dtype=np.int32)
        ranks = np.zeros((n + 1, k), dtype=np.int32)
        kept = np.zeros(n + 1, dtype=np.int64)
        rank_cuttings(self.arc_ptr, self.arc_lengths, self.arc_values, scores, lengths, ranks, kept)
        results = []
        for rank in range(int(kept[0])):
            words = self._words([(start, end, 1.0) for start, end in self._path(lengths, ranks, rank)])
            results.append((float(scores[0, rank]), [word for word, _ in words]))
        return results

    def posteriors(self) -> list[tuple[bytes, float]]:
        """The words of the best cutting, each with its probability under p(cutting) ∝ exp(sum of values)."""
        n = len(self.marks)
        shares = np.empty(len(self.arc_values))
        arc_posteriors(self.arc_ptr, self.arc_lengths, self.arc_values, shares)
        scores = np.empty((n + 1, 1))
        lengths = np.zeros((n + 1, 1), dtype=np.int32)
        ranks = np.zeros((n + 1, 1), dtype=np.int32)
        rank_cuttings(
            self.arc_ptr, self.arc_lengths, self.arc_values, scores, lengths, ranks, np.zeros(n + 1, dtype=np.int64)
        )
        found = []
        for start, end in self._path(lengths, ranks, 0):
            arc = self.arc_ptr[start]
            while self.arc_lengths[arc] != end - start:
                arc += 1
            found.append((start, end, float(shares[arc])))
        return self._words(found)

    def _path(self, lengths: NDArray[np.int32], ranks: NDArray[np.int32], rank: int) -> list[tuple[int, int]]:
        path, at, n = [], 0, len(self.marks)
        while at < n:
            end = at + int(lengths[at, rank])
            path.append((at, end))
            at, rank = end, int(ranks[at, rank])
        return path

    def _words(self, arcs: list[tuple[int, int, float]]) -> list[tuple[bytes, float]]:
        """The text of each arc but whitespace, with what adheres to it, and the number that comes along."""
        words: list[tuple[bytes, float]] = []
        for start, end, share in arcs:
            text = self.data[self.starts[start] : self.starts[end]].tobytes()
            if self.marks[start] & ADHERES and words:
                words[-1] = (words[-1][0] + text, words[-1][1])
            elif not (self.marks[start] & IS_SPACE and end == start + 1):
                words.append((text, share))
        return words

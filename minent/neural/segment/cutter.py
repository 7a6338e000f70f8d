"""A cutter by a lexicon, in whose lattice the taggers decide which other strings may be words."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from minent.kernels.viterbi import write_words
from minent.neural.segment.elements import EDGE, ElementReader, Elements, blocks, spread
from minent.neural.segment.lattice import arcs_of, best_steps, read_lattice, with_strings
from minent.segmentation.cuts import Bytes, Sampling
from minent.segmentation.cutter import Cutter
from minent.segmentation.lattice import Lattice

SPACE_BEFORE, INVALID_BYTES, FIRST_INVALID = 0, 1, 2  # places in `state`, see kernels/viterbi.py
WINDOW, WINDOWS = 1024, 16  # elements that the taggers read as one row; rows at once


class Reading(NamedTuple):
    """What is known of a piece of text: its elements, the log-odds of a boundary before each by each tagger
    (float64[FOLDS, n], nats), the words of the lexicon that it admits, and all strings that may be words."""

    elements: Elements
    log_odds: NDArray[np.float64]
    words: Lattice
    lattice: Lattice


class NeuralCutter(Cutter):
    """Cuts text so that Σ ln p(word) is largest, over the words of a lexicon and the strings that the taggers admit.

    model : Taggers in evaluation mode;  plain : the cutter by the words of the lexicon;  base : the cutter that weighs
    unknown words too, or `plain` again;  unknown : ln p of a word seen once;  limit, longest : see CuttingSettings
    Holds nothing that changes. Memory: about 40 bytes a byte of a block, which is 256 KB of lines or one longer line.
    """

    def __init__(self, model: Any, plain: Cutter, base: Cutter, unknown: float, limit: float, longest: int) -> None:
        super().__init__(base.trie)
        self.alphabet = base.alphabet  # a model of unknown words marks all runs
        self.spaces_in_words = plain.spaces_in_words
        self.plain, self.base, self.model, self.unknown = plain, base, model, unknown
        self.limit, self.longest = limit, longest
        self.reader = ElementReader(model.config.characters)
        self.device = next(model.parameters()).device

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
        if sampling.alpha >= 0:
            raise ValueError("the neural segmenter draws no cuttings")
        for start, end in blocks(data[at:]):
            if size + (end - start) * (1 + len(separator)) + len(separator) > len(out):
                return at + start, size
            piece = data[at + start : at + end]
            own = np.array([state[SPACE_BEFORE], 0, -1], dtype=np.int64)
            lattice = self.read(piece, own).lattice
            if own[INVALID_BYTES] and state[FIRST_INVALID] < 0:
                state[FIRST_INVALID] = at + start + own[FIRST_INVALID]
            state[INVALID_BYTES] += own[INVALID_BYTES]
            steps = best_steps(arcs_of(lattice))
            size = write_words(piece, lattice.starts, lattice.marks, steps, len(steps), separator, joined, out, size)
            state[SPACE_BEFORE] = 1  # a block but the last ends with its line
        return len(data), size

    def read(self, data: Bytes, state: NDArray[np.int64] | None = None) -> Reading:
        """Read a piece of text. state : see `read_elements`, in and out"""
        state = np.array([1, 0, -1], dtype=np.int64) if state is None else state
        lattice = words = read_lattice(data, self.base, state)
        if self.plain is not self.base:
            words = read_lattice(data, self.plain, np.array([1, 0, -1], dtype=np.int64))
        elements = self.reader.read(data)
        units = self.reader.is_unit(elements.ids)
        log_odds = self.log_odds(elements)
        lattice = with_strings(lattice, words, units, log_odds.mean(axis=0), self.limit, self.longest, self.unknown)
        return Reading(elements, log_odds, words, lattice)

    def log_odds(self, elements: Elements) -> NDArray[np.float64]:
        """Nats for a boundary before each element by each tagger; float64[FOLDS, n]."""
        stream, places = spread(elements.ids, self.model.before)
        return tag(self.model, stream, self.device)[:, places].astype(np.float64)


def tag(model: Any, stream: NDArray[np.int32], device: Any) -> NDArray[np.float32]:
    """Log-odds of a boundary before each id of a stream that begins and ends with a line; float32[FOLDS, n]."""
    length = len(stream)
    width = min(WINDOW, max(length, 1))
    rows = max(1, -(-length // width))
    padded = np.full(model.before + rows * width + model.after, EDGE, dtype=np.int32)
    padded[model.before : model.before + length] = stream
    ids = torch.from_numpy(padded).unfold(0, model.before + width + model.after, width)  # (rows, …), no copy
    odds = np.empty((len(model.members), rows, width), dtype=np.float32)
    with torch.inference_mode():
        for row in range(0, rows, WINDOWS):
            found = model(ids[row : row + WINDOWS].to(device=device, dtype=torch.int64))  # (rows, FOLDS, width)
            odds[:, row : row + WINDOWS] = found.float().cpu().numpy().swapaxes(0, 1)
    return odds.reshape(len(odds), -1)[:, :length]

"""What a recipe hands over: words as rows of unit ids, and their counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.corpus.alphabet import Alphabet
from minent.counting import Pieces
from minent.unknown_model import UnknownModel


@dataclass(frozen=True)
class MinedWords:
    """Distinct words, in no particular order.

    counts, lengths : int64[len(texts)] — occurrences, and units of each word
    chosen : the settings that the corpus decided
    model : weights of all strings, where the recipe has them and they help
    weights : ln of the weights of words, where the recipe has them
    """

    texts: list[str]
    counts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    chosen: dict[str, Any]
    model: UnknownModel | None = None
    weights: Mapping[str, float] = field(default_factory=dict)

    def with_singles(self, counts: Mapping[str, int]) -> MinedWords:
        """These words and some more, of one unit each."""
        if not counts:
            return self
        texts = self.texts + list(counts)
        lengths = np.concatenate([self.lengths, np.ones(len(counts), dtype=np.int64)])
        more = np.array(list(counts.values()), dtype=np.int64)
        return dataclasses.replace(self, texts=texts, counts=np.concatenate([self.counts, more]), lengths=lengths)


def words_of_pieces(pieces: Pieces, alphabet: Alphabet, chosen: dict[str, Any]) -> MinedWords:
    """The words whose count is not 0, but those with a unit that has no text: the class of rare characters."""
    nameless = np.array([not text for text in alphabet.texts])
    singles = np.flatnonzero((pieces.singles > 0) & ~nameless)
    texts = [alphabet.texts[unit] for unit in singles]
    words = pieces.words
    ends = words.ends()
    starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    nameless_to = np.concatenate([[0], np.cumsum(nameless[words.content[: words.state[1]]])])
    kept = np.flatnonzero((words.counts[: len(words)] > 0) & (nameless_to[ends] == nameless_to[starts]))
    texts += [alphabet.text(words.content[starts[k] : ends[k]]) for k in kept]
    counts = np.concatenate([pieces.singles[singles], words.counts[kept]])
    lengths = np.concatenate([np.ones(len(singles), dtype=np.int64), (ends - starts)[kept]])
    return MinedWords(texts, counts, lengths, chosen)

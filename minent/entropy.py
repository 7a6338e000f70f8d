"""Bits per unit of a text under a way to cut it: the objective of kexue.fm/archives/5476, (2.1)–(2.8)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.corpus.alphabet import RARE_LATIN, Alphabet
from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import Corpus, Shard
from minent.corpus.units import unit_classes
from minent.counting import count_corpus_units, watched
from minent.engines.local import fold
from minent.kernels.tokens import count_tokens
from minent.lexicon import Lexicon
from minent.segmentation import Segmenter
from minent.tables import Interner

CODE_POINT_BITS = math.log2(0x110000)
SEPARATOR = b"\xff"  # never a byte of UTF-8


@dataclass(frozen=True)
class Entropy:
    """How much information a text has, cut in one way.

    cut : `characters` or `words`;  types, tokens : distinct pieces and all of them
    bits_per_token : H = −Σ p ln p, (2.7);  units_per_token : l = Σ p l_w;  bits_per_unit : L = H / l, (2.6)
    corpus_bits : tokens · H, the text given the pieces and their counts
    lexicon_bits : what writing the pieces and their counts down costs;  their sum is the description length
    """

    cut: str
    types: int
    tokens: int
    bits_per_token: float
    units_per_token: float
    corpus_bits: float
    lexicon_bits: float

    @property
    def bits_per_unit(self) -> float:
        return self.bits_per_token / self.units_per_token if self.units_per_token else 0.0

    @property
    def description_bits(self) -> float:
        return self.corpus_bits + self.lexicon_bits

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "bits_per_unit": self.bits_per_unit, "description_bits": self.description_bits}


def entropy_of(
    cut: str, counts: NDArray[np.int64], lengths: NDArray[np.int64], spelling_bits: NDArray[np.float64]
) -> Entropy:
    """The entropy of a text whose pieces have these counts; pieces that do not occur are left out.

    counts, lengths : int64[n], lengths in units;  spelling_bits : float64[n] — to write a piece down, without its count

    >>> halves = entropy_of("words", np.array([2, 2]), np.array([1, 3]), np.array([8.0, 24.0]))
    >>> halves.bits_per_token, halves.units_per_token, halves.bits_per_unit, halves.corpus_bits, halves.lexicon_bits
    (1.0, 2.0, 0.5, 4.0, 38.0)
    """
    used = counts > 0
    counts, lengths, spelling_bits = counts[used], lengths[used], spelling_bits[used]
    tokens = int(counts.sum())
    if tokens == 0:
        return Entropy(cut, 0, 0, 0.0, 0.0, 0.0, 0.0)
    probs = counts / tokens
    bits = max(0.0, float(-(probs * np.log2(probs)).sum()))  # one type alone gives −0
    lexicon_bits = float((spelling_bits + gamma_bits(counts)).sum())
    return Entropy(cut, len(counts), tokens, bits, float((probs * lengths).sum()), tokens * bits, lexicon_bits)


def gamma_bits(numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Bits of whole numbers ≥ 1 in Elias's γ code: 2 ⌊log₂ n⌋ + 1."""
    return 2 * np.floor(np.log2(numbers)) + 1


def entropy_of_characters(alphabet: Alphabet) -> Entropy:
    """L₀: every unit a piece of its own. A unit is written as code points of 20.1 bits each."""
    ones = np.ones(len(alphabet) - 1, dtype=np.int64)
    spelling = CODE_POINT_BITS * np.array([max(len(text), 1) for text in alphabet.texts[1:]], dtype=np.float64)
    return entropy_of("characters", alphabet.counts[1:], ones, spelling)


def entropy_of_lexicon(lexicon: Lexicon, alphabet: Alphabet) -> Entropy:
    """L of a lexicon, by its own counts; units of the text that its words do not cover are words of their own."""
    stream, ends = alphabet.encode_words(lexicon.words)
    weights = np.repeat(lexicon.counts, np.diff(ends, prepend=0))
    covered = np.bincount(stream, weights=weights, minlength=len(alphabet)).astype(np.int64)
    left = np.maximum(alphabet.counts - covered, 0)
    left[0] = 0
    counts = dict(zip(lexicon.words, lexicon.counts.tolist(), strict=True))
    for unit in np.flatnonzero(left).tolist():
        text = alphabet.texts[unit] or RARE_LATIN
        counts[text] = counts.get(text, 0) + int(left[unit])
    return entropy_of_words(list(counts), np.array(list(counts.values()), dtype=np.int64), alphabet)


def entropy_of_words(words: Sequence[str], counts: NDArray[np.int64], alphabet: Alphabet) -> Entropy:
    """L of a text cut into these words.

    A word is written down by its length (γ code) and its units under the alphabet's own distribution.
    """
    stream, ends = alphabet.encode_words(words)
    total = max(int(alphabet.counts.sum()), 1)
    unit_bits = np.log2(total) - np.log2(np.maximum(alphabet.counts, 1))
    unit_bits[0] = 0.0
    bits_to = np.concatenate([[0.0], np.cumsum(unit_bits[stream])])
    units_to = np.concatenate([[0], np.cumsum(stream > 0)])
    starts = np.concatenate([[0], ends[:-1]])
    lengths = np.maximum(units_to[ends] - units_to[starts], 1)
    spelling = bits_to[ends] - bits_to[starts] + gamma_bits(lengths)
    return entropy_of("words", np.asarray(counts, dtype=np.int64), lengths, spelling)


def measure_corpus(
    corpus: Corpus, lexicon: Lexicon, units: str = "run", jobs: int = 1, progress: bool = False
) -> tuple[list[Entropy], InvalidBytes | None]:
    """The entropy of a corpus by characters, and by the words into which it is cut with a lexicon.

    Also the bytes that were no valid text. Errors: CorpusError if the corpus cannot be read.
    """
    counts, invalid = count_corpus_units(corpus, units == "run", jobs, progress)
    alphabet = Alphabet.from_counts(counts)
    words = count_words(corpus, Segmenter(lexicon, units=units, unknown_model=False), jobs, progress)
    by_words = entropy_of_words(words.texts(), words.counts[: len(words)], alphabet)
    return [entropy_of_characters(alphabet), by_words], invalid


def count_words(corpus: Corpus, segmenter: Segmenter, jobs: int = 1, progress: bool = False) -> Interner:
    """How often each word occurs in a corpus cut by a segmenter; signs and spaces are no words."""

    def work(words: Interner, shard: Shard) -> None:
        data = segmenter.cutter.cut(shard.data, SEPARATOR, every_token=True).data
        at = 0
        while at < len(data):
            at = count_tokens(
                data, at, unit_classes(), SEPARATOR[0], words.runs, words.entries, words.counts, words.state
            )
            if at < len(data):
                words.grow(int(np.argmax(np.append(data[at:], SEPARATOR[0]) == SEPARATOR[0])))

    return fold(watched(corpus, "cut and count", progress), lambda: Interner(np.uint8), work, Interner.merge, jobs)


def entropy_table(rows: Sequence[Entropy]) -> str:
    """The rows side by side, for people."""
    head = ("", "types", "tokens", "bits/token", "units/token", "bits/unit", "description, Mbit", "of it lexicon")
    cells = [head] + [
        (
            row.cut,
            f"{row.types:,}",
            f"{row.tokens:,}",
            f"{row.bits_per_token:.3f}",
            f"{row.units_per_token:.3f}",
            f"{row.bits_per_unit:.3f}",
            f"{row.description_bits / 1e6:,.3f}",
            f"{row.lexicon_bits / 1e6:,.3f}",
        )
        for row in rows
    ]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    lines = []
    for row in cells:
        numbers = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *numbers]))
    return "\n".join(lines)

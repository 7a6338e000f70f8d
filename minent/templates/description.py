"""Bits per unit of a text under nested templates: the third level beside characters and words (5476, (2.6); 5577)."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minent.corpus.alphabet import Alphabet
from minent.corpus.sources import Corpus, open_corpus
from minent.counting import count_corpus_units
from minent.entropy import Entropy, entropy_of, gamma_bits
from minent.kernels.template_chart import count_blocks
from minent.lexicon import Lexicon
from minent.memory import Memory
from minent.segmentation import Segmenter
from minent.templates.article import LONGEST, ArticleParser
from minent.templates.coded import CodedText
from minent.templates.template_set import TemplateSet

ROUNDS = 3  # times that the text is parsed; then the bits hardly fall any more


def measure_templates(
    corpus: Corpus,
    lexicon: Lexicon,
    templates: TemplateSet,
    units: str = "run",
    jobs: int = 1,
    temp_dir: str | None = None,
    progress: bool = False,
) -> list[Entropy]:
    """The entropy of a corpus by sentences of words, and by sentences of templates.

    Both code where sentences end, which the entropy by words does not, so that the two can be compared.
    """
    alphabet = Alphabet.from_counts(count_corpus_units(corpus, units == "run", jobs)[0])
    segmenter = Segmenter(lexicon, units=units, unknown_model=False)
    rows = []
    for cut, used in (("sentences", TemplateSet([])), ("templates", templates)):
        found = entropy_of_templates(corpus, used, alphabet, segmenter, jobs=jobs, progress=progress, temp_dir=temp_dir)
        rows.append(dataclasses.replace(found, cut=cut))
    return rows


def entropy_of_templates(
    corpus: Any,
    templates: TemplateSet,
    alphabet: Alphabet,
    segmenter: Segmenter | None = None,
    *,
    pretokenized: bool = False,
    jobs: int = 1,
    progress: bool = False,
    temp_dir: str | None = None,
) -> Entropy:
    """The entropy of a corpus whose sentences are nested templates.

    A sentence is written as its main template, then what is in each slot, and so on. A block is a template; or one
    word; or the number of its words and then these. All of them are tokens of one distribution, so that the text can be
    read back, its sentences apart: compare it with what no templates at all give. It is parsed for the fewest bits,
    ROUNDS times, each time with the distribution that the time before has left.
    A template is as long as its own words; to write it down costs these words under their distribution in the text, one
    bit for each place that may be a slot, and their number in γ code.

    alphabet : units of the same corpus, for the lengths of words and the cost to spell them
    Errors: CorpusError if the corpus cannot be read.
    """
    if not pretokenized:
        segmenter = segmenter or Segmenter()
    parser = ArticleParser(templates)
    with CodedText(open_corpus(corpus), segmenter, jobs=jobs, progress=progress, memory=Memory(None, temp_dir)) as text:
        used = _Usage(
            np.round(np.exp(parser.trie[2]) * parser.total), text.counts.astype(np.float64), np.ones(LONGEST + 1)
        )
        for _ in range(ROUNDS):
            used = _parse(text, parser, used)
        words = list(map(str, text.words))
        lengths, spelling = _spelled(words, alphabet)
        word_bits = np.log2(max(int(text.counts.sum()), 1)) - np.log2(np.maximum(text.counts, 1))
        numbers = {word: number for number, word in enumerate(words)}
    counts, sizes, bits = [used.words[1:]], [lengths[1:]], [spelling[1:]]
    for node in np.flatnonzero(used.nodes).tolist():
        own = np.array([numbers[word] for word in parser.template_at(node).literals], dtype=np.int64)
        counts.append(used.nodes[node : node + 1])
        sizes.append(lengths[own].sum(keepdims=True))
        bits.append(gamma_bits(np.array([len(own)])) + word_bits[own].sum() + len(own) + 1)
    several = np.arange(2, LONGEST + 1)
    counts.append(used.nulls[2:])
    sizes.append(np.zeros(len(several), dtype=np.int64))
    bits.append(gamma_bits(several))
    whole = np.concatenate(counts).astype(np.int64)
    return entropy_of("templates", whole, np.concatenate(sizes), np.concatenate(bits))


class _Usage(NamedTuple):
    """How often each node of the trie is a block, each word stands by itself, and each length has no template."""

    nodes: NDArray[Any]
    words: NDArray[Any]
    nulls: NDArray[Any]

    @classmethod
    def zeros(cls, like: _Usage) -> _Usage:
        return cls(*(np.zeros(len(counts), dtype=np.int64) for counts in like))

    def add(self, other: _Usage) -> None:
        for counts, more in zip(self, other, strict=True):
            counts += more


def _parse(text: CodedText, parser: ArticleParser, used: _Usage) -> _Usage:
    """Parse a text for the fewest bits and count what it is made of."""
    log_total = np.log(max(sum(counts.sum() for counts in (used.nodes, used.words, used.nulls[2:])), 1))
    with np.errstate(divide="ignore"):
        nodes = np.log(used.nodes) - log_total
    words = np.log(np.maximum(used.words, 0.5)) - log_total  # what has gone may come back, at a price
    nulls = np.log(np.maximum(used.nulls, 0.5)) - log_total
    nulls[:2] = 0.0  # a word alone needs no number
    numbers, (table, slots, _) = parser.numbers(list(map(str, text.words))), parser.trie

    def work(counts: _Usage, stream: NDArray[np.int32]) -> None:
        count_blocks(stream, numbers, (table, slots, nodes), nulls, words, *counts)

    return text.fold(lambda: _Usage.zeros(used), work, _Usage.add, "parse")


def _spelled(words: list[str], alphabet: Alphabet) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Units of each word, and the bits to spell it: its length in γ code, its units by the alphabet's counts."""
    lines = "".join([word.replace("\n", " ") + "\n" for word in words])
    stream, ends = alphabet.encode(np.frombuffer(lines.encode(), dtype=np.uint8), with_lines=True)
    unit_bits = np.log2(max(int(alphabet.counts.sum()), 1)) - np.log2(np.maximum(alphabet.counts, 1))
    unit_bits[0] = 0.0
    bits_to = np.concatenate([[0.0], np.cumsum(unit_bits[stream])])
    units_to = np.concatenate([[0], np.cumsum(stream > 0)])
    starts = np.concatenate([[0], ends[:-1]])
    lengths = np.maximum(units_to[ends] - units_to[starts], 1)
    return lengths, bits_to[ends] - bits_to[starts] + gamma_bits(lengths)

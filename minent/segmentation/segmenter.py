"""The segmenter: text cut into the words of a lexicon, so that the product of their probabilities is largest."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from minent.lexicon import Lexicon
from minent.segmentation.cuts import BEST, Bytes, Sampling
from minent.segmentation.model import PROTECTION, UnigramModel
from minent.segmentation.spans import Segmentation
from minent.settings import UNITS

if TYPE_CHECKING:
    from minent.segmentation.cutter import Cutter
    from minent.segmentation.lattice import Lattice
    from minent.unknown_model import UnknownModel


class Segmenter:
    """Cuts text into words by the unigram model of a lexicon (kexue.fm/archives/5476, (2.18) and (2.19)).

    The best cutting of a run of units has the largest sum of ln p(word); a tie goes to the longer word, from the
    right end on, as in jieba without its HMM. p(word) is max(count, 1)/total; a unit that is no word counts as if it
    had been seen once. What is no unit (punctuation, …) is a word of its own, unless a word of the lexicon has it
    inside; a run of the same sign — … or ─ is one word; whitespace is none.

    A lexicon from little text has a model of unknown words too (`lexicon.model`): then the best cutting has the largest
    product of its weights, which every string of up to four units has, a word or not; so it is where this docstring and
    the methods say p(word).

    lexicon : words and counts; None is the built-in lexicon
    units : `run` — a run of Latin letters or of digits is one unit; `char` — every character is one
    unknown_model : use the model of the lexicon if it has one, for these units; else its words alone
    protect : words that are never cut, with or without signs and spaces in them (C++, .NET, 诺贝尔·奖)

    A segmenter can be pickled and used by several threads at once.

    >>> segmenter = Segmenter(Lexicon.from_counts({"科学": 5, "技术": 5, "学": 1}))
    >>> segmenter.cut("科学 技术!")
    ['科学', '技术', '!']
    """

    def __init__(
        self,
        lexicon: Lexicon | None = None,
        *,
        units: str = "run",
        protect: Iterable[str] = (),
        unknown_model: bool = True,
    ) -> None:
        if units not in UNITS:
            raise ValueError(f"units is {units!r}; it must be one of {', '.join(UNITS)}")
        if isinstance(protect, str):
            raise TypeError("protect must be a collection of words, not a str")
        if lexicon is None:
            from minent.lexicon import builtin_lexicon

            lexicon = builtin_lexicon()
        self.lexicon, self.units = lexicon, units
        self.protect = frozenset(protect) - {""}
        self.unknown_model = unknown_model

    @property
    def model(self) -> UnknownModel | None:
        """The model of unknown words in use; None for none."""
        model = self.lexicon.model if self.unknown_model else None
        return model if model is not None and model.whole_runs == (self.units == "run") else None

    @cached_property
    def cutter(self) -> Cutter:
        """What cuts bytes: made when it is first needed."""
        if self.model is not None:
            from minent.segmentation.model_cutter import ModelCutter

            return ModelCutter(self.model, self.lexicon, self.protect)
        from minent.segmentation.cutter import Cutter
        from minent.segmentation.word_trie import WordTrie

        words = UnigramModel.of(self.lexicon, self.protect)
        return Cutter(WordTrie.build(words.words, words.values, words.unknown, whole_runs=self.units == "run"))

    def __reduce__(self) -> tuple[Any, ...]:
        return _make, (type(self), self.lexicon, self.units, self.protect, self.unknown_model)

    def __repr__(self) -> str:
        return f"<Segmenter: {len(self.lexicon):,} words, units {self.units!r}>"

    def cut(self, text: str) -> list[str]:
        """The words of a text, in order, without whitespace."""
        return self._cut(text, BEST)

    def segment(self, text: str) -> Segmentation:
        """The words of a text as spans."""
        return Segmentation(text, tuple(word_spans(decoded(self.cutter.tokens(encoded(text))))))

    def sample(self, text: str, alpha: float = 1.0, seed: int = 0) -> list[str]:
        """The words of a random cutting, drawn with probability ∝ Π p(word)^alpha (kexue.fm/archives/9811).

        alpha : 0 takes every cutting with equal probability, a large one nearly always the best
        """
        return self._cut(text, Sampling.by_seed(alpha, seed))

    def nbest(self, text: str, k: int) -> list[tuple[float, list[str]]]:
        """The k best cuttings, or all if there are fewer, best first: (ln of the probability in nats, words)."""
        return [(score, decoded(words)) for score, words in self.nbest_bytes(encoded(text), k)]

    def confidence(self, text: str) -> list[tuple[str, float]]:
        """The words of the best cutting, each with its probability to be in a cutting drawn with alpha 1."""
        words = self.confidence_bytes(encoded(text))
        return list(zip(decoded([word for word, _ in words]), [share for _, share in words], strict=True))

    def nbest_bytes(self, data: Bytes, k: int) -> list[tuple[float, list[bytes]]]:
        """`nbest` of UTF-8 text, valid or not."""
        if k < 1:
            raise ValueError(f"k is {k}; it must be at least 1")
        found = self.lattice(data).best(k)
        if not self.protect:
            return found
        bonus = {word.encode("utf-8", "surrogatepass"): PROTECTION * len(word) for word in self.protect}
        return [(score - sum(bonus.get(word, 0.0) for word in words), words) for score, words in found]

    def confidence_bytes(self, data: Bytes) -> list[tuple[bytes, float]]:
        """`confidence` of UTF-8 text, valid or not."""
        return self.lattice(data).posteriors()

    def lattice(self, data: Bytes) -> Lattice:
        """All words that UTF-8 text, valid or not, admits."""
        from minent.segmentation.lattice import Lattice

        return Lattice.read(data, self.cutter)

    def cut_bytes(self, data: bytes, separator: bytes = b" ") -> bytes:
        """UTF-8 text with a separator between each two words, but none beside whitespace.

        Whatever the bytes are, valid or not: if `separator` does not occur in them, deleting it gives them back.
        """
        return self.cutter.cut(np.frombuffer(data, dtype=np.uint8), separator).data.tobytes()

    def cut_file(
        self,
        source: str | os.PathLike[str],
        target: str | os.PathLike[str],
        *,
        separator: str = " ",
        encoding: str | None = None,
        jobs: int = 1,
    ) -> None:
        """Cut a file (or a folder, a glob pattern, `-`) into a UTF-8 file, which appears whole or not at all.

        jobs : number of threads; the result does not depend on it.  Raises CorpusError, OutputError.
        """
        from minent.corpus.sources import Corpus
        from minent.files import atomic_open, refuse_overwrite
        from minent.segmentation.stream import cut_corpus

        with Corpus(source, encoding=encoding, keep_bom=True) as corpus:
            refuse_overwrite(target, corpus.files)
            with atomic_open(target, "wb") as file:
                cut_corpus(self.cutter, corpus, file.write, separator=separator.encode(), jobs=jobs)

    def _cut(self, text: str, sampling: Sampling) -> list[str]:
        data = encoded(text)
        if self.cutter.spaces_in_words:
            tokens = decoded(self.cutter.tokens(data, sampling))
            return [token for token in tokens if not token.isspace()]
        cut = self.cutter.cut(data, b" ", sampling=sampling).data.tobytes()
        return cut.decode("utf-8", "surrogatepass").split()


def _make(
    kind: type[Segmenter], lexicon: Lexicon, units: str, protect: Iterable[str], unknown_model: bool
) -> Segmenter:
    return kind(lexicon, units=units, protect=protect, unknown_model=unknown_model)


def encoded(text: str) -> Bytes:
    """A Python string as UTF-8; a lone surrogate becomes three bytes that are not valid."""
    if not isinstance(text, str):
        raise TypeError(f"text to cut is a str, not {type(text).__name__}")
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)


def decoded(tokens: list[bytes]) -> list[str]:
    """Tokens of an encoded Python string as strings."""
    return [token.decode("utf-8", "surrogatepass") for token in tokens]


def word_spans(tokens: list[str]) -> list[tuple[int, int]]:
    """Where the tokens that are no whitespace start and end in the text that all of them make, in characters."""
    spans, start = [], 0
    for token in tokens:
        end = start + len(token)
        if not token.isspace():
            spans.append((start, end))
        start = end
    return spans

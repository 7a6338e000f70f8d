"""A corpus as sentences of word numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from minent.corpus.sources import Corpus, Shard
from minent.corpus.units import unit_classes
from minent.engines.local import fold
from minent.kernels.skipgram import SIGNS_ARE_WORDS, SPACED, code_words
from minent.memory import SHARD, Memory
from minent.progress import progress_bar
from minent.segmentation import Segmenter
from minent.tables import Interner
from minent.templates.streams import Coder, WordStream, beside_words

TOKEN_START = b"\xff"


def coding_flags(segmenter: Segmenter | None, signs_are_words: bool) -> int:
    """For `code_sentences`."""
    return (0 if segmenter else SPACED) | (SIGNS_ARE_WORDS if signs_are_words else 0)


def code_sentences(
    data: NDArray[np.uint8], segmenter: Segmenter | None, flags: int, words: Interner
) -> tuple[NDArray[np.int32], int, int]:
    """The word stream of a piece of text, by the entries of a table, which grows; invalid bytes, and the first."""
    words.state[2:] = 0, -1
    invalid, first = 0, -1
    if segmenter is not None:
        cut = segmenter.cutter.cut(data, TOKEN_START, every_token=True)
        data, invalid, first = cut.data, cut.invalid, cut.first_invalid
    stream = np.empty(len(data) + 1, dtype=np.int32)
    at = size = 0
    while True:
        at, size = code_words(
            data, at, unit_classes(), flags, words.runs, words.entries, words.counts, words.state, stream, size
        )
        if at == len(data):
            break
        words.grow(len(data) - at)
    if segmenter is None:
        invalid, first = int(words.state[2]), int(words.state[3])
    return stream[:size], invalid, first


class _SentenceCoder(Coder):
    """Segments and codes shards."""

    def __init__(self, segmenter: Segmenter | None, flags: int, memory: Memory, jobs: int) -> None:
        super().__init__(memory.temp_dir)
        self.segmenter, self.flags = segmenter, flags
        self.memory, self.jobs = memory, jobs
        self.words = Interner(np.uint8)

    def add(self, shard: Shard) -> None:
        """Code one shard."""
        stream, invalid, first = code_sentences(shard.data, self.segmenter, self.flags, self.words)
        self.note_invalid(shard, invalid, first)
        self.write(shard.number, stream)
        beside_words(self.memory, len(self.words), self.jobs)

    def vocabulary(self) -> tuple[list[bytes], list[int]]:
        content, start, texts = self.words.content.tobytes(), 0, []
        for end in self.words.ends().tolist():
            texts.append(content[start:end])
            start = end
        counts = self.words.counts[: len(texts)].tolist()
        self.words = Interner(np.uint8, 16)
        return texts, counts


class CodedText(WordStream[_SentenceCoder]):
    """A corpus as a word stream (kernels/skipgram.py): word numbers from 1 on, every sentence followed by one 0.

    A sentence is a run of words with no sign, no space and no line end between them, as in the article; with
    `segmenter` None words are what stands between whitespace, and only signs and line ends end a sentence. With
    `signs_are_words` a sentence goes on after commas and the like, which are words.

    memory : that of counters, in all passes; None: no limit
    """

    def __init__(
        self,
        corpus: Corpus,
        segmenter: Segmenter | None,
        *,
        signs_are_words: bool = False,
        jobs: int = 1,
        progress: bool = False,
        memory: Memory | None = None,
    ) -> None:
        flags, memory = coding_flags(segmenter, signs_are_words), memory or Memory()
        size = corpus.shard_size
        if memory.size is not None and flags == 0:  # with flags, a sentence may go on where a line is cut
            size = min(size, SHARD)

        def fill(coders: list[_SentenceCoder]) -> None:
            def make() -> _SentenceCoder:
                coders.append(_SentenceCoder(segmenter, flags, memory, jobs))
                return coders[-1]

            def shards() -> Iterator[Shard]:
                with progress_bar(corpus.size(), "B", "segment", progress) as advance:
                    for shard in corpus.shards(size):
                        yield shard
                        advance(len(shard.data))

            fold(shards(), make, _SentenceCoder.add, lambda one, other: None, jobs)

        super().__init__(corpus, fill, jobs=jobs, progress=progress, memory=memory)

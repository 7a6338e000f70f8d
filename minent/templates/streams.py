"""Streams of word numbers: made once by workers, kept in temporary files, read again for every pass."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import IO, TYPE_CHECKING, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from minent.corpus.encodings import InvalidBytes
from minent.corpus.finding import source_name
from minent.corpus.sources import TEXTS, Corpus, Shard
from minent.engines.local import fold
from minent.errors import CorpusError
from minent.files import describe_os_error, display_path
from minent.memory import Memory
from minent.progress import progress_bar
from minent.templates.template import Element

if TYPE_CHECKING:
    from typing_extensions import Self

State = TypeVar("State")
ID_BYTES = 4
WORD = 400  # bytes of a word of the text, and of its numbers while they are made
WORD_OF_WORKER = 40  # bytes of a word in what each worker counts
PIECE = 1 << 16  # numbers that are looked through at once
OPEN, CLOSE = -1, -2  # beside word numbers a stream may have brackets


class Coder:
    """What one worker has coded: its words, and its file with the streams of its shards."""

    def __init__(self, temp_dir: str | None) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile(prefix="minent-", dir=temp_dir)  # noqa: SIM115  # see close
        self.pieces: list[tuple[int, int, int]] = []  # number in the order, offset in the file, size
        self.size = 0
        self.invalid = 0
        self.first: tuple[int, Shard, int] | None = None  # number of the shard, the shard, offset in it

    def vocabulary(self) -> tuple[list[bytes], list[int]]:
        """Its words in the order of their numbers, from 1 on, and their counts."""
        raise NotImplementedError

    def write(self, number: int, stream: NDArray[np.int32]) -> None:
        """Keep a stream; those with lower numbers come before it."""
        self.file.write(stream.data)
        self.pieces.append((number, self.size, len(stream)))
        self.size += len(stream)

    def note_invalid(self, shard: Shard, invalid: int, first: int) -> None:
        """Remember that so many bytes of a shard were no text, the first at `first`."""
        if invalid:
            self.invalid += invalid
            if self.first is None or shard.number < self.first[0]:
                self.first = (shard.number, shard, first)


AnyCoder = TypeVar("AnyCoder", bound=Coder)


class WordStream(Generic[AnyCoder]):
    """A corpus as word numbers from 1 on, with 0 for an end, and OPEN and CLOSE.

    words, counts : of each number; words[0] is empty. Numbers go by falling count, then by text
    invalid : bytes of the corpus that were no valid text
    memory : what counters may fill, the words taken off

    Memory: the words, and a shard a worker. The streams lie in temporary files, 4 bytes a number, until `close`.
    Errors: CorpusError if the corpus cannot be read, or the files not be written; MemoryBudgetError.
    """

    words: list[Element]
    counts: NDArray[np.int64]

    def __init__(
        self,
        corpus: Corpus,
        fill: Callable[[list[AnyCoder]], None],
        *,
        jobs: int = 1,
        progress: bool = False,
        memory: Memory | None = None,
    ) -> None:
        """`fill` adds coders to a list, and has them code the corpus."""
        self.corpus, self.jobs, self.progress = corpus, jobs, progress
        self.memory = memory or Memory()
        self.coders: list[AnyCoder] = []
        try:
            fill(self.coders)
            for coder in self.coders:
                coder.file.flush()
            self._number_words()
            self.invalid = self._invalid(corpus)
        except OSError as error:
            self.close()
            folder = display_path(self.memory.temp_dir or tempfile.gettempdir())
            problem = f"the coded text cannot be kept here: {describe_os_error(error)}"
            raise CorpusError(folder, problem, "choose another folder with --temp-dir") from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the temporary files."""
        for coder in self.coders:
            coder.file.close()

    def __len__(self) -> int:
        """Numbers in all, ends among them."""
        return sum(coder.size for coder in self.coders)

    def _number_words(self) -> None:
        """Give every word one number, the same whichever worker has seen it first."""
        counts: dict[bytes, int] = {}
        texts = []
        for coder in self.coders:
            own, own_counts = coder.vocabulary()
            for text, count in zip(own, own_counts, strict=True):
                counts[text] = counts.get(text, 0) + count
            texts.append(own)
        self.memory = beside_words(self.memory, len(counts), self.jobs)
        ordered = sorted(counts, key=lambda text: (-counts[text], text))
        numbers = {text: number for number, text in enumerate(ordered, start=1)}
        self._numbers = [renumbering([numbers[text] for text in own]) for own in texts]
        self.words = ["", *(text.decode() for text in ordered)]
        self.counts = np.array([0, *(counts[text] for text in ordered)], dtype=np.int64)
        self._pieces = sorted(
            (number, worker, offset, size)
            for worker, coder in enumerate(self.coders)
            for number, offset, size in coder.pieces
        )

    def rename(self, names: Mapping[str, Element]) -> None:
        """From now on, read each of these words as another one; numbers go by falling count and text again."""
        counts: dict[Element, int] = {}
        renamed = [names.get(word, word) if isinstance(word, str) else word for word in self.words[1:]]
        for word, count in zip(renamed, self.counts[1:].tolist(), strict=True):
            counts[word] = counts.get(word, 0) + count
        ordered = sorted(counts, key=lambda word: (-counts[word], *sort_key(word)))
        numbers = {word: number for number, word in enumerate(ordered, start=1)}
        new = renumbering([numbers[word] for word in renamed])
        self._numbers = [new[own] for own in self._numbers]
        self.words = ["", *ordered]
        self.counts = np.array([0, *(counts[word] for word in ordered)], dtype=np.int64)

    def _invalid(self, corpus: Corpus) -> InvalidBytes | None:
        found = [coder.first for coder in self.coders if coder.first is not None]
        if not found:
            return corpus.decoding_report
        _, shard, at = min(found, key=lambda place: place[0])
        place = corpus.place(shard.path, shard.offset + at)
        if corpus.errors == "strict":
            hint = "try --encoding auto, or --errors boundary"
            raise CorpusError(str(place), f"not valid UTF-8 at byte {place.byte}", hint)
        return InvalidBytes(sum(coder.invalid for coder in self.coders), str(place))

    def check_words(self) -> None:
        """CorpusError if there is not one word."""
        require_words(self.corpus, self.words, self.invalid)

    def blocks(self) -> Iterator[NDArray[np.int32]]:
        """The word stream in pieces that end with an end, in order."""
        for _, worker, offset, size in self._pieces:
            file = self.coders[worker].file
            file.seek(ID_BYTES * offset)
            yield self._numbers[worker][np.frombuffer(file.read(ID_BYTES * size), dtype=np.int32)]

    def fold(
        self,
        make: Callable[[], State],
        work: Callable[[State, NDArray[np.int32]], None],
        merge: Callable[[State, State], None],
        label: str,
    ) -> State:
        """Fold the word stream, block by block (engines/local.py)."""

        def watched() -> Iterator[NDArray[np.int32]]:
            with progress_bar(len(self), "", label, self.progress) as advance:
                for block in self.blocks():
                    yield block
                    advance(len(block))

        return fold(watched(), make, work, merge, self.jobs)


def beside_words(memory: Memory, words: int, jobs: int) -> Memory:
    """What is left for counters beside so many distinct words. MemoryBudgetError where that is too little."""
    return memory.without(words * (WORD + jobs * WORD_OF_WORKER), jobs, f"a text of {words:,} distinct words or more")


def sentences(stream: NDArray[np.int32]) -> Iterator[NDArray[np.int32]]:
    """A block in pieces of about PIECE numbers, each with its end."""
    start = 0
    while start < len(stream):
        stop = start + PIECE
        if stop < len(stream):
            stop += int(np.argmin(stream[stop:] != 0)) + 1
        yield stream[start:stop]
        start = stop


def require_words(corpus: Corpus, words: Sequence[Element], invalid: InvalidBytes | None) -> None:
    """CorpusError if there is no word but the empty one."""
    if len(words) == 1:
        files = corpus.files or [TEXTS]
        place = source_name(files[0]) if len(files) == 1 else f"{len(files)} files"
        hint = "it is not valid UTF-8; try --encoding auto" if invalid else "there is nothing to learn from"
        raise CorpusError(place, "no word in it", hint)


def sort_key(word: Element) -> tuple[str, bool]:
    """Words and classes in one order, words by their text."""
    return str(word), not isinstance(word, str)


def renumbering(numbers: list[int]) -> NDArray[np.int32]:
    """New numbers by old ones; the last two are reached as [OPEN] and [CLOSE], which stay what they are."""
    return np.array([0, *numbers, CLOSE, OPEN], dtype=np.int32)

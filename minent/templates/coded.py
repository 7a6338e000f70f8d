"""A corpus as word numbers: segmented once, kept in a temporary file, read again for every pass."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import IO, TypeVar

import numpy as np
from numpy.typing import NDArray

from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import Corpus, Shard
from minent.corpus.units import unit_classes
from minent.engines.local import fold
from minent.errors import CorpusError
from minent.files import describe_os_error, display_path
from minent.kernels.skipgram import SIGNS_ARE_WORDS, SPACED, code_words
from minent.progress import progress_bar
from minent.segmentation import Segmenter
from minent.tables import Interner

State = TypeVar("State")
TOKEN_START = b"\xff"
ID_BYTES = 4


class _Coder:
    """What one worker has coded: its words, and its file with the streams of its shards."""

    def __init__(self, segmenter: Segmenter | None, signs_are_words: bool, temp_dir: str | None) -> None:
        self.segmenter = segmenter
        self.flags = (0 if segmenter else SPACED) | (SIGNS_ARE_WORDS if signs_are_words else 0)
        self.words = Interner(np.uint8)
        self.file: IO[bytes] = tempfile.TemporaryFile(prefix="minent-", dir=temp_dir)  # noqa: SIM115  # see close
        self.others: list[_Coder] = []
        self.pieces: list[tuple[int, int, int]] = []  # number of the shard, offset in the file, words and zeros
        self.size = 0
        self.invalid = 0
        self.first: tuple[int, Shard, int] | None = None  # number of the shard, the shard, offset in it

    def add(self, shard: Shard) -> None:
        """Segment and code one shard."""
        data, words = shard.data, self.words
        words.state[2:] = 0, -1
        invalid, first = 0, -1
        if self.segmenter is not None:
            cut = self.segmenter.cutter.cut(data, TOKEN_START, every_token=True)
            data, invalid, first = cut.data, cut.invalid, cut.first_invalid
        stream = np.empty(len(data) + 1, dtype=np.int32)
        at = size = 0
        while True:
            at, size = code_words(
                data, at, unit_classes(), self.flags, words.runs, words.entries, words.counts, words.state,
                stream, size,
            )  # fmt: skip
            if at == len(data):
                break
            words.grow(len(data) - at)
        if self.segmenter is None:
            invalid, first = int(words.state[2]), int(words.state[3])
        if invalid:
            self.invalid += invalid
            if self.first is None or shard.number < self.first[0]:
                self.first = (shard.number, shard, first)
        self.file.write(stream[:size].data)
        self.pieces.append((shard.number, self.size, size))
        self.size += size

    def merge(self, other: _Coder) -> None:
        """Take over what another worker has coded."""
        self.others += [other, *other.others]


class CodedText:
    """A corpus as a word stream (kernels/skipgram.py): word numbers from 1 on, every sentence followed by one 0.

    A sentence is a run of words with no sign, no space and no line end between them, as in the article; with
    `segmenter` None words are what stands between whitespace, and only signs and line ends end a sentence. With
    `signs_are_words` a sentence goes on after commas and the like, which are words.

    words, counts : of each number; words[0] is empty. Numbers go by falling count, then by text
    invalid : bytes of the corpus that were no valid text

    Memory: the words, and a shard a worker. The streams lie in temporary files, 4 bytes a word, until `close`.
    Errors: CorpusError if the corpus cannot be read, or the files not be written.
    """

    def __init__(
        self,
        corpus: Corpus,
        segmenter: Segmenter | None,
        *,
        signs_are_words: bool = False,
        jobs: int = 1,
        progress: bool = False,
        temp_dir: str | None = None,
    ) -> None:
        self.jobs, self.progress = jobs, progress
        self._coders: list[_Coder] = []

        def make() -> _Coder:
            self._coders.append(_Coder(segmenter, signs_are_words, temp_dir))
            return self._coders[-1]

        def shards() -> Iterator[Shard]:
            with progress_bar(corpus.size(), "B", "segment", progress) as advance:
                for shard in corpus.shards():
                    yield shard
                    advance(len(shard.data))

        try:
            fold(shards(), make, _Coder.add, _Coder.merge, jobs)
            for coder in self._coders:
                coder.file.flush()
        except OSError as error:
            self.close()
            folder = display_path(temp_dir or tempfile.gettempdir())
            problem = f"the coded text cannot be kept here: {describe_os_error(error)}"
            raise CorpusError(folder, problem, "choose another folder with --temp-dir") from error
        except BaseException:
            self.close()
            raise
        self._number_words()
        self.invalid = self._invalid(corpus)

    def __enter__(self) -> CodedText:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the temporary files."""
        for coder in self._coders:
            coder.file.close()

    def __len__(self) -> int:
        """Words and sentence ends."""
        return sum(coder.size for coder in self._coders)

    def _number_words(self) -> None:
        """Give every word one number, the same whichever worker has seen it first."""
        counts: dict[bytes, int] = {}
        texts = []
        for coder in self._coders:
            content, start, own = coder.words.content.tobytes(), 0, []
            for end in coder.words.ends().tolist():
                own.append(content[start:end])
                start = end
            for text, count in zip(own, coder.words.counts.tolist(), strict=False):
                counts[text] = counts.get(text, 0) + count
            texts.append(own)
        ordered = sorted(counts, key=lambda text: (-counts[text], text))
        numbers = {text: number for number, text in enumerate(ordered, start=1)}
        self._numbers = [np.array([0, *(numbers[text] for text in own)], dtype=np.int32) for own in texts]
        self.words = ["", *(text.decode() for text in ordered)]
        self.counts = np.array([0, *(counts[text] for text in ordered)], dtype=np.int64)
        self._pieces = sorted(
            (number, worker, offset, size)
            for worker, coder in enumerate(self._coders)
            for number, offset, size in coder.pieces
        )
        for coder in self._coders:
            coder.words = Interner(np.uint8, 16)

    def _invalid(self, corpus: Corpus) -> InvalidBytes | None:
        found = [coder.first for coder in self._coders if coder.first is not None]
        if not found:
            return corpus.decoding_report
        _, shard, at = min(found, key=lambda place: place[0])
        place = corpus.place(shard.path, shard.offset + at)
        if corpus.errors == "strict":
            hint = "try --encoding auto, or --errors boundary"
            raise CorpusError(str(place), f"not valid UTF-8 at byte {place.byte}", hint)
        return InvalidBytes(sum(coder.invalid for coder in self._coders), str(place))

    def blocks(self) -> Iterator[NDArray[np.int32]]:
        """The word stream in pieces that end with a sentence, in order."""
        for _, worker, offset, size in self._pieces:
            file = self._coders[worker].file
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

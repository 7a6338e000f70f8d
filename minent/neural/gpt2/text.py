"""A corpus as ids: documents one after another, each after a [CLS]."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import Corpus
from minent.errors import CorpusError
from minent.neural.gpt2.tokenizer import Tokenizer
from minent.segmentation.stream import Watch

LINES = 1024  # that are coded together


@dataclass(frozen=True)
class CodedText:
    """ids : int32[n];  characters that they stand for, and those of them that became [UNK];  bytes that are no text."""

    ids: NDArray[np.int32]
    characters: int
    unknown: int
    invalid: InvalidBytes | None = None

    @property
    def digest(self) -> str:
        """Tells texts apart."""
        return hashlib.blake2b(self.ids.tobytes(), digest_size=16).hexdigest()


def read_lines(corpus: Corpus, watch: Watch | None = None) -> Iterator[tuple[str, list[str]]]:
    """Name of the file and lines with their ends, shard by shard; bytes that are no UTF-8 become U+FFFD.

    `watch` counts those bytes. CorpusError at the first if the corpus is strict.
    """
    watch = watch or Watch(corpus)
    for shard in corpus.shards():
        text = watch.decode(shard.data.tobytes(), shard.path, shard.offset, mark="\ufffd")
        yield shard.path, text.splitlines(keepends=True)


def code_corpus(corpus: Corpus, tokenizer: Tokenizer, place: str = "the corpus") -> CodedText:
    """The ids of a corpus, in memory. CorpusError: it cannot be read, or there is no text in it."""
    parts: list[NDArray[np.int32]] = []
    characters = unknown = 0
    document = None
    watch = Watch(corpus)
    for name, lines in read_lines(corpus, watch):
        if name != document:
            document = name
            parts.append(np.array([tokenizer.start], dtype=np.int32))
        for at in range(0, len(lines), LINES):
            some = lines[at : at + LINES]
            ids, lost = tokenizer.encode_lines(some)
            parts.append(np.array(ids, dtype=np.int32))
            characters += tokenizer.count_characters("".join(some))
            unknown += lost
    ids_of_all = np.concatenate([np.empty(0, dtype=np.int32), *parts])
    if not characters or bool((ids_of_all == tokenizer.start).all()):
        raise CorpusError(place, "no text in it")
    return CodedText(ids_of_all, characters, unknown, watch.report())


def windows(ids: NDArray[np.int32], starts: NDArray[np.int64], length: int) -> tuple[Any, Any]:
    """Ids and the ids that follow them, int64 (starts, length), as PyTorch's arrays."""
    import torch

    places = starts[:, None] + np.arange(length + 1)
    found = torch.from_numpy(ids[places].astype(np.int64))
    return found[:, :-1].contiguous(), found[:, 1:].contiguous()

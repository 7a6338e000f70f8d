"""Coded text → counts of words with features → positive PMI → truncated SVD: one vector a word.

Sources: Bullinaria and Levy 2012; Levy, Goldberg and Dagan 2015 (smoothing, the square root of the singular values).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save as to_safetensors

from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import Corpus
from minent.errors import CorpusError, ModelError
from minent.files import describe_os_error, display_path
from minent.neural.device import seed_step
from minent.neural.tensors import read_tensors
from minent.neural.words.settings import WordSettings
from minent.segmentation import Segmenter
from minent.templates.coded import CodedText

FILE, WORDS = "vectors.safetensors", "words.tsv"  # in the folder of a model
OVERSAMPLING, SWEEPS = 10, 4  # of the randomised SVD
FRAME_WORDS = 1000  # the most frequent words, of which frames are made


@dataclass(frozen=True)
class WordVectors:
    """Words and their vectors, each of length √dim, so that a number is about 1.

    vectors : float32[n, dim];  invalid : bytes of the corpus that were no valid text
    """

    words: tuple[str, ...]
    counts: NDArray[np.int64]
    vectors: NDArray[np.float32]
    labels: None = None
    names: tuple[str, ...] = ()
    source: str = "words"
    invalid: InvalidBytes | None = None

    def __len__(self) -> int:
        return len(self.words)

    @property
    def shape(self) -> tuple[int, int, int]:
        """As of pictures: numbers, 1, 1."""
        return self.vectors.shape[1], 1, 1

    def digest(self) -> str:
        """SHA-256 of words and vectors."""
        told = hashlib.sha256("\n".join(self.words).encode())
        told.update(np.ascontiguousarray(self.vectors).data)
        return told.hexdigest()

    def tensor(self, numbers: Any, device: Any = None) -> Any:
        """Vectors as float32 (batch, dim, 1, 1) on a device."""
        return torch.from_numpy(self.vectors[numbers]).to(device)[:, :, None, None]

    def extras(self) -> dict[str, bytes]:
        """Files that hold them; `load_vectors` reads them."""
        table = "".join(f"{word}\t{count}\n" for word, count in zip(self.words, self.counts.tolist(), strict=True))
        return {FILE: to_safetensors({"vectors": torch.from_numpy(self.vectors)}), WORDS: table.encode()}


def load_vectors(folder: str | os.PathLike[str]) -> WordVectors:
    """The vectors in the folder of a model. ModelError: none there, or the two files do not belong together."""
    path = Path(folder) / WORDS
    shown = display_path(path)
    if not path.is_file():
        raise ModelError(display_path(folder), "was not trained on words: it has no words.tsv")
    vectors = read_tensors(Path(folder) / FILE)[0].get("vectors")
    try:
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        words, counts = tuple(row[0] for row in rows), np.array([int(row[1]) for row in rows], dtype=np.int64)
    except OSError as error:
        raise ModelError(shown, describe_os_error(error)) from error
    except (ValueError, IndexError, OverflowError) as error:
        raise ModelError(shown, "not a table of words and counts") from error
    if vectors is None or vectors.ndim != 2 or vectors.dtype != torch.float32 or len(vectors) != len(words):
        raise ModelError(display_path(Path(folder) / FILE), f"does not hold one vector for each word of {WORDS}")
    return WordVectors(words, counts, np.array(vectors.numpy()))


def find_vectors(
    corpus: Corpus,
    segmenter: Segmenter,
    settings: WordSettings,
    *,
    seed: int = 0,
    jobs: int = 1,
    progress: bool = False,
) -> WordVectors:
    """Vectors of those words of the segmenter's lexicon that stand most often in a corpus.

    CorpusError: too few of them are frequent enough.
    """
    with CodedText(corpus, segmenter, jobs=jobs, progress=progress) as text:
        text.check_words()
        known = frozenset(segmenter.lexicon.words)
        usual = int((text.counts[1:] >= settings.min_count).sum()) + 1
        chosen = [number for number in range(1, usual) if text.words[number] in known][: settings.words]
        words, counts = [str(text.words[number]) for number in chosen], text.counts[chosen]
        if len(words) <= settings.dim:
            problem = f"only {len(words)} of the lexicon stand {settings.min_count} times in the text, "
            problem += f"for vectors of {settings.dim} numbers"
            hint = "a smaller min_count or dim, or more text, helps"
            hint = "some of it is not valid UTF-8; try --encoding auto" if text.invalid else hint
            raise CorpusError("words", problem, hint)
        row_of = np.full(len(text.words), -1, dtype=np.int64)
        row_of[chosen] = np.arange(len(chosen))
        rows, columns, values = count_features(text.blocks, row_of, settings)
    vectors = truncated_svd(*positive_pmi(rows, columns, values, settings.smoothing), len(words), settings.dim, seed)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors *= np.sqrt(settings.dim) / np.maximum(lengths, 1e-12)
    return WordVectors(tuple(words), counts, vectors, invalid=text.invalid)


def count_features(
    blocks: Any, row_of: NDArray[np.int64], settings: WordSettings
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Words from 0 on, features, and how often they come together; each pair once.

    blocks : called, gives the word stream in pieces: numbers from 1 on by falling count, 0 at the end of a sentence
    row_of : the row of each number; −1 of 0, and of words that get no vector
    """
    frames = _frequent_frames(blocks(), settings.frames)
    keys, values = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    places = [place for place in range(-settings.window, settings.window + 1) if place]
    first_frame = len(places) * (settings.neighbours + 1)
    features = first_frame + len(frames)
    for block in blocks():
        stream = _from_an_end(block)
        parts = []
        for number, place in enumerate(places):
            word, beside = (stream[:-place], stream[place:]) if place > 0 else (stream[-place:], stream[:place])
            for between in range(1, abs(place)):  # no neighbour beyond the end of a sentence
                inner = stream[between : between + len(word)]
                word = np.where(inner == 0, 0, word)
            row = row_of[word]
            seen = (row >= 0) & (beside <= settings.neighbours)
            parts.append(row[seen] * features + number * (settings.neighbours + 1) + beside[seen])
        if len(frames) and len(stream) > 2:
            found = _frame_keys(stream)
            at = np.minimum(np.searchsorted(frames, found), len(frames) - 1)
            row = row_of[stream[1:-1]]
            seen = (frames[at] == found) & (row >= 0)
            parts.append(row[seen] * features + first_frame + at[seen])
        keys, values = _merge(keys, values, np.concatenate(parts))
    rows, columns = np.divmod(keys, features)
    return rows, columns, values


def _from_an_end(block: NDArray[np.int32]) -> NDArray[np.int64]:
    """A piece of a word stream with the end of the sentence before it, so that its first word has a neighbour."""
    return np.concatenate([np.zeros(1, dtype=np.int64), block])


def _frame_keys(stream: NDArray[np.int64]) -> NDArray[np.int64]:
    """The frame about every number but the first and last: its neighbours as one; −1 about an end, beside a rarity."""
    left, inner, right = stream[:-2], stream[1:-1], stream[2:]
    usual = (inner > 0) & (left <= FRAME_WORDS) & (right <= FRAME_WORDS) & (left + right > 0)
    return np.where(usual, left * (FRAME_WORDS + 1) + right, -1)


def _frequent_frames(blocks: Iterable[NDArray[np.int32]], most: int) -> NDArray[np.int64]:
    """The most frequent frames, sorted; those that are as frequent go by number."""
    counts = np.zeros((FRAME_WORDS + 1) ** 2, dtype=np.int64)
    for block in blocks:
        found = _frame_keys(_from_an_end(block))
        counts += np.bincount(found[found >= 0], minlength=len(counts))
    best = np.argsort(-counts, kind="stable")[:most]
    return np.sort(best[counts[best] > 1])


def _merge(
    keys: NDArray[np.int64], values: NDArray[np.int64], more: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    new, counts = np.unique(more, return_counts=True)
    together, places = np.unique(np.concatenate([keys, new]), return_inverse=True)
    sums = np.zeros(len(together), dtype=np.int64)
    np.add.at(sums, places, np.concatenate([values, counts]))
    return together, sums


def positive_pmi(
    rows: NDArray[np.int64], columns: NDArray[np.int64], values: NDArray[np.int64], smoothing: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs whose PMI is above 0, in nats. A feature has a probability as its count to the power `smoothing`."""
    of_rows = np.bincount(rows, values).astype(np.float64)
    of_columns = np.bincount(columns, values) ** smoothing
    of_columns /= of_columns.sum()
    pmi = np.log(values / of_rows[rows] / of_columns[columns])
    above = pmi > 0
    return rows[above], columns[above], pmi[above]


def truncated_svd(
    rows: NDArray[np.int64], columns: NDArray[np.int64], values: NDArray[np.float64], height: int, dim: int, seed: int
) -> NDArray[np.float32]:
    """U √S of the largest singular values of a sparse matrix, by the randomised method; float32[height, dim].

    Columns have the sign that makes their largest number positive.
    """
    names, columns = np.unique(columns, return_inverse=True)
    matrix = torch.sparse_coo_tensor(
        torch.from_numpy(np.stack([rows, columns])),
        torch.from_numpy(values).float(),
        (height, len(names)),
        check_invariants=True,
    ).coalesce()
    width = min(dim + OVERSAMPLING, height, len(names))
    if width < dim:
        raise CorpusError("words", f"{len(names)} features are too few for vectors of {dim} numbers")
    seed_step(seed, -1)
    left, sizes, _ = torch.svd_lowrank(matrix, q=width, niter=SWEEPS)
    found = (left[:, :dim] * sizes[:dim].sqrt()).numpy()
    signs = np.sign(found[np.argmax(np.abs(found), axis=0), np.arange(dim)])
    return np.asarray(found * signs, dtype=np.float32)

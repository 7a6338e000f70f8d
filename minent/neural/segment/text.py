"""A corpus as the taggers learn from it: ids of elements, and how sure the lexicon is of a boundary before each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import Corpus
from minent.corpus.units import DIGIT, LATIN, MARK, REPEAT, unit_classes
from minent.errors import CorpusError
from minent.neural.segment.elements import EDGE, ElementReader, blocks, folds_of, spread
from minent.neural.segment.lattice import arcs_of, best_starts, boundary_shares, read_lattice
from minent.segmentation.cutter import Cutter
from minent.segmentation.stream import Watch

NOTHING = 255  # in `targets`: nothing is to be learned here
STEPS = 254  # a target is a multiple of 1/STEPS


@dataclass(frozen=True)
class CharacterCounts:
    """How often each character stands in a corpus (int64[0x110000]), the bytes of its text, and those that are none."""

    counts: NDArray[np.int64]
    size: int
    invalid: InvalidBytes | None

    def frequent(self, min_count: int) -> str:
        """The characters that get an id: those that stand at least so often, the most frequent first."""
        classes = unit_classes()
        points = np.flatnonzero((self.counts >= min_count) & ~np.isin(classes, (LATIN, DIGIT, MARK, REPEAT)))
        points = points[np.argsort(-self.counts[points], kind="stable")]
        return "".join(filter(_is_shown, map(chr, points.tolist())))


def count_characters(corpus: Corpus) -> CharacterCounts:
    """One pass over a corpus. CorpusError: invalid bytes where the corpus is strict."""
    counts = np.zeros(0x110000, dtype=np.int64)
    size = 0
    watch = Watch(corpus)
    for shard in corpus.shards():
        for start, end in blocks(shard.data):
            text = watch.decode(shard.data[start:end].tobytes(), shard.path, shard.offset + start, mark=" ")
            found = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
            if len(found):
                counts[: int(found.max()) + 1] += np.bincount(found)
        size += len(shard.data)
    return CharacterCounts(counts, size, watch.report())


@dataclass(frozen=True, eq=False)
class CodedText:
    """Text to learn from.

    ids : int32[n], lines apart by EDGEs
    targets : uint8[n], probability of a boundary before each element in steps of 1/STEPS; NOTHING where not both
        neighbours are units
    folds : uint8[n], of the string around each place: the word that the lexicon's best cutting has there, or both
        words where it has a boundary; so that the same characters have the same fold, cut or not
    bytes_read : of text
    """

    ids: NDArray[np.int32]
    targets: NDArray[np.uint8]
    folds: NDArray[np.uint8]
    bytes_read: int

    def digest(self) -> str:
        """What the text is."""
        return hashlib.sha256(self.ids.tobytes() + self.targets.tobytes() + self.folds.tobytes()).hexdigest()


def code_text(
    corpus: Corpus,
    reader: ElementReader,
    cutter: Cutter,
    width: int,
    size: int,
    most_bytes: int,
    advance: Callable[[int], object] = lambda size: None,
) -> CodedText:
    """Code a corpus of so many bytes; of a larger one than `most_bytes`, evenly spread pieces.

    cutter : of the lexicon;  width : EDGEs for a line end
    Memory: 6 bytes an element kept, and those of one block. CorpusError: no two units beside each other.
    """
    found: list[tuple[NDArray[np.int32], NDArray[np.uint8], NDArray[np.uint8]]] = []
    seen = kept = 0
    for shard in corpus.shards():
        for start, end in blocks(shard.data):
            seen += end - start
            advance(end - start)
            if (kept + end - start) * size > seen * most_bytes and size > most_bytes:
                continue  # so far more than its share is kept
            found.append(_code_block(shard.data[start:end], reader, cutter, width))
            kept += end - start
    if not found:
        hint = "--set most_bytes takes more"
        raise CorpusError("corpus", f"has no piece of whole lines within {most_bytes:,} bytes", hint)
    if not any((targets != NOTHING).any() for _, targets, _ in found):
        hint = "is it Chinese text, and UTF-8 (else --encoding auto)?"
        raise CorpusError("corpus", "no two units stand beside each other", hint)
    ids, targets, folds = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return CodedText(ids, targets, folds, kept)


def _code_block(
    data: NDArray[np.uint8], reader: ElementReader, cutter: Cutter, width: int
) -> tuple[NDArray[np.int32], NDArray[np.uint8], NDArray[np.uint8]]:
    """Ids, targets and folds of a block of lines, with EDGEs for line ends, and one line end more."""
    state = np.array([1, 0, -1], dtype=np.int64)  # see kernels/viterbi.py
    arcs = arcs_of(read_lattice(data, cutter, state))
    elements = reader.read(data)
    units = reader.is_unit(elements.ids)
    between = np.flatnonzero(units[1:] & units[:-1]) + 1
    first, last = strings_around(best_starts(arcs), len(elements), between)
    stream, places = spread(np.append(elements.ids, EDGE).astype(np.int32), width)
    targets = np.full(len(stream), NOTHING, dtype=np.uint8)
    targets[places[between]] = np.rint(boundary_shares(arcs)[between] * STEPS)
    folds = np.zeros(len(stream), dtype=np.uint8)
    folds[places[between]] = folds_of(elements.ids, first, last)
    return stream, targets, folds


def strings_around(
    starts: NDArray[np.int64], count: int, places: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the strings around some places begin and end: the word that has the place inside, or the two that meet.

    starts : int64[words], of the words of a cutting of `count` elements;  places : not the first element

    >>> [found.tolist() for found in strings_around(np.array([0, 2, 3]), 5, np.array([1, 2, 3, 4]))]
    [[0, 0, 2, 3], [2, 3, 5, 5]]
    """
    words = np.searchsorted(starts, places, side="right") - 1
    meets = starts[words] == places if len(places) else np.empty(0, dtype=np.bool_)
    return starts[words - meets], np.append(starts[1:], count)[words]


def _is_shown(character: str) -> bool:
    return character.isprintable() and not character.isspace()

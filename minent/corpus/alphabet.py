"""Units and their ids: counted over a corpus, then used to write its coded stream."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from minent.corpus.units import DIGIT, UNIT_LIMIT, unit_classes
from minent.kernels.scan import count_units, encode
from minent.tables import Interner

NUMBER_CLASS, LATIN_CLASS = "<N>", "<L>"  # any run of digits, any run of Latin letters: no unit has these signs
RARE_LATIN = "ȸȹ"  # a run that no text has, so that its unit is the class


@dataclass
class UnitCounts:
    """How often each unit occurs. `chars` by code point, `runs` with one count for each distinct run.

    whole_runs : a run of Latin letters or of digits is one unit (`--units run`); else each of ASCII's alone (`char`)
    """

    whole_runs: bool = True
    chars: NDArray[np.int64] = field(default_factory=lambda: np.zeros(UNIT_LIMIT, dtype=np.int64))
    runs: Interner = field(default_factory=lambda: Interner(np.uint8))

    def add(self, data: NDArray[np.uint8]) -> tuple[int, int]:
        """Count one shard. Returns how many of its bytes are not UTF-8, and where the first is (−1: none)."""
        runs = self.runs
        runs.state[2:] = 0, -1
        at, classes = 0, unit_classes()
        while True:
            at = count_units(
                data, at, classes, self.whole_runs, self.chars, runs.runs, runs.entries, runs.counts, runs.state
            )
            if at == len(data):
                return int(runs.state[2]), int(runs.state[3])
            runs.grow(_run_length(data, at))

    def merge(self, other: UnitCounts) -> None:
        """Add the counts of another worker."""
        self.chars += other.chars
        self.runs.merge(other.runs)

    @property
    def total(self) -> int:
        """Units in all."""
        return int(self.chars.sum() + self.runs.counts[: len(self.runs)].sum())

    def items(self) -> Iterator[tuple[str, int]]:
        """Every unit and its count, in no particular order."""
        for point in np.flatnonzero(self.chars):
            yield chr(point), int(self.chars[point])
        yield from zip(self.runs.texts(), self.runs.counts.tolist(), strict=False)

    def fingerprint(self) -> str:
        """What these counts are, in 16 hexadecimal digits: equal for equal text, however it is cut into files."""
        digest = hashlib.sha256()
        for text, count in sorted(self.items()):
            digest.update(f"{text}\t{count}\n".encode())
        return digest.hexdigest()[:16]


def _run_length(data: NDArray[np.uint8], at: int) -> int:
    """An upper bound of the length of the run at `at`, in bytes: up to an ASCII sign that no run holds."""
    for end in range(at + 4096, len(data) + 4096, 4096):
        block = data[end - 4096 : end]
        stops = np.flatnonzero((block < 0x30) & (block != 0x25) & (block != 0x2E))  # % and . may be in a number
        if len(stops):
            return end - 4096 + int(stops[0]) - at + 1
    return len(data) - at


@dataclass(frozen=True)
class Alphabet:
    """Unit id ↔ text. Id 0 is the boundary; units have ids from 1 on, by falling count, then by text.

    texts : the text of each id, `texts[0]` is empty
    counts : int64[len(texts)] — occurrences in the corpus
    """

    whole_runs: bool
    texts: tuple[str, ...]
    counts: NDArray[np.int64]
    char_units: NDArray[np.int32]
    runs: Interner
    run_units: NDArray[np.int32]
    fallback: NDArray[np.int32]

    @classmethod
    def from_counts(cls, units: UnitCounts) -> Alphabet:
        """Every unit of the counts gets an id of its own."""
        points = np.flatnonzero(units.chars)
        texts = [chr(point) for point in points] + units.runs.texts()
        counts = np.concatenate([units.chars[points], units.runs.counts[: len(units.runs)]])
        order = sorted(range(len(texts)), key=lambda k: (-counts[k], texts[k]))
        ids = np.empty(len(texts), dtype=np.int32)
        ids[order] = np.arange(1, len(texts) + 1)
        char_units = np.zeros(UNIT_LIMIT, dtype=np.int32)
        char_units[points] = ids[: len(points)]
        return cls(
            units.whole_runs,
            ("", *(texts[k] for k in order)),
            np.concatenate([[0], counts[order]]).astype(np.int64),
            char_units,
            units.runs,
            ids[len(points) :],
            np.zeros(4, dtype=np.int32),
        )

    @classmethod
    def with_classes(cls, units: UnitCounts, minimum: int, limit: int = 0xFFFF) -> Alphabet:
        """Ids for the default recipe: 1 is any number, 2 any other Latin run, 3 any rare character.

        Latin runs and characters seen `minimum` times or more keep an id of their own, at most `limit` ids in all.
        """
        points = np.flatnonzero(units.chars)
        run_texts, run_counts = units.runs.texts(), units.runs.counts[: len(units.runs)]
        kinds = unit_classes()
        classes = np.zeros(4, dtype=np.int64)  # counts of the three classes
        kept: list[tuple[int, str, int]] = []  # (−count, text, place: code point, or ~entry of a run)
        run_units = np.zeros(len(run_texts), dtype=np.int32)
        for entry, (text, count) in enumerate(zip(run_texts, run_counts.tolist(), strict=True)):
            if kinds[ord(text[0])] == DIGIT:
                run_units[entry] = 1
                classes[1] += count
            elif count < minimum:
                run_units[entry] = 2
                classes[2] += count
            else:
                kept.append((-count, text, ~entry))
        kept += [(-int(units.chars[point]), chr(point), int(point)) for point in points]
        kept.sort()
        char_units = np.zeros(UNIT_LIMIT, dtype=np.int32)
        for unit, (negative, _, place) in enumerate(kept, start=4):
            unit = unit if unit <= limit else (2 if place < 0 else 3)
            if unit <= 3:
                classes[unit] -= negative
            if place < 0:
                run_units[~place] = unit
            else:
                char_units[place] = unit
        kept = kept[: max(0, limit - 3)]
        counts = [0, *classes[1:].tolist(), *(-negative for negative, _, _ in kept)]
        return cls(
            units.whole_runs,
            ("", NUMBER_CLASS, LATIN_CLASS, "", *(text for _, text, _ in kept)),
            np.array(counts, dtype=np.int64),
            char_units,
            units.runs,
            run_units,
            np.array([0, 3, 2, 1], dtype=np.int32),
        )

    def __len__(self) -> int:
        return len(self.texts)

    def encode(
        self, data: NDArray[np.uint8], with_lines: bool = False
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The coded stream of a shard, and its length after each line end (empty unless asked for)."""
        units = np.empty(len(data) + 1, dtype=np.int32)
        line_ends = np.empty(int(np.count_nonzero(data == 10)) if with_lines else 0, dtype=np.int64)
        size, _ = encode(
            data, unit_classes(), self.whole_runs, self.char_units, self.runs.runs, self.runs.entries,
            self.run_units, self.fallback, units, line_ends,
        )  # fmt: skip
        return units[:size], line_ends

    def encode_words(self, words: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The coded stream of some words, and its length after each; a class unit in a word is that of the alphabet."""
        text = "".join([word + "\n" for word in words])
        text = text.replace(NUMBER_CLASS, "0").replace(LATIN_CLASS, RARE_LATIN)
        return self.encode(np.frombuffer(text.encode(), dtype=np.uint8), with_lines=True)

    def text(self, units: NDArray[np.int32]) -> str:
        """The text of a sequence of ids."""
        texts = self.texts
        return "".join([texts[unit] for unit in units.tolist()])

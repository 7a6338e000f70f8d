"""Units and their ids: counted over a corpus, then used to write its coded stream."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.corpus.units import DIGIT, LATIN, MARK, UNIT_LIMIT, unit_classes
from minent.kernels.scan import count_units, encode
from minent.kernels.spill import GROUPS, digest_entries
from minent.spill import WORD, Spill, SpillingInterner, are_counts, check_records, read_interner
from minent.stages import Stage, StageWriter
from minent.tables import Interner

NUMBER_CLASS, LATIN_CLASS = "<N>", "<L>"  # any run of digits, any run of Latin letters: no unit has these signs
RUN_SIGNS = [ord(sign) for sign in ".．%％‰"]  # inside a number or at its end
KEPT_RUNS = 1 << 17  # so many distinct runs all have ids of their own
RARE_LATIN = "ȸȹ"  # a run that no text has, so that its unit is the class


class UnitCounts:
    """How often each unit occurs. `chars` by code point, `runs` with one count for each distinct run.

    whole_runs : a run of Latin letters or of digits is one unit (`--units run`); else each of ASCII's alone (`char`)
    segments : stretches of units with nothing else between them
    share, folder : bytes that the runs may fill before they go to a temporary file in this folder; None: no limit
    """

    def __init__(self, whole_runs: bool = True, share: int | None = None, folder: str | None = None) -> None:
        self.whole_runs = whole_runs
        self.chars = np.zeros(UNIT_LIMIT, dtype=np.int64)
        self.runs = SpillingInterner(np.uint8, share, folder)
        self.segments = 0
        self._summary: _Summary | None = None

    def add(self, data: NDArray[np.uint8]) -> tuple[int, int]:
        """Count one shard. Returns how many of its bytes are not UTF-8, and where the first is (−1: none)."""
        runs = self.runs
        found = np.array([0, 0, 0, -1], dtype=np.int64)
        at, classes = 0, unit_classes()
        while True:
            at = count_units(
                data, at, classes, self.whole_runs, self.chars, runs.runs, runs.entries, runs.counts, runs.state, found
            )
            if at == len(data):
                self.segments += int(found[0])
                return int(found[2]), int(found[3])
            runs.grow(_run_length(data, at))

    def merge(self, other: UnitCounts) -> None:
        """Add the counts of another worker."""
        self.chars += other.chars
        self.runs.merge(other.runs)
        self.segments += other.segments

    def store(self, stage: StageWriter) -> None:
        """Write all counts to a stage; no runs are left."""
        stage.add("chars", self.chars)
        stage.facts["segments"] = self.segments
        stage.add_table("runs", self.runs)

    def load(self, stage: Stage) -> None:
        """Add the counts of a stage."""
        chars = stage.array("chars", "<i8")
        if len(chars) != UNIT_LIMIT or not are_counts(chars):
            raise stage.damage()
        spill, segments = stage.spill("runs", WORD), stage.fact("segments", int)
        check_runs(spill)
        if not 0 <= segments <= int(chars.sum()) + spill.total:
            raise stage.damage()
        self.chars += chars
        self.segments += segments
        self.runs.spills.append(spill)

    @property
    def total(self) -> int:
        """Units in all."""
        return int(self.chars.sum()) + self.runs.total

    @property
    def pairs(self) -> int:
        """Adjacent units in all."""
        return self.total - self.segments

    def items(self) -> Iterator[tuple[str, int]]:
        """Every unit and its count, in no particular order."""
        for point in np.flatnonzero(self.chars):
            yield chr(point), int(self.chars[point])
        for part in self.runs.parts():
            yield from zip(part.texts(), part.counts.tolist(), strict=False)

    def fingerprint(self) -> str:
        """What these counts are, in 16 hexadecimal digits: equal for equal text, however it is cut into files."""
        points = np.flatnonzero(self.chars)
        digest = hashlib.sha256(b"\1" if self.whole_runs else b"\0")
        digest.update(np.column_stack([points, self.chars[points]]).astype("<i8").tobytes())
        digest.update(self._summarised().digest.astype("<u8").tobytes())
        return digest.hexdigest()[:16]

    def kept_runs(self, least: int = 1, wanted: Iterable[str] = ()) -> KeptRuns:
        """The runs that occur `least` times or are among the wanted ones; all of them where they are few.

        Few is KEPT_RUNS distinct ones: that depends on the text alone, and not on the share.
        """
        if least <= 1 or self._summarised().distinct <= KEPT_RUNS:
            least = 1
        if least == 1 and not self.runs.spills:
            return KeptRuns(self.runs, 0, 0)
        table, kept = Interner(np.uint8), Interner(np.uint8)
        for text in wanted:
            table.add_text(text)
        latin = digits = 0
        for part in self.runs.parts():
            kept.add_frequent(part, least - 1, table)
            counts, are_digits = part.counts[: len(part)], digit_mask(part)
            latin += int(counts[~are_digits].sum())
            digits += int(counts[are_digits].sum())
        counts, are_digits = kept.counts[: len(kept)], digit_mask(kept)
        return KeptRuns(kept, latin - int(counts[~are_digits].sum()), digits - int(counts[are_digits].sum()))

    def rare_runs(self, above: float, kept: Interner) -> Iterator[tuple[str, int]]:
        """The runs that are not kept and occur more than `above` times."""
        for part in self.runs.parts():
            texts = part.texts()
            for entry in np.flatnonzero(part.counts[: len(part)] > above).tolist():
                if not kept.has_text(texts[entry]):
                    yield texts[entry], int(part.counts[entry])

    def _summarised(self) -> _Summary:
        if self._summary is None or self._summary.total != self.runs.total:
            distinct, digest = 0, np.zeros(2, dtype=np.uint64)
            for part in self.runs.parts():
                distinct += len(part)
                digest += digest_entries(part.entries, part.counts[: len(part)])
            self._summary = _Summary(self.runs.total, distinct, digest)
        return self._summary


def runs_in(texts: Iterable[str], whole_runs: bool = True) -> list[str]:
    """The distinct runs of Latin letters or of digits in some texts."""
    found = UnitCounts(whole_runs)
    lines = "\n".join(texts).encode("utf-8", "replace")
    found.add(np.frombuffer(lines, dtype=np.uint8))
    return found.runs.texts()


def check_runs(spill: Spill) -> None:
    """Raise what the file of a spill has for damage, unless it holds runs of Latin letters or digits, with counts."""
    check_records(spill, 1 << 8)
    table = Interner(np.uint8)
    for group in range(0, GROUPS, GROUPS // 64):
        read_interner(table, spill, (group, group + GROUPS // 64, 1, 0), 1 << 8)
        try:
            points = np.frombuffer("".join(table.texts()).encode("utf-32-le"), dtype="<u4")
        except UnicodeDecodeError:
            raise spill.file.damage() from None
        kinds = unit_classes()[points]
        if not ((kinds == LATIN) | (kinds == DIGIT) | (kinds == MARK) | np.isin(points, RUN_SIGNS)).all():
            raise spill.file.damage()
        table.clear()


@dataclass(frozen=True)
class _Summary:
    """Of all runs: counts in all, distinct ones, uint64[2] hash."""

    total: int
    distinct: int
    digest: NDArray[np.uint64]


@dataclass(frozen=True)
class KeptRuns:
    """A table of runs, and the occurrences of the others: of Latin letters, of digits."""

    table: Interner
    latin: int
    digits: int


def digit_mask(runs: Interner) -> NDArray[np.bool_]:
    """bool[runs]: which are runs of digits, by their first character."""
    ends = runs.ends()
    starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    first = runs.content[starts]
    wide = (first == 0xEF) & (runs.content[np.minimum(starts + 1, len(runs.content) - 1)] == 0xBC)
    third = runs.content[np.minimum(starts + 2, len(runs.content) - 1)]
    mask: NDArray[np.bool_] = ((first >= 0x30) & (first <= 0x39)) | (wide & (third >= 0x90) & (third <= 0x99))
    return mask


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
    rest : the id of all runs that have none of their own, the last one, without a text; 0: every run has one
    """

    whole_runs: bool
    texts: tuple[str, ...]
    counts: NDArray[np.int64]
    char_units: NDArray[np.int32]
    runs: Interner
    run_units: NDArray[np.int32]
    fallback: NDArray[np.int32]
    rest: int = 0

    @classmethod
    def from_counts(cls, units: UnitCounts, least: int = 1, wanted: Iterable[str] = ()) -> Alphabet:
        """Every unit of the counts gets an id of its own; but where there are many runs (`UnitCounts.kept_runs`), those
        that occur less than `least` times and are not wanted share the last one."""
        points = np.flatnonzero(units.chars)
        kept = units.kept_runs(least, wanted)
        runs, others = kept.table, kept.latin + kept.digits
        texts = [chr(point) for point in points] + runs.texts()
        counts = np.concatenate([units.chars[points], runs.counts[: len(runs)]])
        order = sorted(range(len(texts)), key=lambda k: (-counts[k], texts[k]))
        ids = np.empty(len(texts), dtype=np.int32)
        ids[order] = np.arange(1, len(texts) + 1)
        char_units = np.zeros(UNIT_LIMIT, dtype=np.int32)
        char_units[points] = ids[: len(points)]
        rest = len(texts) + 1 if others else 0
        return cls(
            units.whole_runs,
            ("", *(texts[k] for k in order), *([""] if rest else [])),
            np.concatenate([[0], counts[order], [others] if rest else []]).astype(np.int64),
            char_units,
            runs,
            ids[len(points) :],
            np.array([0, 0, rest, rest], dtype=np.int32),
            rest,
        )

    @classmethod
    def with_classes(cls, units: UnitCounts, minimum: int, limit: int = 0xFFFF) -> Alphabet:
        """Ids for the default recipe: 1 is any number, 2 any other Latin run, 3 any rare character.

        Latin runs and characters seen `minimum` times or more keep an id of their own, at most `limit` ids in all.
        """
        points = np.flatnonzero(units.chars)
        frequent = units.kept_runs(minimum)
        run_texts, run_counts = frequent.table.texts(), frequent.table.counts[: len(frequent.table)]
        kinds = unit_classes()
        classes = np.array([0, frequent.digits, frequent.latin, 0], dtype=np.int64)  # counts of the three classes
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
            frequent.table,
            run_units,
            np.array([0, 3, 2, 1], dtype=np.int32),
        )

    def __len__(self) -> int:
        return len(self.texts)

    def encode(self, data: NDArray[np.uint8], with_lines: bool = False) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
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

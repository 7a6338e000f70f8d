"""Coded text → its frequent templates, by skip-grams. Source: kexue.fm/archives/5577."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from minent.kernels.patterns import (
    BEGINS,
    ENDS,
    FULL,
    LEFT_OUT,
    PATHS,
    count_components,
    grow_patterns,
)
from minent.memory import Memory
from minent.spill import SpillFile, SpillingInterner, write_interner
from minent.templates.coded import CodedText
from minent.templates.edges import EDGE, Edges, find_edges
from minent.templates.fillers import FillerFinder, Found, Lists, gather_fillers
from minent.templates.growing import Paths, component_nodes, grow_in_parts
from minent.templates.settings import SKIPGRAM, TemplateSettings
from minent.templates.template import Element, Template
from minent.templates.template_set import MinedTemplate

Wanted = Callable[[Template], bool]

NODE = 150  # bytes of a word of a component, while templates are grown in memory
TEMPLATE = 2_500  # bytes of a template of the result, with the usual fillers


class MinedText(Protocol):
    """What mining looks at itself. words, counts : of each number;  its length: numbers in all, ends among them"""

    words: list[Element]
    counts: NDArray[np.int64]

    def __len__(self) -> int: ...


class Components(Protocol):
    """The components of the sentence graphs of a text, counted.

    total : paths in all: the number of candidates;  distinct : components;  left_out : those with too many paths
    """

    left_out: int

    @property
    def total(self) -> int: ...

    @property
    def distinct(self) -> int: ...

    def singles(self, place: int, least: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The isolated words that stand at a place (0, BEGINS, ENDS, both) `least` times, rising, and their counts."""

    def grow(self, least: int, least_places: int) -> Paths:
        """The paths of two words or more that occur often, in enough places; see `kernels.patterns.grow_patterns`."""


class Passes(Protocol):
    """The passes over a text that mining makes, wherever it is."""

    def find_edges(self, settings: TemplateSettings) -> Edges:
        """The strong skip-grams: see `edges.find_edges`."""

    def find_components(self, edges: Edges, limit: int) -> Components:
        """What these edges make of the sentences, components of more paths than `limit` left out."""

    def gather_fillers(self, found: Found, expected: float, top: int) -> Lists:
        """The most frequent fillers of each slot: see `fillers.gather_fillers`. `found` can be pickled."""


class TextPasses:
    """Passes over a text that is here. memory : what is left of that of the text"""

    def __init__(self, text: CodedText) -> None:
        self.text, self.memory = text, text.memory

    def find_edges(self, settings: TemplateSettings) -> Edges:
        edges, text = find_edges(self.text, settings), self.text
        size, hint = EDGE * len(edges.keys), "a higher --min-count or --min-pmi keeps fewer"
        self.memory = text.memory.without(size, text.jobs, f"a text with {len(edges.keys):,} strong edges", hint)
        return edges

    def find_components(self, edges: Edges, limit: int) -> Components:
        strong, window, text = edges.tables(), edges.settings.window, self.text
        found = text.fold(
            lambda: ComponentTable(len(text.words), self.memory, text.jobs),
            lambda found, stream: found.add(stream, window, strong, limit),
            ComponentTable.merge,
            "link words",
        )
        found.settle()
        return found

    def gather_fillers(self, found: Found, expected: float, top: int) -> Lists:
        return gather_fillers(self.text, found, expected, top, self.memory)


class ComponentTable:
    """Distinct components of sentence graphs with counts, and isolated words (kernels/patterns.py).

    memory : of all workers; components beyond it spill, and are then read in parts
    """

    def __init__(self, words: int, memory: Memory | None = None, jobs: int = 1) -> None:
        self._memory, self._jobs = memory or Memory(), jobs
        self.table = SpillingInterner(np.int32, self._memory.share(jobs), self._memory.temp_dir)
        self.isolated = np.zeros((words, 4), dtype=np.int64)
        self.paths = 0
        self.left_out = 0
        self._settled = 0  # distinct components in spills that have none in common

    def add(
        self, stream: NDArray[np.int32], window: int, strong: tuple[NDArray[np.uint8], NDArray[np.int64]], limit: int
    ) -> None:
        """Count those of a block."""
        tally, at, table = np.zeros(3, dtype=np.int64), 0, self.table
        while True:
            at = count_components(
                stream, at, window, strong, limit, self.isolated,
                table.runs, table.entries, table.counts, table.state, tally,
            )  # fmt: skip
            if at == len(stream):
                break
            table.grow(2 * int(np.argmin(stream[at:] > 0)) + 1)
        self.paths += int(tally[PATHS])
        self.left_out += int(tally[LEFT_OUT])

    def merge(self, other: ComponentTable) -> None:
        """Add the counts of another worker."""
        self.table.merge(other.table)
        self.isolated += other.isolated
        self.paths += other.paths
        self.left_out += other.left_out

    def settle(self) -> None:
        """After the last: bring equal components together, if they do not fit."""
        table = self.table
        if table.share is not None and NODE * int(table.state[1]) // 2 > table.share:
            table.spill()
        if table.spills:
            file, spills = SpillFile(table.file.folder), []
            for part in table.parts():
                self._settled += len(part)
                spills.append(write_interner(part, file))
            table.file, table.spills = file, spills

    @property
    def total(self) -> int:
        return self.paths + int(self.isolated.sum())

    @property
    def distinct(self) -> int:
        return self._settled or len(self.table)

    def singles(self, place: int, least: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        numbers = np.flatnonzero(self.isolated[:, place] >= least)
        return numbers, self.isolated[numbers, place]

    def grow(self, least: int, least_places: int) -> Paths:
        paths = self._grow(least, least_places)
        hint = "a higher --min-count keeps fewer"
        self._memory.without(TEMPLATE * len(paths[1]), self._jobs, f"a result of {len(paths[1]):,} templates", hint)
        return paths

    def _grow(self, least: int, least_places: int) -> Paths:
        if self.table.spills:
            return grow_in_parts(self.table, least, least_places)
        longest = int(np.diff(self.table.ends(), prepend=0).max(initial=1)) // 2
        weights = self.table.counts[: len(self.table)]
        content, ends, counts = grow_patterns(
            component_nodes(self.table), weights, least, least_places, 2 * len(self.isolated), longest
        )
        return content, ends, counts


@dataclass(frozen=True)
class _Patterns:
    """Templates as word numbers with 0 for a slot, one after the other: int32[n], int64[m], int64[m]."""

    content: NDArray[np.int32]
    ends: NDArray[np.int64]
    counts: NDArray[np.int64]


@dataclass(frozen=True)
class FinderReport:
    """What the summary of a run tells.

    settings : with the thresholds that were chosen
    sentences, words : of the corpus;  skip_grams, strong : all skip-grams, and the distinct ones that are edges
    candidates : paths in all;  components : distinct components;  left_out : components with too many paths
    least_edge, least_count : the least counts of an edge and of a template that the thresholds admit
    """

    settings: TemplateSettings
    sentences: int
    words: int
    skip_grams: int
    strong: int
    components: int
    left_out: int
    candidates: int
    least_edge: int
    least_count: int


def mine(
    text: MinedText, settings: TemplateSettings, wanted: Wanted, source: str = SKIPGRAM, passes: Passes | None = None
) -> tuple[list[MinedTemplate], FinderReport]:
    """The frequent templates of a text that are wanted, the `top` most frequent of them, and what was met.

    passes : over the text; None if it is a CodedText
    """
    if passes is None:
        assert isinstance(text, CodedText)
        passes = TextPasses(text)
    edges = passes.find_edges(settings)
    settings = edges.settings
    limit = FULL if settings.max_paths is None else min(settings.max_paths, FULL)
    found = passes.find_components(edges, limit)
    least = settings.least_count(found.total)
    patterns = _grow(found, least, settings.min_sentences or 1)
    entries = [entry for entry in _without_fillers(found, least, text.words, source) if wanted(entry.template)]
    entries += _with_fillers(text.words, passes, edges, patterns, limit, wanted, source)
    report = FinderReport(
        settings=settings,
        sentences=len(text) - int(text.counts.sum()),
        words=int(text.counts.sum()),
        skip_grams=edges.total,
        strong=len(edges.keys),
        components=found.distinct,
        left_out=found.left_out,
        candidates=found.total,
        least_edge=settings.least_count(edges.total),
        least_count=least,
    )
    return most_frequent(entries, settings.top), report


def most_frequent(entries: list[MinedTemplate], top: int | None) -> list[MinedTemplate]:
    """The `top` most frequent ones; all for None. Of equally frequent ones the text decides."""
    if top is None:
        return entries
    return sorted(entries, key=lambda entry: (-entry.count, str(entry.template)))[:top]


def _grow(found: Components, least: int, least_places: int) -> _Patterns:
    """The paths that occur often: those of two words or more, in enough places, and those of one word with one slot."""
    content, ends, counts = found.grow(least, least_places)
    firsts, first_counts = found.singles(BEGINS, least)
    lasts, last_counts = found.singles(ENDS, least)
    rows = np.zeros((len(firsts) + len(lasts), 2), dtype=np.int32)
    rows[: len(firsts), 0] = firsts
    rows[len(firsts) :, 1] = lasts
    return _Patterns(
        np.concatenate([content, rows.ravel()]),
        np.concatenate([ends, len(content) + np.arange(2, rows.size + 2, 2)]),
        np.concatenate([counts, first_counts, last_counts]),
    )


def _without_fillers(found: Components, least: int, words: list[Element], source: str) -> Iterable[MinedTemplate]:
    """The frequent templates that are a sentence of one word, and the trivial ones."""
    for number, count in zip(*map(np.ndarray.tolist, found.singles(BEGINS | ENDS, least)), strict=True):
        yield MinedTemplate(Template((words[number],)), count, (), source)
    for number, count in zip(*map(np.ndarray.tolist, found.singles(0, least)), strict=True):
        yield MinedTemplate(Template((None, words[number], None)), count, (), source)


def _with_fillers(
    words: list[Element],
    passes: Passes,
    edges: Edges,
    patterns: _Patterns,
    limit: int,
    wanted: Wanted,
    source: str,
) -> list[MinedTemplate]:
    """The templates that are wanted, with what fills their slots."""
    numbers, settings = patterns.content.tolist(), edges.settings
    kept, templates, starts = [], [], [0, *patterns.ends.tolist()]
    for k in range(len(patterns.ends)):
        template = Template(tuple(words[number] or None for number in numbers[starts[k] : starts[k + 1]]))
        if wanted(template):
            kept.append(k)
            templates.append(template)
    if settings.top is not None:  # no fillers for what will not be kept
        ranks = sorted(range(len(kept)), key=lambda at: (-int(patterns.counts[kept[at]]), str(templates[at])))
        chosen = sorted(ranks[: settings.top])
        kept, templates = [kept[at] for at in chosen], [templates[at] for at in chosen]
    counts = patterns.counts[kept].tolist()
    if not settings.fillers:
        return [MinedTemplate(*entry, (), source) for entry in zip(templates, counts, strict=True)]
    pieces = [patterns.content[starts[k] : starts[k + 1]] for k in kept]
    content = np.concatenate([np.empty(0, dtype=np.int32), *pieces])
    ends = np.cumsum([len(piece) for piece in pieces], dtype=np.int64)
    finder = FillerFinder(
        passes.gather_fillers, edges, content, ends, patterns.counts[kept], limit, settings.filler_length
    )
    fillers = finder.find(settings.fillers)
    return [MinedTemplate(*entry, source) for entry in zip(templates, counts, fillers, strict=True)]

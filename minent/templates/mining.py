"""Coded text → its frequent templates, by skip-grams. Source: kexue.fm/archives/5577."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

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
    read_components,
)
from minent.tables import Interner
from minent.templates.coded import CodedText
from minent.templates.edges import Edges, find_edges
from minent.templates.fillers import FillerFinder
from minent.templates.settings import SKIPGRAM, TemplateSettings
from minent.templates.template import Element, Template
from minent.templates.template_set import MinedTemplate

Wanted = Callable[[Template], bool]


class _Components:
    """Distinct components of sentence graphs with counts, and isolated words (kernels/patterns.py)."""

    def __init__(self, words: int) -> None:
        self.table = Interner(np.int32)
        self.singles = np.zeros((words, 4), dtype=np.int64)
        self.paths = 0
        self.left_out = 0

    def add(
        self, stream: NDArray[np.int32], window: int, strong: tuple[NDArray[np.uint8], NDArray[np.int64]], limit: int
    ) -> None:
        """Count those of a block."""
        tally, at, table = np.zeros(3, dtype=np.int64), 0, self.table
        while True:
            at = count_components(
                stream, at, window, strong, limit, self.singles,
                table.runs, table.entries, table.counts, table.state, tally,
            )  # fmt: skip
            if at == len(stream):
                break
            table.grow(2 * int(np.argmin(stream[at:] > 0)) + 1)
        self.paths += int(tally[PATHS])
        self.left_out += int(tally[LEFT_OUT])

    def merge(self, other: _Components) -> None:
        """Add the counts of another worker."""
        self.table.merge(other.table)
        self.singles += other.singles
        self.paths += other.paths
        self.left_out += other.left_out

    @property
    def total(self) -> int:
        """Paths in all: the number of candidates."""
        return self.paths + int(self.singles.sum())


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
    text: CodedText, settings: TemplateSettings, wanted: Wanted, source: str = SKIPGRAM
) -> tuple[list[MinedTemplate], FinderReport]:
    """The frequent templates of a text that are wanted, the `top` most frequent of them, and what was met."""
    edges = find_edges(text, settings)
    settings = edges.settings
    limit = FULL if settings.max_paths is None else min(settings.max_paths, FULL)
    found = _components(text, edges, limit)
    least = settings.least_count(found.total)
    patterns = _grow(found, least, settings.min_sentences or 1)
    entries = [entry for entry in _without_fillers(found, least, text.words, source) if wanted(entry.template)]
    entries += _with_fillers(text, edges, patterns, limit, wanted, source)
    report = FinderReport(
        settings=settings,
        sentences=len(text) - int(text.counts.sum()),
        words=int(text.counts.sum()),
        skip_grams=edges.total,
        strong=len(edges.keys),
        components=len(found.table),
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


def _components(text: CodedText, edges: Edges, limit: int) -> _Components:
    strong, window = edges.tables(), edges.settings.window
    return text.fold(
        lambda: _Components(len(text.words)),
        lambda found, stream: found.add(stream, window, strong, limit),
        _Components.merge,
        "link words",
    )


def _grow(found: _Components, least: int, least_places: int) -> _Patterns:
    """The paths that occur often: those of two words or more, in enough places, and those of one word with one slot."""
    table, number = found.table, len(found.table)
    size = int(table.state[1] - number) // 2
    words, links, owners = (np.empty(size, dtype=np.int32) for _ in range(3))
    traits, bounds = np.empty(size, dtype=np.uint8), np.empty(size, dtype=np.int64)
    nodes = (words, links, owners, traits, bounds)
    read_components(table.content, table.entries, number, *nodes)
    longest = int(np.diff(table.ends(), prepend=0).max(initial=1)) // 2
    content, ends, counts = grow_patterns(
        nodes, table.counts[:number], least, least_places, 2 * len(found.singles), longest
    )
    firsts = np.flatnonzero(found.singles[:, BEGINS] >= least)
    lasts = np.flatnonzero(found.singles[:, ENDS] >= least)
    rows = np.zeros((len(firsts) + len(lasts), 2), dtype=np.int32)
    rows[: len(firsts), 0] = firsts
    rows[len(firsts) :, 1] = lasts
    return _Patterns(
        np.concatenate([content, rows.ravel()]),
        np.concatenate([ends, len(content) + np.arange(2, rows.size + 2, 2)]),
        np.concatenate([counts, found.singles[firsts, BEGINS], found.singles[lasts, ENDS]]),
    )


def _without_fillers(found: _Components, least: int, words: list[Element], source: str) -> Iterable[MinedTemplate]:
    """The frequent templates that are a sentence of one word, and the trivial ones."""
    for number in np.flatnonzero(found.singles[:, BEGINS | ENDS] >= least).tolist():
        yield MinedTemplate(Template((words[number],)), int(found.singles[number, BEGINS | ENDS]), (), source)
    for number in np.flatnonzero(found.singles[:, 0] >= least).tolist():
        yield MinedTemplate(Template((None, words[number], None)), int(found.singles[number, 0]), (), source)


def _with_fillers(
    text: CodedText, edges: Edges, patterns: _Patterns, limit: int, wanted: Wanted, source: str
) -> list[MinedTemplate]:
    """The templates that are wanted, with what fills their slots."""
    words, numbers, settings = text.words, patterns.content.tolist(), edges.settings
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
    finder = FillerFinder(text, edges, content, ends, patterns.counts[kept], limit, settings.filler_length)
    fillers = finder.find(settings.fillers)
    return [MinedTemplate(*entry, source) for entry in zip(templates, counts, fillers, strict=True)]

"""Segmented text → grammar: classes, dependency models, constituent model, boundary statistics, in this order."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.errors import MinentError
from minent.grammar.bonds import count_bonds
from minent.grammar.ccm import learn_constituents
from minent.grammar.classes import cluster_words
from minent.grammar.dmv import Dmv, DmvTrainer, word_symbols
from minent.grammar.edges import Edges, count_edges
from minent.grammar.grammar import Grammar
from minent.grammar.settings import DmvSettings, GrammarSettings
from minent.grammar.strings import Strings
from minent.grammar.text import Piece, Text, read_text
from minent.kernels.dmv import LEFT, RIGHT


@dataclass(frozen=True)
class Progress:
    """Where a training is: stage, step of how many, and the stage's figure (nats a word, …) or None."""

    stage: str
    step: int
    steps: int
    value: float | None = None


Report = Callable[[Progress], object]


class TooLittleText(MinentError):
    """The text has no two neighbouring words between marks."""

    def __init__(self) -> None:
        super().__init__("no clause of two words in the text: a grammar needs segmented text; give a larger corpus")


def train_grammar(
    pieces: Iterable[Piece], settings: GrammarSettings | None = None, jobs: int = 1, progress: Report | None = None
) -> Grammar:
    """Learn a grammar from segmented text.

    pieces : segmented text, punctuation marks being tokens
    jobs : threads; the result does not depend on it
    Errors: TooLittleText.  Source: Klein, Manning 2004 (dependency model) and 2002 (constituent model).

    >>> train_grammar([Piece("我 看见 白色 的 小猫 。\\n" * 40)])
    <Grammar: 5 words, 3 dependency models>
    """
    settings = settings or GrammarSettings()
    tell: Report = progress or (lambda _: None)
    text = read_text(pieces, settings.words, settings.vocabulary, settings.min_count, settings.seed)
    tell(Progress("read", 1, 1))
    starts, lengths = text.fragments(2, settings.longest_fragment, settings.fragments, settings.seed)
    if not len(starts):
        raise TooLittleText
    clusterings: dict[int, NDArray[np.int32]] = {}
    wanted = sorted({model.classes for model in settings.models} | {settings.constituent_classes})
    for step, classes in enumerate(wanted, 1):
        clusterings[classes] = cluster_words(text, classes, settings.sweeps)
        tell(Progress("classes", step, len(wanted)))
    edges = count_edges(text, clusterings[settings.constituent_classes], settings.edge_prior)
    dmvs = tuple(
        _learn_dmv(text, clusterings[model.classes], edges, model, settings, jobs, f"model {number}", tell)
        for number, model in enumerate(settings.models, 1)
    )
    classes_ = clusterings[settings.constituent_classes]
    starts, lengths = text.fragments(3, settings.longest_fragment, settings.constituent_fragments, settings.seed)
    ccm = learn_constituents(Strings(classes_[text.ids], starts, lengths), classes_, settings, jobs)
    tell(Progress("constituents", 1, 1))
    about = {"settings": dataclasses.asdict(settings), "words": int((text.ids != 0).sum())}
    return Grammar(text.words, text.counts, dmvs, ccm, edges, count_bonds(text, classes_), about)


def _learn_dmv(
    text: Text,
    classes: NDArray[np.int32],
    edges: Edges,
    model: DmvSettings,
    settings: GrammarSettings,
    jobs: int,
    stage: str,
    tell: Report,
) -> Dmv:
    symbols = word_symbols(classes, model.own_words)
    size = int(symbols.max()) + 1
    starts, lengths = text.fragments(2, settings.longest_fragment, settings.fragments, settings.seed + model.seed)
    strings = Strings(symbols[text.ids], starts, lengths)
    counts = np.bincount(symbols, weights=text.counts.astype(np.float64), minlength=size).astype(np.float64)
    first_stops = tilted_stops(symbols, counts, text.counts, edges, model) if model.tilt else None
    trainer = DmvTrainer(strings, size, model, settings, first_stops, jobs)
    total = int(lengths.sum())
    for step in range(1, model.iterations + 1):
        value = trainer.step()
        tell(Progress(stage, step, model.iterations, -value / total))
    frequency = np.maximum(counts, 1.0)
    return Dmv(symbols, *trainer.parameters, frequency / frequency.sum())


def tilted_stops(
    symbols: NDArray[np.int32],
    symbol_counts: NDArray[np.float64],
    counts: NDArray[np.int64],
    edges: Edges,
    model: DmvSettings,
) -> NDArray[np.float64]:
    """Initial probability to stop before the first child, float64[S, 2]: what often begins a clause has less to its
    left, what often ends one less to its right."""
    sums = np.bincount(symbols, weights=counts * (edges.begin - edges.end), minlength=len(symbol_counts))
    difference = sums / np.maximum(symbol_counts, 1.0)
    logit = np.log(model.first_stop / (1 - model.first_stop))
    stops = np.empty((len(symbol_counts), 2))
    stops[:, LEFT] = 1 / (1 + np.exp(-logit - model.tilt * difference))
    stops[:, RIGHT] = 1 / (1 + np.exp(-logit + model.tilt * difference))
    return stops

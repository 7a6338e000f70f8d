"""The recipe of a lexicon, run again and watched."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from minent.conventions import apply_conventions
from minent.corpus.sources import Corpus
from minent.decisions import Decisions
from minent.discovery import LexiconBuilder
from minent.errors import LexiconError
from minent.explanation.figures import Figures
from minent.explanation.pieces import PieceObserver
from minent.explanation.sampled import SampledObserver
from minent.explanation.spelling import units_of
from minent.explanation.steps import Conventions, Places, Spelling, Step, Wishes
from minent.kept_words import with_kept_counts
from minent.lexicon import Lexicon
from minent.memory import Memory
from minent.settings import LexiconSettings

KINDS: dict[str, Callable[[Any], Any]] = {  # settings that are not text in a file
    **dict.fromkeys(("min_count", "order", "min_length", "max_length", "seed"), int),
    **dict.fromkeys(("min_prob", "min_pmi"), float),
}


def recipe_settings(lexicon: Lexicon) -> LexiconSettings | None:
    """The settings in the head of a lexicon; None if it names no recipe. Errors: LexiconError for what is none."""
    if "recipe" not in lexicon.settings:
        return None
    found: dict[str, Any] = {}
    for field in dataclasses.fields(LexiconSettings):
        value = lexicon.settings.get(field.name)
        try:
            if value is not None:
                found[field.name] = KINDS.get(field.name, str)(value)
        except ValueError:
            problem = f"{field.name} is {str(value)[:40]!r}, not a number"
            raise LexiconError("the head of the lexicon", problem) from None
    try:
        return LexiconSettings(**found)
    except ValueError as error:
        raise LexiconError("the head of the lexicon", str(error)) from None


class Replay:
    """A run of a recipe that is watched for some words, given as the lexicon writes them.

    After `mine`, `settings` has what the recipe has chosen.
    """

    def __init__(
        self,
        settings: LexiconSettings,
        words: Sequence[str],
        protect: Iterable[str] = (),
        ban: Iterable[str] = (),
        decisions: Decisions | None = None,
    ) -> None:
        self.settings = settings
        self.decisions = Decisions() if decisions is None else decisions
        self.protect = frozenset(protect) | self.decisions.kept()
        self.ban = frozenset(ban) | self.decisions.banned()
        self._observer: SampledObserver | PieceObserver
        whole_runs = settings.units == "run"
        watched = [word for word in words if units_of(word, whole_runs)]
        if settings.recipe == "default":
            self._observer = SampledObserver(watched)
        else:
            self._observer = PieceObserver(watched, self.protect, whole_runs)
        self._words = frozenset(words)
        self._conventions = ""
        self._counts: dict[str, int] = {}  # before the conventions
        self._final: dict[str, int] = {}

    def mine(self, corpus: Corpus, lexicon: Lexicon, jobs: int, progress: bool, memory: Memory) -> None:
        """Run the recipe, and the conventions of the lexicon after it."""
        builder = LexiconBuilder(
            corpus,
            self.settings,
            protect=self.protect,
            ban=self.ban,
            jobs=jobs,
            progress=progress,
            memory=memory,
            observer=self._observer,
        )
        mined = with_kept_counts(builder.build(), corpus, self.decisions.kept(), self.settings.units, jobs, progress)
        self._counts = self._of_words(mined)
        self.settings = self.settings.with_chosen(**builder.chosen)
        self._conventions = str(lexicon.settings.get("conventions", ""))
        try:
            mined = apply_conventions(mined, self._conventions.split(), self.protect)
        except ValueError as error:
            raise LexiconError("the head of the lexicon", str(error)) from None
        self._final = self._of_words(mined)

    def _of_words(self, lexicon: Lexicon) -> dict[str, int]:
        return {word: lexicon[word].count for word in self._words if word in lexicon}

    def steps(self, word: str, units: Sequence[str], figures: Figures) -> list[Step]:
        """The steps of one of the words; `units` are none for one that is not written in units."""
        observer = self._observer
        if not units:
            steps: list[Step] = [Spelling("a sign or a space is inside: no word goes beyond it")]
        elif isinstance(observer, SampledObserver):
            steps = observer.steps(word, units, figures)
        else:
            steps = observer.steps(word, units, self.settings, figures)
        settings, count = self.settings, observer.final.get(word, 0)
        steps.append(
            Wishes(
                count=count,
                min_count=settings.min_count or 1,
                length=len(units),
                min_length=settings.min_length,
                max_length=settings.max_length,
                protected=word in self.protect,
                banned=word in self.ban,
                decision=self._decision(word),
            )
        )
        if self._counts.get(word, count) != count:
            steps.append(Places(self._counts[word]))
        if self._conventions:
            steps.append(Conventions(self._conventions, self._final.get(word, 0)))
        return steps

    def _decision(self, word: str) -> str:
        """What was decided about a word, or which decision put it in the place of another; empty for nothing."""
        own = self.decisions.get(word)
        if own is None:
            own = next((other for other in self.decisions.values() if word in other.replacement), None)
        return "" if own is None else str(own)

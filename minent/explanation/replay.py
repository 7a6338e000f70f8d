"""The recipe of a lexicon, run again and watched."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from minent.conventions import apply_conventions
from minent.corpus.sources import Corpus
from minent.discovery import LexiconBuilder
from minent.errors import LexiconError
from minent.explanation.figures import Figures
from minent.explanation.pieces import PieceObserver
from minent.explanation.sampled import SampledObserver
from minent.explanation.steps import Conventions, Spelling, Step, Wishes
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
        self, settings: LexiconSettings, words: Sequence[str], protect: Iterable[str] = (), ban: Iterable[str] = ()
    ) -> None:
        self.settings = settings
        self.protect, self.ban = frozenset(protect), frozenset(ban)
        self._observer: SampledObserver | PieceObserver
        if settings.recipe == "default":
            self._observer = SampledObserver(words)
        else:
            self._observer = PieceObserver(words, self.protect, settings.units == "run")
        self._words = frozenset(words)
        self._conventions = ""
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
        mined = builder.build()
        self.settings = self.settings.with_chosen(**builder.chosen)
        self._conventions = str(lexicon.settings.get("conventions", ""))
        try:
            mined = apply_conventions(mined, self._conventions.split(), self.protect)
        except ValueError as error:
            raise LexiconError("the head of the lexicon", str(error)) from None
        self._final = {word: mined[word].count for word in self._words if word in mined}

    def steps(self, word: str, units: Sequence[str], figures: Figures) -> list[Step]:
        """The steps of one of the words; `units` are none for one that is not written in units."""
        observer = self._observer
        if not units:
            steps: list[Step] = [Spelling("a sign or a space is inside: no word goes beyond it")]
        elif isinstance(observer, SampledObserver):
            steps = observer.steps(word, units, figures)
        else:
            steps = observer.steps(word, units, self.settings, figures)
        settings = self.settings
        steps.append(
            Wishes(
                count=observer.final.get(word, 0),
                min_count=settings.min_count or 1,
                length=len(units),
                min_length=settings.min_length,
                max_length=settings.max_length,
                protected=word in self.protect,
                banned=word in self.ban,
            )
        )
        if self._conventions:
            steps.append(Conventions(self._conventions, self._final.get(word, 0)))
        return steps

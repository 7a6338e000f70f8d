"""From raw text to a lexicon: count, mine with a recipe, keep what was asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from minent.corpus.alphabet import Alphabet
from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import TEXTS, Corpus, open_corpus, source_name
from minent.counting import CodedCorpus, count_corpus_units
from minent.errors import CorpusError
from minent.lexicon import Lexicon
from minent.recipes.cohesion import mine_cohesion
from minent.recipes.lists import WordLists
from minent.recipes.mined import MinedWords
from minent.recipes.plain import mine_plain
from minent.recipes.sampled import class_alphabet, mine_sampled
from minent.settings import RECIPES, USED_BY, LexiconSettings

MINERS = {"default": mine_sampled, "plain": mine_plain, "cohesion": mine_cohesion}


class LexiconBuilder:
    """Mines one lexicon. After `build`, `invalid` tells the bytes that were no text, `chosen` the settings in force.

    corpus : what `open_corpus` takes;  settings : what is None is chosen from the corpus
    protect, ban : words that are never cut, and never written;  jobs : workers; the result does not depend on them
    """

    def __init__(
        self,
        corpus: Any,
        settings: LexiconSettings | None = None,
        *,
        protect: Iterable[str] = (),
        ban: Iterable[str] = (),
        jobs: int = 1,
        progress: bool = False,
    ) -> None:
        self.corpus: Corpus = open_corpus(corpus)
        self.settings = settings or LexiconSettings()
        self.lists = WordLists(frozenset(protect), frozenset(ban))
        self.jobs, self.progress = jobs, progress
        self.invalid: InvalidBytes | None = None
        self.chosen: dict[str, Any] = {}
        self.alphabet: Alphabet | None = None

    def build(self) -> Lexicon:
        """Mine the lexicon. Errors: CorpusError if the corpus cannot be read or has not one unit."""
        units, self.invalid = count_corpus_units(
            self.corpus, self.settings.units == "run", self.jobs, self.progress
        )
        if units.total == 0:
            problem = "no Han character, Latin letter or digit in it"
            hint = "it is not valid UTF-8; try --encoding auto" if self.invalid else "there is nothing to learn from"
            raise CorpusError(_name(self.corpus), problem, hint)
        self.alphabet = class_alphabet(units) if self.settings.recipe == "default" else Alphabet.from_counts(units)
        coded = CodedCorpus(self.corpus, self.alphabet, self.jobs, self.progress)
        mined = MINERS[self.settings.recipe](coded, self.settings, self.lists)
        self.chosen = mined.chosen
        return self._lexicon(mined, units.fingerprint())

    def _lexicon(self, mined: MinedWords, fingerprint: str) -> Lexicon:
        """The words that were asked for, with the settings at the head."""
        settings = self.settings.with_chosen(**mined.chosen)
        assert self.alphabet is not None
        shortest, longest = settings.min_length, settings.max_length
        least = settings.min_count or 1
        kept = {}
        for text, count, length in zip(mined.texts, mined.counts.tolist(), mined.lengths.tolist(), strict=True):
            fits = length >= shortest and (longest is None or length <= longest) and count >= least
            if (fits and text not in self.lists.ban) or text in self.lists.protect:
                kept[text] = count
        for text in self.lists.protect:
            kept.setdefault(text, 0)
        head = {
            key: value
            for key, value in dataclasses.asdict(settings).items()
            if value is not None and settings.recipe in USED_BY.get(key, RECIPES)
        }
        everything = shortest == 1 and (longest is None or longest >= 4) and not self.lists.ban
        model = mined.model if everything else None  # it would bring back what was left out
        return Lexicon(list(kept), list(kept.values()), {**head, "fingerprint": fingerprint}, model=model)


def build_lexicon(corpus: Any, settings: LexiconSettings | None = None, **options: Any) -> Lexicon:
    """Mine a lexicon from files, a Corpus, or any re-iterable of str.

    `options` are those of `LexiconBuilder`; fields of LexiconSettings may be given by name.

    >>> lexicon = build_lexicon(["苹果的颜色", "葡萄的味道", "苹果和葡萄", "颜色和味道"] * 9, recipe="plain")
    >>> lexicon.words, lexicon["苹果"].count
    (['味道', '和', '的', '苹果', '葡萄', '颜色'], 18)
    """
    fields = {field.name for field in dataclasses.fields(LexiconSettings)}
    named = {key: options.pop(key) for key in list(options) if key in fields}
    settings = dataclasses.replace(settings or LexiconSettings(), **named)
    return LexiconBuilder(corpus, settings, **options).build()


def _name(corpus: Corpus) -> str:
    """What to call a corpus in a message."""
    files = corpus.files or [TEXTS]
    return source_name(files[0]) if len(files) == 1 else f"{len(files)} files"

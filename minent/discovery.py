"""From raw text to a lexicon: count, mine with a recipe, keep what was asked for."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Iterable
from typing import Any

import minent
from minent.corpus.alphabet import Alphabet, UnitCounts, runs_in
from minent.corpus.encodings import InvalidBytes
from minent.corpus.finding import source_name
from minent.corpus.sources import TEXTS, Corpus, open_corpus
from minent.counting import CodedCorpus, count_corpus_units, watched
from minent.distributed.corpus import ClusterCorpus
from minent.distributed.units import count_cluster_units
from minent.earlier import save_alphabet
from minent.engines.rows import ClusterText
from minent.errors import CorpusError, in_mebibytes
from minent.lexicon import Lexicon
from minent.memory import Memory, least_memory
from minent.passes import UNLIMITED
from minent.recipes import cohesion, plain
from minent.recipes.cohesion import mine_cohesion
from minent.recipes.default.need import least_memory as need_of_default
from minent.recipes.default.settings import DefaultSettings
from minent.recipes.lists import WordLists
from minent.recipes.mined import MinedWords
from minent.recipes.observer import NOBODY, Observer
from minent.recipes.plain import mine_plain
from minent.recipes.sampled import class_alphabet, mine_sampled
from minent.runs import RunDirectory
from minent.settings import RECIPES, USED_BY, LexiconSettings

MINERS = {"default": mine_sampled, "plain": mine_plain, "cohesion": mine_cohesion}
SCREENED = 100  # words that are looked for one by one, which is fast, before all of them at once
KEPT_STAGES = ("units", "alphabet", "ngrams-2")  # what an update of a finished run starts from
RARE_COUNTS = {"plain": plain.rare_count, "cohesion": cohesion.rare_count}


class LexiconBuilder:
    """Mines one lexicon. After `build`, `invalid` tells the bytes that were no text, `chosen` the settings in force.

    corpus : what `open_corpus` takes;  settings : what is None is chosen from the corpus
    protect, ban : words that are never cut, and never written;  jobs : workers;  memory : what counters may fill;
    the result depends on neither of them;  run : keeps what is found, so that a run that was cut off can be continued

    Errors: MemoryBudgetError if the memory is too little for the recipe, whatever the text is.
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
        memory: Memory = UNLIMITED,
        run: RunDirectory | None = None,
        observer: Observer = NOBODY,
        cluster: ClusterText | None = None,
    ) -> None:
        self.corpus: Corpus = open_corpus(corpus if cluster is None else cluster.corpus)
        self.cluster = cluster
        self.settings = settings or LexiconSettings()
        self.lists = WordLists(frozenset(protect), frozenset(ban))
        self.jobs, self.progress, self.memory, self.run = jobs, progress, memory, run
        self.observer = observer
        self.invalid: InvalidBytes | None = None
        self.chosen: dict[str, Any] = {}
        self.alphabet: Alphabet | None = None
        self._require_memory()

    def build(self) -> Lexicon:
        """Mine the lexicon. Errors: CorpusError if the corpus cannot be read or has not one unit."""
        units, self.invalid = self._count_units()
        if units.total == 0:
            problem = "no Han character, Latin letter or digit in it"
            hint = "it is not valid UTF-8; try --encoding auto" if self.invalid else "there is nothing to learn from"
            raise CorpusError(corpus_name(self.corpus), problem, hint)
        self.alphabet = self._alphabet(units)
        if self.run is not None:
            save_alphabet(self.alphabet, self.run)
        options = (self.corpus, self.alphabet, self.jobs, self.progress, self.memory, units, self.run)
        coded = CodedCorpus(*options) if self.cluster is None else ClusterCorpus(*options, self.cluster)
        self.observer.start(coded)
        mined = MINERS[self.settings.recipe](coded, self.settings, self.lists, self.observer)
        self.observer.mined(mined)
        self.chosen = mined.chosen
        return self._lexicon(mined, units.fingerprint())

    def _count_units(self) -> tuple[UnitCounts, InvalidBytes | None]:
        whole_runs = self.settings.units == "run"
        if self.cluster is not None:
            return count_cluster_units(self.cluster, whole_runs)
        return count_corpus_units(self.corpus, whole_runs, self.jobs, self.progress, self.memory, self.run)

    def _require_memory(self) -> None:
        """Tell before anything is read that the memory is too little."""
        recipe, size = self.settings.recipe, self.corpus.text_size()

        def need(jobs: int) -> int:
            return need_of_default(DefaultSettings(), jobs, size) if recipe == "default" else least_memory(jobs)

        less = [f"-j 1 needs {in_mebibytes(need(1))}"] if need(1) < need(self.jobs) else []
        if recipe == "default" and least_memory(self.jobs) < need(self.jobs):
            less.append(f"--recipe plain {in_mebibytes(least_memory(self.jobs))}")
        workers = f"--recipe {recipe} with {self.jobs} worker{'s' if self.jobs > 1 else ''}"
        self.memory.require(need(self.jobs), workers, ", ".join(less))

    def _alphabet(self, units: UnitCounts) -> Alphabet:
        """Ids for all units that can be part of a word."""
        if self.settings.recipe == "default":
            return class_alphabet(units)
        least = RARE_COUNTS[self.settings.recipe](units.total, units.pairs, self.settings)
        return Alphabet.from_counts(units, least, runs_in(self.lists.protect | self.lists.ban, units.whole_runs))

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
        kept |= self._count_others([text for text in self.lists.protect if text not in kept])
        head = {
            key: value
            for key, value in dataclasses.asdict(settings).items()
            if value is not None and settings.recipe in USED_BY.get(key, RECIPES)
        }
        everything = shortest == 1 and (longest is None or longest >= 4) and not self.lists.ban
        model = mined.model if everything else None  # it would bring back what was left out
        columns = {}
        if mined.weights:
            weights = (mined.weights.get(text, math.nan) for text in kept)
            columns["weight"] = ["" if math.isnan(weight) else f"{weight:.4g}" for weight in weights]
        return Lexicon(list(kept), list(kept.values()), {**head, "fingerprint": fingerprint}, columns, model)

    def _count_others(self, words: list[str]) -> dict[str, int]:
        """Occurrences of protected words that the recipe has not counted: they have signs in them, or it cut them."""
        counts = dict.fromkeys(words, 0)
        if not words or self.cluster is not None:
            return counts
        from minent.concordance import WordFinder

        finder, names = WordFinder(words, self.settings.units), [word.encode("utf-8", "replace") for word in words]
        for shard in watched(self.corpus, "count protected words", self.progress, self.memory):
            data = shard.data.tobytes()
            if len(names) > SCREENED or any(name in data for name in names):
                for _, _, number in finder.find(data.decode("utf-8", "replace")):
                    counts[finder.words[number]] += 1
        return counts


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


def run_description(corpus: Corpus, settings: LexiconSettings, lists: WordLists) -> dict[str, Any]:
    """What makes a lexicon what it is: a run directory goes on only with the same."""
    return {
        "minent": minent.__version__,
        **dataclasses.asdict(settings),
        "protect": _digest(lists.protect),
        "ban": _digest(lists.ban),
        "encoding": corpus.encoding,
        "errors": corpus.errors,
        "field": corpus.field,
        "inputs": corpus.inputs(),
    }


def _digest(words: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(words)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def corpus_name(corpus: Corpus) -> str:
    """What to call a corpus in a message."""
    files = corpus.files or [TEXTS]
    return source_name(files[0]) if len(files) == 1 else f"{len(files)} files"

"""From a corpus to its frequent templates: those of skip-grams, of parses, and of word classes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import Corpus, open_corpus
from minent.engines.rows import ClusterText
from minent.memory import Memory, least_memory
from minent.segmentation import Segmenter
from minent.templates.classes import WordClasses
from minent.templates.clusters import find_classes
from minent.templates.coded import CodedText
from minent.templates.growing import MOST_PATHS
from minent.templates.mining import FinderReport, mine, most_frequent
from minent.templates.settings import CLASS, PARSE, SKIPGRAM, SOURCES, TemplateSettings
from minent.templates.template import Element, Template
from minent.templates.template_set import MinedTemplate, TemplateSet

if TYPE_CHECKING:
    from minent.grammar import Grammar
    from minent.templates.parsed import ParseReport

LEARNED = 30  # bytes of a word of text from which classes are learned


class TemplateFinder:
    """Mines one set of templates. After `find`, these tell what was met: `report` (skip-grams), `parse_report`,
    `class_report`; `settings` what was chosen, `classes` the word classes, and `invalid` the bytes that were no text.

    corpus : what `open_corpus` takes;  segmenter : None is that of the built-in lexicon
    pretokenized : the corpus has its words already, with whitespace between them; punctuation marks are words
    grammar : parses the lines for the source `parse`
    sources : `skipgram`, `parse`, or both; None: skipgram, and parse if there is a grammar
    classes : mine once more with word classes in the place of words: these, or True for those of the corpus
    jobs : workers, which are processes where lines are parsed; the result does not depend on them
    memory : what counters may fill; then they spill to its temporary folder. The result does not depend on it
    cluster : where the corpus is read, if not here; for skip-grams only
    """

    def __init__(
        self,
        corpus: Any,
        segmenter: Segmenter | None = None,
        settings: TemplateSettings | None = None,
        *,
        pretokenized: bool = False,
        grammar: Grammar | None = None,
        sources: Sequence[str] | None = None,
        classes: WordClasses | bool = False,
        jobs: int = 1,
        progress: bool = False,
        memory: Memory | None = None,
        cluster: ClusterText | None = None,
    ) -> None:
        if cluster is not None and (PARSE in (sources or ()) or grammar is not None or classes is not False):
            raise ValueError("on a cluster, templates are those of skip-grams")
        if pretokenized and segmenter is not None:
            raise ValueError("pretokenized text needs no segmenter")
        self.sources = tuple(sources or (SOURCES if grammar is not None else (SKIPGRAM,)))
        unknown = set(self.sources) - set(SOURCES)
        if unknown:
            raise ValueError(f"the source {min(unknown)!r} is none of {', '.join(SOURCES)}")
        if PARSE in self.sources and grammar is None:
            raise ValueError("templates of parses need a grammar")
        self.memory, self.jobs = memory or Memory(), jobs
        self.settings = self._given = settings or TemplateSettings()
        self._check_memory()
        self.corpus: Corpus = open_corpus(corpus if cluster is None else cluster.corpus)
        self.cluster = cluster
        self.segmenter = None if pretokenized else segmenter or Segmenter()
        self.grammar = grammar
        self.progress = progress
        self.invalid: InvalidBytes | None = None
        self.report: FinderReport | None = None
        self.class_report: FinderReport | None = None
        self.parse_report: ParseReport | None = None
        self.classes: WordClasses | None = None
        self._asked_classes = classes

    def _check_memory(self) -> None:
        if self.memory.size is not None and (self.settings.max_paths or MOST_PATHS + 1) > MOST_PATHS:
            raise ValueError(f"with a limit of memory, max_paths is at most {MOST_PATHS:,}")
        self.memory.require(least_memory(self.jobs), f"counting with --jobs {self.jobs}", "fewer workers need less")

    def find(self) -> TemplateSet:
        """Mine the templates. Errors: CorpusError if the corpus cannot be read or has not one word."""
        entries: list[MinedTemplate] = []
        head: dict[str, Any] = {}
        if SKIPGRAM in self.sources or self._asked_classes:
            entries += self._of_sentences(head)
            head = {**self.settings.to_dict(), **head}
        if PARSE in self.sources:
            entries += self._of_parses(head)
        return TemplateSet(entries, head)

    def _of_cluster(self, cluster: ClusterText, head: dict[str, Any]) -> list[MinedTemplate]:
        from minent.distributed.templates import ClusterWords  # which imports modules of this package

        with ClusterWords(cluster, self.segmenter, self.settings) as text:
            self.invalid = text.invalid
            text.check_words()
            entries, self.report = mine(text, self.settings, self._is_wanted, passes=text)
            self.settings = self.report.settings
            head.update(skip_grams=self.report.skip_grams, candidates=self.report.candidates)
        return entries

    def _of_sentences(self, head: dict[str, Any]) -> list[MinedTemplate]:
        if self.cluster is not None:
            return self._of_cluster(self.cluster, head)
        entries: list[MinedTemplate] = []
        with CodedText(
            self.corpus,
            self.segmenter,
            signs_are_words=self.settings.boundaries == "stops",
            jobs=self.jobs,
            progress=self.progress,
            memory=self.memory,
        ) as text:
            self.invalid = text.invalid
            text.check_words()
            if SKIPGRAM in self.sources:
                entries, self.report = mine(text, self.settings, self._is_wanted)
                self.settings = self.report.settings
                head.update(skip_grams=self.report.skip_grams, candidates=self.report.candidates)
            if self._asked_classes:
                entries += self._of_classes(text, head)
        return entries

    def _of_classes(self, text: CodedText, head: dict[str, Any]) -> list[MinedTemplate]:
        """The templates with a class in them, of the text with classes in the place of words."""
        given = self._asked_classes
        if not isinstance(given, WordClasses):
            sample = min(len(text), self.settings.clustering.most_words)
            text.memory.require(least_memory(self.jobs) + LEARNED * sample, f"word classes of {sample:,} words")
        classes = (
            given.counted(text) if isinstance(given, WordClasses) else find_classes(text, self.settings.clustering)
        )
        names = classes.names()
        text.rename(names)
        everything = dataclasses.replace(self.settings, top=None)
        found, self.class_report = mine(text, everything, lambda template: bool(template.classes), CLASS)
        self.classes = classes.with_templates(found)
        self.settings = dataclasses.replace(self.class_report.settings, top=self.settings.top)
        head.update(classes=len(classes), class_candidates=self.class_report.candidates)
        contained = {names.get(word, word) for word in self.settings.contains}
        return most_frequent([e for e in found if self._is_wanted(e.template, contained)], self.settings.top)

    def _of_parses(self, head: dict[str, Any]) -> list[MinedTemplate]:
        from minent.templates.parsed import ParsedText, mine_blocks  # here, for minent.parsing imports minent.templates

        assert self.grammar is not None
        with ParsedText(
            self.corpus,
            self.grammar,
            self.segmenter,
            jobs=self.jobs,
            progress=self.progress,
            memory=self.memory,
        ) as text:
            self.invalid = self.invalid or text.invalid
            text.check_words()
            entries, self.parse_report = mine_blocks(text, self._given, self._is_wanted)
        head.update(blocks=self.parse_report.blocks, block_min_count=self.parse_report.least_count)
        return entries

    def _is_wanted(self, template: Template, contained: set[Element] | None = None) -> bool:
        settings = self.settings
        return (
            template.length >= settings.min_length
            and (settings.trivial or not template.is_trivial)
            and (set(settings.contains) if contained is None else contained) <= set(template.words)
        )


def find_templates(
    corpus: Any, segmenter: Segmenter | None = None, settings: TemplateSettings | None = None, **options: Any
) -> TemplateSet:
    """Mine the templates of files, a Corpus, or any re-iterable of str.

    With `grammar=` also those of parses, with `classes=True` also those of word classes.
    `options` are those of `TemplateFinder`; fields of TemplateSettings may be given by name.

    >>> found = find_templates(["从 北京 到 上海", "从 这 到 那"] * 9, pretokenized=True, min_pmi=0, min_count=18)
    >>> [(str(entry.template), entry.count) for entry in found]
    [('从 [X] 到 [X]', 18)]
    """
    fields = {field.name for field in dataclasses.fields(TemplateSettings)}
    named = {key: options.pop(key) for key in list(options) if key in fields}
    settings = dataclasses.replace(settings or TemplateSettings(), **named)
    return TemplateFinder(corpus, segmenter, settings, **options).find()

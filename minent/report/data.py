"""What a report tells: everything that is computed from a corpus, its lexicon and what was learned from them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from minent.corpus.alphabet import Alphabet, UnitCounts
from minent.corpus.encodings import InvalidBytes
from minent.corpus.finding import source_name
from minent.corpus.sources import TEXTS, Corpus
from minent.counting import count_corpus_units
from minent.entropy import Entropy, count_words, entropy_of_characters, entropy_of_words
from minent.errors import CorpusError
from minent.evaluation import LexiconScores, evaluate_lexicon
from minent.files import display_path
from minent.grammar import Grammar
from minent.lexicon import Lexicon
from minent.parsing import Parser, ParseTree
from minent.report.keyness import Keywords, compare_counts
from minent.report.sentences import example_sentences
from minent.report.words import WordTable, entry_counts, word_table
from minent.segmentation import Segmenter
from minent.templates import TemplateSet
from minent.templates.description import measure_templates
from minent.word_statistics import coded_corpus, word_statistics

MOST_WORDS = 200_000
TREES = 8
MOST_NAMES = 12  # files of a corpus that are named


@dataclass(frozen=True)
class TextFacts:
    """A text that was read: names of its files, units in all and distinct ones, tokens, fingerprint of its units."""

    names: list[str]
    files: int
    units: int
    types: int
    tokens: int
    fingerprint: str
    invalid: InvalidBytes | None

    @property
    def units_per_token(self) -> float:
        return self.units / max(self.tokens, 1)

    @property
    def title(self) -> str:
        """What to call it: the file, or the first of several."""
        return os.path.basename(self.names[0]) + (f" and {self.files - 1:,} more" if self.files > 1 else "")


@dataclass(frozen=True)
class ReportData:
    """All that the page shows.

    text, other : the corpus, and that of --versus;  entries, used : words of the lexicon, and those that occur
    covered : tokens that are words of the lexicon;  ladder : by characters, by words, and with templates two rows more
    known : the words against the known lists;  settings : by what they belong to, as texts
    """

    text: TextFacts
    entries: int
    used: int
    covered: int
    words: WordTable
    ladder: list[Entropy]
    character_counts: list[int]
    known: LexiconScores | None = None
    other: TextFacts | None = None
    keywords: Keywords | None = None
    templates: TemplateSet | None = None
    trees: list[ParseTree] = field(default_factory=list)
    settings: dict[str, dict[str, str]] = field(default_factory=dict)


def collect(
    corpus: Corpus,
    lexicon: Lexicon,
    *,
    templates: TemplateSet | None = None,
    grammar: Grammar | None = None,
    versus: Corpus | None = None,
    known: Mapping[str, set[str]] | None = None,
    units: str = "run",
    jobs: int = 1,
    temp_dir: str | None = None,
    progress: bool = False,
    most_words: int = MOST_WORDS,
) -> ReportData:
    """Compute a report.

    versus : a text to compare with, cut into words of the same lexicon;  known : word lists by name
    most_words : words that are shown, the most frequent of the lexicon in this text
    A lexicon with a column `new` tells which words are new where no list does. Trees are by the grammar, else by the
    templates. The corpus is read about ten times, or twenty with templates; memory: what `word_statistics` needs, and
    300 bytes a word. Errors: CorpusError if a corpus cannot be read or has no unit.
    """
    facts, counted, counts, alphabet, ladder = _cut(corpus, lexicon, units, jobs, progress)
    words = sorted(lexicon.words, key=lambda word: (-counts.get(word, 0), word))[:most_words]
    coded = coded_corpus(corpus, words, whole_runs=units == "run", jobs=jobs, progress=progress)
    table = word_table(words, counts, counted, word_statistics(coded, words), _known_words(lexicon, known), progress)
    if templates is not None:
        ladder += measure_templates(corpus, lexicon, templates, units, jobs, temp_dir, progress)
    other, keywords = None, None
    if versus is not None:
        other, _, other_counts, _, _ = _cut(versus, lexicon, units, jobs, progress)
        keywords = compare_counts(counts, other_counts, counted)
    trees = []
    model = grammar if grammar is not None else templates
    if model is not None:
        parser = Parser(model, Segmenter(lexicon, units=units))
        trees = [parser.parse(sentence) for sentence in example_sentences(corpus, TREES, progress)]
    pairs = [(word, counts[word]) for word in lexicon.words if counts.get(word)]
    return ReportData(
        text=facts,
        entries=len(lexicon),
        used=len(pairs),
        covered=sum(count for _, count in pairs),
        words=table,
        ladder=ladder,
        character_counts=sorted(alphabet.counts[1:].tolist(), reverse=True),
        known=evaluate_lexicon(pairs, known) if known else None,
        other=other,
        keywords=keywords,
        templates=templates,
        trees=trees,
        settings=_settings(facts, other, lexicon, templates, grammar, known, units),
    )


def _cut(
    corpus: Corpus, lexicon: Lexicon, units: str, jobs: int, progress: bool
) -> tuple[TextFacts, UnitCounts, dict[str, int], Alphabet, list[Entropy]]:
    """What a text is, its units, its tokens by entries of a lexicon, and its entropy as `measure_corpus` has it."""
    counted, invalid = count_corpus_units(corpus, units == "run", jobs, progress)
    files = corpus.files or [TEXTS]
    names = [source_name(name) for name in files[:MOST_NAMES]]
    if counted.total == 0:
        raise CorpusError(names[0], "no Han character, Latin letter or digit in it", "there is nothing to report")
    alphabet = Alphabet.from_counts(counted)
    found = count_words(corpus, Segmenter(lexicon, units=units, unknown_model=False), jobs, progress)
    texts, numbers = found.texts(), found.counts[: len(found)]
    ladder = [entropy_of_characters(alphabet), entropy_of_words(texts, numbers, alphabet)]
    counts = entry_counts(dict(zip(texts, numbers.tolist(), strict=True)), set(lexicon.words), counted)
    facts = TextFacts(
        names, len(files), counted.total, len(alphabet) - 1, ladder[1].tokens, counted.fingerprint(), invalid
    )
    return facts, counted, counts, alphabet, ladder


def _known_words(lexicon: Lexicon, known: Mapping[str, set[str]] | None) -> set[str] | None:
    """What is known by the lists, else by the column `new` of the lexicon; None where nothing tells."""
    if known:
        return set().union(*known.values())
    marks = lexicon.columns.get("new")
    return None if marks is None else {word for word, mark in zip(lexicon.words, marks, strict=True) if mark != "1"}


def _settings(
    facts: TextFacts,
    other: TextFacts | None,
    lexicon: Lexicon,
    templates: TemplateSet | None,
    grammar: Grammar | None,
    known: Mapping[str, set[str]] | None,
    units: str,
) -> dict[str, dict[str, str]]:
    """Where everything comes from: settings and fingerprints, as texts."""
    found = {"text": _text_settings(facts) | {"units": units}}
    same = lexicon.settings.get("fingerprint")
    origin = {} if same is None else {"learned from this text": "yes" if same == facts.fingerprint else "no"}
    found["lexicon"] = {"words": f"{len(lexicon):,}", "digest": lexicon.digest(), **_texts(lexicon.settings), **origin}
    if templates is not None:
        found["templates"] = {"templates": f"{len(templates):,}", **_texts(templates.settings)}
    if grammar is not None:
        found["grammar"] = {"vocabulary": f"{len(grammar.words):,}", **_texts(grammar.about)}
    if other is not None:
        found["other text"] = _text_settings(other)
    if known:
        found["known lists"] = {name: f"{len(words):,} words" for name, words in known.items()}
    return found


def _text_settings(facts: TextFacts) -> dict[str, str]:
    names = facts.names + ([f"and {facts.files - len(facts.names):,} more"] if facts.files > len(facts.names) else [])
    invalid = facts.invalid
    return {
        "files": ", ".join(names),
        "characters": f"{facts.units:,}",
        "tokens": f"{facts.tokens:,}",
        "fingerprint": facts.fingerprint,
        **({"invalid bytes": f"{invalid.count:,}, the first at {invalid.first_place}"} if invalid else {}),
    }


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as texts of one line; those inside another setting by their own names."""
    found: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found |= _texts(value)
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            found[display_path(str(key))] = display_path(text)
    return found

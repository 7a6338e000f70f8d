"""Compile every kernel ahead, by doing each job once on a few lines of text."""

from __future__ import annotations

import tempfile
from pathlib import Path

from minent.corpus.sources import Corpus
from minent.counting import CodedCorpus, count_corpus_units
from minent.discovery import build_lexicon
from minent.entropy import measure_corpus
from minent.grammar import Piece, train_grammar
from minent.lexicon import Lexicon
from minent.parsing import Parser
from minent.recipes.default import DefaultSettings
from minent.recipes.lists import WordLists
from minent.recipes.sampled import class_alphabet, mine_sampled
from minent.segmentation import Segmenter
from minent.settings import LexiconSettings
from minent.templates import find_templates
from minent.templates.article import ArticleParser
from minent.templates.description import measure_templates

LINES = [
    "从2001年到2008年，北京的天气真好；A股和维生素C，3.14％。",
    "科学技术是第一生产力，科学技术是第一生产力。",
    "café——𠮷野家……科学技术",
] * 20
SMALL = DefaultSettings(whole_text=60, large_text=200, kind_text=100, text_sweeps=2, kind_sweeps=2, min_count=1)


def warm() -> None:
    """Run every recipe and every way to segment."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.txt"
        path.write_text("\n".join(LINES), encoding="utf-8")
        for units in ("run", "char"):
            for recipe in ("plain", "cohesion"):
                build_lexicon(Corpus([path]), recipe=recipe, units=units, protect=["生产力"])
        counts, _ = count_corpus_units(Corpus([path]))
        coded = CodedCorpus(Corpus([path]), class_alphabet(counts))
        mined = mine_sampled(coded, LexiconSettings(), WordLists(), recipe=SMALL)
        lexicon = Lexicon(mined.texts, mined.counts)
        for model in (mined.model, None):  # without it at last: the templates are over words
            segmenter = Segmenter(Lexicon(mined.texts, mined.counts, model=model), protect=["C++"])
            segmenter.cut(LINES[0])
            segmenter.cut_file(path, Path(folder) / "cut.txt")
            segmenter.nbest(LINES[0], 2)
            segmenter.sample(LINES[0], 0.5, seed=0)
            segmenter.confidence(LINES[0])
        measure_corpus(Corpus([path]), lexicon)
        templates = find_templates(Corpus([path]), segmenter, min_count=2, min_pmi=0.0)
        ArticleParser(templates).parse(segmenter.cut(LINES[0]))
        measure_templates(Corpus([path]), lexicon, templates)
        text = "\n".join(segmenter.cut_bytes(line.encode()).decode() for line in LINES)
        grammar = train_grammar([Piece(text, "text")])
        Parser(grammar, segmenter).nbest(LINES[0], 2)
        Parser(grammar, segmenter).parse(LINES[0])
        find_templates(Corpus([path]), segmenter, grammar=grammar, sources=["parse"], classes=True)

"""Compile every kernel ahead, by doing each job once on a few lines of text."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from minent.corpus.sources import Corpus
from minent.counting import CodedCorpus, count_corpus_units
from minent.discovery import build_lexicon
from minent.entropy import measure_corpus
from minent.grammar import Piece, train_grammar
from minent.kernels.boundaries import admit_strings
from minent.lexicon import Lexicon, load_lexicon
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
        built = Lexicon(mined.texts, mined.counts, model=mined.model)
        built.save(Path(folder) / "lexicon.tsv")
        loaded = load_lexicon(Path(folder) / "lexicon.tsv")  # its arrays are of another type: nobody can write to them
        for words in (built, loaded, lexicon):  # without a model at last: the templates are over words
            segmenter = Segmenter(words, protect=["C++"])
            segmenter.cut(LINES[0])
            segmenter.cut_file(path, Path(folder) / "cut.txt")
            segmenter.nbest(LINES[0], 2)
            segmenter.sample(LINES[0], 0.5, seed=0)
            segmenter.confidence(LINES[0])
            _admit_strings(segmenter)
        measure_corpus(Corpus([path]), lexicon)
        templates = find_templates(Corpus([path]), segmenter, min_count=2, min_pmi=0.0)
        ArticleParser(templates).parse(segmenter.cut(LINES[0]))
        measure_templates(Corpus([path]), lexicon, templates)
        text = "\n".join(segmenter.cut_bytes(line.encode()).decode() for line in LINES)
        grammar = train_grammar([Piece(text, "text")])
        Parser(grammar, segmenter).nbest(LINES[0], 2)
        Parser(grammar, segmenter).parse(LINES[0])
        find_templates(Corpus([path]), segmenter, grammar=grammar, sources=["parse"], classes=True)


def _admit_strings(segmenter: Segmenter) -> None:
    """What the neural segmenter does with a lattice, without PyTorch."""
    lattice = segmenter.lattice(np.frombuffer(LINES[0].encode(), dtype=np.uint8))
    arcs = (lattice.arc_ptr, lattice.arc_lengths, lattice.arc_values)
    count = len(lattice.arc_ptr) - 1
    arc_ptr, lengths, values = np.empty(count + 1, dtype=np.int64), np.empty(0, dtype=np.int32), np.empty(0)
    units = np.ones(count, dtype=np.bool_)
    admit_strings(arcs, arcs[:2], units, np.zeros(count), 0.0, 2, 0.0, arc_ptr, lengths, values)

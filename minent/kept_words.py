"""Counts of words that a lexicon must have though its recipe did not find them, from the text."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from minent.concordance import CLASS_UNIT, WordFinder
from minent.corpus.sources import Corpus
from minent.entropy import count_words
from minent.lexicon import Lexicon
from minent.segmentation import Segmenter


def with_kept_counts(
    lexicon: Lexicon, corpus: Corpus, kept: Iterable[str], units: str = "run", jobs: int = 1, progress: bool = False
) -> Lexicon:
    """The lexicon, where those of the words `kept` that it has with the count 0 have that of their places in the text.

    A place is where the word stands when the text is cut with the lexicon and these words are never cut. The counts of
    the other words stay as they are. One pass over the corpus, if there is such a word; else the lexicon itself.

    >>> from minent.corpus.sources import open_corpus
    >>> lexicon = Lexicon.from_counts({"苹果": 2, "的": 2, "颜色": 2, "的颜色": 0})
    >>> with_kept_counts(lexicon, open_corpus(["苹果的颜色", "的颜色"]), ["的颜色"])["的颜色"].count
    2
    """
    uncounted = [word for word in kept if word in lexicon and lexicon[word].count == 0]
    if not uncounted:
        return lexicon
    segmenter = Segmenter(lexicon, units=units, protect=uncounted, unknown_model=False)
    tokens = count_words(corpus, segmenter, jobs, progress)
    found = dict(zip(tokens.texts(), tokens.counts[: len(tokens)].tolist(), strict=True))
    counts = {word: _count(word, found, units) for word in uncounted}
    both = [counts.get(word, count) for word, count in zip(lexicon.words, lexicon.counts.tolist(), strict=True)]
    return Lexicon(lexicon.words, np.array(both, dtype=np.int64), lexicon.settings, lexicon.columns, lexicon.model)


def _count(word: str, tokens: dict[str, int], units: str) -> int:
    """How many tokens are a word: those with its text, and with a class unit in it, those that fit."""
    if units == "char" or not CLASS_UNIT.search(word):
        return tokens.get(word, 0)
    finder = WordFinder([word])
    return sum(count for token, count in tokens.items() if (0, len(token), 0) in finder.find(token))

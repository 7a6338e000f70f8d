"""A small lexicon and text for the tests of the review, with hostile words in them."""

from __future__ import annotations

from pathlib import Path

from minent.corpus.sources import Corpus
from minent.lexicon import Lexicon
from minent.review import Contexts, DecisionFile, Review

HOSTILE = "</script><script>alert(1)</script>"
WORDS = {"的": 50, "苹果": 20, "的主要": 9, "主要": 8, "共和国": 7, "原因": 5, "<N>年": 4, "A股": 3, HOSTILE: 2}
TEXT = f"苹果的主要原因是，1998年的A股。\nAA股和字节跳动，共和国的苹果{HOSTILE}\n" * 3


def lexicon() -> Lexicon:
    numbers = [f"{1 + k / 8:.4f}" for k in range(len(WORDS))]
    ordered = Lexicon.from_counts(WORDS, {"fingerprint": "f00d"})
    new = ["1" if word == "的主要" else "0" for word in ordered.words]
    return ordered.with_columns(
        {"pmi": ["", *numbers[1:]], "left_entropy": numbers, "right_entropy": numbers, "new": new}
    )


def sample_review(folder: Path) -> Review:
    """A review by Ann, whose decisions go into the folder."""
    file = DecisionFile(str(folder / "decisions.tsv"), (), "f00d")
    return Review(lexicon(), file, by="Ann", contexts=Contexts(Corpus.from_texts([TEXT])))


def number(review: Review, word: str) -> int:
    """The number of a word."""
    return review.candidates.numbers[word]

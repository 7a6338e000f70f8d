"""Scores of segmentations and of lexicons against what people wrote down."""

from __future__ import annotations

from minent.evaluation.lexicon import (
    LexiconCut,
    LexiconScores,
    ReferenceRecall,
    evaluate_lexicon,
    is_judged,
    occurring_words,
)
from minent.evaluation.lines import read_lines
from minent.evaluation.segmentation import (
    ErrorExample,
    ErrorKind,
    SegmentationScores,
    WordScores,
    evaluate_segmentation,
    is_punctuation,
)
from minent.evaluation.table import format_table

__all__ = [
    "ErrorExample",
    "ErrorKind",
    "LexiconCut",
    "LexiconScores",
    "ReferenceRecall",
    "SegmentationScores",
    "WordScores",
    "evaluate_lexicon",
    "evaluate_segmentation",
    "format_table",
    "is_judged",
    "is_punctuation",
    "occurring_words",
    "read_lines",
]

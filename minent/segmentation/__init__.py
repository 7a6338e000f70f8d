"""Cutting text into the words of a lexicon."""

from minent.segmentation.segmenter import Segmenter
from minent.segmentation.spans import Segmentation

__all__ = ["Segmentation", "Segmenter"]

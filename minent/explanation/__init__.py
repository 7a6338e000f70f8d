"""Why a word is in a lexicon or not: figures, the way through the recipe, contexts."""

from __future__ import annotations

from minent.explanation.explaining import Explanation, explain
from minent.explanation.render import rendered

__all__ = ["Explanation", "explain", "rendered"]

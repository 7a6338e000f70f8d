"""A grammar learned from raw text: word classes, dependency models, a constituent model, boundary statistics."""

from __future__ import annotations

from minent.grammar.file import GrammarError, load_grammar, save_grammar
from minent.grammar.grammar import Grammar
from minent.grammar.settings import DmvSettings, GrammarSettings
from minent.grammar.text import Piece
from minent.grammar.training import Progress, train_grammar

__all__ = [
    "DmvSettings",
    "Grammar",
    "GrammarError",
    "GrammarSettings",
    "Piece",
    "Progress",
    "load_grammar",
    "save_grammar",
    "train_grammar",
]

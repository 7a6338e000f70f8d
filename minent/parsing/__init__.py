"""Nested parses of lines by a grammar."""

from __future__ import annotations

from minent.parsing.parser import Parser
from minent.parsing.settings import DecoderSettings
from minent.parsing.tree import ParseTree

__all__ = ["DecoderSettings", "ParseTree", "Parser"]

"""Plain words, one a line, the most frequent first. jieba takes such a list as a user dictionary, too."""

from __future__ import annotations

from minent.export.format import LINE_BREAKS, Format
from minent.export.text import numbered_lines
from minent.lexicon import Lexicon


def write(lexicon: Lexicon, name: str) -> bytes:
    return "".join(f"{word}\n" for word in lexicon).encode()


def read(data: bytes, name: str) -> dict[str, int]:
    """Every word counts 1; a line is a word, whatever spaces are in it."""
    return {line.strip(): 1 for _, line in numbered_lines(data, name)}


FORMAT = Format("words.txt", write, read, LINE_BREAKS, has_counts=False, keeps_classes=True)

"""What is known of each format: how it is written and read, what it cannot hold, how its files are called."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minent.lexicon import Lexicon

FORMATS = ("jieba", "hanlp", "ik", "sentencepiece", "tokenizers", "rime", "jsonl", "words")

CONTROL = "\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff"  # what some reader takes for the end of a line, or for no text
WHITE_SPACE = re.compile(rf"[\s{CONTROL}]")
LINE_BREAKS = re.compile(rf"[{CONTROL}]|\A\s|\s\Z")


@dataclass(frozen=True)
class Format:
    """One format of another tool.

    output : the usual name of a file
    write : a lexicon and the name of the file → its content
    read : the content of a file and its name for messages → words and counts; LexiconError with the line
    unwritable : found in the words that the tool could not read back, or would never find in a text
    has_counts : whether whole numbers are written, so that they can be scaled
    regular : what the tool does to the characters of a text, but not to those of its dictionary (as str.translate)
    keeps_classes : whether `<N>` and `<L>` are written as they are unless something else is asked for
    """

    output: str
    write: Callable[[Lexicon, str], bytes]
    read: Callable[[bytes, str], dict[str, int]]
    unwritable: re.Pattern[str]
    has_counts: bool = True
    regular: Mapping[int, int] | None = None
    keeps_classes: bool = False


def find_format(name: str) -> Format:
    """The format of this name; ValueError for one that there is not."""
    if name not in FORMATS:
        raise ValueError(f"the format is {name!r}; it must be one of {', '.join(FORMATS)}")
    found: Format = import_module(f"minent.export.{name}").FORMAT
    return found

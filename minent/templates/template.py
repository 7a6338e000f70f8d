"""Templates: words and slots, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

SLOT = "[X]"
ESCAPES = {"\\": "\\\\", " ": "\\s", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
UNESCAPES = {written[1]: char for char, written in ESCAPES.items()}


@dataclass(frozen=True, slots=True)
class Template:
    """A sequence of words and slots; a slot, written `[X]`, is None. There are never two slots side by side.

    >>> template = Template.parse("对 [X] 进行 [X]")
    >>> template.words, template.slots, str(template)
    (('对', None, '进行', None), 2, '对 [X] 进行 [X]')
    >>> str(Template((None, "[X]", "a b")))
    '[X] \\\\[X] a\\\\sb'
    """

    words: tuple[str | None, ...]

    def __post_init__(self) -> None:
        if not any(self.words):
            raise ValueError("a template has at least one word")
        if any(word == "" for word in self.words):
            raise ValueError("a word of a template is empty")
        if any(one is None and other is None for one, other in zip(self.words, self.words[1:], strict=False)):
            raise ValueError("two slots of a template stand side by side")

    @classmethod
    def parse(cls, text: str) -> Template:
        """The template that is written so. ValueError if it is none."""
        return cls(tuple(None if token == SLOT else unescape(token) for token in text.split(" ")))

    @property
    def literals(self) -> tuple[str, ...]:
        """Its words without the slots."""
        return tuple(word for word in self.words if word is not None)

    @property
    def length(self) -> int:
        """Number of words, slots not counted."""
        return len(self.literals)

    @property
    def slots(self) -> int:
        """Number of slots."""
        return self.words.count(None)

    @property
    def is_trivial(self) -> bool:
        """One word between two slots: no more than that the word occurs."""
        return len(self.words) == 3 and self.words[0] is None and self.words[2] is None

    @property
    def has_inner_slot(self) -> bool:
        """Whether a slot has words on both sides."""
        return None in self.words[1:-1]

    def __str__(self) -> str:
        return " ".join([SLOT if word is None else escape(word) for word in self.words])


def escape(word: str, special: str = "") -> str:
    """A word as it is written in a file: a backslash takes the meaning from what would be read otherwise.

    special : further signs that need a backslash;  `[X]` needs one, white space is \\\\s, \\\\t, \\\\n, \\\\r
    """
    if word == SLOT:
        return "\\" + SLOT
    if word.isalnum():
        return word
    return "".join([ESCAPES.get(char) or ("\\" + char if char in special else char) for char in word])


def unescape(token: str) -> str:
    """The word that is written so."""
    if "\\" not in token:
        return token
    return re.sub(r"\\(.)", lambda match: UNESCAPES.get(match[1], match[1]), token, flags=re.DOTALL)


def join_words(words: Iterable[str], special: str = "") -> str:
    """Words with a space between each two."""
    return " ".join([escape(word, special) for word in words])

"""Templates: words, word classes and slots, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

SLOT = "[X]"
ESCAPES = {"\\": "\\\\", " ": "\\s", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
UNESCAPES = {written[1]: char for char, written in ESCAPES.items()}


@dataclass(frozen=True, slots=True, order=True)
class WordClass:
    """A class of words that stands in a template for any of them; written `<name>`, as no word is.

    >>> str(WordClass("个、名、位"))
    '<个、名、位>'
    """

    name: str

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a class of words has no name")

    def __str__(self) -> str:
        return f"<{_written(self.name, '')}>"


Element: TypeAlias = str | WordClass


@dataclass(frozen=True, slots=True)
class Template:
    """A sequence of words, word classes and slots; a slot, written `[X]`, is None.

    Those of skip-grams never have two slots side by side; those of parses may: [X] 都 [X] [X].

    >>> template = Template.parse("对 [X] 进行 [X]")
    >>> template.words, template.slots, str(template)
    (('对', None, '进行', None), 2, '对 [X] 进行 [X]')
    >>> str(Template((None, "[X]", "a b", "<a>", WordClass("a"))))
    '[X] \\\\[X] a\\\\sb \\\\<a> <a>'
    """

    words: tuple[Element | None, ...]

    def __post_init__(self) -> None:
        if not any(self.words):
            raise ValueError("a template has at least one word")
        if any(word == "" for word in self.words):
            raise ValueError("a word of a template is empty")

    @classmethod
    def parse(cls, text: str) -> Template:
        """The template that is written so. ValueError if it is none."""
        return cls(tuple(None if token == SLOT else read_element(token) for token in text.split(" ")))

    @property
    def literals(self) -> tuple[str, ...]:
        """Its words without slots and classes."""
        return tuple(word for word in self.words if isinstance(word, str))

    @property
    def classes(self) -> tuple[WordClass, ...]:
        """The word classes in it."""
        return tuple(word for word in self.words if isinstance(word, WordClass))

    @property
    def length(self) -> int:
        """Number of words and classes, slots not counted."""
        return len(self.words) - self.slots

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


def escape(word: Element, special: str = "") -> str:
    """A word or a class as it is written in a file: a backslash takes the meaning from what would be read otherwise.

    special : further signs that need a backslash;  `[X]` needs one, and a word that looks like a class: `<…>`; white
        space is \\s, \\t, \\n, \\r
    """
    if isinstance(word, WordClass):
        return f"<{_written(word.name, special)}>"
    if word.isalnum():
        return word
    return "\\" * (word == SLOT or _looks_like_class(word)) + _written(word, special)


def _looks_like_class(token: str) -> bool:
    return len(token) > 2 and token[0] == "<" and token[-1] == ">"


def _written(text: str, special: str) -> str:
    return "".join([ESCAPES.get(char) or ("\\" + char if char in special else char) for char in text])


def read_element(token: str) -> Element:
    """The word or class that is written so."""
    return WordClass(unescape(token[1:-1])) if _looks_like_class(token) else unescape(token)


def unescape(token: str) -> str:
    """The word that is written so."""
    if "\\" not in token:
        return token
    return re.sub(r"\\(.)", lambda match: UNESCAPES.get(match[1], match[1]), token, flags=re.DOTALL)


def join_words(words: Iterable[Element], special: str = "") -> str:
    """Words with a space between each two."""
    return " ".join([escape(word, special) for word in words])

"""Characters as the ids of a couplet model, with the standard library only."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

UNKNOWN = 0  # id of every character that has none of its own
MOST_CHARACTERS = 200_000  # more than Unicode has of Han


def count_characters(lines: Iterable[str], min_count: int) -> str:
    """The characters that stand at least so often in the lines, the most frequent first, ties by code point.

    >>> count_characters(["天对地", "雨对风", "天"], min_count=2)
    '天对'
    """
    counts = Counter(character for line in lines for character in line)
    kept = [character for character, count in counts.items() if count >= min_count]
    return "".join(sorted(kept, key=lambda character: (-counts[character], character)))


class Alphabet:
    """Ids of characters: the place in a string, from 1 on, and 0 for what is not in it.

    >>> Alphabet("天对").ids("天对地")
    [1, 2, 0]
    """

    def __init__(self, characters: str) -> None:
        self.characters = characters
        self._ids = {character: number for number, character in enumerate(characters, start=1)}

    def __len__(self) -> int:
        """Ids, that of unknown characters included."""
        return len(self.characters) + 1

    def ids(self, line: str) -> list[int]:
        """One id for each character of a line."""
        return [self._ids.get(character, UNKNOWN) for character in line]

    def character(self, number: int) -> str:
        """The character of an id that is not UNKNOWN."""
        return self.characters[number - 1]


def is_mark(character: str) -> bool:
    """Whether a character is punctuation (Unicode's categories P…).

    >>> is_mark("，"), is_mark("、"), is_mark("○"), is_mark("天")
    (True, True, False, False)
    """
    return unicodedata.category(character).startswith("P")


def check_characters(characters: str) -> None:
    """ValueError unless these are distinct printable characters, and not too many."""
    if len(characters) > MOST_CHARACTERS or len(set(characters)) != len(characters):
        raise ValueError("characters: a character stands twice, or there are too many")
    if not characters or not characters.isprintable() or any(character.isspace() for character in characters):
        raise ValueError("characters: none, or one that cannot be printed")


def check_sizes(config: object, **largest: int) -> None:
    """ValueError unless these fields lie between 1 and their largest values, and `dropout` is a share."""
    for name, limit in largest.items():
        if not 1 <= getattr(config, name) <= limit:
            raise ValueError(f"{name}={getattr(config, name)}: must be between 1 and {limit}")
    dropout = getattr(config, "dropout", 0.0)
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout={dropout}: must be at least 0 and less than 1")

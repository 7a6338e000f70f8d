"""The units of a word, and how a lexicon with classes writes it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minent.concordance import CLASS_UNIT
from minent.corpus.alphabet import LATIN_CLASS, NUMBER_CLASS, Alphabet
from minent.corpus.units import DIGIT, HAN, LATIN, unit_classes
from minent.segmentation.readable import ELEMENTS

WIDE = {point: point + 0xFEE0 for point in range(0x21, 0x7F) if chr(point).isalnum() or chr(point) in ".%"}
NARROW = {wide: point for point, wide in WIDE.items()}
STAND_INS = {chr(0xD800): NUMBER_CLASS, chr(0xD801): LATIN_CLASS}  # while a word is split: no text has them


def units_of(word: str, whole_runs: bool = True) -> tuple[str, ...]:
    """The units of a word, class units among them; none if it has anything else inside.

    >>> units_of("<N>年A股"), units_of("C++")
    (('<N>', '年', 'A', '股'), ())
    """
    text = word
    if any("\ud800" <= char <= "\udfff" for char in word):
        return ()
    if whole_runs:
        for stand_in, name in STAND_INS.items():
            text = text.replace(name, stand_in)
    units = [match.group() for match in ELEMENTS[whole_runs].finditer(text)]
    classes = unit_classes()
    for unit in units:
        kind = classes[ord(unit[0])]
        if not (unit in STAND_INS or kind == HAN or (kind in (LATIN, DIGIT) and (whole_runs or unit.isascii()))):
            return ()
    return tuple(STAND_INS.get(unit, unit) for unit in units)


def in_classes(units: Sequence[str], alphabet: Alphabet) -> tuple[str, ...]:
    """The units as an alphabet has them: 1998 is `<N>` where numbers are one class, a rare Latin run `<L>`."""
    return tuple(_in_class(unit, alphabet) for unit in units)


def _in_class(unit: str, alphabet: Alphabet) -> str:
    if unit in STAND_INS.values():
        return unit
    coded = alphabet.encode(np.frombuffer(unit.encode(), dtype=np.uint8))[0]
    text = alphabet.texts[coded[0]] if len(coded) == 2 else ""
    return text if text in STAND_INS.values() else unit


def coded_word(word: str, alphabet: Alphabet) -> NDArray[np.int32]:
    """The unit ids of a word; none if a unit of it has no id of its own, or it has anything else inside."""
    units, _ = alphabet.encode_words([word]) if "\n" not in word else (np.empty(0, dtype=np.int32), None)
    units = units[:-1]
    return units if len(units) and alphabet.text(units) == word else units[:0]


def other_widths(word: str) -> list[str]:
    """The word with its letters and digits in full width, and in the width of ASCII, where that is another.

    >>> other_widths("A股"), other_widths("共和国")
    (['Ａ股'], [])
    """
    if CLASS_UNIT.search(word) or not units_of(word):
        return []
    return [text for text in (word.translate(WIDE), word.translate(NARROW)) if text != word]

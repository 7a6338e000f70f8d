"""The class of every Unicode code point: what is a unit, what is space, what is a sign."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

SIGN, HAN, LATIN, DIGIT, SPACE, MARK, REPEAT = range(7)

HAN_RANGES = (
    (0x3005, 0x3005),  # 々
    (0x3007, 0x3007),  # 〇
    (0x25CB, 0x25CB),  # ○, written for 〇 in years: 一九九○年
    (0x303B, 0x303B),  # 〻
    (0x3400, 0x4DBF),  # Extension A
    (0x4E00, 0x9FFF),  # Unified Ideographs
    (0xF900, 0xFAFF),  # Compatibility Ideographs
    (0x20000, 0x2A6DF),  # Extension B
    (0x2A700, 0x2EE5D),  # Extensions C, D, E, F, I
    (0x2F800, 0x2FA1F),  # Compatibility Supplement
    (0x30000, 0x3347F),  # Extensions G, H, J
)
LATIN_RANGES = (
    (0x41, 0x5A),
    (0x61, 0x7A),
    (0xC0, 0xD6),
    (0xD8, 0xF6),
    (0xF8, 0x24F),  # accented letters, pinyin among them
    (0x1E00, 0x1EFF),
    (0xFF21, 0xFF3A),  # full width
    (0xFF41, 0xFF5A),
)
DIGIT_RANGES = ((0x30, 0x39), (0xFF10, 0xFF19))
SPACE_RANGES = (  # exactly the characters of str.isspace()
    (0x09, 0x0D),
    (0x1C, 0x20),
    (0x85, 0x85),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
)
MARK_RANGES = (
    (0x300, 0x36F),  # combining diacritics; inside a Latin run they continue it
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x200C, 0x200D),  # joiners
    (0x20D0, 0x20FF),
    (0x302A, 0x302F),
    (0x3099, 0x309A),
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFE20, 0xFE2F),
    (0x1F3FB, 0x1F3FF),  # skin tones
    (0xE0020, 0xE007F),  # tags
    (0xE0100, 0xE01EF),  # ideographic variation selectors
)
REPEAT_RANGES = ((0x2014, 0x2015), (0x2026, 0x2026), (0x2500, 0x2500), (0x22EF, 0x22EF))

UNIT_LIMIT = 0x33480  # every code point that can be (part of) a unit is below


@cache
def unit_classes() -> NDArray[np.uint8]:
    """The class of every code point.

    uint8[0x110000]: SIGN, HAN, LATIN, DIGIT, SPACE, MARK (belongs to the token before it) or
    REPEAT (a run of the same sign, —— or ……, is one token).
    """
    classes = np.zeros(0x110000, dtype=np.uint8)
    groups = (HAN_RANGES, LATIN_RANGES, DIGIT_RANGES, SPACE_RANGES, MARK_RANGES, REPEAT_RANGES)
    for value, ranges in enumerate(groups, start=1):
        for first, last in ranges:
            classes[first : last + 1] = value
    classes.flags.writeable = False
    return classes

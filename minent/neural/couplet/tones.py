"""Level and oblique tones of characters in today's Mandarin, from the readings of pypinyin.

The entering tone of older Chinese is gone: such a character counts by the tone it has now.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from pypinyin import Style, pinyin

Tone = Literal["level", "oblique"]
TONES: dict[str, Tone] = {"1": "level", "2": "level", "3": "oblique", "4": "oblique"}


@lru_cache(maxsize=1 << 16)
def tone_of(character: str) -> Tone | None:
    """The tone (平 or 仄) of the most common reading; None where there is no reading, or a neutral one.

    >>> tone_of("花"), tone_of("红"), tone_of("柳"), tone_of("绿"), tone_of("，")
    ('level', 'level', 'oblique', 'oblique', None)
    """
    readings = pinyin(character, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
    return TONES.get(readings[0][0][-1:]) if readings else None

"""Dates: joined into one word (1998年1月1日, as MSR writes them), or cut into year, month and day (as PKU does)."""

from __future__ import annotations

import itertools
import math
import re
from calendar import monthrange
from collections import Counter
from collections.abc import Collection

from minent.conventions.editing import move_counts, winning_count, with_counts, without
from minent.corpus.alphabet import NUMBER_CLASS
from minent.lexicon import Lexicon

YEAR, MONTH, DAY = (NUMBER_CLASS + sign for sign in "年月日")
DATES = (YEAR + MONTH, YEAR + MONTH + DAY, MONTH + DAY)
YEARS = range(1800, 2100)  # written digit by digit: 一九九八年
LEAP_YEAR = 2000
DIGITS = "一二三四五六七八九"
ZEROS = "〇零○"

NUMBER = re.compile(f"{NUMBER_CLASS}|[0-9０-９]+")
CHINESE = "[〇零○一二三四五六七八九十]+"
PART = re.compile(f"(?:{NUMBER.pattern}|{CHINESE})[年月日]")
WHOLE = re.compile(f"(?:{PART.pattern}){{2,3}}")
UNIT = re.compile(f"{NUMBER.pattern}|.", re.DOTALL)
DATE_UNITS = frozenset([NUMBER_CLASS, *"年月日十", *DIGITS, *ZEROS])


def join_dates(lexicon: Lexicon, keep: Collection[str] = ()) -> Lexicon:
    """Add <N>年<N>月<N>日, <N>年<N>月, <N>月<N>日, and years and days in Chinese numerals (一九九八年, 三月八日).

    How often they occur is not to be seen in a lexicon: each gets the least count at which it beats its cutting into
    other words, if it has no higher one; where that is 1, it is 0, which weighs as much and adds nothing to the
    sum of the counts. Nothing is taken from other words, and `keep` changes nothing.
    """
    counts = dict(zip(lexicon.words, lexicon.counts.tolist(), strict=True))
    total = max(lexicon.total, 1)
    pieces: Counter[tuple[str, ...]] = Counter()  # what a date can be cut into; 1998年 and 2001年 are both <N>年
    for word, count in counts.items():
        units = date_units(word)
        if units:
            pieces[units] += max(count, 1)
    log_probs = {units: math.log(count / total) for units, count in pieces.items()}
    dates = [*DATES, *chinese_dates()] if lexicon.settings.get("units") != "char" else chinese_dates()
    for date in dates:
        least = winning_count(date_units(date), log_probs, total)
        counts[date] = max(counts.get(date, 0), least if least > 1 else 0)
    return with_counts(lexicon, counts)


def split_dates(lexicon: Lexicon, keep: Collection[str] = ()) -> Lexicon:
    """Cut words of two or three of year, month and day: <N>月<N>日 → <N>月, <N>日.

    >>> split_dates(Lexicon.from_counts({"<N>月<N>日": 3, "<N>日": 1})).words
    ['<N>日', '<N>月']
    """
    dates = [word for word in without(lexicon.words, keep) if WHOLE.fullmatch(word)]
    return move_counts(lexicon, {date: PART.findall(date) for date in dates})


def date_units(word: str) -> tuple[str, ...]:
    """The units of a word of numbers, Chinese numerals and 年 月 日, any number being <N>; () for another word."""
    units = tuple(NUMBER_CLASS if NUMBER.fullmatch(unit) else unit for unit in UNIT.findall(word))
    return units if DATE_UNITS.issuperset(units) else ()


def chinese_dates() -> list[str]:
    """Years digit by digit, and days of the year, in Chinese numerals."""
    years = {
        "".join([(zero + DIGITS)[int(digit)] for digit in str(year)]) + "年"
        for zero, year in itertools.product(ZEROS, YEARS)
    }
    days = [
        f"{numeral(month)}月{numeral(day)}日"
        for month in range(1, 13)
        for day in range(1, monthrange(LEAP_YEAR, month)[1] + 1)
    ]
    return sorted(years) + days


def numeral(number: int) -> str:
    """A number from 1 to 99 in Chinese.

    >>> numeral(9), numeral(10), numeral(31)
    ('九', '十', '三十一')
    """
    tens, ones = divmod(number, 10)
    return (DIGITS[tens - 1] if tens > 1 else "") + ("十" if tens else "") + (DIGITS[ones - 1] if ones else "")

"""N-grams of the coded stream: their numbers, position by position, and their counts.

An n-gram is named by the number of its first n − 1 units and its last unit: `key = number << 32 | unit`. The number of
a single unit is its id. So any order and any alphabet is exact, and an n-gram is counted only if its first and its
last n − 1 units are frequent enough to have a number (no rare n-gram has a frequent extension).
"""

from __future__ import annotations

import numpy as np

from minent.kernels import kernel
from minent.kernels.table import add_value, find_value

UNIT_BITS = 32


@kernel
def count_ngrams(numbers, units, order, at, table, used):
    """Count the n-grams of one order that start at `at…`.

    numbers : int64[n] — number of the (order − 1)-gram at each position, −1 where there is none
    units : int32[n] — the coded stream
    table : counter (kernels/table.py), filled to at most 5/8;  used : int64[1], in and out — its entries

    Returns the position reached: len(units), or less if the table has to grow first.
    """
    limit = (len(table) >> 1) * 5 // 8
    last = len(units) - order
    while at <= last:
        unit = units[at + order - 1]
        if unit > 0 and numbers[at] > 0 and numbers[at + 1] > 0:
            if used[0] >= limit:
                return at
            used[0] += add_value(table, (numbers[at] << UNIT_BITS) | np.int64(unit), 1)
        at += 1
    return np.int64(len(units))


@kernel
def extend_numbers(numbers, units, order, table):
    """Replace the numbers of (order − 1)-grams by those of `order`-grams, in place.

    numbers : int64[n], in and out;  table : key of an n-gram → its number (≥ 1)
    """
    size = len(units)
    for at in range(size):
        number = numbers[at]
        if number > 0:
            unit = units[at + order - 1] if at + order <= size else np.int32(0)
            numbers[at] = find_value(table, (number << UNIT_BITS) | np.int64(unit)) if unit > 0 else np.int64(-1)

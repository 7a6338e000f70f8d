"""Tables that grow, against dictionaries; keys and contents are chosen so that places collide."""

from __future__ import annotations

import itertools
from collections import Counter as Tally

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minent.kernels.intern import find_run, intern_run
from minent.kernels.pieces import hash_units
from minent.kernels.table import add_value, find_slot, find_value
from minent.tables import Counter, Interner

# multiples of 2^32 share the low half, neighbours of 2^63 are the largest keys there are
keys = st.one_of(st.integers(0, 5), st.integers(0, 5).map(lambda k: k << 32), st.integers(2**63 - 3, 2**63 - 1))
pairs = st.lists(st.tuples(keys, st.integers(1, 2**40)), max_size=60)
sequences = st.lists(st.lists(st.integers(1, 3), max_size=5).map(tuple), max_size=60)


def filled(items: list[tuple[int, int]], slots: int = 4) -> Counter:
    counter = Counter(slots)
    for key, value in items:
        counter.grow()
        counter.used[0] += add_value(counter.table, key, value)
    return counter


def as_dict(counter: Counter) -> dict[int, int]:
    found, values = counter.items()
    assert len(set(found.tolist())) == len(found) == len(counter)
    return dict(zip(found.tolist(), values.tolist(), strict=True))


def tally(items: list[tuple[int, int]]) -> dict[int, int]:
    counts: Tally[int] = Tally()
    for key, value in items:
        counts[key] += value
    return dict(counts)


@given(pairs)
def test_a_counter_is_a_dictionary_of_sums(items: list[tuple[int, int]]) -> None:
    counter = filled(items)
    assert as_dict(counter) == tally(items)
    for key in (0, 1, 7, 1 << 32, 2**63 - 1):
        assert find_value(counter.table, key) == tally(items).get(key, -1)


@given(pairs, pairs)
def test_merged_counters_hold_the_sums_of_both(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    merged, other = filled(left), filled(right)
    merged.merge(other)
    assert as_dict(merged) == tally(left + right)
    assert as_dict(other) == tally(right)


@given(pairs)
def test_a_counter_can_be_made_from_its_items(items: list[tuple[int, int]]) -> None:
    counts = tally(items)
    counter = Counter.from_items(np.array(list(counts), np.int64), np.array(list(counts.values()), np.int64))
    assert as_dict(counter) == counts


def test_counts_above_32_bits_are_exact() -> None:
    assert as_dict(filled([(1, 2**62), (1, 2**62 - 1)])) == {1: 2**63 - 1}


def test_a_counter_is_never_fuller_than_five_eighths() -> None:
    counter = Counter(16)
    for key in range(1000):
        counter.grow()
        counter.used[0] += add_value(counter.table, key, 1)
        assert len(counter) <= len(counter.table) // 2 * 5 // 8
    assert counter.table[find_slot(counter.table, 999)] == 999


def number(table: Interner, sequence: tuple[int, ...], code: int | None = None) -> int:
    data = np.array(sequence, dtype=table.content.dtype)
    hashed = np.uint64(hash_units(data, 0, len(data)) if code is None else code)
    while (entry := intern_run(table.runs, table.entries, table.state, data, 0, len(data), hashed)) < 0:
        table.grow(len(data))
    return int(entry)


def contents(table: Interner) -> list[tuple[int, ...]]:
    starts = [0, *table.ends().tolist()]
    return [tuple(table.content[a:b].tolist()) for a, b in itertools.pairwise(starts)]


@given(sequences, st.booleans())
def test_sequences_are_numbered_in_order_of_arrival(items: list[tuple[int, ...]], one_hash: bool) -> None:
    table = Interner(np.int32, capacity=2)
    code = 5 if one_hash else None  # equal hashes: only the content tells sequences apart
    numbers = [number(table, sequence, code) for sequence in items]
    order = list(dict.fromkeys(items))
    assert numbers == [order.index(sequence) for sequence in items]
    assert contents(table) == order


@given(sequences, sequences)
def test_merged_tables_hold_the_counts_of_both(left: list[tuple[int, ...]], right: list[tuple[int, ...]]) -> None:
    tables = []
    for items in (left, right):
        table = Interner(np.int32, capacity=2)
        for sequence in items:
            entry = number(table, sequence)
            table.counts[entry] += 1
        tables.append(table)
    tables[0].merge(tables[1])
    counts = tables[0].counts[: len(tables[0])].tolist()
    assert dict(zip(contents(tables[0]), counts, strict=True)) == Tally(left + right)


def test_a_sequence_that_is_not_there_has_no_number() -> None:
    table = Interner(np.int32, capacity=2)
    number(table, (1, 2))
    data = np.array([2, 1], np.int32)
    assert find_run(table.runs, table.entries, data, 0, 2, np.uint64(hash_units(data, 0, 2))) == -1


def test_a_long_sequence_finds_room_at_once() -> None:
    table = Interner(np.int32, capacity=2)
    long = tuple(range(100_000))
    assert number(table, (1,)) == 0 and number(table, long) == 1
    assert contents(table) == [(1,), long]

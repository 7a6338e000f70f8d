"""Words joined and split by the mutual information of neighbours, beside obvious code."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_bonds import Word, bonds

from minent.kernels.packed import unpacked
from minent.kernels.sample import count_pairs
from minent.recipes.default.bonds import Bonds, decide_bonds
from minent.recipes.default.counts import KeyCounts
from minent.recipes.default.factors import pair_table, word_model
from minent.recipes.default.neighbours import Neighbours
from minent.recipes.default.settings import DefaultSettings
from minent.recipes.default.stream import Shard
from minent.recipes.default.sweep import SampleText, cutting_counts

LOW = DefaultSettings(
    join_pmi=((0.2, 0.3, 0.4, 0.5), (0.1, 0.3, 0.2, 0.4), (0.3, 0.1, 0.2, 0.4), (0.3, 0.2, 0.4, 0.1)),
    join_count=1,
    split_pmi=((0.3, 0.2, 0.1), (0.4, 0.1), (0.2,)),
)
WORD = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)
SEGMENTS = st.lists(st.lists(WORD, min_size=1, max_size=6), min_size=1, max_size=8)


def decide(segments: list[list[Word]], unlisted: set[Word], classes: int, chosen: DefaultSettings) -> Bonds:
    """What the recipe decides on this cutting."""
    units = np.array([unit for segment in segments for unit in [*sum(segment, ()), 0]], np.uint16)
    boundaries = np.array(
        [mark for segment in segments for mark in [*(i == len(w) for w in segment for i in range(1, len(w) + 1)), 0]],
        np.uint8,
    )
    shard = Shard(units, np.empty(0, np.int64), 0)
    words = cutting_counts(SampleText([shard], [boundaries]))
    unit_counts = np.bincount(units, minlength=5).astype(np.int64)
    unit_counts[0] = 0
    pair_counts = KeyCounts()
    pair_counts.add(*count_pairs(units))
    model = word_model(*words, pair_table(*pair_counts.result(), unit_counts, chosen), unit_counts, chosen)
    neighbours = Neighbours(model, classes, 1)
    neighbours.add(neighbours.read(shard, boundaries))
    listed = np.array([text not in unlisted for text in texts(words[0])], np.bool_)
    return decide_bonds(words, listed, neighbours, chosen)


def texts(keys: np.ndarray) -> list[Word]:
    """Packed words as tuples."""
    return [tuple(unit for unit in row if unit) for row in unpacked(keys)[0].tolist()]


def result(found: Bonds) -> tuple[dict[Word, int], set[Word]]:
    """Counts of all words, and which are listed."""
    longer = [tuple(unit for unit in row if unit) for row in found.long_units.tolist()]
    words = texts(found.words[0])
    counts = dict(zip(words, found.words[1].tolist(), strict=True)) | dict(
        zip(longer, found.long_counts.tolist(), strict=True)
    )
    return counts, {w for w, listed in zip(words, found.listed, strict=True) if listed} | set(longer)


@given(SEGMENTS, st.sets(WORD, max_size=4), st.integers(0, 2), st.integers(1, 3))
@settings(deadline=None)
def test_the_decisions_are_those_of_obvious_code(
    segments: list[list[Word]], unlisted: set[Word], classes: int, join_count: int
) -> None:
    chosen = replace(LOW, join_count=join_count)
    listed = {word for segment in segments for word in segment} - unlisted
    expected = bonds(segments, listed, classes, chosen.join_pmi, chosen.split_pmi, join_count, chosen.inseparable)
    assert result(decide(segments, unlisted, classes, chosen)) == expected


def test_a_faithful_pair_becomes_one_word_and_its_parts_lose_its_tokens() -> None:
    segments = [[(1, 2), (3,)], [(4,)]] * 9 + [[(3,)]]
    chosen = replace(LOW, join_pmi=((9.0,) * 4, (0.5,) * 4, (9.0,) * 4, (9.0,) * 4), join_count=3)
    # PMI of 12|3: ln(9 · 28 / (9 · 10)) = ln 2.8 = 1.03
    assert result(decide(segments, set(), 0, chosen)) == (
        {(1, 2, 3): 9, (3,): 1, (4,): 9, (1, 2): 1},
        {(1, 2, 3), (3,), (4,), (1, 2)},
    )


def test_two_words_of_four_units_become_one_of_eight() -> None:
    segments = [[(1, 1, 2, 2), (3, 3, 4, 4)], [(1,)], [(2,)], [(3,)]] * 5
    found = decide(segments, set(), 0, LOW)
    assert found.long_units.tolist() == [[1, 1, 2, 2, 3, 3, 4, 4]]
    assert found.long_counts.tolist() == [5]


@pytest.mark.parametrize("classes", [0, 1])
def test_a_word_with_a_class_unit_is_neither_joined_nor_split(classes: int) -> None:
    segments = [[(1,), (2,)], [(1, 2)], [(3,)], [(4,)]] * 5
    weak = replace(LOW, split_pmi=((9.0,),), join_pmi=((9.0,) * 4,) * 4)
    assert ((1, 2) in result(decide(segments, set(), classes, weak))[1]) == bool(classes)
    strong = replace(LOW, split_pmi=((-9.0,),), join_pmi=((0.1,) * 4,) * 4)
    assert ((1, 2) in result(decide(segments, {(1, 2)}, classes, strong))[1]) == (not classes)

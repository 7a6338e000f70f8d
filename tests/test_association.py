"""PMI and merge gains: hand-computed values, the oracle, and the inequalities of the article."""

from __future__ import annotations

import math

import naive_mining as naive
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minent.association import merge_gain, merge_gain_bound, pmi

counts = st.integers(1, 60)


@st.composite
def joint_probs(draw: st.DrawFn) -> tuple[float, float, float]:
    """p_ab ≤ p_a, p_b with p_a + p_b ≤ 1: a and b are different words."""
    pair, more_left, more_right, rest = draw(counts), draw(st.integers(0, 60)), draw(st.integers(0, 60)), draw(counts)
    total = 2 * pair + more_left + more_right + rest
    return pair / total, (pair + more_left) / total, (pair + more_right) / total


@given(counts, counts, counts, st.integers(60, 500), st.integers(60, 500))
def test_pmi_is_its_definition(pair: int, left: int, right: int, total: int, pairs: int) -> None:
    expected = naive.pmi(pair, left, right, total, pairs)
    assert float(pmi(pair, left, right, total, pairs)) == pytest.approx(expected, abs=1e-12)
    assert pmi([pair, 0], [left, 1], [right, 1], total, pairs).tolist() == [pytest.approx(expected), -math.inf]


def test_pmi_of_counts_that_32_bits_cannot_hold() -> None:
    big = 10**15
    assert float(pmi(np.array(big), np.array(big), np.array(big), 10 * big)) == pytest.approx(math.log(10))


def test_pmi_of_independent_neighbours_is_zero() -> None:
    assert float(pmi(pair=2, left=20, right=10, total=100)) == pytest.approx(0, abs=1e-12)


@given(joint_probs())
def test_the_merge_gain_is_the_information_saved(probs: tuple[float, float, float]) -> None:
    assert merge_gain(*probs) == pytest.approx(naive.merge_gain(*probs), abs=1e-12)


@given(joint_probs())
def test_the_bound_is_below_the_gain(probs: tuple[float, float, float]) -> None:
    pair, left, right = probs
    bound = merge_gain_bound(pair, left, right)
    assert bound == pytest.approx(naive.merge_gain_bound(pair, [left, right]), abs=1e-12)
    assert bound <= merge_gain(*probs) + 1e-12


@given(joint_probs())
def test_the_bound_is_positive_exactly_above_one_nat(probs: tuple[float, float, float]) -> None:
    pair, left, right = probs
    strength = math.log(pair / (left * right))
    assume(abs(strength - 1) > 1e-9)
    assert (merge_gain_bound(pair, left, right) > 0) == (strength > 1)


@pytest.mark.parametrize(
    ("probs", "gain"),
    [
        ((0.5, 0.5, 0.5), math.log(2)),  # abab…: two words of one bit become one word of none
        ((1.0, 1.0, 1.0), 0.0),
        ((0.25, 0.5, 0.5), -0.25 * math.log(2) * 0 - 0.75 * math.log(0.75) + 0.5 * math.log(0.5)),
    ],
)
def test_the_merge_gain_by_hand(probs: tuple[float, float, float], gain: float) -> None:
    assert merge_gain(*probs) == pytest.approx(gain, abs=1e-12)


def test_the_bound_for_three_parts() -> None:
    assert merge_gain_bound(0.1, 0.2, 0.2, 0.5) == pytest.approx(0.1 * (math.log(0.1 / 0.02) - 1))


@pytest.mark.parametrize(
    "probs", [(0.0, 0.1, 0.1), (0.2, 0.1, 0.3), (0.2, 0.3, 0.1), (0.5, 1.5, 0.5), (-0.1, 0.1, 0.1)]
)
def test_impossible_probabilities_are_refused(probs: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="need 0 < p_ab <= p_a, p_b <= 1"):
        merge_gain(*probs)

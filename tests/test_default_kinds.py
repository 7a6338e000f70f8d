"""Kinds of text: the kernels against dense matrices, and unlike languages told apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from minent.kernels.kinds import best_kinds, count_by_kind, score_lines
from minent.recipes.default import DefaultSettings
from minent.recipes.default.kinds import find_kinds, kind_count
from minent.recipes.default.survey import Lines

WIDTH = 6

texts = st.lists(st.lists(st.integers(0, WIDTH - 1), min_size=1, max_size=9), min_size=1, max_size=8)


def packed_lines(lines: list[list[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units, starts and lengths of some lines."""
    lengths = np.array([len(line) for line in lines], np.int64)
    return np.array([unit for line in lines for unit in line], np.uint16), np.cumsum(lengths) - lengths, lengths


def counts_of(lines: list[list[int]], width: int = WIDTH) -> np.ndarray:
    """int64[lines, V]: how often a line has a unit; the separator is not counted."""
    matrix = np.array([np.bincount(line, minlength=width) for line in lines])
    matrix[:, 0] = 0
    return matrix


@given(texts, st.integers(1, 3))
@example([[1, 4, 2]], 2)  # units all alike: nothing but rounding errors is left
@settings(deadline=None)
def test_scores_are_reciprocal_averages(lines: list[list[int]], rounds: int) -> None:
    matrix = counts_of(lines)
    counts, total = matrix.sum(axis=0), max(matrix.sum(), 1)
    unit_scores = np.arange(WIDTH) / 3.0
    expected = unit_scores.copy()
    for _ in range(rounds):
        expected -= expected @ counts / total
        spread = np.sqrt(expected**2 @ counts / total)
        expected = expected / spread if spread > 1e-9 else 0 * expected
        expected[0] = 0
        line_scores = matrix @ expected / (matrix.sum(axis=1) + 2)
        expected = matrix.T @ line_scores / (counts + 3)
    scores = score_lines(*packed_lines(lines), rounds, 2.0, 3.0, unit_scores)
    assert scores == pytest.approx(line_scores, abs=1e-6)
    assert unit_scores[1:] == pytest.approx(expected[1:], abs=1e-6)


@given(texts, st.integers(0, 100))
@settings(deadline=None)
def test_a_line_goes_to_the_kind_that_fits_best(lines: list[list[int]], seed: int) -> None:
    log_probs = -np.random.default_rng(seed).integers(1, 4, (WIDTH, 3)).astype(float)
    log_probs[0] = 0
    fits = counts_of(lines) @ log_probs
    kinds = np.empty(len(lines), np.int64)
    assert best_kinds(*packed_lines(lines), log_probs, kinds) == fits.max(axis=1).sum()
    assert kinds.tolist() == fits.argmax(axis=1).tolist()
    counts = np.zeros((WIDTH, 3), np.int64)
    count_by_kind(*packed_lines(lines), kinds, counts)
    assert counts.T.tolist() == [counts_of(lines)[kinds == k].sum(axis=0).tolist() for k in range(3)]


def test_unlike_languages_are_different_kinds() -> None:
    rng = np.random.default_rng(1)
    common = rng.dirichlet(np.ones(60))
    languages = [0.5 * common + 0.5 * rng.dirichlet(np.full(60, 0.3)) for _ in range(3)]
    truth = rng.choice(3, 900, p=[0.6, 0.3, 0.1])
    lines = [[*(rng.choice(60, 40, p=languages[kind]) + 1).tolist(), 0] for kind in truth]
    units, starts, lengths = packed_lines(lines)
    sample = Lines(np.arange(900, dtype=np.uint64), lengths, units)
    unit_counts = counts_of(lines, 61).sum(axis=0)
    profiles = find_kinds(sample, unit_counts, 3, DefaultSettings())
    assert profiles.shape == (61, 3)
    assert np.exp(profiles[1:]).sum(axis=0) == pytest.approx(1)
    kinds = np.empty(900, np.int64)
    best_kinds(units, starts, lengths, profiles, kinds)
    table = np.zeros((3, 3), int)
    np.add.at(table, (truth, kinds), 1)
    assert table.max(axis=1).sum() > 0.95 * 900
    assert len(set(table.argmax(axis=1))) == 3


def test_equal_lines_are_of_one_kind() -> None:
    units, _, lengths = packed_lines([[1, 2, 1, 0]] * 5)
    profiles = find_kinds(
        Lines(np.arange(5, dtype=np.uint64), lengths, units), np.array([0, 10, 5]), 4, DefaultSettings()
    )
    assert profiles.shape == (3, 1)


@pytest.mark.parametrize(("total", "kinds"), [(0, 1), (100, 1), (101, 2), (299, 2), (300, 3), (10_000, 5)])
def test_a_large_text_has_more_kinds(total: int, kinds: int) -> None:
    assert kind_count(total, replace(DefaultSettings(), whole_text=100, kind_text=100, most_kinds=5)) == kinds

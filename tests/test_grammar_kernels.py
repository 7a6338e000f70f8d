"""Charts against all trees written out, derivatives against finite differences, clustering against its objective."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.grammar.classes import cluster_words
from minent.grammar.strings import Strings, sum_shards
from minent.grammar.text import Piece, read_text
from minent.kernels.ccm import LENGTHS, constituent_posteriors, fill_posteriors
from minent.kernels.dmv import count_harmonic, expect, yield_posteriors
from tests import naive_trees as naive

SYMBOLS = 3
strings = st.lists(st.integers(0, SYMBOLS - 1), min_size=1, max_size=5)


def parameters(seed, symbols=SYMBOLS):
    rng = np.random.default_rng(seed)
    root = rng.dirichlet(np.ones(symbols))
    stop = rng.uniform(0.05, 0.95, (symbols, 2, 2))
    attach = rng.dirichlet(np.ones(symbols), (2, symbols))
    return root, stop, attach


def expected(string, model):
    """ln Z and the counts of root, stop and attach, from the kernel."""
    symbols = len(model[0])
    counts = np.zeros(symbols), np.zeros((symbols, 2, 2, 2)), np.zeros((2, symbols, symbols))
    ids = np.array(string, dtype=np.int32)
    total = expect(ids, np.zeros(1, np.int64), np.array([len(ids)]), 0, 1, max(len(ids), 1), model, *counts)
    return total, counts


@given(strings, st.integers(0, 10))
def test_the_weight_of_a_string_is_the_sum_over_all_trees(string, seed):
    model = parameters(seed)
    weights = [naive.tree_weight(heads, string, *model) for heads in naive.dependency_trees(len(string))]
    assert expected(string, model)[0] == pytest.approx(np.log(sum(weights)))


@given(strings, st.integers(0, 10))
def test_expected_attachments_and_roots_are_those_of_all_trees(string, seed):
    model = parameters(seed)
    trees = list(naive.dependency_trees(len(string)))
    weights = [naive.tree_weight(heads, string, *model) for heads in trees]
    roots, attached = np.zeros(SYMBOLS), np.zeros((2, SYMBOLS, SYMBOLS))
    for heads, weight in zip(trees, weights, strict=True):
        for child, head in enumerate(heads):
            if head == -1:
                roots[string[child]] += weight / sum(weights)
            else:
                attached[int(child > head), string[head], string[child]] += weight / sum(weights)
    _, counts = expected(string, model)
    np.testing.assert_allclose(counts[0], roots, atol=1e-9)
    np.testing.assert_allclose(counts[2], attached, atol=1e-9)


@given(strings, st.integers(0, 5))
def test_expected_counts_are_derivatives_of_the_log_weight(string, seed):
    root, stop, attach = parameters(seed)
    _, counts = expected(string, (root, stop, attach))
    step = 1e-6

    def slope(array, place):
        values = []
        for sign in (1, -1):
            moved = [root.copy(), stop.copy(), attach.copy()]
            moved[array][place] *= 1 + sign * step
            values.append(expected(string, tuple(moved))[0])
        return (values[0] - values[1]) / (2 * step)

    for symbol in set(string):
        assert slope(0, symbol) == pytest.approx(counts[0][symbol], abs=1e-5)
        for side in (0, 1):
            for child in set(string):
                place = (side, symbol, child)
                assert slope(2, place) == pytest.approx(counts[2][place], abs=1e-5)
            for valence in (0, 1):
                # ∂ ln Z / ∂ ln stop = stops − goes on · stop / (1 − stop)
                stops, goes_on = counts[1][symbol, side, valence]
                odds = stop[symbol, side, valence] / (1 - stop[symbol, side, valence])
                assert slope(1, (symbol, side, valence)) == pytest.approx(stops - goes_on * odds, abs=1e-4)


@given(strings, st.integers(0, 10))
def test_every_word_stops_once_on_each_side(string, seed):
    _, (roots, stops, attached) = expected(string, parameters(seed))
    assert roots.sum() == pytest.approx(1)
    assert attached.sum() == pytest.approx(len(string) - 1)
    assert stops[..., 0].sum() == pytest.approx(2 * len(string))
    assert stops[..., 1].sum() == pytest.approx(len(string) - 1)


@given(strings, st.integers(0, 10))
def test_yield_posteriors_are_those_of_all_trees(string, seed):
    model = parameters(seed)
    n = len(string)
    found = np.zeros((n + 1, n + 1))
    assert yield_posteriors(np.array(string, dtype=np.int32), n, model, 1.0, found)
    wanted = np.zeros((n + 1, n + 1))
    total = 0.0
    for heads in naive.dependency_trees(n):
        weight = naive.tree_weight(heads, string, *model)
        total += weight
        for words in naive.subtrees(heads):
            wanted[min(words), max(words) + 1] += weight
    np.testing.assert_allclose(found, wanted / total, atol=1e-9)
    assert found.sum() == pytest.approx(n)  # one yield a word
    assert found.max() <= 1 + 1e-9
    assert found[0, n] == pytest.approx(1)


def test_a_long_string_neither_underflows_nor_overflows():
    root, stop, attach = parameters(0, 40)
    rng = np.random.default_rng(1)
    frequency = rng.dirichlet(np.full(40, 0.1)) + 1e-6
    ids = rng.integers(0, 40, 64).astype(np.int32)
    found = np.zeros((65, 65))
    assert yield_posteriors(ids, 64, (root / frequency, stop, attach / frequency), 1.0, found)
    plain = np.zeros((65, 65))
    assert yield_posteriors(ids, 64, (root, stop, attach), 1.0, plain)
    np.testing.assert_allclose(found, plain, atol=1e-9)  # dividing by the frequency of the child changes nothing
    assert found.sum() == pytest.approx(64)


def test_weights_out_of_range_are_told():
    root, stop, attach = parameters(0)
    found = np.zeros((65, 65))
    ids = np.zeros(64, dtype=np.int32)
    assert not yield_posteriors(ids, 64, (root * 1e-250, stop, attach * 1e-9), 1.0, found)
    assert not found.any()


@given(st.integers(1, 6), st.integers(0, 20))
def test_constituent_posteriors_are_those_of_all_binary_trees(n, seed):
    ratios = np.exp(np.random.default_rng(seed).normal(size=(n + 1, n + 1)))
    ratios[0, n] = 1.0
    inside, outside, found = (np.zeros((n + 1, n + 1)) for _ in range(3))
    weight = fill_posteriors(n, ratios, inside, outside, found)
    wanted = np.zeros((n + 1, n + 1))
    total = 0.0
    for spans in naive.binary_trees(0, n):
        value = naive.binary_weight(spans, ratios, n)
        total += value
        for a, b in spans:
            wanted[a, b] += value
    assert weight == pytest.approx(total)
    np.testing.assert_allclose(np.triu(found, 2), wanted / total, atol=1e-9)


def test_a_constituent_model_of_ones_knows_only_the_shape():
    classes = np.array([2, 3, 4], dtype=np.int32)
    found = np.zeros((4, 4))
    assert constituent_posteriors(classes, 3, np.ones((LENGTHS, 5, 5)), np.ones((5, 5)), found)
    assert (found[0, 2], found[1, 3], found[0, 3]) == pytest.approx((0.5, 0.5, 1.0))


def test_the_harmonic_start_shares_each_word_among_the_others():
    roots, attached = np.zeros(3), np.zeros((2, 3, 3))
    count_harmonic(np.array([0, 1, 2], np.int32), np.zeros(1, np.int64), np.array([3]), 0, 1, roots, attached)
    np.testing.assert_allclose(roots, np.full(3, 1 / 3))
    assert attached.sum() == pytest.approx(2)
    assert attached[0, 2, 1] == pytest.approx(attached[1, 0, 1])  # the middle word, from both neighbours
    assert attached[0, 1, 0] == pytest.approx(2 * attached[0, 2, 0])  # twice as near, twice as likely


@given(st.integers(1, 5))
def test_sums_over_shards_do_not_depend_on_the_workers(jobs):
    lengths = np.arange(1, 40)
    values = np.random.default_rng(0).normal(size=lengths.sum())
    some = Strings(np.zeros(len(values), np.int32), np.cumsum(lengths) - lengths, lengths)

    def count(first, last, arrays):
        for k in range(first, last):
            arrays[0][:] += values[some.starts[k] : some.starts[k] + some.lengths[k]].sum()
        return float(last - first)

    assert sum_shards(some, ((2,),), count, jobs)[0][0].tobytes() == sum_shards(some, ((2,),), count)[0][0].tobytes()
    assert sum_shards(some, ((2,),), count, jobs)[1] == 39


@given(st.lists(st.sampled_from("甲乙丙丁戊。"), min_size=2, max_size=60), st.integers(1, 4))
def test_exchange_never_lowers_its_objective(tokens, classes):
    text = read_text([Piece(" ".join(tokens))], 1000, 100, 1)
    if not text.words:
        return
    values = [naive.class_objective(text.ids.tolist(), cluster_words(text, classes, s).tolist()) for s in range(5)]
    assert all(after >= before - 1e-6 for before, after in itertools.pairwise(values))


def test_words_of_like_company_share_a_class():
    lines = [f"{a} {b} 。" for a in ("猫", "狗", "马") for b in ("跑", "叫", "睡")] * 3
    text = read_text([Piece("\n".join(lines))], 10_000, 100, 1)
    kinds = dict(zip(text.words, cluster_words(text, 2, 8)[2:].tolist(), strict=True))
    assert kinds["猫"] == kinds["狗"] == kinds["马"] != kinds["跑"] == kinds["叫"] == kinds["睡"]

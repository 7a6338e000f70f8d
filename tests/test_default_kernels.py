"""The kernels of the default recipe against dictionaries, hand counts and enumeration of all cuttings."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minent.kernels import packed, sample, sweep
from minent.kernels.factors import pair_pmi
from minent.kernels.sweep import WordModel
from minent.recipes.default import DefaultSettings
from minent.recipes.default.factors import pair_table, tag_emissions, tag_transitions, word_model
from minent.recipes.default.start import grams
from minent.recipes.default.sweep import place_count

SETTINGS = DefaultSettings()


def pack(word: tuple[int, ...]) -> int:
    key = 0
    for unit in word:
        key = key << 16 | unit
    return key


def cuttings(length: int, longest: int = 4):
    """All ways to cut `length` units into words of at most `longest`, as lists of (start, end)."""
    for cuts in itertools.product((False, True), repeat=max(length - 1, 0)):
        ends = [i + 1 for i, cut in enumerate(cuts) if cut] + [length]
        words = list(zip([0, *ends[:-1]], ends, strict=True))
        if all(end - start <= longest for start, end in words):
            yield words


def example_model(words: dict[tuple[int, ...], int], text: list[int], width: int) -> WordModel:
    """The word model of some words, with the pairs and units of a text."""
    pairs = Counter((a, b) for a, b in itertools.pairwise(text) if a and b)
    keys = np.array(sorted(pack(pair) for pair in pairs), np.uint64)
    counts = np.array([pairs[int(k) >> 16, int(k) & 0xFFFF] for k in keys], np.int64)
    unit_counts = np.bincount(text, minlength=width).astype(np.int64)
    unit_counts[0] = 0
    by_key = {pack(word): count for word, count in words.items()}
    word_keys = np.array(sorted(by_key), np.uint64)
    word_counts = np.array([by_key[int(key)] for key in word_keys], np.int64)
    table = pair_table(keys, counts, unit_counts, SETTINGS)
    return word_model(word_keys, word_counts, table, unit_counts, SETTINGS)


TEXT = [1, 2, 3, 1, 2, 0, 2, 2, 3, 1, 0, 4, 1, 2, 3, 4, 0, 3, 3, 2, 1, 4, 0]
WORDS = {(1,): 3, (2,): 2, (1, 2): 4, (2, 3): 1, (3, 1): 2, (4,): 1, (1, 2, 3): 2, (2, 2, 3, 1): 1, (3,): 1}


def arcs(model: WordModel, units: list[int], boundaries: list[int] | None = None) -> np.ndarray:
    """weights[i, k] of the word of k + 1 units at i."""
    n = len(units)
    weights, places = np.empty((n, 4)), np.empty((n, 4), np.int64)
    now = np.array(boundaries or [], np.uint8)
    sweep.fill_arcs(model, np.array(units, np.uint16), now, 0, n, np.empty((n, 2)), weights, places)
    return weights


@given(st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=4), max_size=8))
def test_words_weigh_what_their_arcs_weigh(words: list[list[int]]) -> None:
    model = example_model(WORDS, TEXT, 5)
    stream = np.array([unit for word in words for unit in (*word, 0)], np.uint16)
    assert sweep.weigh_words(model, stream).tolist() == [arcs(model, word)[0, len(word) - 1] for word in words]


@given(st.dictionaries(st.integers(1, 2**64 - 1), st.integers(1, 9), max_size=300))
def test_a_table_holds_what_a_dictionary_holds(expected: dict[int, int]) -> None:
    table, counts = np.zeros(1024, np.uint64), np.zeros(1024, np.int32)
    for key, count in expected.items():
        slot = packed.find(table, np.uint64(key))
        table[slot], counts[slot] = key, count
    for _ in range(2):
        found = dict(zip(*(column.tolist() for column in packed.entries(table, counts, 1)), strict=True))
        assert found == expected
        table, counts = packed.doubled(table, counts)
    for key in expected:
        assert table[packed.find(table, np.uint64(key))] == key
        assert key ^ 1 in expected or table[packed.find(table, np.uint64(key ^ 1))] == 0


@given(st.sets(st.integers(1, 2**32 - 1), max_size=100))
def test_rows_are_found_by_their_first_column(keys: set[int]) -> None:
    for kind in (np.uint32, np.uint64):
        rows = np.zeros((256, 2), kind)
        places = packed.fill_rows(rows, np.array(sorted(keys), kind))
        assert rows[places, 0].tolist() == sorted(keys)
        for key in keys:
            assert rows[packed.find_row(rows, kind(key)), 0] == key
            assert key ^ 1 in keys or rows[packed.find_row(rows, kind(key ^ 1)), 0] == 0


@given(st.lists(st.integers(0, 3), max_size=60))
def test_pairs_are_counted_inside_segments_only(text: list[int]) -> None:
    expected = Counter((a, b) for a, b in itertools.pairwise(text) if a and b)
    keys, counts = sample.count_pairs(np.array(text, np.uint16))
    found = {(int(k) >> 16, int(k) & 0xFFFF): int(c) for k, c in zip(keys, counts, strict=True)}
    assert found == expected


@pytest.mark.parametrize("word", [(7,), (1, 65535), (65535, 1, 2), (65535, 65535, 65535, 65535)])
def test_words_survive_packing(word: tuple[int, ...]) -> None:
    rows, lengths = packed.unpacked(np.array([pack(word)], np.uint64))
    assert lengths.tolist() == [len(word)]
    assert rows[0, : len(word)].tolist() == list(word)
    assert packed.packed_range(np.array(word, np.uint16), 0, len(word)) == pack(word)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=9))
@settings(deadline=None)
def test_forward_sums_over_all_cuttings(units: list[int]) -> None:
    weights = arcs(example_model(WORDS, TEXT, 5), units)
    expected = sum(math.prod(weights[start, end - start - 1] for start, end in words) for words in cuttings(len(units)))
    reach = np.empty(len(units) + 5)
    sweep.forward(len(units), weights, reach)
    assert reach[len(units)] == pytest.approx(expected, rel=1e-12)


def test_forward_keeps_proportions_where_it_rescales() -> None:
    rng = np.random.default_rng(1)
    length = 400
    weights = rng.random((length, 4)) * 1e-9
    for k in range(1, 4):
        weights[length - k :, k] = 0
    logs = [0.0] + [-math.inf] * length
    for i in range(length):
        for k in range(4):
            if weights[i, k] > 0:
                logs[i + k + 1] = np.logaddexp(logs[i + k + 1], logs[i] + math.log(weights[i, k]))
    reach, masses = np.empty(length + 5), weights.copy()
    sweep.forward(length, masses, reach)
    for place in range(4, length + 1):
        arriving = np.array([masses[place - k - 1, k] for k in range(4)])
        expected = [logs[place - k - 1] + math.log(weights[place - k - 1, k]) - logs[place] for k in range(4)]
        assert arriving / arriving.sum() == pytest.approx(np.exp(expected), rel=1e-9)


def test_the_weight_of_a_word_is_the_formula() -> None:
    model = example_model(WORDS, TEXT, 5)
    total = sum(WORDS.values())
    back_off = (1 + 0.5 * len(WORDS)) / total
    unit_counts = Counter(unit for unit in TEXT if unit)
    pair_counts = Counter((a, b) for a, b in itertools.pairwise(TEXT) if a and b)
    size = sum(unit_counts.values())

    transitions = Counter(pair for word in WORDS for pair in itertools.pairwise(word))
    followed, followers, preceders = Counter(), Counter(), Counter()
    for (a, b), t in transitions.items():
        followed[a] += t
        followers[a] += 1
        preceders[b] += 1
    multi = [word for word in WORDS if len(word) > 1]

    def unigram(c: int) -> float:
        uniform = (0.75 * len(preceders) + 1) / 4
        return (max(preceders[c] - 0.75, 0) + uniform) / (sum(preceders.values()) + 1)

    def step(a: int, c: int) -> float:
        back = (0.75 * followers[a] + 1) * unigram(c)
        return (max(transitions[a, c] - 0.75, 0) + back) / (followed[a] + 1)

    def base(word: tuple[int, ...]) -> float:
        if len(word) == 1:
            singles = [w for w in WORDS if len(w) == 1]
            return 0.05 * ((word in singles) + 0.5) / (len(singles) + 2)
        first = (sum(w[0] == word[0] for w in multi) + 0.5) / (len(multi) + 2)
        prior = {2: 0.80, 3: 0.12, 4: 0.03}[len(word)]
        return prior * first * math.prod(step(a, c) for a, c in itertools.pairwise(word))

    tags: dict[str, Counter] = {tag: Counter() for tag in "SBME"}
    for word, n in WORDS.items():
        for tag, unit in zip(shape(word), word, strict=True):
            tags[tag][unit] += n
    s, b, m = (tags[tag].total() for tag in "SBM")
    two = sum(n for word, n in WORDS.items() if len(word) == 2)
    be, me, single = (two + 0.5) / (b + 1), (b - two + 0.5) / (m + 1), (s + 0.5) / (s + b + 1)
    moves = {"^S": single, "^B": 1 - single, "BE": be, "BM": 1 - be, "ME": me, "MM": 1 - me}

    def tagged(word: tuple[int, ...]) -> float:
        product = 1.0
        for before, tag, unit in zip("^" + shape(word), shape(word), word, strict=False):
            share = unit_counts[unit] / size
            product *= moves[before + tag] * (tags[tag][unit] + 25 * share) / (tags[tag].total() + 25) / share
        return product**0.9

    def associated(word: tuple[int, ...]) -> float:
        product = 1.0
        for a, c in itertools.pairwise(word):
            if pair_counts[a, c]:
                pmi = math.log(pair_counts[a, c] * size / unit_counts[a] / unit_counts[c])
                product *= math.exp(0.5 * min(4, max(-4, pmi - 3)))
        return product

    for length in range(1, 5):
        for word in itertools.product(range(1, 5), repeat=length):
            count = max(WORDS.get(word, 0) - 0.5, 0) / total
            expected = (count + back_off * base(word)) * tagged(word) * associated(word)
            assert arcs(model, list(word))[0, length - 1] == pytest.approx(expected, rel=1e-5), word


def shape(word: tuple[int, ...]) -> str:
    return "S" if len(word) == 1 else "B" + "M" * (len(word) - 2) + "E"


def test_the_spelling_base_sums_to_one_for_every_length() -> None:
    model = example_model(WORDS, TEXT, 5)
    values, scalars = model.units, model.scalars
    back_off = (1 + 0.5 * len(WORDS)) / sum(WORDS.values())
    assert values[:, sweep.SINGLE_BASE].sum() / back_off == pytest.approx(0.05, rel=1e-5)
    assert values[:, sweep.FIRST_BASE].sum() == pytest.approx(1, rel=1e-5)
    for left in range(1, 5):
        rows = np.flatnonzero(model.pairs[:, 0] >> 16 == left)
        kept = float(model.pair_values[rows, 1].sum())
        backed = float(values[left, sweep.BACKOFF]) * values[:, sweep.UNIGRAM].sum()
        assert kept + backed == pytest.approx(1, rel=1e-5)
    assert scalars[sweep.LENGTH_2 : sweep.LENGTH_4 + 1] / back_off == pytest.approx([0.80, 0.12, 0.03])


def test_tag_factors_follow_the_tokens() -> None:
    tags = np.array([[0, 6, 2], [0, 2, 0], [0, 0, 0], [0, 0, 2]], np.int64)
    emissions = tag_emissions(tags, np.array([0, 30, 10]), SETTINGS)
    assert emissions[0, 1] == pytest.approx(((6 + 25 * 0.75) / (8 + 25) / 0.75) ** 0.9)
    keys = np.array([1, 2, pack((1, 2))], np.uint64)
    shapes, starts = tag_transitions(keys, np.array([6, 2, 2]), tags, 1.0)
    assert starts == pytest.approx([8.5 / 11, 2.5 / 11])
    assert shapes[0] == pytest.approx(2.5 / 3)


def test_a_words_own_token_is_taken_out() -> None:
    model = example_model(WORDS, TEXT, 5)
    units, own = [1, 2, 2, 3, 1, 4], [0, 1, 0, 0, 1, 1]  # 1 2 | 2 3 1 | 4
    before, now = arcs(model, units), arcs(model, units, own)
    changed = {(i, k) for i in range(6) for k in range(4) if before[i, k] != now[i, k]}
    assert changed == {(0, 1), (5, 0)}  # 2 3 1 is not in the lexicon
    total = sum(WORDS.values())
    begin, end = model.units[1, sweep.TAG_BEGIN], model.units[2, sweep.TAG_END]
    pmi_expert = model.pair_values[model.pairs[:, 0] == pack((1, 2)), 2][0]
    assert before[0, 1] - now[0, 1] == pytest.approx(begin * pmi_expert * end * model.scalars[sweep.SHAPE_2] / total)


def test_the_sampler_draws_cuttings_by_their_probability() -> None:
    model = example_model(WORDS, TEXT, 5)
    units = [1, 2, 2, 3, 1]
    weights = arcs(model, units)
    expected = {
        tuple(end for _, end in words): math.prod(weights[s, e - s - 1] for s, e in words)
        for words in cuttings(len(units))
    }
    mass = sum(expected.values())
    draws = 20_000
    text = np.array([*units, 0] * draws, np.uint16)
    boundaries = np.zeros(text.size, np.uint8)
    new_counts = np.zeros(place_count(model), np.int32)
    others = sweep.sweep_shard(model, text, boundaries, False, 0, np.uint64(7), new_counts, 1)
    rows = boundaries.reshape(draws, -1)
    observed = Counter(tuple((np.flatnonzero(row) + 1).tolist()) for row in rows)
    assert set(observed) <= set(expected)
    chi_square, freedom = 0.0, -1
    rest_seen = rest_due = 0.0
    for cutting, weight in expected.items():
        due = draws * weight / mass
        if due < 5:
            rest_seen, rest_due = rest_seen + observed[cutting], rest_due + due
            continue
        chi_square += (observed[cutting] - due) ** 2 / due
        freedom += 1
    if rest_due >= 5:
        chi_square += (rest_seen - rest_due) ** 2 / rest_due
        freedom += 1
    assert freedom >= 4
    assert chi_square < freedom + 4 * math.sqrt(2 * freedom)  # about 4 standard deviations
    assert int(new_counts.sum()) + int(others[1].sum()) == int(boundaries.sum())
    assert as_dict(sweep.count_words(text, boundaries)) == counted(text, boundaries)


def counted(text: np.ndarray, boundaries: np.ndarray) -> dict[int, int]:
    words: Counter[int] = Counter()
    word: tuple[int, ...] = ()
    for unit, ends in zip(text.tolist(), boundaries.tolist(), strict=True):
        word += (unit,) if unit else ()
        if ends:
            words[pack(word)] += 1
            word = ()
    return words


def as_dict(entries: tuple[np.ndarray, np.ndarray]) -> dict[int, int]:
    return dict(zip(entries[0].tolist(), entries[1].tolist(), strict=True))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=50))
@settings(deadline=None)
def test_autonomy_is_the_variation_of_branching_entropy(text: list[int]) -> None:
    text = [*text, 0]
    ids, autonomies = grams(np.array(text, np.uint16))
    occurrences: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for k in range(1, 5):
        for i in range(len(text) - k):
            if all(text[i : i + k]):
                around = (text[i - 1] if i else 0, text[i + k])
                occurrences.setdefault(tuple(text[i : i + k]), []).append(around)

    def entropy(gram: tuple[int, ...], side: int) -> float:
        if not gram:
            return 0.0
        outcomes = Counter(around[side] for around in occurrences[gram])
        n = outcomes.total()
        return -sum(c / n * math.log2(c / n) for c in outcomes.values())

    variation = {
        gram: entropy(gram, 1) - entropy(gram[:-1], 1) + entropy(gram, 0) - entropy(gram[1:], 0) for gram in occurrences
    }
    for k in range(1, 5):
        same = [v for gram, v in variation.items() if len(gram) == k]
        for i in range(len(text)):
            gram = tuple(text[i : i + k])
            if gram in variation and len(gram) == k and i + k < len(text):
                expected = variation[gram] - sum(same) / len(same)
                assert autonomies[k - 1][ids[k - 1][i]] == pytest.approx(expected, abs=1e-5)
            else:
                assert ids[k - 1][i] == -1


def test_counts_of_a_huge_text_do_not_wrap() -> None:
    """10¹² units: products of counts are above 2⁶³, counts of words above 2³¹."""
    keys = np.array([1 << 16 | 2], np.uint64)
    unit_counts = np.array([0, 4 * 10**11, 6 * 10**11], np.int64)
    pmi = pair_pmi(keys, np.array([2 * 10**11], np.int64), unit_counts, 10**12)
    assert pmi[0] == pytest.approx(math.log(2e11 * 1e12 / (4e11 * 6e11)))
    settings = DefaultSettings()
    words = np.array([1, 2, 1 << 16 | 2], np.uint64)
    counts = np.array([3 * 10**11, 5 * 10**11, 10**11], np.int64)
    pairs = pair_table(keys, counts[2:], unit_counts, settings)
    huge = word_model(words, counts, pairs, unit_counts, settings)
    small = word_model(words, counts >> 9, pairs, unit_counts, settings)
    assert (huge.singles >= 0).all() and huge.singles[1] > 0
    assert huge.scalars[1] == pytest.approx(huge.singles.sum() + float(huge.pairs[:, 3].max() & 0x3FFFFFFF), rel=1e-6)
    assert huge.units == pytest.approx(small.units, rel=1e-3)

"""The default recipe as a whole: the same result however the text arrives and whoever works on it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minent.kernels.nvbe import best_cutting
from minent.kernels.sweep import fill_arcs
from minent.recipes.default import DefaultSettings, MinedWords, Progress, mine
from minent.recipes.default.start import grams
from minent.recipes.default.stream import Chunk, Chunks, cut_shards, map_in_order
from minent.recipes.default.survey import LineSampler, sample_kinds, survey
from minent.recipes.default.unknown import model_arrays, model_from_arrays

SMALL = DefaultSettings(
    whole_text=1_500,
    large_text=6_000,
    shard_units=700,
    sample_shard_units=300,
    longest_segment=40,
    longest_piece=60,
    kind_text=2_000,
    most_kinds=3,
    kind_sample=1_000,
    survey_sample=1_000,
    kind_rounds=4,
    text_sweeps=4,
    kind_sweeps=3,
)

Lines = list[list[int]]
"""Lines of unit ids; 0 = separator inside a line."""


def stream(lines: Lines, sizes: list[int] | None = None) -> Chunks:
    """The coded stream of some lines, in chunks of the given sizes (again and again)."""
    units: list[int] = []
    ends = []
    for line in lines:
        for unit in [*line, 0]:
            if unit or (units and units[-1]):
                units.append(unit)
        ends.append(len(units))

    def chunks() -> Iterator[Chunk]:
        start = 0
        for size in itertools.cycle(sizes or [len(units) or 1]):
            inside = [end - start for end in ends if start < end <= start + size or (start == 0 and end == 0)]
            yield np.array(units[start : start + size], np.int32), np.array(inside, np.int64)
            start += size
            if start >= len(units):
                return

    return chunks


def language(lines: int, seed: int = 3, words: int = 120) -> Lines:
    """Lines of an invented language: words of one to four units out of 40, frequent ones more often."""
    rng = np.random.default_rng(seed)
    lexicon = [rng.integers(1, 41, rng.choice([1, 2, 2, 2, 3, 4])).tolist() for _ in range(words)]
    weights = 1 / np.arange(1, words + 1)
    text = []
    for _ in range(lines):
        chosen = rng.choice(words, rng.integers(1, 14), p=weights / weights.sum())
        line = [unit for w in chosen for unit in [*lexicon[w], *([0] if rng.random() < 0.1 else [])]]
        text.append(line)
    return text


def same(a: MinedWords, b: MinedWords) -> bool:
    parts = zip((a.units, a.lengths, a.counts, *a.model), (b.units, b.lengths, b.counts, *b.model), strict=True)
    return (a.total, a.tokens) == (b.total, b.tokens) and all(x.tobytes() == y.tobytes() for x, y in parts)


@given(
    st.lists(st.lists(st.integers(0, 3), max_size=12), max_size=30),
    st.lists(st.integers(1, 30), min_size=1, max_size=3),
    st.integers(8, 30),
)
@settings(deadline=None)
def test_shards_do_not_depend_on_chunks(lines: Lines, sizes: list[int], size: int) -> None:
    whole = list(cut_shards(stream(lines), size, 5))
    again = list(cut_shards(stream(lines, sizes), size, 5))
    assert [shard.units.tolist() for shard in whole] == [shard.units.tolist() for shard in again]
    assert [shard.line_ends.tolist() for shard in whole] == [shard.line_ends.tolist() for shard in again]
    assert [shard.offset for shard in whole] == [shard.offset for shard in again]
    units = [unit for shard in whole for unit in shard.units.tolist()]
    assert [unit for unit in units if unit] == [unit for line in lines for unit in line if unit]
    assert [shard.offset for shard in whole] == list(itertools.accumulate([0, *(shard.units.size for shard in whole)]))[
        :-1
    ]
    assert all(shard.units.size <= size and shard.units[-1] == 0 for shard in whole)
    assert all(len(list(run)) <= 5 for unit, run in itertools.groupby(units, bool) if unit)


def test_ids_above_sixteen_bits_are_separators() -> None:
    (shard,) = cut_shards(stream([[65_535, 65_536, 7]]), 100, 50)
    assert shard.units.tolist() == [65_535, 0, 7, 0]


@given(st.permutations(language(40)), st.integers(0, 2))
@settings(deadline=None, max_examples=20)
def test_samples_do_not_depend_on_the_order_of_lines(lines: Lines, repeats: int) -> None:
    def sample(lines: Lines, shard_units: int) -> list[int]:
        sampler = LineSampler(size=150, longest_piece=1_000, seed=5)
        for shard in cut_shards(stream(lines), shard_units, 1_000):
            sampler.add(sampler.read(shard))
        return sampler.samples()[0].units.tolist()

    expected = sample(language(40), 100_000)
    assert 150 <= len(expected) < 150 + 60
    assert sample([*lines, *lines[:repeats]], 200) == expected


def test_samples_of_kinds_hold_each_line_of_the_text_once() -> None:
    text = language(80)
    profiles = np.log(np.random.default_rng(0).dirichlet(np.ones(41), 3).T)
    profiles[0] = 0
    samples = [
        sample_kinds(stream(lines, sizes), profiles, replace(SMALL, kind_sample=10_000), 1, 0)
        for lines, sizes in ((text, None), ([*text[::-1], *text], [50]))
    ]
    assert [units.tolist() for units in samples[0]] == [units.tolist() for units in samples[1]]
    (shard,) = cut_shards(stream(text), 100_000, SMALL.longest_segment)
    distinct = {tuple(line) for line in np.split(shard.units, shard.line_ends) if line.size}
    assert sum(units.size for units in samples[0]) == sum(len(line) for line in distinct)


def test_a_smaller_sample_is_a_prefix_of_a_larger_one() -> None:
    shard = next(cut_shards(stream(language(60)), 100_000, 1_000))
    samples = []
    for size in (100, 300):
        sampler = LineSampler(size, 1_000, 0)
        sampler.add(sampler.read(shard))
        samples.append(sampler.samples()[0].units.tolist())
    assert samples[1][: len(samples[0])] == samples[0]


def test_a_text_on_one_line_is_sampled_in_pieces() -> None:
    line = [unit for line in language(300) for unit in [*line, 0]]
    found = survey(stream([line]), 40, replace(SMALL, survey_sample=500), 1, 0)
    assert 500 <= found.sample.units.size < 700


def test_the_start_is_the_best_cutting() -> None:
    text = np.array([1, 2, 3, 1, 2, 0, 2, 3, 1, 2, 1, 1, 0, 3, 1, 2, 0], np.uint16)
    ids, autonomies = grams(text)
    boundaries = np.zeros(text.size, np.uint8)
    best_cutting(text, tuple(ids), tuple(autonomies), boundaries)

    def worth(ends: list[int], start: int) -> float:
        total = 0.0
        for end in ends:
            total += (end - start) * float(autonomies[end - start - 1][ids[end - start - 1][start]])
            start = end
        return total

    start = 0
    for end in np.flatnonzero(text == 0).tolist():
        chosen = [i + 1 for i in range(start, end) if boundaries[i]]
        options = []
        for cuts in itertools.product((False, True), repeat=end - start - 1):
            ends = [start + i + 1 for i, cut in enumerate(cuts) if cut] + [end]
            if all(b - a <= 4 for a, b in itertools.pairwise([start, *ends])):
                options.append(worth(ends, start))
        assert worth(chosen, start) == pytest.approx(max(options))
        start = end + 1


@pytest.mark.parametrize("lines", [60, 250, 1_200])  # as a whole; two kinds; three kinds and a large text
def test_any_workers_and_any_chunks_give_the_same_bytes(lines: int) -> None:
    text = language(lines)
    one = mine(stream(text), 40, SMALL, seed=1)
    assert one.counts.size > 20
    for jobs in (2, 5):
        assert same(one, mine(stream(text), 40, SMALL, jobs=jobs, seed=1))
    assert same(one, mine(stream(text, [33, 1, 500]), 40, SMALL, seed=1))
    assert not same(one, mine(stream(text), 40, SMALL, seed=2))


def test_words_of_an_invented_language_are_found() -> None:
    text = language(3_000)
    rng = np.random.default_rng(3)
    lexicon = [tuple(rng.integers(1, 41, rng.choice([1, 2, 2, 2, 3, 4])).tolist()) for _ in range(120)]
    mined = mine(stream(text), 40, replace(SMALL, whole_text=50_000, text_sweeps=24))
    found = {tuple(row[:n].tolist()) for row, n in zip(mined.units, mined.lengths, strict=True)}
    assert sum(word in found for word in lexicon[:60]) >= 55


@pytest.mark.parametrize(("lines", "min_count", "least"), [(60, None, 1), (300, None, 2), (60, 3, 3), (300, 3, 3)])
def test_words_come_most_frequent_first_and_often_enough(lines: int, min_count: int | None, least: int) -> None:
    mined = mine(stream(language(lines)), 40, replace(SMALL, min_count=min_count))
    order = list(zip((-mined.counts).tolist(), mined.units.tolist(), strict=True))
    assert order == sorted(order, key=lambda item: (item[0], pack_order(item[1])))
    assert mined.counts.min() == least
    assert mined.tokens >= mined.counts.sum()


def pack_order(row: list[int]) -> tuple[int, list[int]]:
    return len([unit for unit in row if unit]), row


@pytest.mark.parametrize("lines", [[], [[]], [[0, 0]]])
def test_an_empty_text_has_no_words(lines: Lines) -> None:
    mined = mine(stream(lines), 0, SMALL)
    assert (mined.counts.size, mined.total, mined.model) == (0, 0, None)


@pytest.mark.parametrize("line", [[1], [1, 2], [3, 3, 3, 3, 3, 3], [1, 0, 1]])
def test_a_text_of_one_word_does_not_fail(line: list[int]) -> None:
    mined = mine(stream([line]), 3, DefaultSettings())
    assert mined.total == sum(unit > 0 for unit in line)
    assert np.isfinite(mined.model.units).all() and np.isfinite(mined.model.scalars).all()


def test_progress_names_the_phase_and_the_time_left() -> None:
    told: list[Progress] = []
    mine(stream(language(1_200)), 40, SMALL, progress=told.append)
    phases = [phase for phase, _ in itertools.groupby(report.phase for report in told)]
    assert phases == ["kind 1 of 3", "kind 2 of 3", "kind 3 of 3", "whole text"]
    assert [r.sweep for r in told if r.phase == "kind 2 of 3"] == [1, 2, 3]
    assert told[-1].seconds_left < 1
    assert all(report.words > 0 for report in told)


def test_results_keep_the_order_of_the_shards() -> None:
    shards = list(cut_shards(stream(language(200)), 200, 50))
    offsets = [shard.offset for shard in shards]
    for jobs in (1, 3):
        assert list(map_in_order(lambda shard: shard.offset, shards, jobs)) == offsets


def test_a_saved_word_model_weighs_as_before(tmp_path: Path) -> None:
    model = mine(stream(language(300)), 40, SMALL).model
    assert model is not None
    np.savez(tmp_path / "model.npz", **model_arrays(model))
    with np.load(tmp_path / "model.npz", allow_pickle=False) as saved:
        again = model_from_arrays(saved)
    units = np.array([unit for line in language(20) for unit in line if unit], np.uint16)
    weights = []
    for some in (model, again):
        arcs, places = np.empty((units.size, 4)), np.empty((units.size, 4), np.int64)
        nothing = np.empty(0, np.uint8)
        fill_arcs(some, units, nothing, 0, units.size, np.empty((units.size, 2)), arcs, places)
        weights.append(arcs)
    assert np.array_equal(*weights)

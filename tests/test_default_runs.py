"""The default recipe in little memory and in run directories: the same words; what is in one is not believed."""

from __future__ import annotations

import json
import random
import shutil
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_default_recipe import SMALL, Lines, language, same, stream
from test_runs import forge

import minent.recipes.default.passes
from minent.errors import MinentError
from minent.memory import Memory
from minent.recipes.default import DefaultSettings, MinedWords, mine
from minent.recipes.default.counts import KeyCounts
from minent.recipes.default.need import least_memory
from minent.recipes.default.passes import StreamPasses
from minent.recipes.default.stream import Chunk
from minent.runs import RunDirectory

TEXTS = {"whole": language(70), "kinds": language(1_200)}


class Cut(Exception):
    """Somebody pulled the plug."""


def build(
    lines: Lines, where: Path | None, *, jobs: int = 1, chunks: int = 1 << 30, memory: Memory | None = None
) -> MinedWords:
    """Mine, saving as often as possible; the text breaks off after some chunks."""
    left = [chunks]

    def broken() -> Iterator[Chunk]:
        for chunk in stream(lines, [500])():
            left[0] -= 1
            if left[0] < 0:
                raise Cut
            yield chunk

    run = None
    if where is not None:
        run = RunDirectory.start(where, {"inputs": []}, resume=True)
        run.seconds = 0
    passes = StreamPasses(broken, SMALL, jobs, 0, memory or Memory(), run)
    return mine(passes, 40, SMALL, jobs, run=run)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("jobs", [1, 3])
def test_a_run_that_is_cut_off_gives_the_same_words(tmp_path: Path, text: str, jobs: int) -> None:
    cuts = 0
    while True:
        try:
            found = build(TEXTS[text], tmp_path / "run", jobs=jobs, chunks=1 + 6 * cuts)
            break
        except Cut:
            cuts += 1
    assert same(found, mine(stream(TEXTS[text]), 40, SMALL))
    assert cuts > 0
    names = {entry.name.split(".")[0].split("-")[0] for entry in (tmp_path / "run" / "1").iterdir()}
    kinds = {"run", "survey", "samples", "cutting", "kind", "sweep"}
    assert names == ({"run", "survey", "cutting"} if text == "whole" else kinds)


def test_a_cutting_that_was_kept_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = [0]
    real = minent.recipes.default.sweep_sample

    def break_off(*arguments: object) -> object:
        calls[0] += 1
        if calls[0] % 3 == 0:
            raise Cut
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(minent.recipes.default, "sweep_sample", break_off)
    for text in TEXTS:
        cuts = 0
        while True:
            try:
                found = build(TEXTS[text], tmp_path / text)
                break
            except Cut:
                cuts += 1
        with monkeypatch.context() as patch:
            patch.setattr(minent.recipes.default, "sweep_sample", real)
            assert same(found, mine(stream(TEXTS[text]), 40, SMALL))
        assert cuts >= 1


@pytest.mark.parametrize("jobs", [1, 3])
def test_words_do_not_depend_on_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    spilled = [0]
    real = KeyCounts.spill

    def count(counts: KeyCounts) -> None:
        spilled[0] += 1
        real(counts)

    monkeypatch.setattr(KeyCounts, "spill", count)
    monkeypatch.setattr(minent.recipes.default.passes, "LEAST_SHARE", 1)
    monkeypatch.setattr(minent.recipes.default.counts, "LEAST_KEYS", 40)
    found = build(TEXTS["kinds"], None, jobs=jobs, memory=Memory(1, str(tmp_path)))
    assert same(found, mine(stream(TEXTS["kinds"]), 40, SMALL))
    assert spilled[0] > 10
    assert list(tmp_path.iterdir()) == []


def test_no_more_pairs_are_kept_than_the_settings_allow() -> None:
    few = replace(SMALL, most_pairs=100)
    found = mine(stream(TEXTS["kinds"]), 40, few)
    assert found.model is not None and np.count_nonzero(found.model.pairs[:, 0]) <= 100
    assert same(found, mine(stream(TEXTS["kinds"], [77]), 40, few, jobs=3))
    everything = mine(stream(TEXTS["kinds"]), 40, SMALL)
    assert 0 < found.counts.size < everything.counts.size


@given(
    st.lists(st.dictionaries(st.integers(1, 60) | st.integers(1, (1 << 64) - 1), st.integers(1, 5)), max_size=6),
    st.sampled_from([None, 1, 10_000]),
    st.integers(1, 4),
    st.integers(0, 20),
)
def test_sums_by_key_are_those_of_a_dictionary(
    lists: list[dict[int, int]], share: int | None, least: int, most: int
) -> None:
    expected: Counter[int] = Counter()
    total = KeyCounts(share)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(minent.recipes.default.counts, "LEAST_KEYS", 8)
        for counts in lists:
            expected.update(counts)
            part = KeyCounts(share)
            part.add(np.array(list(counts), np.uint64), np.array(list(counts.values()), np.int32))
            total.merge(part)
        assert total.total == expected.total()
        keys, sums = total.result(least)
        assert keys.tolist() == sorted(key for key, count in expected.items() if count >= least)
        assert sums.tolist() == [expected[key] for key in keys.tolist()]
        wanted = list(expected)[:3]
        kept, _ = total.result(1 << 40, lambda keys: np.isin(keys, np.array(wanted, np.uint64)))
        assert sorted(wanted) == kept.tolist()
        enough = total.least_for(most, least)
        assert enough >= least
        assert sum(count >= enough for count in expected.values()) <= most
        assert enough == least or sum(count >= enough - 1 for count in expected.values()) > most


# Hostile directories


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs with all their stages, one over a small text and one over a text of several kinds."""
    folder = tmp_path_factory.mktemp("begun")
    for text, lines in TEXTS.items():
        build(lines, folder / text)
    return folder


@settings(max_examples=200)
@given(st.sampled_from(list(TEXTS)), st.randoms(use_true_random=False))
def test_a_forged_stage_does_no_harm(
    begun: Path, tmp_path_factory: pytest.TempPathFactory, text: str, chance: random.Random
) -> None:
    copy = tmp_path_factory.mktemp("copy") / "run"
    shutil.copytree(begun / text, copy)
    stages = sorted(path for path in (copy / "1").iterdir() if path.suffix in ("", ".last"))
    forge(chance.choice(stages), chance)
    for later in stages:  # what follows must be made again from what is forged
        if chance.random() < 0.5 and not later.name.startswith("survey"):
            later.unlink()
    try:
        build(TEXTS[text], copy)
    except MinentError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("name", ["survey", "samples", "kind-0", "cutting-0", "sweep"])
def test_numbers_that_cannot_be_are_noticed(begun: Path, tmp_path: Path, name: str) -> None:
    """Every array of every stage, filled with ones, with the right checksum."""
    for path in sorted((begun / "kinds" / "1").glob(f"{name}*")):
        content = path.read_bytes()
        size = int.from_bytes(content[-8:], "little")
        body, footer = bytearray(content[: -8 - size]), json.loads(content[-8 - size : -8])
        for key, (dtype, at, length) in footer["arrays"].items():
            if length == 0 or key == "line hashes":
                continue
            changed = bytearray(body)
            end = at + length * np.dtype(dtype).itemsize
            changed[at:end] = b"\xff" * (end - at)
            again = json.dumps(footer | {"check": zlib.crc32(changed[16:])}).encode()
            copy = tmp_path / f"{path.name}-{key}"
            shutil.copytree(begun / "kinds", copy)
            (copy / "1" / path.name).write_bytes(bytes(changed) + again + len(again).to_bytes(8, "little"))
            if name == "cutting-0":
                next((copy / "1").glob("kind-0*")).unlink()
            with pytest.raises(MinentError, match="is damaged"):
                build(TEXTS["kinds"], copy)


# The budget


def test_what_the_recipe_needs_grows_with_workers_and_sinks_with_the_text() -> None:
    sizes = [least_memory(DefaultSettings(), jobs) for jobs in (1, 2, 4, 16)]
    assert sizes == sorted(sizes)
    texts = [least_memory(DefaultSettings(), 1, size) for size in (0, 1_000_000, 10_000_000, 1_000_000_000)]
    assert texts == sorted(texts)
    assert texts[-1] == sizes[0] < 600 << 20

"""Tables that spill count as those that do not, at any share of memory; their files leave nothing behind."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter as Tally
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minent.corpus.alphabet
from minent.corpus.sources import Corpus
from minent.discovery import LexiconBuilder
from minent.errors import MemoryBudgetError, SpillError
from minent.memory import FOUND, LEAST_SHARE, MIB, Memory, least_memory, parse_memory
from minent.settings import LexiconSettings
from minent.spill import (
    LARGEST_COUNT,
    LARGEST_TOTAL,
    SpillingCounter,
    SpillingInterner,
    are_counts,
    check_records,
)
from minent.tables import Counter

shares = st.sampled_from([None, 1, 4096, 10_000, 1 << 20])
MINENT = [sys.executable, "-m", "minent"]


class Tiny(Memory):
    """A few bytes for the counters of a worker."""

    def share(self, jobs: int) -> int | None:
        return self.size


def add(counter: SpillingCounter, keys: list[int]) -> None:
    """Count keys as the kernels do: one after another, growing when there is no room."""
    from minent.kernels.spill import add_pairs

    pairs = np.array([number for key in keys for number in (key, 1)], dtype=np.int64)
    at = 0
    while (at := add_pairs(counter.table, counter.used, pairs, at, 1, 0)) < len(keys):
        counter.grow()


@given(
    st.lists(st.lists(st.integers(0, 50) | st.integers(0, (1 << 63) - 1), max_size=300), min_size=1, max_size=4), shares
)
def test_a_spilling_counter_counts_as_a_set_does(workers: list[list[int]], share: int | None) -> None:
    total = SpillingCounter(share)
    for keys in workers:
        counter = SpillingCounter(share)
        add(counter, keys * 2)
        total.merge(counter)
    expected = Tally(key for keys in workers for key in keys * 2)
    assert total.total == expected.total()
    for _ in range(2):  # what was spilled can be read again
        keys, counts = total.items()
        assert len(keys) == len(expected)
        assert dict(zip(keys.tolist(), counts.tolist(), strict=True)) == expected


def test_many_keys_fill_a_small_share_many_times() -> None:
    generator = np.random.default_rng(0)
    counter, expected = SpillingCounter(1 << 15), Tally[int]()
    for _ in range(30):
        keys = generator.integers(0, 20_000, 5000).tolist()
        expected.update(keys)
        add(counter, keys)
    assert len(counter.spills) > 50
    keys, counts = counter.items()
    assert dict(zip(keys.tolist(), counts.tolist(), strict=True)) == expected


sequences = st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=5) | st.just([7] * 3000), max_size=60)


@given(st.lists(sequences, min_size=1, max_size=3), shares, st.sampled_from([np.int32, np.uint8]))
def test_a_spilling_table_of_sequences_counts_as_a_dictionary_does(
    workers: list[list[list[int]]], share: int | None, dtype: type[np.generic]
) -> None:
    total = SpillingInterner(dtype, share)
    for rows in workers:
        table = SpillingInterner(dtype, share)
        for row in rows:
            units = np.array([row], dtype=np.int32)
            table.add_rows(units, np.array([len(row)]), np.ones(1, dtype=np.int64))
        total.merge(table)
    expected = Tally(tuple(row) for rows in workers for row in rows)
    assert total.total == expected.total()
    found: dict[tuple[int, ...], int] = {}
    for part in total.parts():
        starts = [0, *part.ends().tolist()]
        for k in range(len(part)):
            word = tuple(part.content[starts[k] : starts[k + 1]].tolist())
            assert word not in found
            found[word] = int(part.counts[k])
    assert found == expected


@given(sequences.filter(len), st.integers(1, LARGEST_COUNT - 1), st.integers(2, 8), st.sampled_from([-1, 0, 1]))
def test_records_are_checked_by_their_elements_and_their_sum(
    rows: list[list[int]], count: int, above: int, off: int
) -> None:
    table = SpillingInterner(np.int32)
    for row in {tuple(row) for row in rows}:
        table.add_rows(np.array([row], dtype=np.int32), np.array([len(row)]), np.array([count]))
    table.spill()
    (spill,) = table.spills
    sound = off == 0 and max(map(max, rows)) < above
    with (
        contextlib.nullcontext() if sound else pytest.raises(SpillError, match="what was read is not what was written")
    ):
        check_records(dataclasses.replace(spill, total=spill.total + off), above)


@pytest.mark.parametrize("count", [LARGEST_COUNT, (1 << 63) - 1])
def test_counts_that_could_wrap_are_damage(count: int) -> None:
    table = SpillingInterner(np.int32)
    table.add_rows(np.array([[1, 2]], dtype=np.int32), np.array([2]), np.array([count]))
    table.spill()
    with pytest.raises(SpillError):
        check_records(table.spills[0], 3)
    assert not are_counts(np.array([LARGEST_TOTAL]))
    assert not are_counts(np.array([1 << 62, 1 << 62]))  # whose sum in 64 bits is below 0
    assert are_counts(np.array([LARGEST_TOTAL - 1, 0]))


def test_counts_above_32_bits_stay_whole() -> None:
    counter = SpillingCounter(4096)
    table = SpillingInterner(np.int32, 4096)
    many = 3 << 32
    for _ in range(3):
        counter.merge(Counter.from_items(np.array([5]), np.array([many])))
        counter.spill()
        table.add_rows(np.array([[1, 2]], dtype=np.int32), np.array([2]), np.array([many]))
        table.spill()
    assert counter.total == table.total == 3 * many
    assert counter.items()[1].tolist() == [3 * many]
    assert [part.counts[0] for part in table.parts() if len(part)] == [3 * many]


def test_a_spill_has_no_name_on_the_disk(tmp_path: Path) -> None:
    counter = SpillingCounter(4096, str(tmp_path))
    add(counter, list(range(5000)))
    assert counter.spills
    assert list(tmp_path.iterdir()) == []
    assert counter.total == 5000


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(SpillError, match=r"temporary files: .* after 0 MiB; choose another folder with -T"):
            add(SpillingCounter(4096, str(tmp_path)), list(range(5000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# Lexicons


def novel(bundled_data: Path, size: int) -> str:
    import lzma

    with lzma.open(bundled_data / "hongloumeng.txt.xz", "rt", encoding="utf-8") as file:
        lines = file.read(size).splitlines()
    return "\n".join(f"{line} w{k} iPhone{k % 5}手机 {k}年" for k, line in enumerate(lines)) + "\n"


def lexicon(source: object, recipe: str, memory: Memory, jobs: int = 1, **named: object) -> bytes:
    settings = LexiconSettings(recipe=recipe, **named)  # type: ignore[arg-type]
    builder = LexiconBuilder(source, settings, protect=["宝玉笑道", "w3"], jobs=jobs, memory=memory)
    return builder.build().to_bytes()


@pytest.mark.parametrize("recipe", ["plain", "cohesion"])
def test_a_lexicon_does_not_depend_on_the_memory(
    tmp_path: Path, bundled_data: Path, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text(novel(bundled_data, 120_000), encoding="utf-8")
    monkeypatch.setattr(LexiconBuilder, "_require_memory", lambda builder: None)
    monkeypatch.setattr(Memory, "require", lambda *arguments: None)
    expected = lexicon(Corpus(path, shard_size=1 << 15), recipe, Memory())
    for size, jobs in ((30_000, 1), (200_000, 3), (1 << 22, 2)):
        assert lexicon(Corpus(path, shard_size=1 << 15), recipe, Tiny(size, str(tmp_path)), jobs) == expected
    assert [entry.name for entry in tmp_path.iterdir()] == ["corpus.txt"]


runs_and_words = st.lists(
    st.lists(st.sampled_from(["天", "地", "人", "a", "bc", "7", "12", "，", " "]), max_size=30).map("".join), max_size=8
)


@given(runs_and_words, st.sampled_from(["plain", "cohesion"]), st.sampled_from([None, 0.0, 0.02, 0.2]))
def test_runs_that_are_too_rare_for_an_id_change_nothing(lines: list[str], recipe: str, min_prob: float | None) -> None:
    lines = ["天地人bc天", *lines]
    named = {"min_prob": min_prob} if recipe == "plain" else {}
    found = []
    for kept in (1 << 17, 0, 2):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(minent.corpus.alphabet, "KEPT_RUNS", kept)
            settings = LexiconSettings(recipe=recipe, min_pmi=0.5, **named)  # type: ignore[arg-type]
            builder = LexiconBuilder(lines, settings, protect=["天bc", "12"], ban=["a7"])
            found.append(builder.build().to_bytes())
    assert found[0] == found[1] == found[2]


# The budget


@pytest.mark.parametrize(
    ("text", "size"),
    [("512M", 512 << 20), ("4G", 4 << 30), ("1.5g", 3 << 29), ("64KiB", 1 << 16), ("100", 100), ("1 TB", 1 << 40)],
)
def test_sizes_of_memory(text: str, size: int) -> None:
    assert parse_memory(text) == size


def test_a_percentage_is_of_the_memory_of_the_machine() -> None:
    assert 0 < parse_memory("25%") <= parse_memory("100%") / 4 + 1


@pytest.mark.parametrize("text", ["", "M", "-1G", "12X", "0%", "101%", "1e9", "nan", "9999999T", "1" * 400 + "G"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_memory(text)


def test_too_little_memory_is_told_before_anything_is_read() -> None:
    class Texts:
        def __iter__(self) -> Iterator[str]:
            raise AssertionError("it is read")
            yield ""

    with pytest.raises(MemoryBudgetError, match=r"-S 50M is too little: .* plain .* needs 128M; -j 1 needs 96M"):
        LexiconBuilder(Texts(), LexiconSettings(recipe="plain"), jobs=2, memory=Memory(50 << 20))
    assert least_memory(2) == 128 << 20


def test_the_need_that_is_told_is_one_that_does() -> None:
    def run(limit: int) -> None:
        beside_words = Memory(limit).without(FOUND + 30 * MIB, 1, "the words")
        beside_edges = beside_words.without(FOUND + 5 * MIB, 1, "the edges")
        beside_edges.require(180 * MIB, "a result")

    with pytest.raises(MemoryBudgetError, match="-S 200M is too little: a result needs 215M") as raised:
        run(200 * MIB)
    run(raised.value.need)


def test_a_share_is_at_least_what_a_table_needs() -> None:
    assert Memory(1).share(4) == LEAST_SHARE
    assert Memory().share(4) is None


def test_a_lexicon_that_does_not_fit_is_told() -> None:
    lines = [f"w{k}" for k in range(3000)]
    with pytest.raises(MemoryBudgetError, match=r"a lexicon of 3,\d+ words needs 2M; a higher --min-count or"):
        memory = Memory(1 << 20)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(LexiconBuilder, "_require_memory", lambda builder: None)
            LexiconBuilder(lines, LexiconSettings(recipe="plain", min_prob=0.0), memory=memory).build()


# The command


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 MB of random characters: millions of distinct pairs and pieces."""
    generator = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("large") / "large.txt"
    characters = np.array([chr(0x4E00 + k) for k in range(3000)])
    with path.open("w", encoding="utf-8") as file:
        for _ in range(200):
            lines = characters[generator.integers(0, 3000, (500, 40))]
            file.writelines("".join(line) + "\n" for line in lines)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_behind_by_a_command_that_is_stopped(tmp_path: Path, large: Path, number: int) -> None:
    temp, output = tmp_path / "temp", tmp_path / "lexicon.tsv"
    temp.mkdir()
    command = [*MINENT, "build-lexicon", "--recipe", "plain", "-S", "96M", "-j1", "-T", str(temp), "-o", str(output)]
    with subprocess.Popen([*command, str(large)], stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not spilled(process.pid, temp) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process.poll() is None, "it ended before it spilled"
        process.send_signal(number)
        code = process.wait(30)
    assert code == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[number]
    assert list(temp.iterdir()) == []
    assert not output.exists()


def spilled(process: int, folder: Path) -> bool:
    """Whether a process holds a file without a name in a folder."""
    try:
        names = [os.readlink(entry) for entry in Path(f"/proc/{process}/fd").iterdir()]
    except OSError:
        return False
    return any(name.startswith(str(folder)) for name in names)


@pytest.mark.slow
def test_a_disk_that_fills_up_ends_the_command_in_one_line(tmp_path: Path, large: Path) -> None:
    output = tmp_path / "lexicon.tsv"
    command = [*MINENT, "build-lexicon", "--recipe", "plain", "-S", "96M", "-j1", "-q", "-T", str(tmp_path)]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 22, 1 << 22))

    found = subprocess.run(
        [*command, "-o", str(output), str(large)], preexec_fn=limit, capture_output=True, text=True, check=False
    )
    assert found.returncode == 1
    assert found.stderr.count("\n") == 1
    assert "temporary files: File too large after" in found.stderr
    assert list(tmp_path.iterdir()) == []

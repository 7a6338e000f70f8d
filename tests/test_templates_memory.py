"""Templates do not depend on the memory: what spills is counted as it is in memory."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from test_spill import spilled as spilled_by
from test_templates import SENTENCES, finder_of

from minent.cli.templates import command
from minent.corpus.sources import Corpus
from minent.errors import MemoryBudgetError
from minent.memory import MIB, Memory, least_memory
from minent.spill import Spilling, SpillingInterner
from minent.templates import TemplateFinder, TemplateSettings
from minent.templates.edges import Edges
from minent.templates.growing import StepTally, grow_in_parts, grow_levels
from minent.templates.mining import ComponentTable
from minent.templates.streams import sentences

TEMPLATES = [sys.executable, "-m", "minent", "templates", "--pretokenized", "-q", "-j1", "-S", "96M"]


class Small(Memory):
    """A memory that is full at once."""

    def share(self, jobs: int) -> int:
        return 40_000


@pytest.fixture
def spilled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The kinds of tables that have spilled."""
    kinds: list[str] = []
    real = Spilling.batches

    def note(self: Spilling, *arguments: int) -> object:
        kinds.append(type(self).__name__)
        return real(self, *arguments)

    monkeypatch.setattr(Spilling, "batches", note)
    yield kinds


def lines() -> list[str]:
    """Text with many words, many components, and templates with many fillers."""
    chance = np.random.default_rng(5)
    words = [chr(0x4E00 + k) for k in range(400)]
    rows = []
    for _ in range(1_000):
        some = [words[min(int(k), 399)] for k in chance.zipf(1.3, 6)]
        rows.append(" ".join(["从", some[0], "到", *some[1:3], "的", *some[3:]]))
    return rows


@pytest.mark.parametrize("jobs", [1, 3])
@pytest.mark.parametrize("boundaries", ["signs", "stops"])
def test_templates_do_not_depend_on_the_memory(tmp_path: Path, spilled: list[str], jobs: int, boundaries: str) -> None:
    settings = TemplateSettings(min_count=5, min_pmi=0.0, boundaries=boundaries)
    text = lines()
    free = TemplateFinder(Corpus.from_texts(text, shard_size=5_000), None, settings, pretokenized=True)
    whole = free.find()
    assert spilled == []
    memory = Small(1 << 30, str(tmp_path))
    small = TemplateFinder(
        Corpus.from_texts(text, shard_size=5_000), None, settings, pretokenized=True, jobs=jobs, memory=memory
    )
    assert small.find().to_bytes() == whole.to_bytes()
    assert small.report == free.report
    assert len(whole) > 100 and any(entry.fillers for entry in whole)
    assert {"SpillingCounter", "SpillingInterner"} <= set(spilled)
    assert list(tmp_path.iterdir()) == []


@given(SENTENCES, st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_small_texts_do_not_depend_on_the_memory_either(
    text: list[list[str]], window: int, min_count: int, min_sentences: int
) -> None:
    options = {"window": window, "min_count": min_count, "min_pmi": -1.0, "min_sentences": min_sentences}
    whole = finder_of(text, **options).find()  # type: ignore[arg-type]
    corpus = Corpus.from_texts([" ".join(words) for words in text], shard_size=64)
    settings = TemplateSettings(**options)  # type: ignore[arg-type]
    small = TemplateFinder(corpus, None, settings, pretokenized=True, memory=Small(1 << 30))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("minent.templates.mining.NODE", 1 << 40)
        assert small.find().to_bytes() == whole.to_bytes()


@given(
    st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=8), min_size=1, max_size=12),
    st.sets(st.tuples(st.integers(1, 4), st.integers(1, 4)), max_size=9),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_paths_that_grow_in_parts_are_those_that_grow_in_memory(
    text: list[list[int]], edges: set[tuple[int, int]], least: int, least_places: int
) -> None:
    keys = np.array(sorted(first << 32 | second for first, second in edges), dtype=np.int64)
    strong = Edges(keys, np.ones(len(keys), dtype=np.int64), 1, TemplateSettings()).tables()
    stream = np.array([number for sentence in text for number in [*sentence, 0]], dtype=np.int32)
    found = ComponentTable(5)
    found.add(stream, 3, strong, 1000)
    expected = paths(*found.grow(least, least_places))
    found.table.share = 400
    found.table.spill()
    assert paths(*grow_in_parts(found.table, least, least_places)) == expected


def paths(content: np.ndarray, ends: np.ndarray, counts: np.ndarray) -> list[tuple[tuple[int, ...], int]]:
    """Paths with their counts, sorted."""
    starts = [0, *ends.tolist()]
    return sorted((tuple(content[a:b].tolist()), c) for a, b, c in zip(starts, ends, counts.tolist(), strict=False))


def test_steps_that_do_not_fit_are_handed_on() -> None:
    table = SpillingInterner(np.int32)
    for number in range(3_000):
        component = np.array([[0, 2 * number + 1, 1 | 1 << 30, 2 * number + 2, 0]], dtype=np.int32)
        table.add_rows(component, np.array([5]), np.array([number + 1]))
    taken: list[tuple[int, int]] = []

    def hand_on(keys: np.ndarray, sums: np.ndarray, places: np.ndarray) -> None:
        taken.append((int(sums.sum()), len(keys)))

    def ask(trie: np.ndarray, newest: int) -> tuple[np.ndarray, np.ndarray]:
        tally = StepTally(trie, newest, 50_000, hand_on)
        tally.add(table)
        hand_on(*tally.take())
        return np.empty(0, np.int64), np.empty(0, np.int64)

    assert len(grow_levels(ask)[1]) == 0
    assert len(taken) > 3
    assert sum(number for number, _ in taken) == 3_000 * 3_001 // 2
    assert sum(size for _, size in taken) == 3_000


@given(st.lists(st.integers(0, 2), max_size=400))
def test_a_block_is_looked_through_sentence_by_sentence(numbers: list[int]) -> None:
    stream = np.array([*numbers, 0], dtype=np.int32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("minent.templates.streams.PIECE", 10)
        pieces = list(sentences(stream))
    assert np.array_equal(np.concatenate(pieces), stream)
    assert all(piece[-1] == 0 for piece in pieces)
    assert len(pieces) <= 1 + len(stream) // 10


def test_too_little_memory_is_told_before_anything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("从 这 到 那\n" * 9, encoding="utf-8")
    arguments = [str(path), "--pretokenized", "-j", "2", "-o", str(tmp_path / "t.tsv"), "-S"]
    result = CliRunner().invoke(command, [*arguments, "100M"])
    assert isinstance(result.exception, MemoryBudgetError)
    assert str(result.exception) == (
        "-S 100M is too little: counting with --jobs 2 needs 128M; fewer workers need less"
    )
    assert CliRunner().invoke(command, [*arguments, "128M"]).exit_code == 0
    result = CliRunner().invoke(command, [*arguments, "128M", "--max-paths", "0"])
    assert result.exit_code == 2


def test_words_that_do_not_fit_are_told() -> None:
    words = [" ".join(f"w{k}x{n}" for n in range(20)) for k in range(3_000)]
    finder = TemplateFinder(words, None, TemplateSettings(), pretokenized=True, memory=Memory(least_memory(1) + MIB))
    with pytest.raises(MemoryBudgetError, match="a text of 60,000 distinct words or more needs 114M"):
        finder.find()


# The command


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "large.txt"
    path.write_text("\n".join(lines() * 60), encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_behind_by_a_command_that_is_stopped(tmp_path: Path, large: Path, number: int) -> None:
    temp, output = tmp_path / "temp", tmp_path / "templates.tsv"
    temp.mkdir()
    command = [*TEMPLATES, "-T", str(temp), "-o", str(output), str(large)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not spilled_by(process.pid, temp) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process.poll() is None, "it ended before it wrote"
        process.send_signal(number)
        code = process.wait(60)
    assert code == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[number]
    assert list(temp.iterdir()) == []
    assert not output.exists()


@pytest.mark.slow
def test_a_disk_that_fills_up_ends_the_command_in_one_line(tmp_path: Path, large: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    command = [*TEMPLATES, "-T", str(tmp_path), "-o", str(tmp_path / "templates.tsv"), str(large)]
    found = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert found.stderr.count("\n") == 1 and "File too large" in found.stderr
    assert list(tmp_path.iterdir()) == []

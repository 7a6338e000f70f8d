"""What runs on a cluster gives what one machine gives, whatever the pieces; here with a cluster in this process."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_cluster import Here, MemoryRows, MemoryText

from minent.corpus.sources import Corpus
from minent.discovery import LexiconBuilder
from minent.distributed.counts import add_block, records_of
from minent.distributed.growing import grow_paths
from minent.distributed.shards import find_cuts
from minent.engines.rows import Row
from minent.recipes import sampled
from minent.recipes.default import DefaultSettings
from minent.recipes.default.stream import cut_shards
from minent.segmentation import Segmenter
from minent.settings import LexiconSettings
from minent.tables import Interner
from minent.templates.edges import Edges
from minent.templates.finder import TemplateFinder
from minent.templates.mining import ComponentTable
from minent.templates.settings import TemplateSettings
from minent.word_statistics import coded_corpus, word_statistics

SMALL = DefaultSettings(
    whole_text=5_000, large_text=8_000, shard_units=3_000, sample_shard_units=1_000, longest_segment=20,
    longest_piece=30, kind_text=4_000, kind_sample=3_000, samples=6_000, survey_sample=2_000, kind_sweeps=3,
)  # fmt: skip


def made_up_text(seed: int = 0, lines: int = 1500) -> str:
    """Lines of words from a small vocabulary, with signs, numbers and Latin runs."""
    draw = random.Random(seed)
    words = [
        "".join(draw.choice("天地玄黄宇宙洪荒日月盈昃") for _ in range(draw.choice((1, 2, 2, 3)))) for _ in range(80)
    ]
    words += ["1998", "3.14", "abc", "ABC公司", "，", "。", "，", " "]
    return "".join("".join(draw.choices(words, k=draw.randint(1, 14))) + "\n" for _ in range(lines))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("text")
    one, two = folder / "1.txt", folder / "2.txt"
    one.write_text(made_up_text(1) + "没有行尾", encoding="utf-8")
    two.write_bytes(made_up_text(2, 300).encode() + b"\xff\xfe" + "好\n".encode() + "很长的一行，".encode() * 900)
    return [one, two]


@pytest.mark.parametrize("recipe", ["plain", "cohesion", "default"])
def test_a_recipe_gives_the_same_lexicon_on_a_cluster(files: list[Path], recipe: str) -> None:
    settings = LexiconSettings(recipe=recipe)
    here = LexiconBuilder([*files], settings)
    text = MemoryText(Corpus(files))
    there = LexiconBuilder(None, settings, cluster=text)
    assert there.build() == here.build()
    assert there.invalid == here.invalid and there.invalid is not None
    assert there.chosen == here.chosen


@pytest.mark.parametrize("piece_size", [300, 100_000])
def test_the_default_recipe_learns_large_text_by_kinds_on_a_cluster(
    files: list[Path], piece_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampled, "DefaultSettings", lambda: SMALL)
    here = LexiconBuilder([*files]).build()
    there = LexiconBuilder(None, cluster=MemoryText(Corpus(files), piece_size)).build()
    assert there == here
    assert len(here) > 20


@given(
    st.lists(st.lists(st.integers(1, 5), max_size=12), min_size=1, max_size=40),
    st.integers(13, 40),
    st.integers(0, 3),
)
def test_cuts_that_are_looked_for_are_those_that_are_found_one_after_another(
    lines: list[list[int]], size: int, every: int
) -> None:
    stream = np.array([unit for line in lines for unit in [*line, 0]], dtype=np.int32)
    all_ends = np.cumsum([len(line) + 1 for line in lines])
    ends = all_ends[:: every + 1] if every < 3 else all_ends[:0]
    separators = np.flatnonzero(stream == 0) + 1

    def look(windows: np.ndarray, at_separators: bool) -> np.ndarray:
        places = separators if at_separators else ends
        return np.unique([end for end in places for first, last in windows if first <= end <= last]).astype(np.int64)

    expected = [shard.offset for shard in cut_shards(lambda: [(stream, ends)], size, 12)]
    assert find_cuts(len(stream), size, 12, look)[:-1].tolist() == (expected or [0])


@pytest.mark.parametrize("most_neighbours", [100, 3_000, 1 << 24])
def test_statistics_are_the_same_to_the_last_bit(files: list[Path], most_neighbours: int) -> None:
    words = ["天地", "玄黄", "天", "荒", "ABC公司", "没有", "<N>", "的"]
    text = MemoryText(Corpus(files), 700)
    here = word_statistics(coded_corpus(Corpus(files), words), words, most_neighbours)
    there = word_statistics(coded_corpus(text.corpus, words, cluster=text), words, most_neighbours)
    for name in ("occurrences", "pmi", "cuts", "left_entropy", "right_entropy"):
        assert np.array_equal(getattr(there, name), getattr(here, name), equal_nan=name not in ("occurrences", "cuts"))
    assert here.occurrences[0] > 40


def test_a_lexicon_with_words_to_protect_and_to_ban(files: list[Path]) -> None:
    settings = LexiconSettings(recipe="plain")
    lists = {"protect": ["天地玄", "ABC公司"], "ban": ["日月"]}
    there = LexiconBuilder(None, settings, cluster=MemoryText(Corpus(files)), **lists).build()
    assert there == LexiconBuilder([*files], settings, **lists).build()


@pytest.mark.parametrize("boundaries", ["signs", "stops"])
@pytest.mark.parametrize(
    "thresholds", [{}, {"min_count": 6, "min_pmi": -1.0}, {"min_count": 10, "min_prob": 1e-6, "min_pmi": 0.0}]
)
def test_templates_are_the_same_on_a_cluster(files: list[Path], boundaries: str, thresholds: dict[str, float]) -> None:
    segmenter = Segmenter(LexiconBuilder([*files], LexiconSettings(recipe="plain")).build())
    settings = TemplateSettings(boundaries=boundaries, **thresholds)  # type: ignore[arg-type]
    here = TemplateFinder([*files], segmenter, settings)
    there = TemplateFinder(None, segmenter, settings, cluster=MemoryText(Corpus(files)))
    templates = here.find()
    assert there.find() == templates
    assert there.report == here.report and there.invalid == here.invalid
    assert len(templates) > 2


def test_templates_of_pretokenized_text_are_the_same_on_a_cluster(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    draw = random.Random(5)
    lines = [" ".join(draw.choices("甲乙丙丁戊己庚", k=draw.randint(1, 12))) for _ in range(400)]
    file.write_text("\n".join(lines), encoding="utf-8")
    settings = TemplateSettings(min_count=4, min_pmi=-0.3, min_sentences=3, max_paths=50)
    here = TemplateFinder([file], None, settings, pretokenized=True)
    text = MemoryText(Corpus(file), 200)
    there = TemplateFinder(None, None, settings, pretokenized=True, cluster=text)
    templates = here.find()
    assert there.find() == templates
    assert max(entry.template.length for entry in templates) >= 3


@given(
    st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=7), min_size=1, max_size=12),
    st.sets(st.tuples(st.integers(1, 4), st.integers(1, 4)), max_size=9),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_paths_that_grow_level_by_level_are_those_that_grow_in_memory(
    sentences: list[list[int]], edges: set[tuple[int, int]], least: int, least_places: int
) -> None:
    keys = np.array(sorted(first << 32 | second for first, second in edges), dtype=np.int64)
    strong = Edges(keys, np.ones(len(keys), dtype=np.int64), 1, TemplateSettings()).tables()
    stream = np.array([number for sentence in sentences for number in [*sentence, 0]], dtype=np.int32)
    found = ComponentTable(5)
    found.add(stream, 3, strong, 1000)
    blocks = []
    for k in range(2):  # every other component in each of two blocks
        half = Interner(np.int32)
        ends = [0, *found.table.ends().tolist()]
        for entry in range(k, len(found.table), 2):
            row = found.table.content[None, ends[entry] : ends[entry + 1]]
            half.add_rows(row, np.array([row.shape[1]]), found.table.counts[entry : entry + 1])
        blocks.append([Row(0, 0, words.tobytes()) for words in records_of(half)])

    def read(rows: Iterator[Row]) -> Iterator[Interner]:
        for row in rows:
            table = Interner(np.int32)
            add_block(table, row.data)
            yield table

    there = grow_paths(MemoryRows(blocks, []), read, Here, least, least_places)
    assert paths(*there) == paths(*found.grow(least, least_places))


def paths(content: np.ndarray, ends: np.ndarray, counts: np.ndarray) -> list[tuple[tuple[int, ...], int]]:
    """Paths with their counts, sorted."""
    starts = [0, *ends.tolist()]
    return sorted((tuple(content[a:b].tolist()), c) for a, b, c in zip(starts, ends, counts.tolist(), strict=False))


def test_what_is_rare_stays_on_the_cluster(tmp_path: Path) -> None:
    draw = random.Random(3)
    letters = [chr(0x4E00 + k) for k in range(3000)]
    file = tmp_path / "rare.txt"
    lines = ["".join(draw.choices(letters, k=20)) + "，天地玄黄\n" for _ in range(20_000)]
    file.write_text("".join(lines), encoding="utf-8")
    text = MemoryText(Corpus(file), 1 << 16)
    lexicon = LexiconBuilder(None, LexiconSettings(recipe="plain"), cluster=text).build()
    assert "天地玄黄" in lexicon
    pairs = len({line[k : k + 2] for line in lines for k in range(19)})
    assert pairs * 16 > 5_000_000  # bytes of all pairs with their counts
    assert sum(text.received) < 200_000

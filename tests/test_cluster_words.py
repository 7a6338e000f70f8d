"""Vectors of words beside a slow count, and parts of speech of a treebank."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import naive_words
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from minent.corpus.sources import Corpus  # noqa: E402
from minent.errors import CorpusError, ModelError  # noqa: E402
from minent.lexicon import Lexicon  # noqa: E402
from minent.neural.cluster.evaluation import judge_table, judge_words  # noqa: E402
from minent.neural.words.gold import read_tags  # noqa: E402
from minent.neural.words.settings import WordSettings  # noqa: E402
from minent.neural.words.vectors import (  # noqa: E402
    FILE,
    FRAME_WORDS,
    WORDS,
    count_features,
    find_vectors,
    load_vectors,
    positive_pmi,
    truncated_svd,
)
from minent.segmentation import Segmenter  # noqa: E402

sentences = st.lists(st.lists(st.integers(1, 5), max_size=6), max_size=8)


def stream_of(text: list[list[int]]) -> np.ndarray:
    return np.array([number for sentence in text for number in (*sentence, 0)], dtype=np.int32)


def rows_of(words: set[int]) -> np.ndarray:
    """The rows of the numbers up to 5: of these words 0, 1, …"""
    rows = np.full(6, -1, dtype=np.int64)
    rows[sorted(words)] = np.arange(len(words))
    return rows


some_words = st.sets(st.integers(1, 5), min_size=1)


@given(sentences, sentences, some_words, st.integers(1, 5), st.integers(1, 3))
def test_features_are_counted_as_the_slow_count_does(
    first: list[list[int]], second: list[list[int]], words: set[int], neighbours: int, window: int
) -> None:
    blocks = [stream_of(text) for text in (first, second) if text]
    chosen = WordSettings(neighbours=neighbours, window=window, frames=0)
    rows, columns, values = count_features(lambda: blocks, rows_of(words), chosen)
    places = [place for place in range(-window, window + 1) if place]
    found = Counter(
        {
            (sorted(words)[row], places[column // (neighbours + 1)], int(column) % (neighbours + 1)): int(value)
            for row, column, value in zip(rows, columns, values, strict=True)
        }
    )
    every = naive_words.features(first + second, 5, neighbours, window)
    assert found == {key: count for key, count in every.items() if key[0] in words}


@settings(max_examples=40)
@given(sentences, some_words)
def test_frames_that_come_twice_are_counted_as_the_slow_count_does(text: list[list[int]], words: set[int]) -> None:
    chosen = WordSettings(neighbours=1, window=1)
    rows, columns, values = count_features(lambda: [stream_of(text)], rows_of(words), chosen)
    every = naive_words.frames(text, 5)
    totals: Counter[tuple[int, int]] = Counter()
    for (_, left, right), count in every.items():
        totals[left, right] += count
    kept = sorted(left * (FRAME_WORDS + 1) + right for (left, right), count in totals.items() if count > 1)
    found = {
        (sorted(words)[row], *divmod(kept[column - 4], FRAME_WORDS + 1)): int(value)
        for row, column, value in zip(rows, columns, values, strict=True)
        if column >= 4
    }
    wanted = {key: count for key, count in every.items() if key[0] in words and totals[key[1:]] > 1}
    assert found == wanted


def test_positive_pmi_of_an_example_done_by_hand() -> None:
    rows, columns, pmi = positive_pmi(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([3, 1, 4]), 1.0)
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [0, 1])
    assert pmi == pytest.approx([np.log(3 * 8 / (4 * 3)), np.log(4 * 8 / (4 * 5))])


def test_the_svd_is_that_of_the_full_matrix() -> None:
    full = np.zeros((12, 40))
    rng = np.random.default_rng(0)
    rows, columns = np.arange(60) % 12, rng.permutation(40).repeat(2)[:60]
    values = rng.random(60)
    np.add.at(full, (rows, columns), values)
    found = truncated_svd(rows, columns, values, 12, 3, seed=0)
    left, sizes, _ = np.linalg.svd(full)
    wanted = left[:, :3] * np.sqrt(sizes[:3])
    assert np.allclose(np.abs(found), np.abs(wanted), atol=1e-3)
    assert (found[np.abs(found).argmax(0), np.arange(3)] > 0).all()


def test_words_with_the_same_neighbours_have_the_same_vectors(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    kinds = ["猫狗马牛羊", "跑跳飞游走", "大小高低美"]
    lines = ["".join(str(rng.choice(list(kind))) for kind in (kinds[2], kinds[0], kinds[1])) for _ in range(600)]
    (tmp_path / "text.txt").write_text("。\n".join(lines), encoding="utf-8")
    words = [word for kind in kinds for word in kind]
    chosen = WordSettings(dim=3, min_count=5)
    with Corpus([str(tmp_path / "text.txt")]) as corpus:
        found = find_vectors(corpus, Segmenter(Lexicon(words, [9] * 15)), chosen)
    assert set(found.words) == set(words) and found.shape == (3, 1, 1)
    assert np.linalg.norm(found.vectors, axis=1) == pytest.approx(np.full(15, np.sqrt(3)), abs=1e-4)
    likeness = found.vectors @ found.vectors.T / 3
    kind_of = np.array([next(k for k, kind in enumerate(kinds) if word in kind) for word in found.words])
    same = kind_of[:, None] == kind_of
    assert likeness[same].min() > 0.9 > 0.5 > likeness[~same].max()
    for name, content in found.extras().items():
        (tmp_path / name).write_bytes(content)
    again = load_vectors(tmp_path)
    assert again.words == found.words and np.array_equal(again.vectors, found.vectors)
    assert again.digest() == found.digest() and again.tensor([0, 1]).shape == (2, 3, 1, 1)


def test_files_of_vectors_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save

    with pytest.raises(ModelError, match=r"no words\.tsv"):
        load_vectors(tmp_path)
    (tmp_path / FILE).write_bytes(save({"vectors": torch.zeros(2, 3)}))
    for table, problem in (
        ("一\t1\n", "one vector for each word"),
        ("一\n", "table of words"),
        ("一\tx\n", "table of words"),
    ):
        (tmp_path / WORDS).write_text(table, encoding="utf-8")
        with pytest.raises(ModelError, match=problem):
            load_vectors(tmp_path)
    (tmp_path / FILE).write_bytes(b"\xff" * 50)
    with pytest.raises(ModelError):
        load_vectors(tmp_path)


def test_too_little_text_says_what_would_help(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("今天天气好", encoding="utf-8")
    with Corpus([str(tmp_path / "text.txt")]) as corpus, pytest.raises(CorpusError, match="min_count"):
        find_vectors(corpus, Segmenter(Lexicon(["今天"], [1])), WordSettings())
    (tmp_path / "gbk.txt").write_text("今天 a 天气好\n" * 30, encoding="gb18030")
    with Corpus([str(tmp_path / "gbk.txt")]) as corpus, pytest.raises(CorpusError, match="try --encoding auto"):
        find_vectors(corpus, Segmenter(Lexicon(["今天"], [1])), WordSettings())


def test_what_the_lexicon_does_not_hold_gets_no_vector(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("猫跑。狗跑。马跳。牛跳。\n" * 30, encoding="utf-8")
    chosen = WordSettings(dim=2, min_count=5)
    with Corpus([str(tmp_path / "text.txt")]) as corpus:
        found = find_vectors(corpus, Segmenter(Lexicon(["猫", "狗", "马", "跳"], [9] * 4)), chosen)
        assert set(found.words) == {"猫", "狗", "马", "跳"} and found.counts.sum() == 30 * 5
        with pytest.raises(CorpusError, match="only 0 of the lexicon stand 5 times"):
            find_vectors(corpus, Segmenter(Lexicon(["龘龘", "靐齉"], [9] * 2)), chosen)


TREE = (
    "# text = 他说\n1\t他\t_\tPRON\t_\t_\t2\tnsubj\t_\t_\n2\t说\t_\tVERB\t_\t_\t0\troot\t_\t_\n"
    "1-2\t他说\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
)


def test_a_word_has_the_tag_that_it_has_most_often(tmp_path: Path) -> None:
    path = tmp_path / "gold.conllu"
    path.write_text(TREE * 2 + TREE.replace("PRON", "NOUN").replace("VERB", "NOUN") * 3, encoding="utf-8")
    assert read_tags(path) == {"他": "NOUN", "说": "NOUN"}
    path.write_text(TREE + TREE.replace("PRON", "NOUN"), encoding="utf-8")
    assert read_tags(path) == {"他": "NOUN", "说": "VERB"}


@pytest.mark.parametrize(
    ("text", "problem"), [("", "no word"), ("1\t他\n", ":1: 2 columns"), ("# only\n\n", "no word")]
)
def test_a_treebank_that_is_none_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "gold.conllu").write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=problem):
        read_tags(tmp_path / "gold.conllu")


def test_classes_of_words_are_judged_by_the_words_that_have_a_tag(tmp_path: Path) -> None:
    tags = {"猫": "NOUN", "狗": "NOUN", "跑": "VERB"}
    figures = judge_words(["猫", "狗", "跑", "的"], np.array([0, 0, 1, 1]), tags)
    assert (figures["judged"], figures["majority"], figures["most_frequent_tag"]) == (3, 1.0, 0.6667)
    (tmp_path / "table.tsv").write_text("猫\ta\n跑\ta\n的\tb\n", encoding="utf-8")
    assert judge_table(str(tmp_path / "table.tsv"), ["猫", "狗", "跑"], tags)["majority"] == 0.5
    with pytest.raises(CorpusError, match="none of them"):
        judge_words(["的"], np.array([0]), tags)

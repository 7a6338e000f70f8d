"""Word statistics against counting by hand, and against the obvious way."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive_mining import segments
from naive_statistics import cut_pmis, entropy, largest_quota, places, spread

from minent.corpus.alphabet import Alphabet
from minent.corpus.sources import Corpus, open_corpus
from minent.counting import CodedCorpus, count_corpus_units
from minent.lexicon import Lexicon, load_lexicon
from minent.word_statistics import LONGEST, WordStatistics, coded_corpus, with_statistics, word_statistics

SIGNS = "甲乙丙，"


def statistics_of(lines: list[str], words: list[str], **options: int) -> WordStatistics:
    return word_statistics(coded_corpus(open_corpus(lines), words), words, **options)


def same(found: WordStatistics, expected: WordStatistics) -> bool:
    names = ("occurrences", "pmi", "cuts", "left_entropy", "right_entropy")
    return all(np.array_equal(getattr(found, name), getattr(expected, name), equal_nan=True) for name in names)


lines_of_text = st.lists(st.text(SIGNS, min_size=0, max_size=30), min_size=1, max_size=6)
some_words = st.lists(st.text(SIGNS[:3], min_size=1, max_size=5), max_size=12, unique=True).map(
    lambda words: [*words, "一"]
)


@given(lines_of_text, some_words)
def test_every_figure_is_that_of_the_obvious_way(lines: list[str], words: list[str]) -> None:
    text = segments("\n".join(lines))
    found = statistics_of(lines, words)
    for k, word in enumerate(words):
        seen = places(text, tuple(word))
        assert found.occurrences[k] == len(seen)
        if not seen:
            assert math.isnan(found.pmi[k]) and math.isnan(found.left_entropy[k]) and found.cuts[k] == 0
            continue
        assert found.left_entropy[k] == pytest.approx(entropy([before for before, _ in seen]), abs=1e-12)
        assert found.right_entropy[k] == pytest.approx(entropy([after for _, after in seen]), abs=1e-12)
        if len(word) == 1:
            assert math.isnan(found.pmi[k]) and found.cuts[k] == 0
            continue
        by_cut = cut_pmis(text, tuple(word))
        assert found.pmi[k] == pytest.approx(min(by_cut))
        first = next(cut for cut, value in enumerate(by_cut, start=1) if value < min(by_cut) + 1e-9)
        assert found.cuts[k] == first


@given(lines_of_text, some_words, st.integers(0, 40))
def test_of_too_many_neighbours_an_even_share_is_taken(lines: list[str], words: list[str], most: int) -> None:
    text = segments("\n".join(lines))
    found = statistics_of(lines, words, most_neighbours=most)
    all_places = [places(text, tuple(word)) for word in words]
    quota = largest_quota([len(seen) for seen in all_places], most)
    for k, seen in enumerate(all_places):
        if seen:
            taken = spread(seen, min(quota, len(seen)))
            assert len(taken) == min(quota, len(seen))
            assert found.left_entropy[k] == pytest.approx(entropy([before for before, _ in taken]), abs=1e-12)
            assert found.right_entropy[k] == pytest.approx(entropy([after for _, after in taken]), abs=1e-12)


@given(lines_of_text, some_words, st.integers(2, 5), st.integers(1, 20))
def test_workers_and_shards_do_not_matter(lines: list[str], words: list[str], jobs: int, most: int) -> None:
    whole = coded_corpus(open_corpus(lines), words)
    pieces = coded_corpus(open_corpus(lines), words, jobs=jobs)
    expected = word_statistics(whole, words, most)
    assert same(word_statistics(pieces, words, most), expected)


def test_one_file_or_many_in_any_shards(tmp_path: Path) -> None:
    lines = [f"甲乙{'丙' * (k % 4)}甲{k % 3}乙，丙{'甲' * (k % 2)}\n" for k in range(200)]
    (tmp_path / "all.txt").write_text("".join(lines), encoding="utf-8")
    for k in range(40):
        (tmp_path / f"part{k:02}.txt").write_text("".join(lines[5 * k : 5 * k + 5]), encoding="utf-8")
    words = ["甲", "甲乙", "乙丙", "丙甲", "甲<N>", "<N>乙"]
    expected = word_statistics(coded_corpus(Corpus([tmp_path / "all.txt"]), words), words, 200)
    parts = Corpus(sorted(tmp_path.glob("part*.txt")))
    assert same(word_statistics(coded_corpus(parts, words, jobs=3), words, 200), expected)
    small = Corpus([tmp_path / "all.txt"], shard_size=64)
    assert same(word_statistics(coded_corpus(small, words, jobs=2), words, 200), expected)
    assert expected.occurrences.sum() > 200


def test_a_case_worked_by_hand() -> None:
    found = statistics_of(["甲乙丙", "甲乙甲乙"], ["甲乙", "甲乙丙", "甲"])
    # 7 units; 甲乙, 甲 and 乙 three times each: ln (3/7)/(3/7 · 3/7)
    # 甲乙丙, 乙丙 and 丙 once: ln (1/7)/(3/7 · 1/7), at 甲|乙丙 as well as at 甲乙|丙
    assert found.occurrences.tolist() == [3, 1, 3]
    assert found.pmi[:2] == pytest.approx([math.log(7 / 3), math.log(7 / 3)])
    assert found.cuts.tolist() == [1, 1, 0]
    # before 甲乙: boundary, boundary, 乙; after it: 丙, 甲, boundary
    assert found.left_entropy[0] == pytest.approx(math.log(3) - 2 / 3 * math.log(2))
    assert found.right_entropy[0] == pytest.approx(math.log(3))
    assert found.columns()["pmi"] == ["0.8473", "0.8473", ""]
    assert found.columns()["left_entropy"] == ["0.6365", "0", "0.6365"]


@pytest.mark.parametrize(
    ("word", "occurrences"),
    [
        ("<N>年", 3),  # any number
        ("1998年", 3),  # the alphabet has numbers in one class, so a number stands for all
        ("<N>年<N>月", 1),
        ("<L>股", 2),  # any run of Latin letters that is too rare for a unit of its own
        ("CD股", 2),
        ("𠮷野", 1),
        ("", 0),
        ("没有", 0),
        ("年，", 0),  # a sign is no unit
        ("，年", 0),
        ("年 ", 0),
        ("年\n月", 0),
        ("\ud800", 0),
        ("<N", 0),
    ],
)
def test_what_a_word_is_matched_with(word: str, occurrences: int) -> None:
    lines = ["1998年5月", "2001年", "３年，年 月", "AB股和CD股", "𠮷野"]
    words = ["<N>年", word] if word != "<N>年" else [word]
    assert statistics_of(lines, words).occurrences[-1] == occurrences


def test_without_classes_a_run_is_itself() -> None:
    found = statistics_of(["1998年", "2001年", "C++"], ["1998年", "C", "C++", ".C"])
    assert found.occurrences.tolist() == [1, 1, 0, 0]


def test_an_alphabet_without_classes_finds_no_class_unit() -> None:
    corpus = open_corpus(["1998年", "N"])
    units, _ = count_corpus_units(corpus)
    coded = CodedCorpus(corpus, Alphabet.from_counts(units))
    assert word_statistics(coded, ["<N>年", "<N>"]).occurrences.tolist() == [0, 0]


def test_every_character_a_unit() -> None:
    words = ["19", "AB", "9"]
    coded = coded_corpus(open_corpus(["1991AB", "AB"]), words, whole_runs=False)
    assert word_statistics(coded, words).occurrences.tolist() == [1, 2, 2]


def test_words_that_are_too_long_have_no_figures() -> None:
    text = "".join(chr(0x4E00 + k) for k in range(LONGEST + 1))
    found = statistics_of([text], [text, text[:-1]])
    assert found.occurrences.tolist() == [0, 1]
    assert math.isnan(found.pmi[0]) and found.pmi[1] == pytest.approx(math.log(LONGEST + 1))


def test_no_words_and_no_text() -> None:
    assert statistics_of(["甲乙"], []).columns() == {"pmi": [], "left_entropy": [], "right_entropy": []}
    assert statistics_of(["，"], ["甲乙"]).occurrences.tolist() == [0]


def test_many_words_make_the_trie_grow() -> None:
    characters = [chr(0x4E00 + k) for k in range(400)]
    words = [first + second for first in characters for second in characters[:200]]
    found = statistics_of(["".join(words)], words)
    assert len(words) == 80_000
    assert (found.occurrences >= 1).all()


def test_the_columns_survive_the_file(tmp_path: Path) -> None:
    lexicon = with_statistics(Lexicon.from_counts({"甲乙": 2, "甲": 1}), open_corpus(["甲乙丙", "甲乙"]))
    lexicon.save(tmp_path / "lexicon.tsv")
    again = load_lexicon(tmp_path / "lexicon.tsv")
    assert again == lexicon
    assert again.columns == lexicon.columns
    assert list(again.columns) == ["pmi", "left_entropy", "right_entropy"]


def test_real_text_agrees_with_plain_string_search(real_text: object) -> None:
    path = real_text("people_daily_199801.txt")  # type: ignore[operator]
    text = Path(os.fspath(path)).read_text(encoding="utf-8")[:300_000]
    words = ["中国", "的", "共和国", "经济", "中华人民共和国", "的主要"]
    found = statistics_of(text.split("\n"), words)
    for word, occurrences in zip(words, found.occurrences.tolist(), strict=True):
        assert occurrences == text.count(word) > 0

"""Conventions: what each does to a lexicon, and to the cutting."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.cli import main
from minent.conventions import CONVENTIONS, apply_conventions, join_dates, split_dates, split_names, split_suffixes
from minent.conventions.dates import chinese_dates, numeral
from minent.conventions.editing import move_counts, winning_count, with_counts
from minent.conventions.names import SURNAMES, han_words, name_probs
from minent.lexicon import Lexicon, load_lexicon
from minent.segmentation import Segmenter

DATES = {"<N>年": 700, "<N>月": 150, "<N>日": 170, "<N>月<N>日": 460, "的": 9000, "今天": 50}
ORDINARY = (
    "计算机 电视台 自行车 火车站 图书馆 研究所 电影院 展览馆 博物馆 工程师 科学院 科学家 艺术家 收音机 拖拉机 洗衣机"
)
GIVEN = "建国 国华 志强 晓明 丽华 秀英 建华 志明 国强 晓华 丽英 秀华"


def names_lexicon() -> Lexicon:
    """Ordinary words, a few of which begin with a surname (高, 方), and names of three characters."""
    words = [*ORDINARY.split(), "高架桥", "方向盘", "高速路", "高利贷", "高血压"]
    names = [surname + given for surname in "李张刘陈" for given in GIVEN.split()]
    return Lexicon.from_counts({**dict.fromkeys(words, 9), **dict.fromkeys(names, 3), "高": 5, "李": 2})


def test_joined_dates_are_cut_as_one_word() -> None:
    lexicon = Lexicon.from_counts(DATES)
    text = "今天1998年1月12日，２００１年５月的3月8日，一九九八年的三月八日"
    assert Segmenter(lexicon).cut(text)[:3] == ["今天", "1998年", "1月12日"]
    joined = ["今天", "1998年1月12日", "，", "２００１年５月", "的", "3月8日", "，", "一九九八年", "的", "三月八日"]
    assert Segmenter(join_dates(lexicon)).cut(text) == joined


def test_dates_are_joined_without_number_classes_too() -> None:
    lexicon = Lexicon.from_counts({"1998年": 900, "1月": 50, "12日": 40, "的": 9000})
    assert Segmenter(join_dates(lexicon)).cut("1998年1月12日") == ["1998年1月12日"]


def test_joining_takes_nothing_from_other_words() -> None:
    lexicon = Lexicon.from_counts(DATES)
    joined = join_dates(lexicon)
    assert all(joined[word].count == lexicon[word].count for word in lexicon.words)
    assert join_dates(joined) == joined


def test_with_units_of_one_character_only_chinese_numerals_are_joined() -> None:
    lexicon = join_dates(Lexicon.from_counts({"的": 9}, {"units": "char"}))
    assert not any("<" in word for word in lexicon.words)
    assert "一九九八年" in lexicon


def test_split_dates_are_cut_into_year_month_and_day() -> None:
    more = {**DATES, "<N>年<N>月": 7, "三月八日": 4, "1998年1月1日": 2, "本月<N>日": 3, "一年": 5}
    split = split_dates(Lexicon.from_counts(more))
    assert Segmenter(split).cut("1998年1月12日") == ["1998年", "1月", "12日"]
    assert Segmenter(split).cut("三月八日") == ["三月", "八日"]
    assert split["<N>月"].count == 150 + 460 + 7
    assert "本月<N>日" in split and "一年" in split
    assert split_dates(split) == split


def test_a_suffix_is_cut_off_long_words_whose_rest_is_a_word() -> None:
    counts = {"产业化": 4, "产业": 9, "消化": 3, "消": 1, "现代化": 5, "工作者": 2, "工作": 8, "产业化者": 1, "A化": 1}
    split = split_suffixes(Lexicon.from_counts(counts))
    assert dict(zip(split.words, split.counts.tolist(), strict=True)) == {
        "产业": 14, "消化": 3, "消": 1, "现代化": 5, "工作": 10, "化": 5, "者": 3, "A化": 1
    }  # fmt: skip
    assert split_suffixes(split) == split
    assert "产业化" in split_suffixes(Lexicon.from_counts(counts), suffixes="者")


def test_names_are_told_from_words_by_the_lexicon_itself() -> None:
    lexicon = names_lexicon()
    probs = name_probs(han_words(lexicon.words), lexicon)
    assert all(prob > 0.9 for word, prob in probs.items() if word[0] in "李张刘陈")
    assert all(probs[word] < 0.5 for word in ("高架桥", "方向盘", "高速路", "计算机"))
    assert "电视台" not in probs


def test_names_are_cut_after_the_surname() -> None:
    split = split_names(names_lexicon())
    assert "李建国" not in split
    assert split["李"].count == 2 + 3 * 12
    assert split["建国"].count == 3 * 4
    assert "高架桥" in split and "计算机" in split
    assert Segmenter(split).cut("李建国") == ["李", "建国"]


def test_compound_surnames_keep_both_characters() -> None:
    split = split_names(Lexicon.from_counts({"诸葛亮": 4, "司马相如": 3, "司马": 1, "诸葛": 1, "奥巴马": 2}))
    assert dict(zip(split.words, split.counts.tolist(), strict=True)) == {
        "诸葛": 5, "亮": 4, "司马": 4, "相如": 3, "奥巴马": 2
    }  # fmt: skip


def test_surnames_are_single_characters() -> None:
    assert all(len(surname) == 1 for surname in SURNAMES)
    assert len(SURNAMES) > 400


def test_words_to_keep_are_kept() -> None:
    kept = ["产业化", "李建国", "<N>月<N>日"]
    lexicon = with_counts(names_lexicon(), {"产业化": 4, "产业": 9, "李建国": 3, "李": 1, "<N>月<N>日": 2})
    names = ["split-names", "split-suffixes", "split-dates"]
    assert set(kept) <= set(apply_conventions(lexicon, names, kept).words)


def test_the_head_tells_the_conventions_and_columns_stay() -> None:
    lexicon = Lexicon(["<N>月<N>日", "今天"], [3, 2], {"units": "run"}, {"pmi": ["4", "5"]})
    changed = apply_conventions(lexicon, ["split-names", "split-dates"])
    assert changed.settings == {"units": "run", "conventions": "split-dates split-names"}
    assert dict(zip(changed.words, changed.columns["pmi"], strict=True)) == {"<N>月": "", "<N>日": "", "今天": "5"}
    assert apply_conventions(lexicon, []) is lexicon


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["split-hairs"], "convention is 'split-hairs'; it must be one of join-dates"),
        (["join-dates", "split-dates"], "dates can be joined or split, not both"),
    ],
)
def test_what_cannot_be_applied_is_told(names: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        apply_conventions(names_lexicon(), names)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_an_empty_lexicon_stands_every_convention(name: str) -> None:
    changed = apply_conventions(Lexicon([], []), [name])
    assert len(changed) == (len(chinese_dates()) + 3 if name == "join-dates" else 0)


@given(st.dictionaries(st.text("李张化者一年月日甲", min_size=1, max_size=4), st.integers(0, 50), max_size=20))
def test_splitting_keeps_every_character_of_the_text_that_was_counted(counts: dict[str, int]) -> None:
    lexicon = Lexicon.from_counts(counts)
    for name in CONVENTIONS:
        if name != "join-dates":
            changed = apply_conventions(lexicon, [name])
            assert characters(changed) == characters(lexicon)


def characters(lexicon: Lexicon) -> int:
    return sum(len(word) * count for word, count in zip(lexicon.words, lexicon.counts.tolist(), strict=True))


@given(
    st.text("甲乙", min_size=2, max_size=5),
    st.dictionaries(st.text("甲乙", min_size=1, max_size=3), st.integers(1, 30), max_size=6),
)
def test_the_winning_count_is_the_least_that_wins(word: str, counts: dict[str, int]) -> None:
    total = 100
    log_probs = {tuple(part): math.log(count / total) for part, count in counts.items()}

    def best(rest: str) -> float:  # the most probable cutting of all, the whole word left out
        if not rest:
            return 1.0
        ends = range(1, len(rest) + (len(rest) < len(word)))
        return max((counts.get(rest[:end], 1 if end == 1 else 0) / total) * best(rest[end:]) for end in ends)

    count = winning_count(word, log_probs, total)
    assert count / total > best(word) * (1 - 1e-9)
    assert (count - 1) / total <= best(word) * (1 + 1e-6) + 1e-10


def test_parts_that_are_moved_too_pass_their_count_on() -> None:
    moved = move_counts(Lexicon.from_counts({"甲乙丙": 2, "甲乙": 3}), {"甲乙丙": ("甲乙", "丙"), "甲乙": ("甲", "乙")})
    assert dict(zip(moved.words, moved.counts.tolist(), strict=True)) == {"甲": 5, "乙": 5, "丙": 2}


def test_numerals() -> None:
    assert [numeral(number) for number in (1, 10, 11, 20, 31)] == ["一", "十", "十一", "二十", "三十一"]
    assert {"一九九八年", "二〇〇一年", "二零零一年", "十二月三十一日"} <= set(chinese_dates())


def test_the_command_applies_them_and_writes_statistics(tmp_path: Path) -> None:
    corpus, target = tmp_path / "corpus.txt", tmp_path / "lexicon.tsv"
    corpus.write_text("今天是3月8日，昨天是3月7日。\n" * 30, encoding="utf-8")
    arguments = ["build-lexicon", str(corpus), "-q", "-o", str(target)]
    assert main([*arguments, "--split-dates", "--split-names"]) == 0
    lexicon = load_lexicon(target)
    assert lexicon.settings["conventions"] == "split-dates split-names"
    assert list(lexicon.columns) == ["weight", "pmi", "left_entropy", "right_entropy"]
    assert main([*arguments, "--no-statistics"]) == 0
    assert list(load_lexicon(target).columns) == ["weight"]
    assert main([*arguments, "--split-dates", "--join-dates"]) == 2

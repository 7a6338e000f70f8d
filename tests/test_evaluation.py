"""Scores of segmentations and lexicons: by hand, against sets of spans, and from the command line."""

from __future__ import annotations

import gzip
import json
import lzma
import math
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from minent.cli.evaluate import command
from minent.errors import CorpusError
from minent.evaluation import (
    SegmentationScores,
    evaluate_lexicon,
    evaluate_segmentation,
    format_table,
    is_judged,
    is_punctuation,
    occurring_words,
    read_lines,
)
from minent.evaluation.lexicon import FUNCTION_UNITS
from minent.evaluation.segmentation import LINES_AT_ONCE

# Oracles: what the words mean, with sets of spans


def spans(words: list[str]) -> list[tuple[int, int]]:
    found, start = [], 0
    for word in words:
        found.append((start, start + len(word)))
        start += len(word)
    return found


def naive_counts(gold: list[str], predicted: list[str], known: set[str], skipped: str = "") -> Counter[str]:
    """Words, correct words and unknown words; words made of `skipped` characters only are left out."""
    counts: Counter[str] = Counter()
    for gold_line, predicted_line in zip(gold, predicted, strict=True):
        gold_words, predicted_words = gold_line.split(), predicted_line.split()
        kept = {
            (span, word)
            for span, word in zip(spans(gold_words), gold_words, strict=True)
            if word.strip(skipped or None)
        }
        other = {
            (span, word)
            for span, word in zip(spans(predicted_words), predicted_words, strict=True)
            if word.strip(skipped or None)
        }
        counts["true"] += len(kept)
        counts["test"] += len(other)
        counts["correct"] += len(kept & other)
        counts["oov"] += sum(word not in known for _, word in kept)
        counts["oov correct"] += sum(word not in known for _, word in kept & other)
    return counts


def naive_pieces(gold_line: str, predicted_line: str) -> list[tuple[list[str], list[str]]]:
    """The words on both sides between neighbouring boundaries that both have."""
    gold, predicted = gold_line.split(), predicted_line.split()
    common = sorted({end for _, end in spans(gold)} & {end for _, end in spans(predicted)})
    pieces = []
    for start, end in zip([0, *common], common, strict=False):
        true, test = (
            [word for span, word in zip(spans(words), words, strict=True) if start <= span[0] and span[1] <= end]
            for words in (gold, predicted)
        )
        pieces.append((true, test))
    return pieces


def naive_changes(gold: list[str], predicted: list[str]) -> tuple[int, int, int]:
    """Insertions, deletions, substitutions: runs of wrong words are paired off, the rest is more or less."""
    inserted = deleted = substituted = 0
    for lines in zip(gold, predicted, strict=True):
        true = test = 0
        for gold_words, predicted_words in [*naive_pieces(*lines), (["end"], ["end"])]:
            if len(gold_words) == len(predicted_words) == 1:
                substituted += min(true, test)
                inserted += max(test - true, 0)
                deleted += max(true - test, 0)
                true = test = 0
            else:
                true += len(gold_words)
                test += len(predicted_words)
    return inserted, deleted, substituted


@st.composite
def cuttings(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Two cuttings of the same lines over three letters and a comma."""
    gold, predicted = [], []
    for _ in range(draw(st.integers(1, 5))):
        text = draw(st.text("甲乙丙，", max_size=9))
        for lines in (gold, predicted):
            cuts = draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
            lines.append("".join(sign + " " * cut for sign, cut in zip(text, cuts, strict=True)))
    gold.append("丁")
    predicted.append("丁")
    return gold, predicted


@st.composite
def segmentations(draw: st.DrawFn) -> tuple[SegmentationScores, list[str], list[str]]:
    gold, predicted = draw(cuttings())
    return evaluate_segmentation(gold, predicted, {"甲", "乙丙", "，"}, samples=0), gold, predicted


# Segmentations by hand


def test_an_example_by_hand() -> None:
    gold = ["武汉市 长江 大桥 。", "他 来自 上海"]
    predicted = ["武汉 市长 江 大桥 。", "他 来 自 上海"]
    scores = evaluate_segmentation(gold, predicted, {"他", "大桥", "来自", "。"})

    overall = scores.overall
    assert (overall.true_words, overall.test_words, overall.correct) == (7, 9, 4)  # 大桥 。 他 上海
    assert overall.precision == 4 / 9
    assert overall.recall == 4 / 7
    assert overall.f1 == pytest.approx(0.5)
    assert (overall.oov_words, overall.oov_correct) == (3, 1)  # 武汉市 长江 上海
    assert overall.oov_rate == 3 / 7
    assert overall.oov_recall == pytest.approx(1 / 3)
    assert overall.iv_recall == pytest.approx(3 / 4)

    bare = scores.without_punctuation
    assert (bare.true_words, bare.test_words, bare.correct) == (6, 8, 3)
    assert bare.iv_recall == pytest.approx(2 / 3)

    split, merged, crossing = scores.errors
    assert [error.kind for error in scores.errors] == ["split", "merged", "crossing"]
    assert (split.count, split.true_words, split.test_words) == (1, 1, 2)
    assert (split.examples[0].gold, split.examples[0].predicted) == ("来自", "来 自")
    assert (merged.count, merged.examples) == (0, ())
    assert (crossing.count, crossing.true_words, crossing.test_words) == (1, 2, 3)
    assert (crossing.examples[0].gold, crossing.examples[0].predicted) == ("武汉市 长江", "武汉 市长 江")

    # 武汉市/武汉 and 长江/市长 are substituted, 江 inserted; 来自/来 substituted, 自 inserted
    assert (scores.insertions, scores.deletions, scores.substitutions, scores.nchange) == (2, 0, 3, 5)
    assert (scores.lines, scores.characters) == (2, 13)


def test_neighbouring_errors_are_paired_together_as_diff_does() -> None:
    scores = evaluate_segmentation(["甲 乙 丙丁 戊"], ["甲乙 丙 丁 戊"])
    assert (scores.insertions, scores.deletions, scores.substitutions) == (0, 0, 3)
    assert [error.count for error in scores.errors] == [1, 1, 0]


def test_the_most_frequent_errors_come_first_and_ties_go_by_text() -> None:
    gold = ["甲乙"] * 2 + ["丙丁"] * 3 + ["丁甲"] * 2
    predicted = [" ".join(line) for line in gold]
    split = evaluate_segmentation(gold, predicted, examples=2).errors[0]
    assert [(example.gold, example.count) for example in split.examples] == [("丙丁", 3), ("丁甲", 2)]


def test_without_a_list_there_are_no_figures_of_unknown_words() -> None:
    overall = evaluate_segmentation(["甲 乙"], ["甲 乙"]).overall
    assert (overall.oov_words, overall.oov_rate, overall.oov_recall, overall.iv_recall) == (None,) * 4


def test_a_recall_over_no_words_is_none() -> None:
    all_known = evaluate_segmentation(["甲 乙"], ["甲 乙"], {"甲", "乙"}).overall
    assert (all_known.oov_rate, all_known.oov_recall, all_known.iv_recall) == (0, None, 1)
    none_known = evaluate_segmentation(["甲 乙"], ["甲 乙"], set()).overall
    assert (none_known.oov_rate, none_known.oov_recall, none_known.iv_recall) == (1, 1, None)


def test_a_text_of_punctuation_only_has_no_words_without_it() -> None:
    scores = evaluate_segmentation(["， 。"], ["， 。"])
    assert scores.overall.f1 == 1
    assert (scores.without_punctuation.true_words, scores.without_punctuation.f1) == (0, 0)
    assert scores.without_punctuation.f1_interval is None


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("，", True), ("——", True), ("……", True), ("℃", True), ("+", True), ("○", True), ("·", True),
        ("的", False), ("〇", False), ("々", False), ("２", False), ("a", False), ("𠮷", False),
        ("，的", False),
    ],
)  # fmt: skip
def test_punctuation_has_no_letter_number_or_han(word: str, expected: bool) -> None:
    assert is_punctuation(word) is expected


@pytest.mark.parametrize(
    ("gold", "predicted"),
    [
        (["甲  乙\r"], ["甲 乙"]),
        (["\u3000甲\u3000乙"], ["甲\u00a0乙 "]),
        (["甲\x1f乙"], ["甲\t乙"]),
        (["", "甲 乙", "\u3000\r"], [" ", "甲 乙", ""]),
        (["甲 乙"], ["甲 乙", "", "\r"]),
        (["甲 乙", "", ""], ["甲 乙"]),
    ],
)
def test_white_space_and_blank_lines_do_not_matter(gold: list[str], predicted: list[str]) -> None:
    overall = evaluate_segmentation(gold, predicted).overall
    assert (overall.true_words, overall.test_words, overall.correct) == (2, 2, 2)


def test_a_sign_may_stand_on_either_side_of_a_line_end() -> None:
    gold = ["他 说 ： “", "好 ” 。", "是"]
    predicted = ["他 说 ：", "“ 好 ” 。", "是"]
    scores = evaluate_segmentation(gold, predicted)
    assert scores.overall.f1 == 1
    assert scores.overall.true_words == 8


# Segmentations of different texts


@pytest.mark.parametrize(
    ("gold", "predicted", "message"),
    [
        (
            ["甲 乙", "机器 学习"],
            ["甲 乙", "机 械 学习"],
            "p:2: text differs from g at character 2: “械学习” instead of “器学习”; "
            "apart from spaces both must be the same text, line by line",
        ),
        (
            ["甲乙", "丙"],
            ["甲", "丙"],
            "p:1: text differs from g at character 2: the end of the line instead of “乙”",
        ),
        (["甲"], ["甲 乙"], "p:1: text differs from g at character 2: “乙” instead of the end of the line"),
        (
            ["甲", "乙"],
            ["甲", ""],
            "p:2: text differs from g at character 1: the end of the line instead of “乙”",
        ),
        (
            ["一二三四五六七八九十甲乙"],
            ["二三四五六七八九十甲乙"],
            "at character 1: “二三四五六七八九十甲…” instead of “一二三四五六七八九十…”",
        ),
        (["甲", "乙", "丙"], ["甲"], "p: 1 lines, but g has 3"),
        (["甲"], ["甲", "", "丙", "丁"], "p: 4 lines, but g has 1"),
        (["", "\u3000"], ["", ""], "g: there are no words in it"),
        ([], [], "g: there are no words in it"),
    ],
)
def test_different_texts_are_told_by_line(gold: list[str], predicted: list[str], message: str) -> None:
    with pytest.raises(CorpusError) as caught:
        evaluate_segmentation(gold, predicted, gold_name="g", predicted_name="p")
    assert message in str(caught.value)
    assert caught.value.exit_code == 1


# Segmentations against the oracles


@given(segmentations())
def test_counts_are_those_of_the_sets_of_spans(case: tuple[SegmentationScores, list[str], list[str]]) -> None:
    scores, gold, predicted = case
    for words, skipped in ((scores.overall, ""), (scores.without_punctuation, "，")):
        expected = naive_counts(gold, predicted, {"甲", "乙丙", "，"}, skipped)
        assert (words.true_words, words.test_words) == (expected["true"], expected["test"])
        assert words.correct == expected["correct"]
        assert (words.oov_words, words.oov_correct) == (expected["oov"], expected["oov correct"])
    assert scores.characters == sum(len("".join(line.split())) for line in gold)


@given(segmentations())
def test_errors_are_the_pieces_that_differ(case: tuple[SegmentationScores, list[str], list[str]]) -> None:
    scores, gold, predicted = case
    found: Counter[tuple[str, str, str]] = Counter()
    for lines in zip(gold, predicted, strict=True):
        for true, test in naive_pieces(*lines):
            if len(true) > 1 or len(test) > 1:
                kind = "split" if len(true) == 1 else "merged" if len(test) == 1 else "crossing"
                found[kind, " ".join(true), " ".join(test)] += 1
    for error in scores.errors:
        assert error.count == sum(count for (kind, _, _), count in found.items() if kind == error.kind)
        for example in error.examples:
            assert found[error.kind, example.gold, example.predicted] == example.count
    overall = scores.overall
    assert overall.true_words == overall.correct + sum(error.true_words for error in scores.errors)
    assert overall.test_words == overall.correct + sum(error.test_words for error in scores.errors)


@given(segmentations())
def test_changes_add_up(case: tuple[SegmentationScores, list[str], list[str]]) -> None:
    scores, gold, predicted = case
    assert (scores.insertions, scores.deletions, scores.substitutions) == naive_changes(gold, predicted)
    assert scores.overall.true_words - scores.deletions - scores.substitutions == scores.overall.correct
    assert scores.overall.test_words - scores.insertions - scores.substitutions == scores.overall.correct


@given(cuttings())
def test_swapping_the_sides_swaps_precision_and_recall(case: tuple[list[str], list[str]]) -> None:
    gold, predicted = case
    there = evaluate_segmentation(gold, predicted, samples=0)
    back = evaluate_segmentation(predicted, gold, samples=0)
    assert (there.overall.precision, there.overall.recall) == (back.overall.recall, back.overall.precision)
    assert there.overall.f1 == back.overall.f1
    assert (there.insertions, there.deletions) == (back.deletions, back.insertions)
    assert [error.count for error in there.errors] == [back.errors[kind].count for kind in (1, 0, 2)]


@given(cuttings())
def test_a_perfect_segmentation_has_no_errors(case: tuple[list[str], list[str]]) -> None:
    gold, _ = case
    scores = evaluate_segmentation(gold, gold, samples=20)
    overall = scores.overall
    assert (overall.precision, overall.recall, overall.f1) == (1, 1, 1)
    assert overall.f1_interval == (1, 1)
    assert scores.nchange == sum(error.count for error in scores.errors) == 0


@given(cuttings())
def test_figures_do_not_depend_on_the_order_of_lines(case: tuple[list[str], list[str]]) -> None:
    gold, predicted = case
    there = evaluate_segmentation(gold, predicted, samples=20).to_dict()
    back = evaluate_segmentation(gold[::-1], predicted[::-1], samples=20).to_dict()
    assert there == back


def test_figures_do_not_depend_on_how_many_lines_are_taken_at_once() -> None:
    gold, predicted = ["甲 乙丙 ，", "丙 丁"], ["甲乙 丙 ，", "丙丁"]
    once = evaluate_segmentation(gold, predicted)
    times = LINES_AT_ONCE + 1
    often = evaluate_segmentation(gold * times, predicted * times)
    assert often.overall.correct == once.overall.correct * times
    assert often.without_punctuation.true_words == once.without_punctuation.true_words * times
    assert often.nchange == once.nchange * times
    assert [error.count for error in often.errors] == [error.count * times for error in once.errors]
    assert often.lines == 2 * times


# The bootstrap


GOLD = ["甲 乙丙 丁", "甲乙 丙", "丙 丁 甲 乙", "乙丙丁", "丁 甲"] * 20
PREDICTED = ["甲 乙 丙 丁", "甲乙 丙", "丙丁 甲 乙", "乙丙 丁", "丁 甲"] * 20


def test_the_interval_is_the_same_for_one_seed_and_contains_the_figure() -> None:
    one, two = (evaluate_segmentation(GOLD, PREDICTED, seed=7).overall for _ in range(2))
    assert one.f1_interval == two.f1_interval
    assert one.f1_interval is not None
    low, high = one.f1_interval
    assert 0 < low < one.f1 < high < 1
    assert evaluate_segmentation(GOLD, PREDICTED, seed=8).overall.f1_interval != one.f1_interval


def test_the_interval_has_the_width_that_the_delta_method_expects() -> None:
    overall = evaluate_segmentation(GOLD, PREDICTED, samples=4000).overall
    sums = []
    for lines in zip(GOLD, PREDICTED, strict=True):
        counts = naive_counts([lines[0]], [lines[1]], set())
        sums.append((2 * counts["correct"], counts["true"] + counts["test"]))
    variance = sum((right - overall.f1 * words) ** 2 for right, words in sums) / sum(w for _, w in sums) ** 2
    assert overall.f1_interval is not None
    low, high = overall.f1_interval
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(variance), rel=0.1)


@given(cuttings(), st.integers(0, 3))
def test_the_interval_contains_the_figure(case: tuple[list[str], list[str]], seed: int) -> None:
    overall = evaluate_segmentation(*case, samples=200, seed=seed).overall
    assert overall.f1_interval is not None
    low, high = overall.f1_interval
    assert low - 1e-12 <= overall.f1 <= high + 1e-12


def test_without_samples_there_is_no_interval() -> None:
    assert evaluate_segmentation(["甲"], ["甲"], samples=0).overall.f1_interval is None


# Lexicons

COUNTS = {
    "的": 90, "在": 70, "国": 60, "中国": 50, "的人": 40, "在中国": 30, "人民": 20, "iPhone": 15, "A股": 12,
    "2001年": 11, "<N>年": 10, "……": 9, "目的": 8, "国人": 7, "民的": 6,
}  # fmt: skip
ONE = {"中国", "人民", "目的", "的", "经济", "100分"}
TWO = {"A股", "中国", "社会"}


def test_a_lexicon_by_hand() -> None:
    scores = evaluate_lexicon(COUNTS.items(), {"one": ONE, "two": TWO}, cuts=(2, 4, 100), function_units=2)
    # judged: 中国 的人 在中国 人民 A股 目的 国人 民的; the references have 中国 人民 A股 目的
    assert scores.words == len(COUNTS)
    assert scores.judged_words == 8
    assert scores.function_units == ("的", "在")
    assert [(cut.words, cut.found, cut.junk) for cut in scores.cuts] == [(2, 1, 1), (4, 2, 2), (8, 4, 3)]
    assert [cut.precision for cut in scores.cuts] == [0.5, 0.5, 0.5]
    assert scores.junk_rate == 3 / 8
    assert scores.junk_examples == (("的人", 40), ("在中国", 30), ("民的", 6))
    assert scores.unknown_examples == (("的人", 40), ("在中国", 30), ("国人", 7), ("民的", 6))
    recalls = [(recall.name, recall.words, recall.found) for recall in scores.recalls]
    assert recalls == [("one", 4, 3), ("two", 3, 2), ("union", 6, 4)]


def test_recall_can_be_restricted_to_words_of_the_corpus() -> None:
    occurring = occurring_words(ONE, ["中国人民的目的", "社会 "])
    assert occurring == {"中国", "人民", "的", "目的"}
    (recall,) = evaluate_lexicon(COUNTS.items(), {"one": ONE}, occurring=occurring).recalls
    assert (recall.words, recall.found, recall.recall) == (3, 3, 1)


@given(st.sets(st.text("甲乙丙", max_size=4)), st.lists(st.text("甲乙丙", max_size=8)))
def test_occurring_words_are_those_that_are_in_a_line(words: set[str], lines: list[str]) -> None:
    expected = {word for word in words if word and any(word in line for line in lines)}
    assert occurring_words(words, lines) == expected


@given(
    st.dictionaries(st.text("甲乙丙丁", min_size=1, max_size=3), st.integers(1, 4)),
    st.sets(st.text("甲乙丙丁", max_size=3)),
    st.integers(1, 9),
    st.integers(0, 2),
)
def test_lexicon_scores_are_those_of_the_sets(
    counts: dict[str, int], reference: set[str], size: int, units: int
) -> None:
    scores = evaluate_lexicon(counts.items(), {"list": reference}, cuts=(size,), function_units=units)
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    longer = [word for word in ranked if len(word) > 1]
    edges = [word for word in ranked if len(word) == 1][:units] if len(set(counts.values())) > 1 else []
    assert scores.function_units == tuple(edges)
    for cut in scores.cuts:
        first = longer[: cut.words]
        junk = [word for word in first if word not in reference and {word[0], word[-1]} & set(edges)]
        assert cut.found == len(set(first) & reference)
        assert cut.junk == (len(junk) if edges else None)
    assert [cut.words for cut in scores.cuts] == [*([size] if size < len(longer) else []), len(longer)]
    (recall,) = scores.recalls
    assert recall.words == sum(len(word) > 1 for word in reference)
    assert recall.found == len(set(longer) & reference)


def test_a_list_without_counts_has_no_function_units_but_can_be_given_some() -> None:
    counts = dict.fromkeys(["的", "的人", "中国"], 1)
    plain = evaluate_lexicon(counts.items(), {"one": ONE})
    assert (plain.function_units, plain.junk_rate, plain.junk_examples) == ((), None, ())
    assert evaluate_lexicon(counts.items(), {"one": ONE}, function_units={"的"}).junk_rate == 0.5


def test_an_empty_lexicon_scores_nothing() -> None:
    scores = evaluate_lexicon([], {"one": ONE})
    assert (scores.words, scores.judged_words, scores.cuts[0].precision, scores.junk_rate) == (0, 0, 0, None)
    assert scores.recalls[0].recall == 0


def test_a_lexicon_needs_a_reference() -> None:
    with pytest.raises(ValueError, match="no reference"):
        evaluate_lexicon([("中国", 1)], {})


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("中国", True), ("A股", True), ("维生素C", True), ("AT&T", True), ("𠮷野", True), ("社·会", True),
        ("", False), ("的", False), ("𠮷", False), ("iPhone", False), ("ＵＮ", False), ("Pokémon", False),
        ("2001", False), ("2001年", False), ("９８年", False), ("<N>年", False), ("<L>股", False),
        ("……", False),
    ],
)  # fmt: skip
def test_words_of_two_units_or_more_that_are_no_number_are_judged(word: str, expected: bool) -> None:
    assert is_judged(word) is expected


# Tables and files


def test_columns_line_up_where_characters_are_wide() -> None:
    assert format_table([["", "n"], ["中国", "1,000"], ["é", "7"]]) == "          n\n中国  1,000\né         7"
    assert format_table([["a", "b"], ["100", "2"]], left=0) == "  a  b\n100  2"


@pytest.mark.parametrize("compress", [bytes, gzip.compress, lzma.compress])
def test_lines_are_read_from_plain_and_compressed_files(tmp_path: Path, compress) -> None:
    path = tmp_path / "gold.txt"
    path.write_bytes(compress("\ufeff甲 乙\r\n\n丙\u2028丁".encode()))
    assert read_lines(path) == ["甲 乙\r", "", "丙\u2028丁"]
    path.write_bytes("甲 乙\n丙\n".encode("gb18030"))
    assert read_lines(path, "gb18030") == ["甲 乙", "丙"]
    path.write_bytes("甲\n".encode("utf-16"))
    assert read_lines(path) == ["甲"]


def test_a_file_that_cannot_be_decoded_is_told_by_line(tmp_path: Path) -> None:
    path = tmp_path / "gold.txt"
    path.write_bytes("甲\n乙".encode() + b"\xff\n")
    with pytest.raises(CorpusError, match=r"gold\.txt:2: not valid utf-8 at byte 4; .*--encoding"):
        read_lines(path)


def test_a_file_that_is_cut_short_or_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "gold.txt.xz"
    path.write_bytes(lzma.compress("甲乙".encode() * 100)[:-20])
    with pytest.raises(CorpusError, match=r"gold\.txt\.xz: "):
        read_lines(path)
    path.write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(CorpusError, match="ZIP"):
        read_lines(path)


# The command


def run(*args: str | Path, input: str | None = None) -> Result:
    return CliRunner().invoke(command, [str(arg) for arg in args], input=input)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "gold.txt").write_text("武汉市 长江 大桥 。\n他 来自 上海\n", encoding="utf-8")
    (tmp_path / "predicted.txt").write_text("武汉 市长 江 大桥 。\n他 来 自 上海\n", encoding="utf-8")
    (tmp_path / "known.txt").write_text("他\n大桥\n来自\n。\n", encoding="utf-8")
    (tmp_path / "other.txt").write_text("武汉市 长江 大桥 。\n她 来自 上海\n", encoding="utf-8")
    lines = [f"{word} {count}\n" for word, count in COUNTS.items()]
    (tmp_path / "lexicon.txt").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "one.txt").write_text("".join(f"{word}\n" for word in sorted(ONE)), encoding="utf-8")
    (tmp_path / "two.txt").write_text("".join(f"{word}\n" for word in sorted(TWO)), encoding="utf-8")
    return tmp_path


def test_segmentation_prints_a_table(files: Path) -> None:
    result = run("segmentation", files / "gold.txt", files / "predicted.txt", "--words", files / "known.txt")
    assert result.exit_code == 0
    table = {line.split("  ")[0]: line.split()[-2:] for line in result.stdout.splitlines() if line}
    assert table["precision"] == ["0.4444", "0.3750"]
    assert table["recall"] == ["0.5714", "0.5000"]
    assert table["F1"] == ["0.5000", "0.4286"]
    assert table["OOV recall"] == ["0.3333", "0.3333"]
    assert table["true words"] == ["7", "6"]
    assert "1  武汉市 长江 → 武汉 市长 江" in result.stdout.splitlines()
    assert result.stderr == ""


def test_segmentation_leaves_out_what_was_not_asked_for(files: Path) -> None:
    result = run("segmentation", files / "gold.txt", files / "predicted.txt", "--errors", "0")
    assert result.exit_code == 0
    assert "OOV" not in result.stdout
    assert "→" not in result.stdout


def test_segmentation_prints_json(files: Path) -> None:
    result = run("segmentation", files / "gold.txt", files / "predicted.txt", "--json", "--seed", "3")
    scores = json.loads(result.stdout)
    expected = evaluate_segmentation(
        read_lines(files / "gold.txt"), read_lines(files / "predicted.txt"), seed=3, examples=5
    )
    assert scores == json.loads(json.dumps(expected.to_dict()))
    assert scores["overall"]["correct"] == 4
    assert scores["nchange"] == 5
    assert scores["errors"]["split"]["examples"] == [{"gold": "来自", "predicted": "来 自", "count": 1}]


def test_segmentation_reads_stdin_and_other_encodings(files: Path) -> None:
    predicted = (files / "predicted.txt").read_text(encoding="utf-8")
    by_stdin = run("segmentation", files / "gold.txt", "-", input=predicted)
    assert by_stdin.stdout == run("segmentation", files / "gold.txt", files / "predicted.txt").stdout
    for name in ("gold.txt", "predicted.txt"):
        text = (files / name).read_text(encoding="utf-8")
        (files / name).write_bytes(lzma.compress(text.encode("gb18030")))
    in_gbk = run("segmentation", files / "gold.txt", files / "predicted.txt", "--encoding", "gbk")
    assert in_gbk.stdout == by_stdin.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("gold.txt", "other.txt"), "other.txt:2: text differs from"),
        (("gold.txt", "known.txt"), "known.txt:1: text differs from"),
        (("gold.txt", "absent.txt"), "absent.txt: no such file"),
        (("gold.txt", "predicted.txt", "--words", "absent.txt"), "absent.txt: "),
    ],
)
def test_bad_data_ends_with_1(
    files: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(files)
    result = run("segmentation", *args)
    assert result.exit_code == 1
    assert isinstance(result.exception, CorpusError)
    assert str(result.exception).startswith(message)
    assert result.stdout == ""


@pytest.mark.parametrize(
    "args",
    [
        ("segmentation",),
        ("segmentation", "-", "-"),
        ("segmentation", "gold.txt", "predicted.txt", "--encoding", "klingon"),
        ("segmentation", "gold.txt", "predicted.txt", "--errors", "-1"),
        ("lexicon", "lexicon.txt"),
        ("parrot",),
    ],
)
def test_bad_usage_ends_with_2(files: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]) -> None:
    monkeypatch.chdir(files)
    assert run(*args).exit_code == 2


def test_lexicon_prints_a_table(files: Path) -> None:
    references = ("--reference", files / "one.txt", "--reference", files / "two.txt")
    result = run("lexicon", files / "lexicon.txt", *references, "--function-units", "2")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["8", "4", "0.5000", "3", "0.3750"] in lines
    assert ["union", "6", "4", "0.6667"] in lines
    assert ["40", "的人"] in lines
    assert "function units: 的 在" in result.stdout


def test_lexicon_prints_json_and_takes_a_corpus(files: Path) -> None:
    (files / "corpus.txt").write_text("中国人民\n经济\n", encoding="utf-8")
    result = run(
        "lexicon",
        files / "lexicon.txt",
        "--reference",
        files / "one.txt",
        "--corpus",
        files / "corpus.txt",
        "--json",
    )
    scores = json.loads(result.stdout)
    assert [(recall["words"], recall["found"]) for recall in scores["recalls"]] == [(3, 2)]
    assert scores["judged_words"] == 8


def test_the_help_names_the_default_number_of_function_units() -> None:
    assert f"[default: ({FUNCTION_UNITS})" in " ".join(run("lexicon", "--help").stdout.split())


# Real data


def maximum_matching(text: str, words: set[str], longest: dict[str, int]) -> list[str]:
    """From left to right the longest word of the list, or one character: the baseline of the bakeoff.

    longest : the greatest length of a word that begins with this character
    """
    start, found = 0, []
    while start < len(text):
        lengths = range(min(longest.get(text[start], 1), len(text) - start), 1, -1)
        length = next((length for length in lengths if text[start : start + length] in words), 1)
        found.append(text[start : start + length])
        start += length
    return found


def test_the_baseline_of_sighan_2005_has_its_published_figures(shared_data: Path) -> None:
    folder = shared_data / "sighan2005"
    known = {line.strip() for line in read_lines(folder / "pku_training_words.utf8")}
    text = read_lines(folder / "pku_test.utf8")
    longest: dict[str, int] = {}
    for word in known:
        longest[word[:1]] = max(len(word), longest.get(word[:1], 1))
    predicted = [" ".join(maximum_matching("".join(line.split()), known, longest)) for line in text]
    scores = evaluate_segmentation(read_lines(folder / "pku_test_gold.utf8"), predicted, known)
    # the script `score` prints for its `mwseg.pl`: R .907 P .843 F .874 OOV .058 .069 IV .958, NCHANGE 19016
    overall = scores.overall
    assert (overall.true_words, overall.test_words) == (104372, 112281)
    figures = (
        overall.recall,
        overall.precision,
        overall.f1,
        overall.oov_rate,
        overall.oov_recall,
        overall.iv_recall,
    )
    assert [round(figure or 0, 3) for figure in figures] == [0.907, 0.843, 0.874, 0.058, 0.069, 0.958]
    assert scores.nchange == pytest.approx(19016, rel=0.001)


def test_the_gold_of_msr_can_be_compared_with_its_test_text(shared_data: Path) -> None:
    folder = shared_data / "sighan2005"
    text = [" ".join("".join(line.split())) for line in read_lines(folder / "msr_test.utf8")]
    scores = evaluate_segmentation(read_lines(folder / "msr_test_gold.utf8"), text, samples=0)
    assert scores.overall.true_words == 106873
    assert scores.overall.test_words == scores.characters

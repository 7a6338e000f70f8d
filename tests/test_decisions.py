"""Decisions: their file, merging, and what a lexicon makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.cli import main
from minent.decisions import Decision, Decisions, lexicon_fingerprint, load_decisions, merged, parse_decisions
from minent.errors import CorpusError
from minent.kept_words import with_kept_counts
from minent.lexicon import Lexicon, load_lexicon

HEAD = "#minent-decisions 1\n#fingerprint 0123456789abcdef\nword\tdecision\treplacement\ttime\tby\n"


def written(path: Path, *rows: str) -> str:
    path.write_text(HEAD + "".join(row + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_a_file_reads_as_it_is_documented(tmp_path: Path) -> None:
    rows = [
        "字节跳\tfix\t字节跳动\t2026-07-01T12:00:00Z\tAnn",
        "的主要\tfix\t的 主要",
        "一母\tdrop",
        "凝固度\tkeep\t\t\tBob",
    ]
    found = load_decisions(written(tmp_path / "d.tsv", *rows))
    assert found.fingerprint == "0123456789abcdef"
    assert found["字节跳"] == Decision("字节跳", "fix", ("字节跳动",), "2026-07-01T12:00:00Z", "Ann")
    assert found["的主要"].replacement == ("的", "主要") and found["凝固度"].by == "Bob"
    assert found["一母"].place.endswith("d.tsv:6")
    assert found.kept() == {"字节跳动", "的", "主要", "凝固度"} and found.banned() == {"字节跳", "的主要", "一母"}


WORDS = st.text(st.sampled_from("甲乙 \\s<>#'\"$"), min_size=1, max_size=4)


@given(
    st.dictionaries(WORDS, st.tuples(st.sampled_from(["keep", "drop", "fix"]), st.lists(WORDS, min_size=1, max_size=3)))
)
def test_what_is_written_is_read_again_and_equal_decisions_are_equal_bytes(
    found: dict[str, tuple[str, list[str]]],
) -> None:
    decisions = [
        Decision(word, kind, tuple(words) if kind == "fix" else (), "2026-07-01T12:00:00Z", "我")  # type: ignore[arg-type]
        for word, (kind, words) in found.items()
        if kind != "fix" or word not in words
    ]
    data = Decisions(decisions, "abc").to_bytes()
    read = parse_decisions(data)
    assert dict(read) == {decision.word: decision for decision in decisions} and read.fingerprint == "abc"
    assert Decisions(reversed(decisions), "abc").to_bytes() == read.to_bytes() == data
    by_steps = Decisions()
    for decision in decisions:
        by_steps = by_steps.changed(decision.word, decision, "abc")
    assert by_steps.to_bytes() == data or not decisions


@pytest.mark.parametrize(
    ("content", "place", "problem"),
    [
        (b"word\tdecision\n", "d.tsv:1", "#minent-decisions 1"),
        (b"#minent-decisions 2\nword\tdecision\n", "d.tsv:1", "reads format 1"),
        (b"#minent-decisions 1\nword\tcount\n", "d.tsv:2", "word<TAB>decision"),
        (b"#minent-decisions 1\nword\tdecision\n\xff\tkeep\n", "d.tsv:3", "not valid UTF-8"),
        (b"#minent-decisions 1\nword\tdecision\nx\tmaybe\n", "d.tsv:3", "keep, drop, fix"),
        (b"#minent-decisions 1\nword\tdecision\n\nx\n", "d.tsv:4", "keep, drop, fix"),
        (b"#minent-decisions 1\nword\tdecision\n\tdrop\n", "d.tsv:3", "cannot be a word"),
        (b"#minent-decisions 1\nword\tdecision\nx\tkeep\ty\n", "d.tsv:3", "3 columns"),
        (b"#minent-decisions 1\nword\tdecision\treplacement\nx\tfix\t\n", "d.tsv:3", "needs words"),
        (b"#minent-decisions 1\nword\tdecision\treplacement\nx\tdrop\ty\n", "d.tsv:3", "has no words"),
        (b"#minent-decisions 1\nword\tdecision\treplacement\nx\tfix\ty x\n", "d.tsv:3", "replace itself"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(
    tmp_path: Path, content: bytes, place: str, problem: str
) -> None:
    path = tmp_path / "d.tsv"
    path.write_bytes(content)
    with pytest.raises(CorpusError) as caught:
        load_decisions(path)
    assert place in str(caught.value) and problem in str(caught.value)


def test_of_two_people_the_later_file_holds_and_both_places_are_told(tmp_path: Path) -> None:
    ann = written(tmp_path / "ann.tsv", "甲乙\tkeep\t\t2026-07-02T00:00:00Z\tAnn", "甲\tdrop", "丙丁\tfix\t丙 丁")
    bob = written(tmp_path / "bob.tsv", "甲乙\tdrop\t\t2026-07-01T00:00:00Z\tBob", "甲\tdrop", "戊\tkeep")
    both = load_decisions(ann, bob)
    assert set(both) == {"甲乙", "甲", "丙丁", "戊"}
    assert both["甲乙"].kind == "drop" and load_decisions(bob, ann)["甲乙"].kind == "keep"
    (conflict,) = both.conflicts
    text = str(conflict)
    assert "ann.tsv:4 keeps 甲乙" in text and "bob.tsv:4 drops 甲乙" in text and "the latter holds" in text


def test_the_later_line_of_a_file_holds_and_the_contradiction_is_told(tmp_path: Path) -> None:
    found = load_decisions(written(tmp_path / "d.tsv", "甲\tkeep", "甲\tdrop"))
    assert found["甲"].kind == "drop" and "d.tsv:4 keeps" in str(found.conflicts[0])
    assert merged([found, Decisions()]).conflicts == found.conflicts


def test_a_word_that_replaces_another_and_is_itself_dropped_is_dropped() -> None:
    found = Decisions([Decision("甲乙丙", "fix", ("甲乙", "丙")), Decision("甲乙", "drop"), Decision("丁", "keep")])
    assert found.kept() == {"丙", "丁"} and found.banned() == {"甲乙丙", "甲乙"}


def test_the_fingerprint_stays_when_the_same_text_gives_another_lexicon() -> None:
    first = Lexicon.from_counts({"甲": 3}, {"fingerprint": "f"})
    assert (
        lexicon_fingerprint(first) == lexicon_fingerprint(Lexicon.from_counts({"乙": 1}, {"fingerprint": "f"})) == "f"
    )
    plain = Lexicon.from_counts({"甲": 3})
    assert lexicon_fingerprint(plain) == plain.digest() != lexicon_fingerprint(Lexicon.from_counts({"乙": 3}))


# build-lexicon --decisions

NOUNS, TRAITS = ("苹果", "葡萄", "西瓜", "樱桃", "桔子", "香蕉"), ("颜色", "味道", "价钱", "形状", "大小", "来历")
TEXT = "".join(f"{noun}的{trait}，{other}和{noun}。\n" for noun in NOUNS for trait in TRAITS for other in NOUNS) * 3


def built(folder: Path, *options: str) -> Lexicon:
    corpus, target = folder / "corpus.txt", folder / "lexicon.tsv"
    corpus.write_text(TEXT, encoding="utf-8")
    assert main(["build-lexicon", str(corpus), "-o", str(target), "-j", "1", *options]) == 0
    return load_lexicon(target)


@pytest.mark.parametrize("recipe", ["default", "plain", "cohesion"])
def test_every_recipe_obeys(tmp_path: Path, capsys: pytest.CaptureFixture[str], recipe: str) -> None:
    before = built(tmp_path, "--recipe", recipe, "-q")
    assert "果的颜" not in before and "苹果" in before and "葡萄" in before
    rows = ["苹果\tdrop", "葡萄\tfix\t葡 萄", "果的颜\tkeep", "火龙果\tkeep"]
    after = built(tmp_path, "--recipe", recipe, "--decisions", written(tmp_path / "d.tsv", *rows))
    assert "苹果" not in after and "葡萄" not in after
    assert after["葡"].count >= 1 and after["萄"].count >= 1
    assert after["果的颜"].count == TEXT.count("果的颜") == 18  # as often as it stands in the text
    assert after["火龙果"].count == 0  # it does not, and yet it was kept
    assert "the decisions were made for the lexicon of another text" in capsys.readouterr().err


def test_what_people_disagree_about_is_told_and_the_later_file_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ann, bob = written(tmp_path / "ann.tsv", "苹果\tkeep"), written(tmp_path / "bob.tsv", "苹果\tdrop")
    assert "苹果" not in built(tmp_path, "--recipe", "plain", "--decisions", ann, "--decisions", bob)
    assert "ann.tsv:4 keeps 苹果" in capsys.readouterr().err
    assert "苹果" in built(tmp_path, "--recipe", "plain", "--decisions", bob, "--decisions", ann)


def test_a_kept_word_that_is_inside_longer_ones_is_counted_where_it_stands() -> None:
    from minent.corpus.sources import open_corpus

    corpus = open_corpus(["一九九八年三月，98年到99年，A股和B股"])
    lexicon = Lexicon.from_counts({"年": 3, "股": 2, "<N>年": 0, "A股": 0, "和": 1})
    counted = with_kept_counts(lexicon, corpus, ["<N>年", "A股", "不在"])
    assert (counted["<N>年"].count, counted["A股"].count, counted["年"].count) == (2, 1, 3)
    assert with_kept_counts(counted, corpus, ["<N>年"]) is counted


def test_a_file_that_is_none_ends_the_command_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus, list_ = tmp_path / "c.txt", tmp_path / "words.txt"
    corpus.write_text(TEXT, encoding="utf-8")
    list_.write_text("苹果 3\n", encoding="utf-8")
    assert main(["build-lexicon", str(corpus), "-o", "-", "--decisions", str(list_)]) == 1
    assert capsys.readouterr().err.strip().endswith("its first line must be #minent-decisions 1")

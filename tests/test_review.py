"""The review without a browser or a server: candidates, contexts, live cutting, saving."""

from __future__ import annotations

import os
import random
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from review_sample import WORDS, lexicon, number, sample_review

from minent.corpus.sources import Corpus
from minent.decisions import Decision, Decisions, load_decisions
from minent.errors import OutputError
from minent.lexicon import Lexicon
from minent.review import Contexts, DecisionFile, Review
from minent.review.candidates import Candidates, Query
from minent.review.live import LiveCutter
from minent.review.session import RefusedError
from minent.segmentation import Segmenter


@pytest.fixture
def review(tmp_path: Path) -> Review:
    return sample_review(tmp_path)


# candidates


def test_queries_find_what_python_finds() -> None:
    draw = random.Random(3)
    words = sorted({"".join(draw.choices("甲乙丙丁AB", k=draw.randint(1, 6))) for _ in range(400)})
    figures = [draw.choice(["", f"{draw.random():.3f}"]) for _ in words]
    new = [draw.choice("01") for _ in words]
    candidates = Candidates(
        Lexicon(words, [draw.randint(0, 9) for _ in words], {}, {"pmi": figures, "left_entropy": figures, "new": new})
    )
    candidates.decided[:] = np.array([draw.randint(0, 3) for _ in words])
    counts, pmi = candidates.counts.tolist(), candidates.figures["pmi"].tolist()
    names = candidates.words
    everything = range(len(names))

    def check(query: Query, wanted: Callable[[int], bool], key: Callable[[int], Any], reverse: bool = False) -> None:
        expected = sorted(filter(wanted, everything), key=key)
        found, total, first = candidates.find(query, 1000)
        assert (found, total, first) == (expected, len(expected), 0)
        page, collected = candidates.find(query, 7)[0], []
        while page:
            collected += page
            page = candidates.find(query, 7, after=page[-1])[0]
        assert collected == expected

    missing = float("inf")
    check(Query(sort="word"), lambda k: True, lambda k: names[k])
    check(Query(sort="count", descending=True), lambda k: True, lambda k: -counts[k])
    check(Query(sort="pmi"), lambda k: True, lambda k: missing if np.isnan(pmi[k]) else pmi[k])
    check(Query(sort="pmi", descending=True), lambda k: True, lambda k: missing if np.isnan(pmi[k]) else -pmi[k])
    check(Query(search="a乙", sort="word"), lambda k: "A乙" in names[k], lambda k: names[k])
    check(Query(search="甲*?b", sort="word"), lambda k: bool(re.fullmatch("甲.*.B", names[k])), lambda k: names[k])
    check(Query(search="[甲", sort="word"), lambda k: False, lambda k: names[k])
    check(Query(status="todo", sort="word"), lambda k: candidates.decided[k] == 0, lambda k: names[k])
    check(Query(status="drop", sort="word"), lambda k: candidates.decided[k] == 2, lambda k: names[k])
    check(Query(length=5, sort="word"), lambda k: len(names[k]) >= 5, lambda k: names[k])
    check(
        Query(length=2, new=True, sort="word"),
        lambda k: len(names[k]) == 2 and candidates.is_new[k],
        lambda k: names[k],
    )


def test_the_doubtful_come_first_and_single_characters_last() -> None:
    columns = {"pmi": ["", "5", "1", "5"], "left_entropy": ["3", "3", "3", "0"], "right_entropy": ["3"] * 4}
    words = ["的", "甲乙", "丙丁", "戊己"]  # … firm and free; loose; always beside the same neighbour
    candidates = Candidates(Lexicon(words, [9, 5, 5, 5], {}, dict(columns)))
    order = [candidates.words[k] for k in candidates.find(Query(), 9)[0]]
    assert order == ["丙丁", "戊己", "甲乙", "的"] or order == ["戊己", "丙丁", "甲乙", "的"]
    rare = Candidates(Lexicon(["甲乙", "丙丁"], [50, 2], {}, {"pmi": ["1", "1"], "left_entropy": ["1", "1"]}))
    assert [rare.words[k] for k in rare.find(Query(), 9)[0]] == ["甲乙", "丙丁"]
    assert [Candidates(Lexicon.from_counts({"甲乙": 1, "丙": 9})).words[k] for k in (0, 1)] == ["丙", "甲乙"]


def test_a_list_goes_on_behind_a_word_that_is_no_longer_in_it(review: Review) -> None:
    query = Query(status="todo", sort="word")
    first = review.rows(query, 3, None, None)
    last = first["rows"][-1]["id"]
    review.decide(last, "", "keep", "")
    following = review.rows(query, 3, last, None)["rows"]
    names = sorted(WORDS)
    assert [row["word"] for row in first["rows"] + following] == names[:6]
    until = review.rows(query, 1, None, number(review, names[7]))["rows"]
    assert [row["word"] for row in until] == names[:2] + names[3:8]


# contexts


def test_contexts_are_all_places_in_order_or_some_from_everywhere() -> None:
    lines = [f"第{k}行有词语在此" for k in range(300)]
    contexts = Contexts(Corpus.from_texts(["\n".join(lines)], shard_size=1 << 10))
    found = contexts.examples("词语", 1000)
    assert [place.left for place in found] == [f"第{k}行有" for k in range(300)]
    some = [int(re.findall(r"\d+", place.left)[0]) for place in contexts.examples("词语", 6)]
    assert len(some) == 6 and some == sorted(some) and some[0] < 100 and some[-1] > 200
    assert contexts.count("词语") == 300 and contexts.examples("没有", 5) == []


def test_latin_and_numbers_are_found_as_whole_runs_and_classes_stand_for_any() -> None:
    contexts = Contexts(Corpus.from_texts(["AA股，A股。1998年和98年，" + "x" * 40_000 + "3.5年"]))
    assert [place.left for place in contexts.examples("A股", 9)] == ["AA股，"]
    assert [place.text for place in contexts.examples("<N>年", 9)] == ["1998年", "98年", "3.5年"]
    assert [place.left[-1:] for place in contexts.examples("98年", 9)] == ["和"]
    assert len(Contexts(Corpus.from_texts(["AA股，A股"]), whole_runs=False).examples("A股", 9)) == 2


def test_only_so_much_text_is_held_and_that_is_told() -> None:
    contexts = Contexts(Corpus.from_texts(["甲乙丙丁" * 100]), most=50)
    assert contexts.characters == 50 and not contexts.is_whole
    assert Contexts(Corpus.from_texts(["甲乙" * 20]), most=50).is_whole


# live cutting


def test_words_that_come_and_go_cut_as_a_new_lexicon_does() -> None:
    draw = random.Random(5)
    counts = {"".join(draw.choices("甲乙丙", k=draw.randint(1, 3))): draw.randint(1, 9) for _ in range(25)}
    counts |= {"<N>年": 3, "C++": 2, "甲 乙": 2, "龘": 1000}
    live = LiveCutter(Lexicon.from_counts(counts))
    total, now = sum(counts.values()), dict(counts)
    for _ in range(80):
        word = draw.choice([*counts, "乙甲丙乙", "<N>月", ".NET"])
        if word in now and word != "龘":
            del now[word]
            live.remove(word)
        else:
            now[word] = draw.randint(1, 9)
            live.put(word, now[word])
        now["龘"] += total - sum(now.values())  # so that the probabilities of the others are what they were
        text = "".join(draw.choices(["甲", "乙", "丙", "年", "12", "月", "C++", " ", ".NET", "，"], k=12))
        assert live.cut_text(text) == Segmenter(Lexicon.from_counts(now)).cut(text)


def test_decisions_change_how_a_sentence_is_cut_and_undo_brings_it_back(review: Review) -> None:
    text = "苹果的主要原因，字节跳动"
    before = review.try_text(text)
    assert before["before"] == before["after"] and "的主要" in before["after"] and "tree" not in before
    review.decide(number(review, "的主要"), "", "fix", "的 主要")
    review.decide(None, "字节跳动", "keep", "")
    found = review.try_text(text)
    assert found["before"] == before["before"]
    assert found["after"] == ["苹果", "的", "主要", "原因", "，", "字节跳动"]
    review.undo()
    review.undo()
    assert review.try_text(text) == before
    with pytest.raises(RefusedError, match="nothing to undo"):
        review.undo()


def test_a_replacing_word_lives_as_long_as_one_of_the_words_it_replaces_is_fixed(review: Review) -> None:
    for word in ("共和国", "原因"):
        review.decide(number(review, word), "", "fix", "共和 国")
    assert review.cut("共和") == ["共和"]
    review.decide(number(review, "原因"), "", None, "")
    assert review.cut("共和") == ["共和"]
    review.decide(number(review, "共和国"), "", "keep", "")
    assert review.cut("共和") == ["共", "和"] and review.cut("共和国") == ["共和国"]


# saving


def test_every_decision_is_in_the_file_when_it_is_made_and_a_new_review_goes_on(review: Review, tmp_path: Path) -> None:
    path = tmp_path / "decisions.tsv"
    review.decide(number(review, "苹果"), "", "keep", "")
    assert load_decisions(path)["苹果"].by == "Ann"
    review.decide(number(review, "的主要"), "", "fix", " 的  主要 ")
    review.decide(None, " 字节跳动 ", "keep", "")
    review.decide(number(review, "苹果"), "", "drop", "")
    saved = load_decisions(path)
    assert {word: (one.kind, one.replacement) for word, one in saved.items()} == {
        "苹果": ("drop", ()),
        "的主要": ("fix", ("的", "主要")),
        "字节跳动": ("keep", ()),
    }
    assert saved.fingerprint == "f00d" and saved["苹果"].time.endswith("Z")
    again = Review(lexicon(), DecisionFile(str(path), (), "f00d"), by="Bob")
    assert again.state()["totals"] == {"keep": 1, "drop": 1, "fix": 1, "disputed": 0, "words": len(WORDS) + 1}
    assert again.cut("苹果的主要字节跳动") == review.cut("苹果的主要字节跳动")
    assert not again.state()["can_undo"]


def test_two_at_the_same_file_lose_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "decisions.tsv")
    ann = Review(lexicon(), DecisionFile(path, (), "f00d"), by="Ann")
    bob = Review(lexicon(), DecisionFile(path, (), "f00d"), by="Bob")
    ann.decide(number(ann, "苹果"), "", "keep", "")
    found = bob.decide(number(bob, "原因"), "", "drop", "")
    assert [row["word"] for row in found["others"]] == ["苹果"] and found["totals"]["keep"] == 1
    ann.decide(number(ann, "共和国"), "", "keep", "")
    saved = load_decisions(path)
    assert {word: one.by for word, one in saved.items()} == {"苹果": "Ann", "原因": "Bob", "共和国": "Ann"}
    assert ann.cut("原因") == ["原", "因"]
    bob.decide(number(bob, "苹果"), "", "drop", "")
    ann.undo()  # of 共和国
    with pytest.raises(RefusedError, match="decided again elsewhere"):
        ann.undo()  # of 苹果, which Bob has dropped
    assert load_decisions(path)["苹果"].kind == "drop" and "共和国" not in load_decisions(path)


def test_files_of_two_people_are_merged_and_the_last_is_written(tmp_path: Path) -> None:
    ann, bob, mine = (str(tmp_path / f"{name}.tsv") for name in ("ann", "bob", "mine"))
    Decisions([Decision("苹果", "keep", by="Ann"), Decision("没有的词", "keep", by="Ann")], "other").save(ann)
    Decisions([Decision("苹果", "drop", by="Bob"), Decision("原因", "drop", by="Bob")], "f00d").save(bob)
    file = DecisionFile(mine, [ann, bob], "f00d")
    assert file.strange == ["other"]
    review = Review(lexicon(), file, by="Cleo")
    rows = {row["word"]: row for row in review.rows(Query(status="decided"), 99, None, None)["rows"]}
    assert rows["苹果"]["decision"] == "drop" and rows["苹果"]["disputed"] and rows["没有的词"]["absent"]
    (dispute,) = review.details(number(review, "苹果"))["disputes"]
    assert "ann.tsv:" in dispute and "bob.tsv:" in dispute
    before = Path(ann).read_bytes(), Path(bob).read_bytes()
    review.decide(number(review, "苹果"), "", "keep", "")
    assert not review.rows(Query(status="disputed"), 9, None, None)["rows"]
    assert {word: one.by for word, one in load_decisions(mine).items()} == {
        "苹果": "Cleo",
        "没有的词": "Ann",
        "原因": "Bob",
    }
    assert (Path(ann).read_bytes(), Path(bob).read_bytes()) == before


def test_what_cannot_be_saved_was_not_decided(review: Review, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(OutputError):
            review.decide(number(review, "苹果"), "", "drop", "")
    assert review.state()["totals"]["drop"] == 0 and review.cut("苹果") == ["苹果"]
    assert list(tmp_path.iterdir()) == []
    review.decide(number(review, "苹果"), "", "drop", "")
    assert load_decisions(tmp_path / "decisions.tsv")["苹果"].kind == "drop"


def test_many_threads_decide_and_nothing_is_lost(review: Review, tmp_path: Path) -> None:
    def work(start: int) -> None:
        for k in range(start, start + 10):
            review.decide(None, f"词{k}", "keep", "")
            review.rows(Query(search="词"), 50, None, None)

    threads = [threading.Thread(target=work, args=(10 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(load_decisions(tmp_path / "decisions.tsv")) == {f"词{k}" for k in range(40)}


def test_what_another_review_decides_is_seen_before_an_undo_and_what_it_takes_back_stays_away(tmp_path: Path) -> None:
    path = str(tmp_path / "d.tsv")
    one, other = DecisionFile(path), DecisionFile(path)
    one.change("甲乙", Decision("甲乙", "drop"))
    assert other.change("丙丁", Decision("丙丁", "keep")) == {
        "甲乙": Decision("甲乙", "drop"),
        "丙丁": Decision("丙丁", "keep"),
    }
    assert one.refresh() == {"丙丁": Decision("丙丁", "keep")}
    one.change("甲乙", None)  # taken back
    assert other.change("戊己", Decision("戊己", "drop"))["甲乙"] is None
    assert set(load_decisions(path)) == {"丙丁", "戊己"}
    assert one.refresh() == {"戊己": Decision("戊己", "drop")} and one.refresh() == {}
    (tmp_path / "d.tsv").unlink()
    assert one.refresh() == {} and set(one.decisions) == {"丙丁", "戊己"}

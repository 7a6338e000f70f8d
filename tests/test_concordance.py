"""Words in context, beside the obvious way, and as a user of the command meets them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.concordance import Concordance, Occurrence, WordFinder, aligned
from minent.corpus.sources import Corpus
from minent.errors import CorpusError
from minent.evaluation.table import display_width

SIGNS = "甲乙aA1２.．%　，\u0301"
RUN = re.compile("[0-9２]+(?:[.．][0-9２]+)*[%]?|[aA][aA\u0301]*|.", re.DOTALL)
NUMBER = re.compile("[0-9２]+(?:[.．][0-9２]+)*[%]?")


def elements(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in RUN.finditer(text)]


def naive_places(text: str, word: str, whole_runs: bool) -> list[tuple[int, int]]:
    """Every place, found by trying them all; `<N>` is a number."""
    inside = {place for start, end in elements(text) for place in range(start + 1, end)} if whole_runs else set()
    found = []
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            if {start, end} & inside:
                continue
            if whole_runs and word == "<N>甲":
                match = text[end - 1] == "甲" and NUMBER.fullmatch(text[start : end - 1])
            else:
                match = text[start:end] == word
            if match:
                found.append((start, end))
    return found


@given(st.text(SIGNS, max_size=14), st.text(SIGNS, min_size=1, max_size=3), st.booleans())
def test_places_are_those_of_the_obvious_way(text: str, word: str, whole_runs: bool) -> None:
    words = list(dict.fromkeys([word, "甲", "甲甲", "<N>甲", word]))
    finder = WordFinder([*words, word], "run" if whole_runs else "char")
    assert finder.words == words
    expected = sorted(
        (*place, number) for number, each in enumerate(words) for place in naive_places(text, each, whole_runs)
    )
    assert finder.find(text) == expected


@pytest.mark.parametrize("words", [[""], ["甲", ""], "甲乙"])
def test_what_is_no_list_of_words_is_refused(words: list[str]) -> None:
    with pytest.raises(ValueError, match="none of them empty"):
        WordFinder(words)


def test_a_place_has_its_line_its_file_and_what_is_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("一行\r\n红苹果，绿苹果\r\n".encode())
    (tmp_path / "b.txt").write_text("苹果", encoding="utf-8")
    found = list(Concordance(Corpus([tmp_path]), ["苹果"]).first())
    a, b = str(tmp_path / "a.txt"), str(tmp_path / "b.txt")
    assert found == [
        Occurrence("苹果", "红", "苹果", "，绿苹果", a, 2),
        Occurrence("苹果", "红苹果，绿", "苹果", "", a, 2),
        Occurrence("苹果", "", "苹果", "", b, 1),
    ]
    assert [place.left for place in Concordance(Corpus([tmp_path]), ["苹果"], reach=1).first()] == ["红", "绿", ""]


@given(st.lists(st.text("甲乙丙\n", max_size=9), min_size=1, max_size=9), st.integers(1, 3), st.integers(0, 5))
def test_a_sample_depends_on_the_text_and_the_seed_only(lines: list[str], size: int, seed: int) -> None:
    words = ["甲", "乙丙"]
    whole = Corpus.from_texts(["\n".join(lines)])
    small = Corpus.from_texts(["\n".join(lines)], shard_size=4)
    every = list(Concordance(whole, words).first())
    sampled = Concordance(small, words)
    found = sampled.sample(size, seed)
    assert found == Concordance(whole, words).sample(size, seed)
    assert sampled.counts == [sum(place.word == word for place in every) for word in words]
    for word, count in zip(words, sampled.counts, strict=True):
        assert sum(place.word == word for place in found) == min(size, count)
    places = [every.index(place) for place in found]
    assert places == sorted(places)


def test_a_sample_is_even_and_another_seed_draws_another() -> None:
    corpus = Corpus.from_texts(["甲" for _ in range(4000)])
    drawn = [[place.line for place in Concordance(corpus, ["甲"]).sample(400, seed)] for seed in (0, 1)]
    assert drawn[0] != drawn[1]
    for lines in drawn:
        quarters = [sum(1000 * k < (line or 0) <= 1000 * (k + 1) for line in lines) for k in range(4)]
        assert min(quarters) > 60  # 100 each on average, 8.7 standard deviation


def test_the_first_places_need_no_more_than_the_first_of_the_text() -> None:
    class Lines:
        read = 0

        def __iter__(self):  # type: ignore[no-untyped-def]
            for number in range(100):
                self.read += 1
                yield "甲乙" * 100_000 if number < 50 else "丙"

    lines = Lines()
    found = list(Concordance(Corpus.from_texts(lines), ["甲", "乙"]).first(2))
    assert [(place.word, place.line) for place in found] == [("甲", 1), ("乙", 1), ("甲", 1), ("乙", 1)]
    assert lines.read < 50


def test_bytes_that_are_no_text_are_told_or_stop_the_run(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("甲\n".encode() + b"\xff\xfe" + "甲".encode())
    places = Concordance(Corpus([path], encoding="utf-8"), ["甲"])
    assert [place.left for place in places.first()] == ["", "\ufffd\ufffd"]
    report = places.watch.report()
    assert report is not None and (report.count, report.first_place) == (2, f"{path}:2")
    with pytest.raises(CorpusError, match="not valid UTF-8 at byte 1"):
        list(Concordance(Corpus([path], encoding="utf-8", errors="strict"), ["甲"]).first())


@pytest.mark.parametrize(
    ("left", "text", "right", "cells"),
    [
        ("abc", "词", "def", (" abc", "词  ", "def")),
        ("苹果的", "颜色", "是红色", ("果的", "颜色", "是红")),
        ("a苹果的", "词", "a是红", ("果的", "词  ", "a是")),
        ("\x1b[31m", "a\tb", "x\u202ey", ("[31m", "a b ", "xy")),
        ("", "词", "", ("    ", "词  ", "")),
    ],
)
def test_cells_line_up_and_obey_no_terminal_codes(left: str, text: str, right: str, cells: tuple[str, ...]) -> None:
    found = aligned(Occurrence("词", left, text, right, "x", 1), 4, 4)
    assert found == cells
    assert display_width(found[0]) == 4 and display_width(found[1]) == 4


def minent(folder: Path, *args: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "minent", "concordance", *args]
    environment = {**os.environ, "PYTHONUTF8": "1"}
    return subprocess.run(command, cwd=folder, input=data, capture_output=True, env=environment, timeout=300)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = "一九九八年，Ａ股与A股。\n中华人民共和国的A股\n2001年共和国AA股\n"
    (tmp_path / "news.txt").write_text(text, encoding="utf-8")
    (tmp_path / "words.txt").write_text("共和国\n", encoding="utf-8")
    (tmp_path / "news.jsonl").write_text('{"id": 1, "body": "共和国"}\n', encoding="utf-8")
    return tmp_path


def test_lines_of_several_words_line_up(folder: Path) -> None:
    run = minent(folder, "A股", "共和国", "news.txt", "--width", "8")
    assert run.returncode == 0
    assert run.stdout.decode().splitlines() == [
        "，Ａ股与  A股     。",
        "中华人民  共和国  的A股",
        "共和国的  A股",
        "  2001年  共和国  AA股",
    ]
    assert run.stderr.decode() == "minent: A股 2 times, 共和国 2 times\n"


def test_places_as_json_lines(folder: Path) -> None:
    run = minent(folder, "<N>年", "news.txt", "--format", "jsonl", "-q")
    assert [json.loads(line) for line in run.stdout.splitlines()] == [
        {"word": "<N>年", "left": "", "text": "2001年", "right": "共和国AA股", "path": "news.txt", "line": 3}
    ]
    run = minent(folder, "共和国", "news.jsonl", "--field", "body", "--format", "jsonl", "-q")
    assert json.loads(run.stdout)["line"] is None


def test_options_choose_the_places(folder: Path) -> None:
    def lines(*args: str) -> int:
        return len(minent(folder, *args, "-q").stdout.splitlines())

    assert lines("A股", "news.txt", "--units", "char") == 3
    assert lines("A股", "news.txt", "--limit", "1") == lines("A股", "news.txt", "--sample", "1") == 1
    assert lines("--words", "words.txt", "news.txt") == 2
    assert lines("A股", "--words", "words.txt", "news.txt", "--limit", "1") == 2
    assert minent(folder, "A股", data="沪市A股".encode()).stdout.decode().split() == ["沪市", "A股"]
    assert minent(folder, "A股", "news.txt", "-o", "out.txt", "-q").stdout == b""
    assert len((folder / "out.txt").read_bytes().splitlines()) == 2


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ((), 2, "no word is named"),
        (("--words", "none.txt", "news.txt"), 1, "none.txt: no such file or folder"),
        (("词", "none.txt"), 1, "none.txt: no such file or folder"),
        (("词", "news.txt", "--limit", "1", "--sample", "1"), 2, "exclude each other"),
        (("词", "news.txt", "-o", "news.txt"), 1, "is one of the inputs"),
        (("词", "news.txt", "--width", "0"), 2, "--width"),
    ],
)
def test_a_wrong_call_gets_one_line(folder: Path, args: tuple[str, ...], code: int, message: str) -> None:
    run = minent(folder, *args)
    assert (run.returncode, run.stdout) == (code, b"")
    assert len(run.stderr.decode().splitlines()) == 1 and message in run.stderr.decode()


def test_a_word_that_never_occurs_gives_nothing(folder: Path) -> None:
    run = minent(folder, "字节跳动", "news.txt")
    assert (run.returncode, run.stdout, run.stderr.decode()) == (0, b"", "minent: 字节跳动 0 times\n")

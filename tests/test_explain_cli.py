"""`minent explain` as a user meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def minent(folder: Path, *args: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "minent", *args]
    environment = {**os.environ, "PYTHONUTF8": "1"}
    return subprocess.run(command, cwd=folder, input=data, capture_output=True, env=environment, timeout=300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    lines = ["苹果的颜色", "葡萄的味道", "苹果和葡萄", "颜色和味道"] * 9
    (folder / "corpus.txt").write_text("\n".join(lines), encoding="utf-8")
    (folder / "words.txt").write_text("味道\n", encoding="utf-8")
    for command in (["build-lexicon", "corpus.txt", "--recipe", "plain"], ["explain", "苹果", "corpus.txt"]):
        run = minent(folder, *command, "-q")  # the second compiles what has been compiled nowhere yet
        assert run.returncode == 0, run.stderr
    return folder


def test_the_whole_explanation_of_a_word(folder: Path) -> None:
    run = minent(folder, "explain", "的颜色", "corpus.txt", "--width", "6")
    assert run.returncode == 0
    assert run.stderr.decode() == "minent: words of ./lexicon.tsv\n"
    assert (
        run.stdout.decode()
        == """\
的颜色
  not in the lexicon 不在词库; the recipe drops it at the step: neighbouring units 相邻字
  units 的 颜 色; 9 times 出现次数 in 180 units of text
  cuts 切分处: counts of the parts, PMI and F_ab of each
    的 | 颜色  18 · 18  1.61 nats  F_ab 0.0599  ← weakest 凝固度
    的颜 | 色   9 · 18  2.30 nats  F_ab 0.129
  branching entropy 自由度: left 左 0.00, right 右 0.00 nats
  as the lexicon cuts it 现在的切分, in all 9 places
    的 | 颜色  9
  steps of the recipe plain
    1. neighbouring units 相邻字: out  ← decides 决定
       two stay together if they occur more than 2.002 times with PMI above 2
       的 颜 9 times, PMI 1.83: cut
       颜 色 18 times, PMI 2.53: together
    2. candidate 候选词: out
       cut out as a piece 0 times; needs more than 1.501
    3. what was asked for: out
       count 0 (needs 1), 3 units (from 1 or more)
  contexts 上下文
      苹果  的颜色
      苹果  的颜色
      苹果  的颜色
"""
    )


def test_several_words_as_json_and_from_a_list(folder: Path) -> None:
    run = minent(folder, "explain", "苹果", "字节跳动", "--words", "words.txt", "--json", "corpus.txt", "-q")
    found = json.loads(run.stdout)
    assert run.stderr == b""
    assert [(each["word"], each["count"], each["kept"], each["occurrences"]) for each in found] == [
        ("苹果", 18, True, 18),
        ("字节跳动", None, False, 0),
        ("味道", 18, True, 18),
    ]
    assert [step["name"] for step in found[0]["steps"]] == ["pairs", "candidate", "redundancy", "wishes"]
    assert found[1]["decided_by"] == "pairs" and found[1]["contexts"] == []
    assert found[0]["contexts"][0]["path"] == "corpus.txt"


def test_the_recipe_can_be_left_out_and_text_can_come_from_a_pipe(folder: Path) -> None:
    text = (folder / "corpus.txt").read_bytes()
    run = minent(folder, "explain", "苹果", "-l", "lexicon.tsv", "--quick", "--json", data=text)
    (found,) = json.loads(run.stdout)
    assert (found["steps"], found["kept"], found["same_text"]) == ([], None, True)
    assert found["contexts"][0]["path"] == "-"
    whole = minent(folder, "explain", "苹果", "-l", "lexicon.tsv", "--json", "-j", "2", data=text)
    assert json.loads(whole.stdout)[0]["kept"] is True


@pytest.mark.parametrize("command", ["explain", "concordance"])
def test_a_file_that_is_missing_is_not_silently_taken_for_a_word(folder: Path, command: str) -> None:
    run = minent(folder, command, "苹果", "corpus", data="苹果的颜色".encode())
    assert "the text is read from standard input, since corpus is no file that is there" in run.stderr.decode()
    run = minent(folder, command, "苹果", data="苹果的颜色".encode())
    assert "standard input" not in run.stderr.decode()


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("words", "more"), [(["苹果"], ""), (["苹果", "corpus"], ", since corpus is no file that is there")]
)
def test_a_terminal_is_not_waited_for(folder: Path, words: list[str], more: str) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "minent", "explain", *words]
    run = subprocess.run(command, cwd=folder, stdin=theirs, capture_output=True, timeout=60)
    os.close(ours)
    os.close(theirs)
    expected = f"minent: no text is named{more}; `-` reads what is typed here; see minent explain --help\n"
    assert (run.returncode, run.stderr.decode()) == (2, expected)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize(
    "args",
    [
        ["explain", "苹果", "corpus.txt", "--quick"],
        ["entropy", "corpus.txt"],
        ["evaluate", "lexicon", "lexicon.tsv", "--reference", "words.txt"],
        ["cache", "info"],
    ],
)
def test_a_full_disk_behind_stdout_is_told(folder: Path, args: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "minent", *args]
        run = subprocess.run(command, cwd=folder, stdout=full, stderr=subprocess.PIPE, timeout=300)
    assert run.returncode == 1
    assert run.stderr.decode().splitlines()[-1] == "minent: <stdout>: no space left on the disk"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["entropy", "empty.txt"], "empty.txt: no Han character, Latin letter or digit in it; there is nothing to"),
        (["evaluate", "lexicon", "empty.txt", "--reference", "words.txt"], "empty.txt: there is no word in it"),
        (["evaluate", "lexicon", "words.txt", "--reference", "empty.txt"], "empty.txt: there is no word in it"),
    ],
)
def test_an_empty_file_has_no_figures(folder: Path, args: list[str], message: str) -> None:
    (folder / "empty.txt").touch()
    run = minent(folder, *args)
    assert run.returncode == 1 and run.stdout == b""
    assert run.stderr.decode().splitlines()[-1].startswith(f"minent: {message}")


def test_lists_of_the_builder_are_given_again(folder: Path) -> None:
    run = minent(folder, "build-lexicon", "corpus.txt", "--recipe", "plain", "--ban", "words.txt", "-o", "b.tsv", "-q")
    assert run.returncode == 0
    told = minent(folder, "explain", "味道", "-l", "b.tsv", "corpus.txt").stdout.decode()
    assert "note: the lexicon does not have it, its recipe gives it the count 18" in told
    told = minent(folder, "explain", "味道", "-l", "b.tsv", "corpus.txt", "--ban", "words.txt").stdout.decode()
    assert "note" not in told and "banned" in told


def test_decisions_of_the_builder_are_given_again(folder: Path) -> None:
    rows = ["#minent-decisions 1", "word\tdecision\treplacement", "味道\tdrop\t", "的颜色\tkeep\t"]
    (folder / "d.tsv").write_text("\n".join(rows), encoding="utf-8")
    run = minent(folder, "build-lexicon", "corpus.txt", "--recipe", "plain", "--decisions", "d.tsv", "-o", "d1.tsv")
    assert run.returncode == 0
    told = minent(folder, "explain", "味道", "的颜色", "-l", "d1.tsv", "--decisions", "d.tsv", "corpus.txt").stdout
    first, second = told.decode().split("\n\n")
    assert "not in the lexicon 不在词库; a decision drops it 人工决定: d.tsv:3 drops 味道\n" in first
    assert "a decision keeps it 人工决定: d.tsv:4 keeps 的颜色\n" in second
    assert "note" not in told.decode()
    run = minent(folder, "explain", "味道", "corpus.txt", "--decisions", "corpus.txt", "-q")
    assert run.returncode == 1 and b"corpus.txt:1: no decisions" in run.stderr


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ((), 2, "no word is named"),
        (("苹果", "none.txt"), 1, "none.txt: no such file or folder"),
        (("苹果", "no/such"), 1, "no/such: no such file or folder"),
        (("苹果", "corpus.txt", "-l", "none.tsv"), 1, "none.tsv: no such file or folder"),
        (("苹果", "corpus.txt", "-S", "1M", "-j", "1", "-q"), 2, "-S 1M is too little"),
        (("苹果", "empty.txt", "-q"), 1, "empty.txt: no Han character, Latin letter or digit in it"),
    ],
)
def test_a_wrong_call_gets_one_line(folder: Path, args: tuple[str, ...], code: int, message: str) -> None:
    (folder / "empty.txt").write_bytes(b"")
    run = minent(folder, "explain", *args)
    assert (run.returncode, run.stdout) == (code, b"")
    assert message in run.stderr.decode().splitlines()[-1]
    assert "Traceback" not in run.stderr.decode()


def test_a_text_that_would_write_on_the_terminal_does_not(folder: Path) -> None:
    (folder / "bad.txt").write_text("苹果\x1b[31m红\n" * 9, encoding="utf-8")
    run = minent(folder, "explain", "苹果", "\x1b[2J", "bad.txt", "-q")
    assert run.returncode == 0 and b"\x1b" not in run.stdout

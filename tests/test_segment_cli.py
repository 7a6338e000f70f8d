"""`minent segment`: its formats, its manners with files and pipes, its errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minent.cli import main

WORDS = "今天\t6\n天气\t5\n真\t2\n好\t2\n真好\t3\n今\t1\n天\t1\n气\t1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a lexicon of its own."""
    (tmp_path / "lexicon.tsv").write_text(WORDS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capfdbinary: pytest.CaptureFixture[bytes], *args: str) -> tuple[int, str, str]:
    code = main(["segment", *args])
    captured = capfdbinary.readouterr()
    return code, captured.out.decode("utf-8", "surrogateescape"), captured.err.decode()


def text_file(folder: Path, text: str | bytes, name: str = "text.txt") -> str:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return name


TEXT = "今天天气真好，\r\n\n 今天 3.5％"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "今天 天气 真好 ，\r\n\n 今天 3.5％"),
        (["--separator", "／／"], "今天／／天气／／真好／／，\r\n\n 今天 3.5％"),
        (["--units", "char"], "今天 天气 真好 ，\r\n\n 今天 3 . 5 ％"),
        (["--format", "spans"], "0-2 2-4 4-6 6-7\n\n1-3 4-8\n"),
        (["--sample", "900"], "今天 天气 真好 ，\r\n\n 今天 3.5％"),
    ],
)
def test_formats(folder: Path, capfdbinary, options: list[str], expected: str) -> None:  # type: ignore[no-untyped-def]
    assert run(capfdbinary, text_file(folder, TEXT), *options)[:2] == (0, expected)


def test_json_lines(folder: Path, capfdbinary) -> None:  # type: ignore[no-untyped-def]
    name = text_file(folder, "今天 真好\n".encode() + b"\xff\xfe\n")
    _, out, err = run(capfdbinary, name, "--format", "jsonl")
    assert [json.loads(line) for line in out.splitlines()] == [
        {"words": ["今天", "真好"], "spans": [[0, 2], [3, 5]]},
        {"words": ["\ufffd\ufffd"], "spans": [[0, 2]]},
    ]
    assert "2 bytes were not valid text, the first at text.txt:2" in err
    _, out, _ = run(capfdbinary, name, "--format", "jsonl", "--confidence")
    first = json.loads(out.splitlines()[0])
    assert first["words"] == ["今天", "真好"] and first["spans"] == [[0, 2], [3, 5]]
    assert first["confidence"] == [pytest.approx(6 / (6 + 1 / 21)), pytest.approx(3 / (3 + 4 / 21))]


def test_nbest_tells_line_log_probability_and_words(folder: Path, capfdbinary) -> None:  # type: ignore[no-untyped-def]
    name = text_file(folder, "真好\n好，\n")
    # total 21: ln 3/21, ln (2/21)², ln 2/21
    expected = "1\t-1.9459\t真好\n1\t-4.7028\t真 好\n2\t-2.3514\t好 ，\n"
    assert run(capfdbinary, name, "--nbest", "3")[1] == expected
    _, out, _ = run(capfdbinary, name, "--nbest", "1", "--format", "jsonl")
    assert json.loads(out.splitlines()[1]) == {"cuttings": [{"log_prob": -2.351375, "words": ["好", "，"]}]}


def test_confidence_follows_each_word(folder: Path, capfdbinary) -> None:  # type: ignore[no-untyped-def]
    assert run(capfdbinary, text_file(folder, "真好 ，\n"), "--confidence")[1] == "真好/0.940 ，/1.000\n"


def test_samples_depend_on_the_seed_and_not_on_workers_or_formats(folder: Path, capfdbinary) -> None:  # type: ignore[no-untyped-def]
    name = text_file(folder, "今天天气真好，" * 3000 + "\n" + "今天天气真好\n" * 3000)
    first = run(capfdbinary, name, "--sample", "0.3", "-j", "1")[1]
    assert first == run(capfdbinary, name, "--sample", "0.3", "-j", "2")[1]
    assert first != run(capfdbinary, name, "--sample", "0.3", "--seed", "1")[1]
    records = run(capfdbinary, name, "--sample", "0.3", "--format", "jsonl")[1].splitlines()
    assert [json.loads(record)["words"] for record in records] == [line.split() for line in first.splitlines()]


def test_protected_words_come_from_lists(folder: Path, capfdbinary) -> None:  # type: ignore[no-untyped-def]
    text_file(folder, "C++\n天天气\n", "protected.txt")
    name = text_file(folder, "今天天气C++\n")
    assert run(capfdbinary, name, "--protect", "protected.txt")[1] == "今 天天气 C++\n"


def test_it_says_which_lexicon_it_uses(folder: Path, capfdbinary) -> None:  # type: ignore[no-untyped-def]
    name = text_file(folder, "今天\n")
    assert "lexicon.tsv" in run(capfdbinary, name)[2]
    assert run(capfdbinary, name, "-q")[2] == ""
    assert run(capfdbinary, name, "-l", "lexicon.tsv")[2] == ""


def test_other_encodings_and_records(folder: Path, capfdbinary) -> None:  # type: ignore[no-untyped-def]
    name = text_file(folder, "今天天气\n".encode("gb18030"))
    assert run(capfdbinary, name, "--encoding", "gb18030")[1] == "今天 天气\n"
    name = text_file(folder, '{"id": 1, "text": "今天天气"}\n{"text": "真好"}\n', "records.jsonl")
    assert run(capfdbinary, name, "--field", "text")[1] == "今天 天气\n真好\n"


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["--separator", ""], 2, "--separator is empty"),
        (["--nbest", "2", "--confidence"], 2, "only one of --sample, --nbest and --confidence can be given"),
        (["--format", "spans", "--nbest", "2"], 2, "--format spans has no room for --nbest and --confidence"),
        (["--nbest", "0"], 2, "--nbest"),
        (["--sample", "-1"], 2, "--sample"),
        (["missing.txt"], 1, "missing.txt: no such file or folder"),
        (["-l", "missing.tsv", "text.txt"], 1, "missing.tsv: no such file or folder"),
        (["--errors", "strict", "text.txt"], 1, "text.txt:2: not valid UTF-8 at byte 3; try --encoding auto"),
        (["--errors", "strict", "--format", "spans", "text.txt"], 1, "text.txt:2: not valid UTF-8 at byte 3"),
        (["text.txt", "-o", "text.txt"], 1, "text.txt: is one of the inputs and is not overwritten"),
        (["text.txt", "-o", "missing/out.txt"], 1, "missing/out.txt: its folder does not exist"),
    ],
)
def test_every_failure_is_one_line(folder: Path, capfdbinary, args: list[str], code: int, message: str) -> None:  # type: ignore[no-untyped-def]
    text_file(folder, b"a\nbc\xff\n")
    before = sorted(os.listdir(folder))
    found, out, err = run(capfdbinary, "-q", *args)
    assert found == code and message in err and err.count("\n") == 1
    assert out in ("", "0-1\n")  # a line before the error may have been written to stdout
    assert sorted(os.listdir(folder)) == before


def test_a_failure_leaves_no_partial_output(folder: Path, capfdbinary) -> None:  # type: ignore[no-untyped-def]
    name = text_file(folder, "今天\n".encode() * 1000 + b"\xff")
    (folder / "out.txt").write_text("old")
    assert run(capfdbinary, name, "--errors", "strict", "-o", "out.txt")[0] == 1
    assert (folder / "out.txt").read_text() == "old"
    assert sorted(os.listdir(folder)) == ["lexicon.tsv", "out.txt", "text.txt"]


def start(folder: Path, *args: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "minent", "segment", "-q", *args]
    return subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_line_from_a_pipe_is_answered_before_the_next_comes(folder: Path, jobs: str) -> None:
    with start(folder, "-j", jobs) as process:
        assert process.stdin and process.stdout
        for line, expected in (("今天天气\n", "今天 天气\n"), ("真好\n", "真好\n")):
            process.stdin.write(line.encode())
            process.stdin.flush()
            assert process.stdout.readline().decode() == expected
        process.stdin.write("今天天气".encode())
        out, _ = process.communicate(timeout=60)
        assert out.decode() == "今天 天气" and process.returncode == 0


def test_a_reader_that_goes_away_ends_it_quietly(folder: Path) -> None:
    name = text_file(folder, "今天天气\n" * 200_000)
    with start(folder, name) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 141
        assert process.stderr.read() == b""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_ends_it_and_leaves_nothing(folder: Path, jobs: str) -> None:
    with start(folder, "-o", "out.txt", "-j", jobs) as process:
        assert process.stdin and process.stderr
        process.stdin.write("今天\n".encode())
        process.stdin.flush()
        for _ in range(600):
            if any(name.endswith(".part") for name in os.listdir(folder)):
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == b""
    assert os.listdir(folder) == ["lexicon.tsv"]

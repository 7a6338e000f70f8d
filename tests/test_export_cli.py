"""`minent export` and `minent import` as a user meets them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from minent import Lexicon
from minent.export.format import FORMATS, find_format
from minent.lexicon import load_lexicon


def minent(folder: Path, *args: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "minent", *args]
    environment = {**os.environ, "PYTHONUTF8": "1"}
    return subprocess.run(command, cwd=folder, input=data, capture_output=True, env=environment, timeout=300)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    counts = {"的": 7, "科学": 3, "<N>年": 2, "New York": 1}
    Lexicon.from_counts(counts).mark_new({"的"}).save(tmp_path / "lexicon.tsv")
    return tmp_path


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_a_name_of_its_own_and_a_way_back(folder: Path, form: str) -> None:
    run = minent(folder, "export", "lexicon.tsv", "--to", form)
    assert (run.returncode, run.stdout) == (0, b""), run.stderr
    output = find_format(form).output
    written = (folder / output).read_bytes()
    assert minent(folder, "export", "lexicon.tsv", "--to", form, "-o", "-", "-q").stdout == written
    run = minent(folder, "import", output, "--from", form, "-o", "back.tsv")
    assert (run.returncode, run.stdout) == (0, b""), run.stderr
    assert {"的", "科学"} <= set(load_lexicon(folder / "back.tsv"))


def test_what_was_split_and_left_out_is_told(folder: Path) -> None:
    run = minent(folder, "export", "--to", "jieba", "-o", "-")
    assert run.stdout.decode() == "的 7\n科学 3\n年 2\n"
    assert run.stderr.decode().splitlines() == [
        "minent: words of ./lexicon.tsv",
        "minent: 1 words with <N> or <L> (any number, any Latin run) were split",
        "minent: left out 1 words that jieba cannot have or find, the first: New York",
        "minent: 3 words in stdout",
    ]
    assert minent(folder, "export", "--to", "jieba", "-o", "-", "-q").stderr == b""


def test_options_choose_words_and_counts(folder: Path) -> None:
    args = ("export", "lexicon.tsv", "-q", "-o", "-", "--to", "jieba")
    assert minent(folder, *args, "--min-count", "3", "--total", "100").stdout.decode() == "的 70\n科学 30\n"
    assert minent(folder, *args, "--new-only", "--classes", "drop").stdout.decode() == "科学 3\n"
    (folder / "known.txt").write_text("科学\n", encoding="utf-8")
    assert minent(folder, *args, "--new-only", "--known", "known.txt").stdout.decode() == "年 2\n"
    (folder / "empty.txt").write_bytes(b"")
    assert minent(folder, *args, "--new-only", "--known", "empty.txt").stdout.decode() == "科学 3\n年 2\n"
    assert minent(folder, *args, "--classes", "keep").stdout.decode() == "的 7\n科学 3\n<N>年 2\n"


def test_text_from_a_pipe_becomes_a_lexicon(folder: Path) -> None:
    run = minent(folder, "import", "-", "--from", "jieba", "-o", "-", data="云计算 5 n\n<N>年 3\n".encode())
    assert run.stdout.decode().splitlines()[-1].startswith("云计算\t5\t")
    assert run.stderr.decode().splitlines() == [
        "minent: left out 1 words that a lexicon cannot have, the first: <N>年",
        "minent: 1 words in stdout",
    ]


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("export", "lexicon.tsv"), 2, "Missing option '--to'"),
        (("export", "lexicon.tsv", "--to", "ik", "--total", "5"), 2, "--total does not go with --to ik"),
        (("export", "plain.txt", "--to", "ik", "--new-only"), 2, "--new-only needs --known LIST"),
        (("export", "none.tsv", "--to", "ik"), 1, "none.tsv: no such file or folder"),
        (("export", "lexicon.tsv", "--to", "ik", "-o", "lexicon.tsv"), 1, "is one of the inputs and is not overwrit"),
        (("export", "lexicon.tsv", "--to", "ik", "-o", "none/x"), 1, "none/x: its folder does not exist"),
        (("export", "lexicon.tsv", "--to", "ik", "--min-count", "99"), 1, "has no word that can be written"),
        (("import", "plain.txt"), 2, "Missing option '--from'"),
        (("import", "none.txt", "--from", "ik"), 1, "none.txt: no such file or folder"),
        (("import", "plain.txt", "--from", "ik", "-o", "plain.txt"), 1, "is one of the inputs and is not overwritten"),
        (("import", "plain.txt", "--from", "sentencepiece"), 1, "plain.txt:1: not a piece, a tab and a score"),
        (("import", "plain.txt", "--from", "tokenizers"), 1, "plain.txt: not valid JSON"),
    ],
)
def test_a_failure_is_one_line_and_leaves_nothing(folder: Path, args: tuple[str, ...], code: int, message: str) -> None:
    (folder / "plain.txt").write_text("科学\n", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    run = minent(folder, *args)
    lines = run.stderr.decode().splitlines()
    assert (run.returncode, run.stdout) == (code, b"")
    assert len(lines) == 1 and lines[0].startswith("minent: ") and message in lines[0]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before

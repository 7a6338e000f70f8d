"""What of a corpus was no text, or was left out of it, is told by the commands that read one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from minent.cli import main
from minent.corpus.notes import corpus_notes
from minent.corpus.sources import Corpus

LINES = ["今天天气真好，苹果是什么意思？", "从北京到上海，今天天气真好。"] * 20
COMMANDS = [
    ["build-lexicon", "-o", "found.tsv"],
    ["segment", "-o", "cut.txt"],
    ["segment", "--format", "jsonl", "-o", "cut.jsonl"],
    ["templates", "-o", "templates.tsv"],
    ["concordance", "-o", "places.txt", "今天"],
    ["entropy"],
    ["explain", "--quick", "今天"],
    ["report", "-o", "report.html"],
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lexicon, and a folder of records: one without text, a word in bytes that are no text, a file that is none."""
    (tmp_path / "lexicon.tsv").write_text("今天\t6\n天气\t5\n真好\t3\n苹果\t2\n", encoding="utf-8")
    records = [json.dumps({"text": line}, ensure_ascii=False).encode() for line in LINES]
    lost = json.dumps({"title": "苹果"}).encode()
    (tmp_path / "texts").mkdir()
    broken = records[0].replace("真".encode(), b"\xff")
    (tmp_path / "texts" / "a.jsonl").write_bytes(b"\n".join([*records, lost, broken]))
    plain = [line.encode() for line in LINES]
    (tmp_path / "plain.txt").write_bytes(b"\n".join([*plain, b"", "今".encode() + b"\xff\xfe", *plain]))
    (tmp_path / "texts" / "b.bin").write_bytes(b"\x00\x01\x02\xff" * 100)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_what_was_left_out_is_told(folder: Path, capfd: pytest.CaptureFixture[str], command: list[str]) -> None:
    if command[0] == "report":
        pytest.importorskip("jinja2")
        pytest.importorskip("matplotlib")
    assert main([*command, "texts", "--field", "text"]) == 0
    told = capfd.readouterr().err
    assert "left out 1 records, the first: " in told and f"a.jsonl:{len(LINES) + 1}: has no field 'text'" in told
    assert "skipped 1 of the files, the first: " in told and "b.bin" in told
    assert "1 bytes were not valid text, the first at " in told and "; try --encoding auto" in told
    assert main([*command, "plain.txt"]) == 0
    assert f"2 bytes were not valid text, the first at plain.txt:{len(LINES) + 2}" in capfd.readouterr().err
    assert main([*command, "plain.txt", "-q"]) == 0
    assert capfd.readouterr().err == ""
    assert main([*command, "plain.txt", "--errors", "strict"]) == 1
    assert f"plain.txt:{len(LINES) + 2}: not valid UTF-8 at byte 4" in capfd.readouterr().err


def test_a_grammar_tells_which_bytes_were_no_text(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["grammar", "plain.txt", "--models", "1", "-o", "grammar.npz"]) == 0
    assert f"2 bytes were not valid text, the first at plain.txt:{len(LINES) + 2}" in capfd.readouterr().err
    assert main(["grammar", "plain.txt", "--errors", "strict", "-o", "none.npz"]) == 1
    assert f"plain.txt:{len(LINES) + 2}: not valid UTF-8 at byte 4" in capfd.readouterr().err
    assert not (folder / "none.npz").exists()


def test_a_review_tells_it_before_it_begins(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("minent.review.serve", lambda *_: None)
    monkeypatch.setattr("minent.review.require_libraries", lambda: None)
    assert main(["review", "lexicon.tsv", "texts", "--field", "text", "--no-browser"]) == 0
    told = capfd.readouterr().err
    assert "1 bytes were not valid text" in told and "left out 1 records" in told and "skipped 1 of the files" in told
    assert main(["review", "lexicon.tsv", "plain.txt", "--errors", "strict", "--no-browser"]) == 1
    assert "not valid UTF-8 at byte 4" in capfd.readouterr().err


def test_an_encoding_that_was_found_already_is_not_advised(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["segment", "plain.txt", "-o", "cut.txt", "--encoding", "auto"]) == 0
    assert "2 bytes were not valid text, the first at plain.txt:42\n" in capfd.readouterr().err


def test_a_pass_that_ends_early_does_not_forget_what_was_left_out(folder: Path) -> None:
    with Corpus(["texts"], field="text", shard_size=4096) as corpus:
        assert sum(1 for _ in corpus.shards()) == 1
        notes = list(corpus_notes(corpus, corpus.decoding_report))
        for _ in corpus.shards(64):
            break
        assert list(corpus_notes(corpus, corpus.decoding_report)) == notes and len(notes) == 3

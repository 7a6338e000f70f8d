"""What of a corpus was no text, or was left out of it, is told by the commands that read one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from minent.cli import main

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
    (tmp_path / "texts" / "b.bin").write_bytes(b"\x00\x01\x02\xff" * 100)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_what_was_left_out_is_told(folder: Path, capfd: pytest.CaptureFixture[str], command: list[str]) -> None:
    assert main([*command, "texts", "--field", "text"]) == 0
    told = capfd.readouterr().err
    assert "left out 1 records, the first: " in told and f"a.jsonl:{len(LINES) + 1}: has no field 'text'" in told
    assert "skipped 1 of the files, the first: " in told and "b.bin" in told
    assert "1 bytes were not valid text, the first at " in told and "; try --encoding auto" in told
    assert main([*command, "texts", "--field", "text", "-q"]) == 0
    assert capfd.readouterr().err == ""

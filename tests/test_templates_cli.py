"""`minent templates`: what it writes, what it says, how it fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from minent.cli.templates import command
from minent.errors import CorpusError, OutputError
from minent.templates import load_templates

TEXT = "从 北京 到 上海 。\n从 广州 到 深圳\n今天 天气 好 吗 ？\n" * 9


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def run(*args: object) -> Any:
    return CliRunner().invoke(command, [str(arg) for arg in args])


def test_templates_are_written_and_summarised(text: Path, tmp_path: Path) -> None:
    output = tmp_path / "templates.tsv"
    result = run(text, "--pretokenized", "--min-pmi", "0.5", "-o", output)
    assert result.exit_code == 0, result.output
    found = load_templates(output)
    assert found["今天 天气 好 吗"].count == 9
    assert found.settings["window"] == "5"
    assert result.stdout == ""
    assert "27 sentences, 108 words" in result.stderr
    assert f"templates, 0 of them trivial, in {output}" in result.stderr


def test_stdout_carries_the_file_and_quiet_is_quiet(text: Path, tmp_path: Path) -> None:
    output = tmp_path / "templates.tsv"
    run(text, "--pretokenized", "-o", output)
    result = run(text, "--pretokenized", "-o", "-", "-q")
    assert result.exit_code == 0
    assert result.stdout_bytes == output.read_bytes()
    assert result.stderr == ""


def test_options_reach_the_settings(text: Path, tmp_path: Path) -> None:
    output = tmp_path / "templates.tsv"
    options = ["--window", 2, "--min-count", 3, "--min-length", 2, "--no-trivial", "--contains", "到", "--fillers", 0]
    result = run(text, "--pretokenized", *options, "--top", 3, "--boundaries", "stops", "--max-paths", 0, "-o", output)
    assert result.exit_code == 0, result.output
    found = load_templates(output)
    assert 0 < len(found) <= 3
    assert all("到" in entry.template.words and not entry.fillers for entry in found)
    assert found.settings["window"] == "2" and "max_paths" not in found.settings


@pytest.mark.parametrize(
    "options",
    [["--window", 0], ["--window", 31], ["--min-prob", 1], ["--pretokenized", "-l", "x"], ["--min-pmi", "nan"]],
)
def test_wrong_usage_is_told(text: Path, options: list[object]) -> None:
    result = run(text, *options)
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit | click.UsageError)


def test_an_input_is_not_overwritten_and_an_empty_one_is_an_error(text: Path, tmp_path: Path) -> None:
    assert isinstance(run(text, "--pretokenized", "-o", text).exception, OutputError)
    empty = tmp_path / "empty.txt"
    empty.write_text("")
    assert isinstance(run(empty, "--pretokenized", "-o", tmp_path / "x.tsv").exception, CorpusError)
    assert not (tmp_path / "x.tsv").exists()

"""Who uses minent with types is told the truth: a script with the whole surface passes mypy in strict mode."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
from pathlib import Path

import minent

lexicon: minent.Lexicon = minent.build_lexicon(["corpus.txt"], recipe="plain")
lexicon.save(Path("lexicon.tsv"))
count: int = minent.load_lexicon("lexicon.tsv")["科学"].count
segmenter = minent.Segmenter(lexicon, protect=["C++"])
words: list[str] = segmenter.cut("科学技术")
spans: tuple[tuple[int, int], ...] = tuple(segmenter.segment("科学技术").spans)
segmenter.cut_file("in.txt", "out.txt")
templates: minent.TemplateSet = minent.find_templates(["questions.txt"], segmenter)
tree: minent.ParseTree = minent.Parser(templates, segmenter).parse("苹果的颜色是什么呢")
grammar: minent.Grammar = minent.load_grammar("grammar.npz")
found: list[minent.Explanation] = minent.explain("的主要", lexicon, ["corpus.txt"])
written: int = minent.export_lexicon(lexicon, "jieba", "userdict.txt").words
try:
    minent.open_corpus("none.txt")
except minent.MinentError as error:
    code: int = error.exit_code
reveal_type(words)
"""


def mypy(folder: Path, script: str) -> tuple[int, str]:
    (folder / "script.py").write_text(script, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        folder / "cache",
        "--config-file",
        "",
        "script.py",
    ]
    run = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=600)
    return run.returncode, run.stdout + run.stderr


@pytest.mark.slow
def test_a_script_that_uses_everything_is_well_typed(tmp_path: Path) -> None:
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    code, told = mypy(tmp_path, SCRIPT)
    assert (code, 'Revealed type is "list[str]"' in told) == (0, True), told
    code, told = mypy(tmp_path, SCRIPT + "minent.Segmenter(lexicon).cut(3)\nminent.nothing\n")
    assert code == 1 and "[arg-type]" in told and "[attr-defined]" in told, told

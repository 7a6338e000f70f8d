"""The examples of the documentation run, and print what the documentation says."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "docs" / "examples"
NEEDS = {  # example: the library it is about
    "scikit_learn": "sklearn",
    "gensim_vectors": "gensim",
    "pandas_frames": "pandas",
    "hugging_face_datasets": "datasets",
}


def output(name: str, folder: Path) -> str:
    """What an example prints, run as a user runs it, without the network."""
    if importlib.util.find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed")
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder), "PYTHONUTF8": "1"}
    run = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py"],
        cwd=folder,
        capture_output=True,
        env={**os.environ, **offline},
        timeout=600,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_every_example_is_run_and_shown() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(NEEDS)
    page = (ROOT / "docs" / "api-examples.md").read_text(encoding="utf-8")
    for name in NEEDS:
        assert f'--8<-- "examples/{name}.py"' in page and f'--8<-- "examples/{name}.txt"' in page


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scikit_learn", "pandas_frames", "hugging_face_datasets"])
def test_an_example_prints_what_the_page_shows(name: str, tmp_path: Path) -> None:
    assert output(name, tmp_path) == (EXAMPLES / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.slow
def test_word_vectors_of_cut_text_put_persons_beside_persons(tmp_path: Path) -> None:
    lines = dict(line.split(" → ") for line in output("gensim_vectors", tmp_path).splitlines() if "→" in line)
    shown = (EXAMPLES / "gensim_vectors.txt").read_text(encoding="utf-8")
    assert [line.split(" → ")[0] for line in shown.splitlines()[1:]] == list(lines)
    assert len({"宝钗", "宝玉", "湘云", "袭人", "紫鹃", "林黛玉"} & set(lines["黛玉"].split())) >= 3
    assert {"问道", "冷笑道", "道", "便问"} & set(lines["笑道"].split())

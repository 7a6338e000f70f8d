"""`minent neural` where PyTorch is absent or not needed: help is quick, and what is missing is told in one line."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from minent.cli import main

WITHOUT_TORCH = """
import sys
from importlib.abc import MetaPathFinder
class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "torch" else real(name, package)
from minent.cli import main
sys.exit(main(sys.argv[1:]))
"""
HELP_LOADS = """
import sys
from minent.cli import main
code = main(sys.argv[1:])
loaded = {"torch", "numpy", "numba", "safetensors", "tokenizers"} & set(sys.modules)
sys.exit(code or (f"loaded {loaded}" if loaded else 0))
"""


def python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    "arguments",
    [
        ["neural", "--help"],
        ["neural", "gpt2", "--help"],
        *(["neural", "gpt2", name, "--help"] for name in ("convert", "train", "finetune", "generate", "score")),
        *(["neural", "couplet", name, "--help"] for name in ("train", "generate", "evaluate")),
    ],
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    done = python(HELP_LOADS, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: minent neural")


@pytest.mark.parametrize(
    "arguments",
    [
        ["gpt2", "train", "x.txt", "-o", "x"],
        ["gpt2", "finetune", "x", "x.txt", "-o", "y"],
        ["gpt2", "generate", "x", "y"],
        ["gpt2", "score", "x", "y"],
        ["gpt2", "evaluate", "x", "y"],
        ["gpt2", "convert", "x", "--vocab", "v", "-o", "y"],
        ["couplet", "train", "x.tsv", "-o", "x"],
        ["couplet", "generate", "x", "y"],
        ["couplet", "evaluate", "x", "y"],
    ],
)
def test_without_pytorch_a_command_says_how_to_install_it(arguments: list[str]) -> None:
    done = python(WITHOUT_TORCH, "neural", *arguments)
    assert done.returncode == 3
    assert done.stderr == "minent: this command needs the package torch: pip install 'minent[neural]'\n"
    assert done.stdout == ""


def test_a_model_that_does_not_exist_is_a_mistake_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["neural", "gpt9"]) == 2
    assert "No such command 'gpt9'" in capsys.readouterr().err


@pytest.mark.skipif(find_spec("torch") is None, reason="needs torch")
def test_a_setting_that_is_wrong_is_a_mistake_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["neural", "gpt2", "train", "-o", "x", "--set", "speed=3"]) == 2
    assert "speed=3: not KEY=VALUE with one of the keys steps, epochs" in capsys.readouterr().err


@pytest.mark.skipif(find_spec("torch") is None, reason="needs torch")
@pytest.mark.parametrize(
    "command",
    [
        *(f"{model} train" for model in ("couplet", "gpt2", "vae", "cluster", "fvae", "gan", "segment")),
        *("gpt2 finetune no-model", "gan judge"),
    ],
)
def test_a_folder_that_is_not_for_a_model_is_told_before_the_data_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.txt").write_text("do not lose this")
    monkeypatch.chdir(tmp_path)
    train = ["neural", *command.split(), "no-such-data"]
    assert main([*train, "-o", "thesis"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("minent: thesis: exists and holds other things than a")
    assert main([*train, "-o", "thesis", "--resume"]) == 1
    assert capsys.readouterr().err.startswith("minent: thesis: holds no training to resume")
    assert main([*train, "-o", "thesis/thesis.txt"]) == 2
    assert main([*train, "-o", "new"]) == 1 and not (tmp_path / "new").exists()
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["thesis.txt"]

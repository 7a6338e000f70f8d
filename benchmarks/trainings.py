"""Neural models that a benchmark trains, goes on training, or finds trained; and the commands that judge them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from measure import MINENT, run_process

import data

NEURAL = [*MINENT, "neural"]
# Memory that is given back and asked for at every step of a training takes a fifth of the time: keep it.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "4000000000"}


def training_parser(name: str, about: str | None) -> argparse.ArgumentParser:
    """The options that all these benchmarks have."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", default="1", metavar="N", help="of all commands  [1]")
    parser.add_argument("--runs", type=Path, default=data.SCRATCH / name, metavar="DIR", help="folders of the models")
    parser.add_argument("--judge-only", action="store_true", help="the models that are there, as they are")
    return parser


class Trainings:
    """The folders of the models, and how commands about them are run."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.folder: Path = given.runs
        self.judge_only: bool = given.judge_only
        self.threads = ["--threads", str(given.threads)]

    def is_wanted(self, name: str) -> bool:
        """Whether a model is to be trained, or is there to be judged."""
        return not self.judge_only or (self.folder / name / "metrics.jsonl").exists()

    def train(self, name: str, *command: str) -> dict[str, Any]:
        """Train a model, go on where its folder has one, or leave it as it is; the last line of its log."""
        folder = self.folder / name
        if not self.judge_only:
            resume = ["--resume"] if (folder / "training.safetensors").exists() else []
            run_process([*NEURAL, *command, "-o", str(folder), "-q", *resume, *self.threads], **KEEP_MEMORY)
        lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        last: dict[str, Any] = json.loads(lines[-1])
        return last

    def run(self, *command: str | Path) -> str:
        """What a command of `minent neural` prints."""
        return run_process([*NEURAL, *map(str, command), "-q", *self.threads]).output

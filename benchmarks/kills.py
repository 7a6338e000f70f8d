"""A build that is killed at random moments and resumed until it is through, again and again.

python benchmarks/kills.py --kills 50 --recipe plain --memory=96M CORPUS...

The lexicons must have the bytes of an undisturbed run, and the folder for temporary files must be empty after every
kill.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

MINENT = [sys.executable, "-m", "minent"]


def kill_and_resume(
    corpus: Sequence[str], options: Sequence[str], kills: int, folder: Path, seed: int = 0
) -> dict[str, object]:
    """Figures of so many kills: runs that came through, seconds undisturbed and in all, what was left or differed."""
    temp, run, output, whole = folder / "temp", folder / "run", folder / "lexicon.tsv", folder / "whole.tsv"
    temp.mkdir()
    command = [*MINENT, "build-lexicon", "-q", *options, "-T", str(temp), *corpus]
    began = time.monotonic()
    subprocess.run([*command, "-o", str(whole)], check=True)
    undisturbed = time.monotonic() - began
    chance = random.Random(seed)
    done = through = differing = left_behind = broken_output = 0
    began = time.monotonic()
    while done < kills or run.exists():
        process = subprocess.Popen([*command, "--run", str(run), "--resume", "-o", str(output)])
        try:
            wait = chance.uniform(0, 1.5 * undisturbed) if done < kills else None
            code = process.wait(wait)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            done += 1
            left_behind += len(list(temp.iterdir()))
            if output.exists() and output.read_bytes() != whole.read_bytes():
                broken_output += 1
            continue
        if code:
            raise SystemExit(f"a run that was resumed ended with {code}")
        through += 1
        differing += output.read_bytes() != whole.read_bytes()
        left_behind += len(list(temp.iterdir()))
        shutil.rmtree(run)
        output.unlink()
    return {
        "kills": done,
        "runs_through": through,
        "lexicons_that_differ": differing,
        "partial_lexicons": broken_output,
        "temporary_files_left": left_behind,
        "undisturbed_s": undisturbed,
        "all_s": time.monotonic() - began,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="+")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--recipe", default="plain")
    arguments, others = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as name:
        options = ["--recipe", arguments.recipe, *others]
        figures = kill_and_resume(arguments.corpus, options, arguments.kills, Path(name), arguments.seed)
    print(json.dumps(figures, indent=1))
    if figures["lexicons_that_differ"] or figures["temporary_files_left"] or figures["partial_lexicons"]:
        raise SystemExit("something was left, or differed")


if __name__ == "__main__":
    main()

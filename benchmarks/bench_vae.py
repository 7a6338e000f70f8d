"""The objectives of a VAE after the same number of steps on MNIST: bounds of the likelihood, and what is drawn.

Options: --steps N (2000), --limit N (100 test pictures), --threads N (1), --runs DIR (folders of the models),
--judge-only (those that are there, as they are), --sheet PNG (reconstructions and samples).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from measure import MINENT, options, report, run_process, table, trained
from PIL import Image
from sheet import draw_sheet

import data

VAE = [*MINENT, "neural", "vae"]
OBJECTIVES = {"elbo": [], "elbo-sampled": [], "iwae": ["-k", "5"], "prior": ["-k", "20"]}
BOUNDS = (1, 5, 50, 5000)  # each divides the next
SHOWN, SIDE = 20, 28


def grid(folder: Path, what: str, mnist: str, threads: list[str]) -> Image.Image:
    """A grid of SHOWN pictures, as `sample` draws it."""
    path = folder / f"sheet-{what}.png"
    count = SHOWN // 2 if what == "reconstructions" else SHOWN  # of them come pairs
    run_process([*VAE, "sample", str(folder), mnist, "--what", what, "-n", str(count), "-o", str(path), "-q", *threads])
    return Image.open(path)


def main(arguments: list[str]) -> None:
    """Train, judge, tell."""
    steps = (options(arguments, "--steps") or ["2000"])[0]
    limit = (options(arguments, "--limit") or ["100"])[0]
    judge_only = "--judge-only" in arguments
    threads = ["--threads", (options(arguments, "--threads") or ["1"])[0]]
    runs = Path((options(arguments, "--runs") or [str(data.SCRATCH / "vae")])[0])
    mnist = str(data.data_folder() / "mnist")
    rows, record, drawn = [], {}, {}
    for objective, more in OBJECTIVES.items():
        folder = runs / objective
        train = [*VAE, "train", "--idx", mnist, "--objective", objective, *more, "--steps", steps, *threads]
        log = trained(folder, train, judge_only)
        evaluate = [*VAE, "evaluate", str(folder), "--idx", mnist, "--limit", limit, "-q", *threads]
        run = run_process([*evaluate, "--bounds", ",".join(map(str, BOUNDS))])
        found: dict[str, Any] = json.loads(run.output)
        record[objective] = found | {"steps": log["step"], "seconds": log["seconds"]}
        figures = [*(f"L_{k}" for k in BOUNDS), f"prior_{BOUNDS[-1]}", "reconstruction", "divergence"]
        told = [f"{found[name]:.1f}" for name in figures]
        rows.append([objective, found["samples"], log["step"], f"{log['seconds']:.0f}", *told, found["active_units"]])
        for what in ("reconstructions", "samples"):
            drawn[f"{objective}: {what}"] = grid(folder, what, mnist, threads)
    sheet = options(arguments, "--sheet")
    if sheet:
        draw_sheet(Path(sheet[0]), drawn, SHOWN, SIDE)
    body = f"MNIST, batches of 100, 50 latent numbers, seed 0; nats a picture, of the first {limit} of the test.\n\n"
    head = ["objective", "k", "steps", "seconds", *(f"L_{k}" for k in BOUNDS), f"prior_{BOUNDS[-1]}"]
    report("vae", "Objectives of a VAE", body + table([*head, "reconstruction", "KL", "active units"], rows), record)


if __name__ == "__main__":
    main(sys.argv[1:])

"""The objectives of a VAE after the same number of steps on MNIST: bounds of the likelihood, and what is drawn."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from measure import report, table
from PIL import Image
from sheet import draw_sheet
from trainings import Trainings, training_parser

import data

OBJECTIVES = {"elbo": [], "elbo-sampled": [], "iwae": ["-k", "5"], "prior": ["-k", "20"]}
BOUNDS = (1, 5, 50, 5000)  # each divides the next
SHOWN, SIDE = 20, 28


def grid(trainings: Trainings, objective: str, what: str, mnist: str) -> Image.Image:
    """A grid of SHOWN pictures, as `sample` draws it."""
    folder = trainings.folder / objective
    path = folder / f"sheet-{what}.png"
    read, count = ([mnist], SHOWN // 2) if what == "reconstructions" else ([], SHOWN)  # of those read come pairs
    trainings.run("vae", "sample", folder, *read, "--what", what, "-n", str(count), "-o", path)
    return Image.open(path)


def main(arguments: list[str]) -> None:
    """Train, judge, tell."""
    parser = training_parser("vae", __doc__)
    parser.add_argument("--steps", default="2000", metavar="N")
    parser.add_argument("--limit", default="100", metavar="N", help="test pictures  [100]")
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="gets reconstructions and samples")
    given = parser.parse_args(arguments)
    trainings = Trainings(given)
    mnist = str(data.data_folder() / "mnist")
    rows, record, drawn = [], {}, {}
    for objective, more in OBJECTIVES.items():
        train = ["vae", "train", "--idx", mnist, "--objective", objective, *more, "--steps", given.steps]
        log = trainings.train(objective, *train)
        judge = ["vae", "evaluate", trainings.folder / objective, "--idx", mnist, "--limit", given.limit]
        found: dict[str, Any] = json.loads(trainings.run(*judge, "--bounds", ",".join(map(str, BOUNDS))))
        record[objective] = found | {"steps": log["step"], "seconds": log["seconds"]}
        figures = [*(f"L_{k}" for k in BOUNDS), f"prior_{BOUNDS[-1]}", "reconstruction", "divergence"]
        told = [f"{found[name]:.1f}" for name in figures]
        rows.append([objective, found["samples"], log["step"], f"{log['seconds']:.0f}", *told, found["active_units"]])
        for what in ("reconstructions", "samples"):
            drawn[f"{objective}: {what}"] = grid(trainings, objective, what, mnist)
    if given.sheet:
        draw_sheet(given.sheet, drawn, SHOWN, SIDE)
    body = (
        f"MNIST, batches of 100, 50 latent numbers, seed 0; nats a picture, of the first {given.limit} of the test.\n\n"
    )
    head = ["objective", "k", "steps", "seconds", *(f"L_{k}" for k in BOUNDS), f"prior_{BOUNDS[-1]}"]
    report("vae", "Objectives of a VAE", body + table([*head, "reconstruction", "KL", "active units"], rows), record)


if __name__ == "__main__":
    main(sys.argv[1:])

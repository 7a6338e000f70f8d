"""Is the f-VAE sharper than a VAE, and better than a flow, of equal size after equal steps? Fashion-MNIST and glyphs.

Glyphs are the 3,000 most frequent characters in the Noto fonts, sans and serif, regular and bold; their judge reads the
character.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from measure import report, table
from PIL import Image
from sheet import draw_sheet
from trainings import Trainings, training_parser

FASHION = "/usr/share/datasets/fashion-mnist"  # where Debian's package dataset-fashion-mnist puts it
NOTO = "/usr/share/fonts/opentype/noto"  # likewise fonts-noto-cjk
FACES = ("NotoSansCJK-Regular", "NotoSansCJK-Bold", "NotoSerifCJK-Regular", "NotoSerifCJK-Bold")
SIMPLIFIED = 2  # the face of these files that is drawn for the mainland
NAMES = {"fashion": "Fashion-MNIST", "glyphs": "glyphs"}
SIDES = {"fashion": 28, "glyphs": 32}
JUDGE_EPOCHS = {"fashion": 2, "glyphs": 10}
MODELS = ("fvae", "vae", "glow")
TEMPERATURES = (1.0, 0.7, 0.5)
SHOWN = 20


def source(kind: str, given: argparse.Namespace) -> list[str]:
    """DATA as the commands take it."""
    if kind == "fashion":
        return [str(given.fashion)]
    fonts = [part for face in FACES for part in ("--glyphs", f"{given.fonts}/{face}.ttc:{SIMPLIFIED}")]
    return [*fonts, "--labels", "character"]


def judged(trainings: Trainings, model: str, judge: str, pictures: list[str]) -> dict[str, Any]:
    """The figures of `evaluate`, with the Fréchet distance at each temperature."""
    found: dict[str, Any] = {}
    for temperature in TEMPERATURES:
        command = ["fvae", "evaluate", trainings.folder / model, *pictures, "--judge", trainings.folder / judge]
        drawn = ["--pictures", "10000", "--temperature", str(temperature)]
        figures = json.loads(trainings.run(*command, *drawn))
        found |= figures | {f"frechet_{temperature:g}": figures["frechet_distance"]}
    return found


def sampled(trainings: Trainings, model: str, temperature: float) -> Image.Image:
    """A grid of samples."""
    folder = trainings.folder / model
    path = folder / f"samples-{temperature:g}.png"
    trainings.run("fvae", "sample", folder, "-o", path, "-n", str(SHOWN), "--temperature", str(temperature))
    return Image.open(path)


def main(arguments: list[str]) -> None:
    """Train, judge, tell."""
    parser = training_parser("fvae", __doc__)
    parser.add_argument("--steps", default="6000", metavar="N")
    parser.add_argument("--only", action="append", choices=NAMES, help="data; repeatable")
    parser.add_argument("--fashion", type=Path, default=FASHION, metavar="DIR", help="the idx files of Fashion-MNIST")
    parser.add_argument("--fonts", type=Path, default=NOTO, metavar="DIR")
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="gets samples, one sheet for each data")
    given = parser.parse_args(arguments)
    trainings = Trainings(given)
    rows: list[list[str]] = []
    record: dict[str, Any] = {}
    for kind in given.only or NAMES:
        pictures, judge = source(kind, given), f"{kind}-judge"
        drawn: dict[str, Image.Image] = {}
        trainings.train(judge, "gan", "judge", *pictures, "--epochs", str(JUDGE_EPOCHS[kind]))
        for model in MODELS:
            name = f"{kind}-{model}"
            train = ["fvae", "train", *pictures, "--model", model, "--steps", given.steps, "--batch-size", "32"]
            log = trainings.train(name, *train, "--set", "evaluate_every=1000")
            found = judged(trainings, name, judge, pictures)
            record[name] = found | {"steps": log["step"], "seconds": log["seconds"]}
            bound = "" if model == "glow" else "≤ "
            rows.append(
                [NAMES[kind], model, f"{found['parameters']:,}", f"{log['step']:,}", f"{log['seconds'] / 60:.1f}"]
                + [f"{bound}{found['bits_per_dimension']:.2f}", f"{found['squared_error']:.5f}"]
                + [f"{found[f'frechet_{temperature:g}']:.1f}" for temperature in TEMPERATURES]
                + [f"{found['frechet_distance_of_halves']:.1f}", f"{100 * found['judge_accuracy']:.1f}"]
            )
            if given.sheet:
                drawn |= {f"{model}, T = {each:g}": sampled(trainings, name, each) for each in TEMPERATURES[:2]}
        if given.sheet:
            draw_sheet(given.sheet.with_stem(f"{given.sheet.stem}-{kind}"), drawn, SHOWN, SIDES[kind])
    body = "Batches of 32, seed 0. Bits and squared error (of values from −1 to 1) are of the test pictures; Fréchet\n"
    body += "distances of 10,000 generated pictures to these, at three temperatures, and between their own halves.\n\n"
    head = ["data", "model", "parameters", "steps", "minutes", "bits a dimension", "squared error"]
    head += [f"Fréchet, T = {temperature:g}" for temperature in TEMPERATURES]
    report("fvae", "f-VAE, VAE and flow", body + table([*head, "of halves", "judge right, %"], rows), record)


if __name__ == "__main__":
    main(sys.argv[1:])

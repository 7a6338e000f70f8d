"""Is the f-VAE sharper than a VAE, and better than a flow, of equal size after equal steps? Fashion-MNIST and glyphs.

Glyphs are the 3,000 most frequent characters in the Noto fonts, sans and serif, regular and bold; their judge reads the
character. Options: --steps N (6000), --threads N (1), --runs DIR (folders of the models), --judge-only (those that are
there, as they are), --only DATA (fashion, glyphs), --fashion DIR (idx files), --fonts DIR, --sheet PNG (samples).
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


def source(kind: str, arguments: list[str]) -> list[str]:
    """DATA as the commands take it."""
    if kind == "fashion":
        return [(options(arguments, "--fashion") or [FASHION])[0]]
    folder = (options(arguments, "--fonts") or [NOTO])[0]
    fonts = [part for face in FACES for part in ("--glyphs", f"{folder}/{face}.ttc:{SIMPLIFIED}")]
    return [*fonts, "--labels", "character"]


def judged(folder: Path, judge: Path, pictures: list[str], threads: list[str]) -> dict[str, Any]:
    """The figures of `evaluate`, with the Fréchet distance at each temperature."""
    found: dict[str, Any] = {}
    for temperature in TEMPERATURES:
        command = [*MINENT, "neural", "fvae", "evaluate", str(folder), *pictures, "--judge", str(judge), "-q", *threads]
        drawn = ["--pictures", "10000", "--temperature", str(temperature)]
        figures = json.loads(run_process([*command, *drawn]).output)
        found |= figures | {f"frechet_{temperature:g}": figures["frechet_distance"]}
    return found


def sampled(folder: Path, temperature: float, threads: list[str]) -> Image.Image:
    """A grid of samples."""
    path = folder / f"samples-{temperature:g}.png"
    command = [*MINENT, "neural", "fvae", "sample", str(folder), "-o", str(path), "-n", str(SHOWN), "-q", *threads]
    run_process([*command, "--temperature", str(temperature)])
    return Image.open(path)


def main(arguments: list[str]) -> None:
    """Train, judge, tell."""
    steps = (options(arguments, "--steps") or ["6000"])[0]
    judge_only = "--judge-only" in arguments
    threads = ["--threads", (options(arguments, "--threads") or ["1"])[0]]
    runs = Path((options(arguments, "--runs") or [str(data.SCRATCH / "fvae")])[0])
    sheet = options(arguments, "--sheet")
    rows: list[list[str]] = []
    record: dict[str, Any] = {}
    for kind in options(arguments, "--only") or list(NAMES):
        pictures, judge = source(kind, arguments), runs / f"{kind}-judge"
        drawn: dict[str, Image.Image] = {}
        epochs = ["--epochs", str(JUDGE_EPOCHS[kind])]
        trained(judge, [*MINENT, "neural", "gan", "judge", *pictures, *epochs, *threads], judge_only)
        for model in MODELS:
            folder = runs / f"{kind}-{model}"
            train = [*MINENT, "neural", "fvae", "train", *pictures, "--model", model, "--steps", steps]
            log = trained(folder, [*train, "--batch-size", "32", "--set", "evaluate_every=1000", *threads], judge_only)
            found = judged(folder, judge, pictures, threads)
            record[f"{kind}-{model}"] = found | {"steps": log["step"], "seconds": log["seconds"]}
            bound = "" if model == "glow" else "≤ "
            rows.append(
                [NAMES[kind], model, f"{found['parameters']:,}", f"{log['step']:,}", f"{log['seconds'] / 60:.1f}"]
                + [f"{bound}{found['bits_per_dimension']:.2f}", f"{found['squared_error']:.5f}"]
                + [f"{found[f'frechet_{temperature:g}']:.1f}" for temperature in TEMPERATURES]
                + [f"{found['frechet_distance_of_halves']:.1f}", f"{100 * found['judge_accuracy']:.1f}"]
            )
            if sheet:
                drawn |= {f"{model}, T = {each:g}": sampled(folder, each, threads) for each in TEMPERATURES[:2]}
        if sheet:
            draw_sheet(Path(sheet[0]).with_stem(f"{Path(sheet[0]).stem}-{kind}"), drawn, SHOWN, SIDES[kind])
    body = "Batches of 32, seed 0. Bits and squared error (of values from −1 to 1) are of the test pictures; Fréchet\n"
    body += "distances of 10,000 generated pictures to these, at three temperatures, and between their own halves.\n\n"
    head = ["data", "model", "parameters", "steps", "minutes", "bits a dimension", "squared error"]
    head += [f"Fréchet, T = {temperature:g}" for temperature in TEMPERATURES]
    report("fvae", "f-VAE, VAE and flow", body + table([*head, "of halves", "judge right, %"], rows), record)


if __name__ == "__main__":
    main(sys.argv[1:])

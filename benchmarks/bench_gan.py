"""The ten papers of the GAN trainer, each after the same number of steps on MNIST: Fréchet distances and samples."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

from measure import report, table
from PIL import Image
from sheet import draw_sheet
from trainings import Trainings, training_parser

import data

SWITCHES = {
    "dcgan": "--set width=16",
    "r1": "--set width=16 --penalty r1",
    "r2": "--set width=16 --penalty r2",
    "sn": "--set width=16 --spectral-norm",
    "vdb": "--set width=16 --penalty r1 --bottleneck 0.5",
    "roth": "--set width=16 --penalty roth",
    "ttur": "--set width=16 --lr-d 0.0004 --lr-g 0.0001",
    "gp": "--set width=16 --penalty gp",
    "ct": "--set width=16 --penalty ct",
    "intro": "--architecture introvae --set width=16",
    "pggan": "--architecture progressive --set width=8 --set grow=1000",
    "resnet": "--architecture resnet --set width=8",
    "biggan": "--architecture biggan --conditional --set width=8",
    "style": "--architecture style --set width=8",
    "biggan2": "--architecture biggan --conditional --set width=8 --lr-d 0.0002 --lr-g 0.0002",
}
PAPERS = {
    "dcgan": "(base of the next eight)",
    "r1": "zero-centred penalty 1801.04406",
    "r2": "zero-centred penalty 1801.04406",
    "sn": "spectral normalisation 1802.05957",
    "vdb": "variational bottleneck 1810.00821",
    "roth": "noise regulariser 1705.09367",
    "ttur": "two rates 1706.08500",
    "gp": "(WGAN-GP, base of the next)",
    "ct": "CT-GAN 1803.01541",
    "intro": "IntroVAE 1807.06358",
    "pggan": "PGGAN 1710.10196",
    "resnet": "(residual base of the next)",
    "biggan": "BigGAN 1809.11096",
    "style": "StyleGAN 1812.04948",
    "biggan2": "BigGAN 1809.11096, equal rates",
}
SHOWN = 20
SIDE = 28


def main(arguments: list[str]) -> None:
    """Train, judge, tell."""
    parser = training_parser("gan", __doc__)
    parser.add_argument("--steps", default="5000", metavar="N")
    parser.add_argument("--only", action="append", choices=SWITCHES, help="a row; repeatable")
    parser.add_argument("--seed", action="append", type=int, metavar="N", help="repeatable  [0 1 2]")
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="gets samples of the first seed")
    given = parser.parse_args(arguments)
    seeds = given.seed or [0, 1, 2]
    trainings = Trainings(given)
    mnist = str(data.data_folder() / "mnist")
    trainings.train("judge", "gan", "judge", mnist, "--epochs", "2")
    judge = ["--judge", trainings.folder / "judge", "--pictures", "10000"]
    rows: list[list[object]] = []
    record: dict[str, list[dict[str, Any]]] = {}
    drawn = {}
    for name in given.only or SWITCHES:
        found: list[dict[str, Any]] = []
        for seed in seeds:
            run = f"{name}-{seed}"
            if not trainings.is_wanted(run):
                continue
            train = ["gan", "train", mnist, *SWITCHES[name].split(), "--steps", given.steps, "--batch-size", "32"]
            often = ["--set", "log_every=100", "--set", "evaluate_every=1000", "--seed", str(seed)]
            log = trainings.train(run, *train, *often)
            judged = json.loads(trainings.run("gan", "evaluate", trainings.folder / run, mnist, *judge))
            found.append(judged | {"seed": seed, "steps": log["step"], "seconds": log["seconds"]})
        if not found:
            continue
        record[name] = found
        distances = [each["frechet_distance"] for each in found]
        minutes = statistics.median(each["seconds"] for each in found) / 60
        told = f"{found[0]['steps']:,}", f"{minutes:.1f}", f"{statistics.mean(distances):.1f}"
        rows.append([PAPERS[name], f"`{SWITCHES[name]}`", *told, ", ".join(f"{each:.1f}" for each in distances)])
        if given.sheet:
            path = trainings.folder / f"{name}-{found[0]['seed']}" / "sheet.png"
            trainings.run("gan", "sample", path.parent, "-o", path, "-n", str(SHOWN))
            drawn[name] = Image.open(path)
    if given.sheet:
        draw_sheet(given.sheet, drawn, SHOWN, SIDE)
    last = list(record.values())[-1][-1]
    body = (
        f"MNIST, batches of 32. Fréchet distance of 10,000 generated pictures to the {last['real_pictures']:,}"
        f"\nof the test, by a judge that names {100 * last['judge_accuracy']:.1f} % of these rightly and puts"
        f" {last['frechet_distance_of_halves']:.2f} between their halves;\nthe median of minutes and the mean of"
        " distances over the seeds.\n\n"
    )
    head = ["paper", "switches", "steps", "minutes", "Fréchet distance", f"seeds {', '.join(map(str, seeds))}"]
    report("gan", "GANs", body + table(head, rows), record)


if __name__ == "__main__":
    main(sys.argv[1:])

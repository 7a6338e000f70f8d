"""The ten papers of the GAN trainer, each after the same number of steps on MNIST: Fréchet distances and samples."""

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
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="gets samples")
    given = parser.parse_args(arguments)
    trainings = Trainings(given)
    mnist = str(data.data_folder() / "mnist")
    trainings.train("judge", "gan", "judge", mnist, "--epochs", "2")
    rows: list[list[object]] = []
    record: dict[str, Any] = {}
    drawn = {}
    for name in given.only or SWITCHES:
        if not trainings.is_wanted(name):
            continue
        folder = trainings.folder / name
        often = ["--set", "log_every=100", "--set", "evaluate_every=1000"]
        train = ["gan", "train", mnist, *SWITCHES[name].split(), "--steps", given.steps, "--batch-size", "32", *often]
        log = trainings.train(name, *train)
        judge = ["gan", "evaluate", folder, mnist, "--judge", trainings.folder / "judge", "--pictures", "10000"]
        found = json.loads(trainings.run(*judge))
        record[name] = found | {"steps": log["step"], "seconds": log["seconds"]}
        told = f"{log['step']:,}", f"{log['seconds'] / 60:.1f}", f"{found['frechet_distance']:.1f}"
        rows.append([PAPERS[name], f"`{SWITCHES[name]}`", *told])
        if given.sheet:
            path = folder / "sheet.png"
            trainings.run("gan", "sample", folder, "-o", path, "-n", str(SHOWN))
            drawn[name] = Image.open(path)
    if given.sheet:
        draw_sheet(given.sheet, drawn, SHOWN, SIDE)
    last = list(record.values())[-1]
    body = (
        f"MNIST, batches of 32, seed 0. Fréchet distance of 10,000 generated pictures to the {last['real_pictures']:,}"
    )
    body += f"\nof the test, by a judge that names {100 * last['judge_accuracy']:.1f} % of these rightly and puts"
    body += f" {last['frechet_distance_of_halves']:.2f} between their halves.\n\n"
    report("gan", "GANs", body + table(["paper", "switches", "steps", "minutes", "Fréchet distance"], rows), record)


if __name__ == "__main__":
    main(sys.argv[1:])

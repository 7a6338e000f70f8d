"""The ten papers of the GAN trainer, each after the same number of steps on MNIST: Fréchet distances and samples.

Options: --steps N (5000), --threads N (1), --runs DIR (folders of the models), --judge-only (those that are there, as
they are), --only NAME (such as r1; repeatable), --sheet PNG (samples).
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
    steps = (options(arguments, "--steps") or ["5000"])[0]
    judge_only = "--judge-only" in arguments
    threads = ["--threads", (options(arguments, "--threads") or ["1"])[0]]
    runs = Path((options(arguments, "--runs") or [str(data.SCRATCH / "gan")])[0])
    sheet = options(arguments, "--sheet")
    mnist, judge = str(data.data_folder() / "mnist"), runs / "judge"
    trained(judge, [*MINENT, "neural", "gan", "judge", mnist, "--epochs", "2", *threads], judge_only)
    rows: list[list[object]] = []
    record: dict[str, Any] = {}
    drawn = {}
    for name in options(arguments, "--only") or list(SWITCHES):
        folder = runs / name
        if judge_only and not (folder / "metrics.jsonl").exists():
            continue
        train = [*MINENT, "neural", "gan", "train", mnist, *SWITCHES[name].split(), "--steps", steps]
        often = ["--set", "log_every=100", "--set", "evaluate_every=1000"]
        log = trained(folder, [*train, "--batch-size", "32", *often, *threads], judge_only)
        evaluate = [*MINENT, "neural", "gan", "evaluate", str(folder), mnist, "--judge", str(judge), "-q", *threads]
        found = json.loads(run_process([*evaluate, "--pictures", "10000"]).output)
        record[name] = found | {"steps": log["step"], "seconds": log["seconds"]}
        told = f"{log['step']:,}", f"{log['seconds'] / 60:.1f}", f"{found['frechet_distance']:.1f}"
        rows.append([PAPERS[name], f"`{SWITCHES[name]}`", *told])
        if sheet:
            path = folder / "sheet.png"
            command = [*MINENT, "neural", "gan", "sample", str(folder), "-o", str(path), "-n", str(SHOWN)]
            run_process([*command, "-q", *threads])
            drawn[name] = Image.open(path)
    if sheet:
        draw_sheet(Path(sheet[0]), drawn, SHOWN, SIDE)
    last = list(record.values())[-1]
    body = (
        f"MNIST, batches of 32, seed 0. Fréchet distance of 10,000 generated pictures to the {last['real_pictures']:,}"
    )
    body += f"\nof the test, by a judge that names {100 * last['judge_accuracy']:.1f} % of these rightly and puts"
    body += f" {last['frechet_distance_of_halves']:.2f} between their halves.\n\n"
    report("gan", "GANs", body + table(["paper", "switches", "steps", "minutes", "Fréchet distance"], rows), record)


if __name__ == "__main__":
    main(sys.argv[1:])

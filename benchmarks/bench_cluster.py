"""How like the true labels are the classes of `minent neural cluster` on MNIST and Fashion-MNIST? Beside k-means.

Each recipe is trained with several seeds on the training pictures, and judged on those of the test, by the commands
that users run; labels are seen by `evaluate` alone. A training that is in its folder goes on to its end.
Options: --seeds N (3), --threads N (1), --runs DIR (folders of the models), --judge-only (those that are there, as they
are), --fashion DIR (the idx files of Fashion-MNIST), --only DATA-RECIPE (such as mnist-default; repeatable).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from measure import MINENT, options, report, run_process, table, trained

import data

CLUSTER = [*MINENT, "neural", "cluster"]
NAMES = {"mnist": "MNIST", "fashion": "Fashion-MNIST"}
FASHION = "/usr/share/datasets/fashion-mnist"  # where Debian's package dataset-fashion-mnist puts it
CLOTHES = ("flip=0.5", "turn=5", "slant=0.05", "shift=0.05", "stretch=0.15")  # may be mirrored, and stand upright


def pairs(*settings: str) -> list[str]:
    """Settings as the command takes them."""
    return [part for setting in settings for part in ("--set", setting)]


SETTINGS = {
    "mnist-article": ["--recipe", "article"],
    "mnist-default": [],
    "mnist-starts4": pairs("starts=4"),
    "fashion-article": ["--recipe", "article"],
    "fashion-default": pairs(*CLOTHES),
    "fashion-starts4": pairs(*CLOTHES, "starts=4"),
}
FIGURES = {"majority": "majority", "one_to_one": "one-to-one", "nmi": "NMI"}


def percent(values: list[float]) -> str:
    """Mean and standard deviation of shares, in points."""
    spread = f" ± {100 * np.std(values, ddof=1):.1f}" if len(values) > 1 else ""
    return f"{100 * np.mean(values):.1f}{spread}"


def main(arguments: list[str]) -> None:
    """Train, judge, tell."""
    seeds = int((options(arguments, "--seeds") or ["3"])[0])
    judge_only = "--judge-only" in arguments
    threads = ["--threads", (options(arguments, "--threads") or ["1"])[0]]
    runs = Path((options(arguments, "--runs") or [str(data.SCRATCH / "cluster")])[0])
    folders = {"mnist": str(data.data_folder() / "mnist"), "fashion": (options(arguments, "--fashion") or [FASHION])[0]}
    rows, record = [], {}
    for name in options(arguments, "--only") or list(SETTINGS):
        kind, _, recipe = name.partition("-")
        found, logs = [], []
        for seed in range(seeds):
            folder = runs / f"{name}-seed{seed}"
            if judge_only and not (folder / "metrics.jsonl").exists():
                continue
            train = [*CLUSTER, "train", "--idx", folders[kind], "--seed", str(seed), *SETTINGS[name], *threads]
            logs.append(trained(folder, train, judge_only))
            baseline = [] if found else ["--kmeans"]
            judge = [*CLUSTER, "evaluate", str(folder), "--idx", folders[kind], *baseline, "-q", *threads]
            found.append(json.loads(run_process(judge).output))
        if not found:
            continue
        best = found[int(np.argmin([log["loss"] for log in logs]))]
        rows.append(
            [NAMES[kind], recipe, len(found), f"{np.mean([log['epoch'] for log in logs]):.1f}"]
            + [f"{np.mean([log['seconds'] for log in logs]) / 60:.1f}"]
            + [percent([each[key] for each in found]) for key in FIGURES]
            + [f"{100 * best['majority']:.1f}"]
        )
        baseline_row = [f"{100 * found[0]['kmeans'][key]:.1f}" for key in FIGURES]
        record[name] = {"figures": found, "logs": logs}
        if [NAMES[kind], "k-means on pixels"] not in [row[:2] for row in rows]:
            rows.append([NAMES[kind], "k-means on pixels", 1, "", "", *baseline_row, ""])
    head = ["data", "recipe", "seeds", "epochs", "minutes", *(f"{title}, %" for title in FIGURES.values())]
    body = (
        "Test pictures; mean ± standard deviation over seeds. Last column: the seed of the least loss, known without\n"
    )
    body += (
        "labels. The whole recipes are 50 epochs (article) and 10: a row with fewer is of trainings not yet ended.\n\n"
    )
    body += table([*head, "least loss: majority, %"], rows)
    report("cluster", "Classes of pictures", body, record)


if __name__ == "__main__":
    main(sys.argv[1:])

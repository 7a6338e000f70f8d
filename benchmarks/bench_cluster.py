"""How like the true labels are the classes of `minent neural cluster` on MNIST and Fashion-MNIST? Beside k-means.

Each recipe is trained with several seeds on the training pictures, and judged on those of the test, by the commands
that users run; labels are seen by `evaluate` alone. A training that is in its folder goes on to its end.
"""

from __future__ import annotations

import json
import sys

import numpy as np
from measure import report, table
from trainings import Trainings, training_parser

import data

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
    parser = training_parser("cluster", __doc__)
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="trainings of a recipe  [3]")
    parser.add_argument("--fashion", default=FASHION, metavar="DIR", help="the idx files of Fashion-MNIST")
    parser.add_argument("--only", action="append", choices=SETTINGS, help="a row; repeatable")
    given = parser.parse_args(arguments)
    trainings = Trainings(given)
    folders = {"mnist": str(data.data_folder() / "mnist"), "fashion": given.fashion}
    rows, record = [], {}
    for name in given.only or SETTINGS:
        kind, _, recipe = name.partition("-")
        found, logs = [], []
        for seed in range(given.seeds):
            model = f"{name}-seed{seed}"
            if not trainings.is_wanted(model):
                continue
            train = ["cluster", "train", "--idx", folders[kind], "--seed", str(seed), *SETTINGS[name]]
            logs.append(trainings.train(model, *train))
            judge = ["cluster", "evaluate", trainings.folder / model, "--idx", folders[kind]]
            found.append(json.loads(trainings.run(*judge, *([] if found else ["--kmeans"]))))
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

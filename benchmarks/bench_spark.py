"""Does a Spark cluster give the same bytes, how long does it take, what is shuffled and what comes to the driver?

`python benchmarks/bench_spark.py spark://HOST:PORT [TEXT...]`: a cluster that sees this machine's files (docs/spark.md
tells how to start one). Volumes are what Spark writes in its event log: bytes of task results, bytes of shuffles.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measure import MINENT, report, run_process, table

import data

MIB = 1 << 20
TEXTS = ("people_daily_199801.txt", "msra_news.txt", "laws.txt")
COMMANDS = {
    "plain": ["build-lexicon", "--recipe", "plain"],
    "default": ["build-lexicon", "--no-statistics"],
    "default, with statistics": ["build-lexicon"],
    "templates": ["templates"],
}


def main(master: str, texts: list[str]) -> None:
    paths = texts or [str(data.text(name)) for name in TEXTS]
    size = sum(Path(path).stat().st_size for path in paths) / 1e6
    rows, figures = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, command in COMMANDS.items():
            here, there, log = folder / "here.tsv", folder / "there.tsv", folder / "log"
            log.mkdir()
            local = run_process([*MINENT, *command, *paths, "-q", "-j", "2", "-o", str(here)])
            conf = {"spark.eventLog.enabled": "true", "spark.eventLog.dir": f"file:{log}"}
            spark = ["--engine", "spark", "--master", master]
            for key, value in conf.items():
                spark += ["--spark-conf", f"{key}={value}"]
            far = run_process([*MINENT, *command, *paths, "-q", "-j", "2", "-o", str(there), *spark])
            same = digest(here) == digest(there)
            volumes = read_log(log)
            rows.append(
                [
                    title, f"{local.seconds:.0f}", f"{far.seconds:.0f}", "yes" if same else "NO",
                    *(f"{volumes[key] / MIB:,.1f}" for key in ("results", "shuffled", "spilled")),
                    f"{volumes['tasks']:,}", f"{far.peak_mb:.0f}",
                ]
            )  # fmt: skip
            figures.append(
                {"command": title, "local_s": local.seconds, "spark_s": far.seconds, "same": same, **volumes}
            )
            shutil.rmtree(log)
    head = [
        *("command", "local -j 2, s", "cluster, s", "same bytes", "to the driver, MiB", "shuffled, MiB"),
        *("spilled by the JVM, MiB", "tasks", "peak of the driver's Python, MB"),
    ]
    report(
        "spark", "Spark: two workers against this machine", f"{size:.0f} MB of text.\n\n" + table(head, rows), figures
    )


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_log(folder: Path) -> dict[str, Any]:
    """Sums over all tasks of an application."""
    sums = {"results": 0, "shuffled": 0, "spilled": 0, "tasks": 0}
    for event in events(folder):
        if event.get("Event") == "SparkListenerTaskEnd" and "Task Metrics" in event:
            metrics = event["Task Metrics"]
            sums["tasks"] += 1
            sums["results"] += metrics["Result Size"]
            sums["shuffled"] += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
            sums["spilled"] += metrics["Disk Bytes Spilled"]
    return sums


def events(folder: Path) -> Iterator[dict[str, Any]]:
    for path in folder.rglob("events_*"):
        with open(path, encoding="utf-8") as file:
            yield from map(json.loads, file)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])

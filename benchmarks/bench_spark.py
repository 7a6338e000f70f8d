"""Does a Spark cluster give the same bytes, how long does it take, what is shuffled and what comes to the driver?

`python benchmarks/bench_spark.py spark://HOST:PORT [TEXT...]`: a cluster that sees this machine's files (docs/spark.md
tells how to start one). Volumes are what Spark writes in its event log: bytes of task results, bytes of shuffles.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench_memory import part
from measure import MINENT, report, run_process, table

MB = 1e6
LARGE = 100 * MB  # texts from here on: only the commands that need minutes, not hours, where cores are few
SHARES = (1 / 16, 1)
COMMANDS = {
    "plain": ["build-lexicon", "--recipe", "plain"],
    "segment": ["segment"],
    "default": ["build-lexicon"],
    "templates": ["templates"],
}
QUICK = ("plain", "segment")


def main(master: str, texts: list[str]) -> None:
    paths = [Path(text) for text in texts] or [part(share) for share in SHARES]
    figures: list[dict[str, Any]] = []
    for path in paths:
        for title in COMMANDS:
            if title in QUICK or path.stat().st_size < LARGE:
                figures.append(bench(master, path, title))
                tell(figures)


def tell(figures: list[dict[str, Any]]) -> None:
    """Write what is there so far."""
    rows = [
        [
            f"{found['bytes'] / MB:.0f} MB", found["command"], f"{found['local_s']:.0f} ({found['local_cpu']:.0f})",
            f"{found['spark_s']:.0f} ({found['run_s']:.0f})", "yes" if found["same"] else "NO",
            *(f"{found[key] / MB:,.1f}" for key in ("results", "shuffled", "largest_read", "spilled")),
            f"{found['tasks']:,}", f"{found['driver_mb']:.0f}",
        ]
        for found in figures
    ]  # fmt: skip
    head = [
        *("text", "command", "s (CPU), local -j 2", "s (sum of tasks), cluster", "same bytes", "to the driver, MB"),
        *("shuffled, MB", "most that one task reads of a shuffle, MB", "spilled by the JVM, MB", "tasks"),
        "peak of the driver's Python, MB",
    ]
    load = f"Load of the machine at the end: {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores."
    report("spark", "Spark: two workers against this machine", f"{load}\n\n{table(head, rows)}", figures)


def bench(master: str, path: Path, title: str) -> dict[str, Any]:
    """One command, here and there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        here, there, log = folder / "here", folder / "there", folder / "log"
        log.mkdir()
        command = [*MINENT, *COMMANDS[title], str(path), "-q", "-j", "2"]
        local = run_process([*command, "-o", str(here)])
        conf = {"enabled": "true", "dir": f"file:{log}", "compress": "false"}
        spark = ["--engine", "spark", "--master", master]
        for key, value in conf.items():
            spark += ["--spark-conf", f"spark.eventLog.{key}={value}"]
        far = run_process([*command, "-o", str(there), *spark])
        return {
            "bytes": path.stat().st_size,
            "command": title,
            "local_s": local.seconds,
            "local_cpu": local.cpu,
            "spark_s": far.seconds,
            "driver_mb": far.peak_mb,
            "same": digest(here) == digest(there),
            **read_log(log),
        }


def digest(path: Path) -> str:
    """Of a file, or of the parts in a folder one after another."""
    found = hashlib.sha256()
    for each in sorted(path.glob("part-*")) if path.is_dir() else [path]:
        with open(each, "rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
    return found.hexdigest()


def read_log(folder: Path) -> dict[str, float]:
    """Sums over all tasks of an application, and the most that one has read of a shuffle."""
    sums: dict[str, float] = {"results": 0, "shuffled": 0, "spilled": 0, "tasks": 0, "run_s": 0, "largest_read": 0}
    for event in events(folder):
        if event.get("Event") == "SparkListenerTaskEnd" and "Task Metrics" in event:
            metrics = event["Task Metrics"]
            read = metrics["Shuffle Read Metrics"]
            sums["tasks"] += 1
            sums["results"] += metrics["Result Size"]
            sums["run_s"] += metrics["Executor Run Time"] / 1000
            sums["shuffled"] += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
            sums["spilled"] += metrics["Disk Bytes Spilled"]
            sums["largest_read"] = max(sums["largest_read"], read["Local Bytes Read"] + read["Remote Bytes Read"])
    return sums


def events(folder: Path) -> Iterator[dict[str, Any]]:
    for path in folder.rglob("events_*"):
        with open(path, encoding="utf-8") as file:
            yield from map(json.loads, file)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])

"""What would a terabyte need? Sizes and seconds on parts of all corpora, laws fitted on them, a check on larger text.

`python benchmarks/bench_scale.py [COMMAND...]`. The commands run on a cluster in this process (counted_cluster.py), so
that all that a real one would exchange, keep and bring to the driver is counted. What is fitted: bytes = c · nᵝ (Heaps'
law) for what a task has counted, for each kind of counts, and a line for rows that are not summed; seconds a byte of
text, and a byte exchanged.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from bench_memory import part
from counted_cluster import CountedText, Ledger
from measure import HERE, report, table

from minent.corpus.sources import Corpus
from minent.discovery import LexiconBuilder
from minent.distributed.statistics import MOST_STARTS
from minent.segmentation import Segmenter
from minent.settings import LexiconSettings
from minent.templates.finder import TemplateFinder
from minent.word_statistics import with_statistics

MB, GB, TB = 1e6, 1e9, 1e12
FITTED = {  # shares of all corpora; the default recipe has as many kinds of text as it ever has from 145 MB on
    "plain": (1 / 32, 1 / 16, 1 / 8),
    "default": (3 / 4, 7 / 8, 1),
    "templates": (1 / 64, 1 / 32, 1 / 16),
}
CHECKED = {"plain": 1, "default": 8, "templates": 1 / 2}
TASK = 1 << 26  # bytes of text that a task reads on a cluster, at most
RECORDS = {"code", "group"}  # what is exchanged and kept as rows that are not summed
LARGEST = {"groups": 16 * MOST_STARTS}  # bytes, of a table that cannot grow further
TARGETS = (1 * TB, 10 * TB)


@dataclass(frozen=True)
class Heaps:
    """Bytes of tables, one for each task: c · nᵝ, n being the text that the task reads, in MB; `largest` at most."""

    c: float
    beta: float
    largest: float

    @classmethod
    def fit(cls, sizes: list[float], values: list[float], largest: float) -> Heaps:
        if len(sizes) < 2 or min(values) <= 0:
            return cls(max(values), 0.0, largest)
        beta, log_c = np.polyfit(np.log(np.array(sizes) / MB), np.log(values), 1)
        return cls(float(np.exp(log_c)), float(beta), largest)

    def __call__(self, size: float, tasks: int = 1) -> float:
        return tasks * min(self.c * (size / tasks / MB) ** self.beta, self.largest)


@dataclass(frozen=True)
class Linear:
    """Bytes of rows that nobody sums: a constant, and a share of each MB of text, whatever a task reads."""

    constant: float
    share: float
    beta: float = 1.0

    @classmethod
    def fit(cls, sizes: list[float], values: list[float]) -> Linear:
        share, constant = np.polyfit(np.array(sizes) / MB, values, 1)
        return cls(float(constant), float(share))

    def __call__(self, size: float, tasks: int = 1) -> float:
        return self.constant + self.share * size / MB


Law = Heaps | Linear


@dataclass(frozen=True)
class Sample:
    """One run. size : bytes of text;  tasks : that have read it;  driver_s : processor seconds outside tasks"""

    size: int
    tasks: int
    ledger: Ledger
    driver_s: float

    def sums(self) -> dict[str, float]:
        names = ("exchanged", "kept", "received", "mapped_s", "summed_s")
        return {name: float(sum(getattr(self.ledger, name).values())) for name in names} | {"driver_s": self.driver_s}


def plain(text: Any) -> None:
    LexiconBuilder(None, LexiconSettings(recipe="plain"), cluster=text).build()


def default(text: Any) -> None:
    builder = LexiconBuilder(None, LexiconSettings(), cluster=text)
    with_statistics(builder.build(), text.corpus, cluster=text)


def templates(text: Any) -> None:
    TemplateFinder(None, Segmenter(), cluster=text).find()


COMMANDS: dict[str, Callable[[Any], None]] = {"plain": plain, "default": default, "templates": templates}


def run(command: str, path: Path, task_size: int) -> Sample:
    text = CountedText(Corpus(str(path)), task_size)
    began = time.process_time()
    COMMANDS[command](text)
    seconds, ledger, size = time.process_time() - began, text.ledger, path.stat().st_size
    driver = seconds - sum(ledger.mapped_s.values()) - sum(ledger.summed_s.values()) - text.reading_s
    sample = Sample(size, -(-size // task_size), ledger, driver)
    print(command, path.name, f"{seconds:.1f} s", json.dumps(sample.sums()), file=sys.stderr, flush=True)
    return sample


@dataclass(frozen=True)
class Model:
    """What one command needs, by the name of what is counted.

    per_task : bytes that a task hands on for the exchange, by the size of its text;  kept, received : by that of all
    mapped, summed : processor seconds a byte of text, a byte exchanged;  driver_s : processor seconds
    """

    per_task: Mapping[str, Law]
    kept: Mapping[str, Law]
    received: Mapping[str, Law]
    mapped: float
    summed: float
    driver_s: float

    @classmethod
    def fit(cls, samples: list[Sample], kept_also: Sample | None = None) -> Model:
        """From samples that one task has read; `kept_also` tells more of what does not depend on tasks."""
        last = samples[-1].sums()
        more = samples if kept_also is None else [*samples, kept_also]
        return cls(
            _laws(samples, "exchanged"),
            _laws(more, "kept"),
            _laws(more, "received"),
            last["mapped_s"] / samples[-1].size,
            last["summed_s"] / max(last["exchanged"], 1),
            more[-1].driver_s,
        )

    def predict(self, size: float, tasks: int) -> dict[str, float]:
        exchanged = sum(law(size, tasks) for law in self.per_task.values())
        return {
            "exchanged": exchanged,
            "kept": sum(law(size) for law in self.kept.values()),
            "received": sum(law(size) for law in self.received.values()),
            "mapped_s": self.mapped * size,
            "summed_s": self.summed * exchanged,
            "driver_s": self.driver_s,
        }


def _laws(samples: list[Sample], name: str) -> dict[str, Law]:
    values: defaultdict[str, list[float]] = defaultdict(list)
    sizes: defaultdict[str, list[float]] = defaultdict(list)
    for sample in samples:
        for kind, value in getattr(sample.ledger, name).items():
            values[kind].append(value)
            sizes[kind].append(sample.size)
    laws: dict[str, Law] = {}
    for kind, found in values.items():
        if kind in RECORDS and name != "received":
            laws[kind] = Linear.fit(sizes[kind], found)
        else:
            laws[kind] = Heaps.fit(sizes[kind], found, LARGEST.get(kind, math.inf))
    return laws


def bench(command: str) -> dict[str, Any]:
    samples = [run(command, part(share), 1 << 60) for share in FITTED[command]]
    checked = run(command, part(CHECKED[command]), TASK)
    model = Model.fit(samples)
    predicted, measured = model.predict(checked.size, checked.tasks), checked.sums()
    rows = []
    for kind, law in sorted(model.per_task.items(), key=lambda item: -item[1](TASK)):
        kept = model.kept.get(kind)
        found = checked.ledger.exchanged[kind]
        guess = law(checked.size, checked.tasks)
        rows.append(
            [
                kind, f"{law(samples[-1].size) / MB:.2f}", f"{law.beta:.3f}",
                "" if kept is None else f"{kept.beta:.3f}",
                f"{guess / MB:.1f}", f"{found / MB:.1f}", _off(guess, found),
            ]
        )  # fmt: skip
    head = ["counts of", f"MB at {samples[-1].size / MB:.0f} MB", "β of a task", "β of all"]
    laws = table([*head, f"exchanged at {checked.size / MB:.0f} MB: model", "measured", "off by"], rows)
    checks = []
    for name, unit in UNITS.items():
        scale = MB if unit == "MB" else 1
        guess, found = predicted[name] / scale, measured[name] / scale
        checks.append([TITLES[name], unit, f"{guess:,.1f}", f"{found:,.1f}", _off(guess, found)])
    check = table(
        [f"{command}, {checked.size / MB:.0f} MB in {checked.tasks} tasks", "", "model", "measured", "off by"], checks
    )
    wide = Model.fit(samples, checked)
    targets = []
    for target in TARGETS:
        small, large = (each.predict(target, round(target / TASK)) for each in (model, wide))
        targets.append(
            [
                f"{target / TB:.0f} TB", f"{round(target / TASK):,}",
                _hours(large["mapped_s"] + large["summed_s"]),
                f"{large['exchanged'] / GB:,.0f}", f"{small['kept'] / GB:,.0f} – {large['kept'] / GB:,.0f}",
                f"{small['received'] / MB:,.0f} – {large['received'] / MB:,.0f}", f"{large['driver_s']:.0f}",
            ]
        )  # fmt: skip
    ends = ["text", "tasks", "core hours", "exchanged, GB", "kept on disks, GB", "to the driver, MB", "driver, s"]
    body = "\n\n".join([f"### {command}", laws, check, table(ends, targets)])
    record = [
        {"size": each.size, "tasks": each.tasks, **each.sums(), "ledger": vars(each.ledger)}
        for each in (*samples, checked)
    ]
    return {"body": body, "samples": record, "predicted": predicted, "measured": measured}


UNITS = {"exchanged": "MB", "kept": "MB", "received": "MB", "mapped_s": "s", "summed_s": "s", "driver_s": "s"}
TITLES = {
    "exchanged": "exchanged (not packed)",
    "kept": "kept on disks",
    "received": "to the driver",
    "mapped_s": "reading and counting, one core",
    "summed_s": "summing, one core",
    "driver_s": "driver",
}


def _off(guess: float, found: float) -> str:
    return f"{100 * (guess / found - 1):+.0f} %" if found else ""


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.1f}"


def main() -> None:
    last = HERE / "json" / "scale.json"  # commands that are not run again keep what they have
    figures = json.loads(last.read_text())["figures"] if last.exists() else {}
    for command in sys.argv[1:] or COMMANDS:
        COMMANDS[command](CountedText(Corpus(str(part(1 / 64))), TASK))  # kernels are compiled
        figures[command] = bench(command)
        report("scale", "Scale", "\n\n".join(figures[name]["body"] for name in COMMANDS if name in figures), figures)


if __name__ == "__main__":
    main()

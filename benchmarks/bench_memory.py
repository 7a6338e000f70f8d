"""What does a limit of memory cost, how do time and memory grow with the text, and what does a kill leave behind?

python benchmarks/bench_memory.py [budget-plain budget-default templates growth-small growth-large kills-plain
kills-default …]: each part replaces its own figures, those of the others stay.

Text: all corpora, once as they are and then again with every Han character moved to another and every line behind a
prefix of its own, so that n-grams, runs and pieces grow as they would with new text. Whole processes with warm kernels.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from kills import kill_and_resume
from measure import HERE, MINENT, Run, commit, report, run_process, table

import data

MB = 1e6
PEAK_CONSTANT = 160  # MB of the program itself: docs/memory-and-runs.md
CORPORA = (
    *("people_daily_199801.txt", "msra_news.txt", "hongloumeng.txt", "questions.txt"),
    *("laws.txt", "modern_prose.txt", "dotnet_docs.txt"),
)
FIRST_HAN, HAN = 0x4E00, 20_902
LIMITS = {"plain": "256M", "cohesion": "256M", "default": "522M"}
KILLS = {"plain": 50, "default": 10}
Figures = dict[str, Any]


def grown(copies: int) -> Path:
    """All corpora, and `copies` − 1 times another language of the same structure."""
    target = data.SCRATCH / f"grown{copies}.txt"
    if target.exists():
        return target
    with open(f"{target}.part", "w", encoding="utf-8", newline="") as sink:
        for copy in range(copies):
            moved = {FIRST_HAN + k: FIRST_HAN + (k + copy * 977) % HAN for k in range(HAN)}
            for name in CORPORA:
                for number, line in enumerate(data.text(name).open(encoding="utf-8", newline="")):
                    sink.write(f"k{copy}l{number} {line.translate(moved)}" if copy else line)
    return Path(f"{target}.part").rename(target)


def part(share: float) -> Path:
    """A share of the lines of all corpora, evenly spread; above 1 they come several times, changed (`grown`)."""
    if share > 1:
        return grown(int(share))
    target = data.SCRATCH / f"part{share:g}.txt"
    if not target.exists():
        taken = Fraction(share).limit_denominator(64)
        with open(f"{target}.part", "wb") as sink:
            for name in CORPORA:
                with open(data.text(name), "rb") as source:
                    sink.writelines(
                        line for number, line in enumerate(source) if number * taken // 1 > (number - 1) * taken // 1
                    )
        Path(f"{target}.part").rename(target)
    return target


def measured(command: Sequence[str], output: Path) -> tuple[Run, str]:
    """One run, and the digest of what it wrote."""
    run = run_process([*MINENT, *command, "-q", "-o", str(output)])
    print(*command, run.seconds, run.cpu, run.peak_mb, file=sys.stderr, flush=True)
    return run, hashlib.sha256(output.read_bytes()).hexdigest()[:12]


def compared(name: str, command: Sequence[str], limit: str, folder: Path) -> Figures:
    """The same command without a limit and with one."""
    output = folder / "output.tsv"
    free, digest = measured(command, output)
    limited, same = measured([*command, "-S", limit, "-T", str(folder)], output)
    figures: Figures = {"what": name, "limit": limit, "same_bytes": digest == same}
    for key, run in (("free", free), ("limited", limited)):
        figures |= {f"{key}_s": run.seconds, f"{key}_cpu": run.cpu, f"{key}_mb": run.peak_mb}
    return figures


def budget(recipe: str, jobs: Sequence[int], folder: Path) -> list[Figures]:
    path = grown(2)
    size = path.stat().st_size / MB
    return [
        compared(
            f"{recipe}, {size:.0f} MB, {number} worker{'s' if number > 1 else ''}",
            ["build-lexicon", "--recipe", recipe, "-j", str(number), str(path)],
            LIMITS[recipe],
            folder,
        )
        for number in jobs
    ]


def templates(folder: Path) -> list[Figures]:
    lexicon, found = folder / "words.tsv", []
    for name, limit in (("laws.txt", "112M"), ("questions.txt", "192M")):
        path = data.text(name)
        measured(["build-lexicon", "--recipe", "plain", str(path)], lexicon)
        command = ["templates", "-j", "1", "-l", str(lexicon), str(path)]
        found.append(compared(f"templates, {name}, {path.stat().st_size / MB:.0f} MB", command, limit, folder))
    return found


def growth(shares: Sequence[float], folder: Path) -> list[Figures]:
    found = []
    for share in shares:
        path = part(share)
        for recipe in ("plain", "default"):
            for jobs in (1, 2):
                command = ["build-lexicon", "--recipe", recipe, "-j", str(jobs), str(path)]
                run, _ = measured(command, folder / "output.tsv")
                figures = {"share": share, "mb": path.stat().st_size / MB, "recipe": recipe, "jobs": jobs}
                found.append(figures | {"s": run.seconds, "cpu": run.cpu, "peak_mb": run.peak_mb})
    return found


def killed(recipe: str, folder: Path) -> list[Figures]:
    place = folder / recipe
    place.mkdir()
    corpus = [str(data.text("laws.txt")), str(data.text("people_daily_199801.txt"))]
    memory = {"plain": "96M", "default": "522M"}[recipe]
    options = ["--recipe", recipe, f"--memory={memory}", "--jobs=1"]
    return [{"recipe": recipe, **kill_and_resume(corpus, options, KILLS[recipe], place)}]


PARTS: dict[str, Callable[[Path], list[Figures]]] = {
    "budget-plain": lambda folder: budget("plain", (1,), folder),
    "budget-plain-2": lambda folder: budget("plain", (2,), folder),
    "budget-cohesion": lambda folder: budget("cohesion", (1,), folder),
    "budget-default": lambda folder: budget("default", (2,), folder),
    "templates": templates,
    "growth-small": lambda folder: growth((1 / 8, 1 / 4), folder),
    "growth-middle": lambda folder: growth((1 / 2, 1), folder),
    "growth-large": lambda folder: growth((4,), folder),
    "kills-plain": lambda folder: killed("plain", folder),
    "kills-default": lambda folder: killed("default", folder),
}


def rendered(parts: Figures) -> str:
    """The section, of the figures of all parts that were run at any time."""

    def rows(name: str) -> list[Figures]:
        return [row for key in PARTS if key.split("-")[0] == name and key in parts for row in parts[key]["figures"]]

    lines = []
    for key, found in parts.items():
        lines.append(f"{key} {found['date']} ({found['commit']}), load {found['load']:.1f}")
    sections = [
        f"Parts, when each was run, and the load of the machine at its end, on {os.cpu_count()} cores: "
        + "; ".join(lines)
        + ". Where others work on it, processor seconds say more than wall time."
    ]
    limits = [
        [
            row["what"],
            f"{row['free_s']:.1f} ({row['free_cpu']:.1f})",
            f"{row['free_mb']:.0f}",
            row["limit"],
            f"{row['limited_s']:.1f} ({row['limited_cpu']:.1f})",
            f"{row['limited_mb']:.0f}",
            f"{row['limited_s'] / row['free_s']:.2f} (**{row['limited_cpu'] / row['free_cpu']:.2f}**)",
            "yes" if row["same_bytes"] else "NO",
        ]
        for row in (*rows("budget"), *rows("templates"))
    ]
    if limits:
        head = ["", "s (CPU), no limit", "peak MB", "-S", "s (CPU)", "peak MB", "ratio (CPU)", "same bytes"]
        sections += ["### A limit of memory", table(head, limits)]
        sections.append(f"The program itself takes about {PEAK_CONSTANT} MB of the peak.")
    by_size: dict[tuple[float, str], list[Figures]] = {}
    for row in rows("growth"):
        by_size.setdefault((row["share"], row["recipe"]), []).append(row)
    if by_size:
        cells = [
            [
                f"{share:g} ×, {found[0]['mb']:.0f} MB",
                recipe,
                *(cell for row in found for cell in (f"{row['s']:.1f} ({row['cpu']:.1f})", f"{row['peak_mb']:.0f}")),
            ]
            for (share, recipe), found in by_size.items()
        ]
        head = ["text", "recipe", "s (CPU), 1 worker", "peak MB", "s (CPU), 2 workers", "peak MB"]
        sections += ["### Time and memory by size", table(head, cells)]
    kills = rows("kills")
    if kills:
        cells = [[f"{v:.1f}" if isinstance(v, float) else v for v in row.values()] for row in kills]
        head = [name.replace("_", " ") for name in kills[0]]
        sections += ["### Killed at random moments and resumed", table(head, cells)]
    return "\n\n".join(sections)


def main() -> None:
    chosen = sys.argv[1:] or list(PARTS)
    unknown = set(chosen) - set(PARTS)
    if unknown:
        raise SystemExit(f"there is no part {min(unknown)}; there are {', '.join(PARTS)}")
    kept = HERE / "json" / "memory.json"
    for name in chosen:
        with tempfile.TemporaryDirectory() as folder:
            figures = PARTS[name](Path(folder))
        when = {"date": time.strftime("%Y-%m-%d"), "commit": commit(), "load": os.getloadavg()[1]}
        parts: Figures = json.loads(kept.read_text())["figures"] if kept.exists() else {}
        parts[name] = {**when, "figures": figures}
        report("memory", "Memory", rendered(parts), parts)


if __name__ == "__main__":
    main()

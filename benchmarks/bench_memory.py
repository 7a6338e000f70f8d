"""What does a limit of memory cost, how do time and memory grow with the text, and what does a kill leave behind?

Text: all corpora, once as they are and then again with every Han character moved to another and every line behind a
prefix of its own, so that n-grams, runs and pieces grow as they would with new text. Whole processes with warm kernels.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

from kills import kill_and_resume
from measure import MINENT, Run, report, run_process, table

import data

MB = 1e6
PEAK_CONSTANT = 160  # MB of the program itself: docs/memory-and-runs.md
CORPORA = (
    *("people_daily_199801.txt", "msra_news.txt", "hongloumeng.txt", "questions.txt"),
    *("laws.txt", "modern_prose.txt", "dotnet_docs.txt"),
)
FIRST_HAN, HAN = 0x4E00, 20_902
SMALLEST = {"plain": "256M", "default": "522M"}


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
        every = round(1 / share)
        with open(f"{target}.part", "wb") as sink:
            for name in CORPORA:
                with open(data.text(name), "rb") as source:
                    sink.writelines(line for number, line in enumerate(source) if number % every == 0)
        Path(f"{target}.part").rename(target)
    return target


def build(path: Path, recipe: str, jobs: int, folder: Path, memory: str | None = None) -> tuple[Run, str]:
    """One run, and the digest of its lexicon."""
    output = folder / "lexicon.tsv"
    limit = ["-S", memory, "-T", str(folder)] if memory else []
    command = [*MINENT, "build-lexicon", "-q", "--recipe", recipe, "-j", str(jobs), *limit, "-o", str(output)]
    run = run_process([*command, str(path)])
    print(path.name, recipe, jobs, memory, run.seconds, run.cpu, run.peak_mb, file=sys.stderr, flush=True)
    return run, hashlib.sha256(output.read_bytes()).hexdigest()[:12]


def bench_budget(path: Path, folder: Path) -> tuple[str, list[dict[str, object]]]:
    rows: list[list[object]] = []
    figures: list[dict[str, object]] = []
    for recipe, jobs in (("plain", 1), ("plain", 2), ("default", 2)):
        free, digest = build(path, recipe, jobs, folder)
        limited, same = build(path, recipe, jobs, folder, SMALLEST[recipe])
        ratio, processor = limited.seconds / free.seconds, limited.cpu / free.cpu
        rows.append(
            [
                f"{recipe}, {jobs} worker{'s' if jobs > 1 else ''}",
                f"{free.seconds:.1f} ({free.cpu:.1f})",
                f"{free.peak_mb:.0f}",
                SMALLEST[recipe],
                f"{limited.seconds:.1f} ({limited.cpu:.1f})",
                f"{limited.peak_mb:.0f}",
                f"**{ratio:.2f}** ({processor:.2f})",
                "yes" if digest == same else "NO",
            ]
        )
        figures.append(
            {"recipe": recipe, "jobs": jobs, "limit": SMALLEST[recipe], "same_bytes": digest == same}
            | {f"free_{key}": getattr(free, key) for key in ("seconds", "cpu", "peak_mb")}
            | {f"limited_{key}": getattr(limited, key) for key in ("seconds", "cpu", "peak_mb")}
        )
    head = ["recipe", "s (CPU), no limit", "peak MB", "-S", "s (CPU)", "peak MB", "ratio", "same bytes"]
    return table(head, rows), figures


def bench_growth(folder: Path) -> tuple[str, list[dict[str, object]]]:
    rows: list[list[object]] = []
    figures: list[dict[str, object]] = []
    for share in (1 / 8, 1 / 4, 1 / 2, 1, 4):
        path = part(share)
        size = path.stat().st_size / MB
        for recipe in ("plain", "default"):
            cells: list[object] = []
            for jobs in (1, 2):
                run, _ = build(path, recipe, jobs, folder)
                cells += [f"{run.seconds:.1f} ({run.cpu:.1f})", f"{run.peak_mb:.0f}"]
                figures.append(
                    {"share": share, "mb": size, "recipe": recipe, "jobs": jobs, "s": run.seconds, "cpu": run.cpu}
                    | {"peak_mb": run.peak_mb}
                )
            rows.append([f"{share:g} ×, {size:.0f} MB", recipe, *cells])
    head = ["text", "recipe", "s (CPU), 1 worker", "peak MB", "s (CPU), 2 workers", "peak MB"]
    return table(head, rows), figures


def bench_kills(folder: Path, kills: int) -> tuple[str, list[dict[str, object]]]:
    rows: list[list[object]] = []
    figures = []
    corpus = [str(data.text("laws.txt")), str(data.text("people_daily_199801.txt"))]
    for recipe, memory, number in (("plain", "96M", kills), ("default", "522M", max(kills // 5, 1))):
        place = folder / recipe
        place.mkdir()
        options = ["--recipe", recipe, f"--memory={memory}", "--jobs=1"]
        found = kill_and_resume(corpus, options, number, place)
        rows.append([recipe, *(f"{v:.1f}" if isinstance(v, float) else v for v in found.values())])
        figures.append({"recipe": recipe, **found})
    return table(["recipe", *(name.replace("_", " ") for name in found)], rows), figures


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = grown(2)
        budget, budget_figures = bench_budget(path, folder)
        growth, growth_figures = bench_growth(folder)
        killed, kill_figures = bench_kills(folder, kills)
    body = "\n\n".join(
        [
            f"Load of the machine at the end: {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores. Where others work "
            "on it, processor seconds say more than wall time.",
            f"### A limit of memory, on {path.stat().st_size / MB:.0f} MB",
            budget,
            f"The program itself takes about {PEAK_CONSTANT} MB of the peak.",
            "### Time and memory by size",
            growth,
            "### Killed at random moments and resumed",
            killed,
        ]
    )
    report("memory", "Memory", body, {"budget": budget_figures, "growth": growth_figures, "kills": kill_figures})


if __name__ == "__main__":
    main()

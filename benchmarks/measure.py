"""Whole processes timed from outside, peers timed inside theirs, results kept in RESULTS.md."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS.md"
MINENT = [sys.executable, "-m", "minent"]


@dataclass(frozen=True)
class Run:
    """One finished process: wall and processor seconds, peak resident memory in MB, what it printed."""

    seconds: float
    cpu: float
    peak_mb: float
    output: str


def run_process(command: Sequence[str], **environment: str) -> Run:
    """Run a command to its end. RuntimeError if it fails."""
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **environment})
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {text[-2000:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text)


def median_run(command: Sequence[str], runs: int = 3, **environment: str) -> Run:
    """The run of median wall time among several; the first one, which may warm files and kernels, is not counted."""
    run_process(command, **environment)
    found = sorted((run_process(command, **environment) for _ in range(runs)), key=lambda run: run.seconds)
    return found[len(found) // 2]


def python_run(code: str, *arguments: str) -> Run:
    """Run Python code in a process of its own."""
    return run_process([sys.executable, "-c", code, *arguments])


def machine() -> str:
    """Processor, cores, Python: one line."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def commit() -> str:
    """The short name of the commit that is checked out, with a + if files differ from it."""
    git = ["git", "-C", str(HERE)]
    try:
        name = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name.stdout.strip() + ("+" if changed.stdout.strip() else "")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def report(name: str, title: str, body: str, figures: object) -> None:
    """Print a section, put it into RESULTS.md in the place of the last one of that name, and write its JSON."""
    text = f"## {title}\n\n{machine()}; {time.strftime('%Y-%m-%d')}; commit {commit()}; "
    text += f"`python benchmarks/bench_{name}.py`\n\n{body}\n"
    print(text)
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    old = RESULTS.read_text() if RESULTS.exists() else "# Results\n\nEach section is written by its script.\n\n"
    if start not in old:
        old += start + end
    before, _, rest = old.partition(start)
    RESULTS.write_text(before + start + text + end + rest.partition(end)[2])
    folder = HERE / "json"
    folder.mkdir(exist_ok=True)
    record = {"machine": machine(), "commit": commit(), "figures": figures}
    (folder / f"{name}.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def median(numbers: Sequence[float]) -> float:
    """The median."""
    return statistics.median(numbers)

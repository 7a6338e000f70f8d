"""metrics.jsonl of a training → loss.png, its figures over the steps."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

from minent.files import atomic_open
from minent.neural.checkpoint import METRICS, Folder

LOSS_PLOT = "loss.png"
LEFT_OUT = ("step", "epoch", "seconds", "rate", "evaluation")


def plot_losses(folder: Folder) -> Path | None:
    """Draw every figure of a training, held-out ones dashed; None where there is nothing to draw. Needs matplotlib."""
    curves = read_curves(Path(folder) / METRICS)
    if not curves:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = sorted({name for name, _ in curves}, key=lambda name: (name != "loss", name))
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(4 * columns, 2.6 * rows), layout="constrained")
    for number, name in enumerate(names, start=1):
        axes = figure.add_subplot(rows, columns, number)
        for held_out, style in ((False, "-"), (True, "--o")):
            if points := curves.get((name, held_out)):
                steps, values = zip(*points, strict=True)
                axes.plot(steps, values, style, linewidth=1, markersize=2, label="held-out" if held_out else "learned")
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("step", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.legend(fontsize=7)
    path = Path(folder) / LOSS_PLOT
    with atomic_open(path) as stream:
        FigureCanvasAgg(figure).print_png(stream)
    return path


def read_curves(path: Path) -> dict[tuple[str, bool], list[tuple[int, float]]]:
    """Steps and values by name of the figure and by whether it is of held-out data."""
    curves: dict[tuple[str, bool], list[tuple[int, float]]] = defaultdict(list)
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ():
        try:
            line = json.loads(text)
            step = int(line["step"])
            parts: list[tuple[bool, dict[str, Any]]] = [(False, line), (True, line.get("evaluation") or {})]
        except (ArithmeticError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue  # cut off while it was written
        for held_out, figures in parts:
            for name, value in figures.items():
                if name not in LEFT_OUT and isinstance(value, int | float) and math.isfinite(value):
                    curves[name, held_out].append((step, float(value)))
    return dict(curves)

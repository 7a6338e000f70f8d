"""Plots of a report as SVG whose colours are those of the page: word lengths, and counts by rank."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minent.report.inline import inline_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LONGEST = 8  # units; longer words share a bar
POINTS = 160  # of a curve
WIDTH, HEIGHT = 5.4, 3.3  # inches
# Colours that stand for those of the page until the picture is drawn: light and dark are a matter of its style sheet.
INK, FAINT, FIRST, SECOND = "#010203", "#010204", "#010205", "#010206"
VARIABLES = {INK: "var(--soft)", FAINT: "var(--line)", FIRST: "var(--first)", SECOND: "var(--second)"}


def plot_lengths(lengths: NDArray[np.int64], counts: NDArray[np.int64]) -> str:
    """Of the words that occur, and of the tokens of the text, the shares of each length."""
    used = counts > 0
    bins = np.minimum(lengths[used], LONGEST + 1)
    shares = [_percents(np.bincount(bins, minlength=LONGEST + 2)[1:])]
    shares.append(_percents(np.bincount(bins, weights=counts[used], minlength=LONGEST + 2)[1:]))
    shown = max(int(np.flatnonzero(shares[0] + shares[1]).max(initial=0)) + 1, 4)
    names = [str(length) for length in range(1, LONGEST + 1)] + [f"{LONGEST + 1}+"]

    def draw(axes: Axes) -> None:
        places = np.arange(shown)
        for k, (values, colour, label) in enumerate(
            zip(shares, (FIRST, SECOND), ("words of the lexicon", "tokens of the text"), strict=True)
        ):
            axes.bar(places + 0.41 * k - 0.205, values[:shown], width=0.37, color=colour, label=label)
        axes.set_xticks(places, names[:shown])
        axes.set_xlabel("length in characters")
        axes.set_ylabel("share, %")
        axes.grid(axis="y", color=FAINT, linewidth=0.8)

    return _drawn(draw, "lengths-")


def plot_ranks(words: Sequence[int], characters: Sequence[int]) -> str:
    """Counts of words and of characters by their rank, both axes logarithmic, beside Zipf's law."""

    def draw(axes: Axes) -> None:
        for counts, colour, label in ((words, FIRST, "words"), (characters, SECOND, "characters")):
            ranks, values = thinned(counts)
            axes.plot(ranks, values, color=colour, linewidth=2, label=label)
        if len(words) and max(words) > 0:
            top = max(words)
            axes.plot([1, top], [top, 1], color=INK, linewidth=1, linestyle=(0, (2, 3)), label="count ∝ 1/rank")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("rank")
        axes.set_ylabel("count")
        axes.minorticks_off()
        axes.grid(color=FAINT, linewidth=0.8)

    return _drawn(draw, "ranks-")


def thinned(counts: Sequence[int], points: int = POINTS) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ranks, about evenly apart on a logarithmic axis and both ends among them, and the counts above 0 at these.

    >>> thinned([5, 9, 0, 7])
    (array([1, 2, 3]), array([9, 7, 5]))
    """
    values = np.sort(np.asarray(counts, dtype=np.int64))[::-1]
    values = values[values > 0]
    if not len(values):
        return values, values
    ranks = np.unique(np.geomspace(1, len(values), points).round().astype(np.int64))
    return ranks, values[ranks - 1]


def _percents(values: ArrayLike) -> NDArray[np.float64]:
    numbers = np.asarray(values, dtype=np.float64)
    return 100 * numbers / max(float(numbers.sum()), 1.0)


def _drawn(draw: Callable[[Axes], None], prefix: str) -> str:
    from matplotlib import style
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {
        "svg.fonttype": "none",  # text as text, in the fonts of the page
        "svg.hashsalt": "minent",  # equal data, equal bytes
        "font.family": "sans-serif",
        "font.size": 10,
        "text.color": INK,
        "axes.edgecolor": FAINT,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "legend.frameon": False,
    }
    with style.context(["default", settings]):  # whatever the settings of the user are
        figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        axes = figure.add_subplot()
        draw(axes)
        axes.tick_params(length=0)
        axes.legend()
        file = io.StringIO()
        FigureCanvasSVG(figure).print_svg(file, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return _themed(inline_svg(file.getvalue(), prefix))


def _themed(svg: str) -> str:
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, variable)
    return svg

"""Judging generated pictures by a classifier that was trained here: an option, and what its figures are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from minent.neural.images.data import Images

Function = TypeVar("Function", bound=Callable[..., object])


def judge_option(told: str) -> Callable[[Function], Function]:
    """--judge DIR; told : how its help begins."""
    text = f"{told} the features of this classifier, made by `minent neural gan judge`."
    return click.option("--judge", "judge_folder", type=click.Path(), metavar="DIR", help=text)


count_option = click.option(
    "--pictures",
    "count",
    type=click.IntRange(min=2),
    default=5000,
    show_default=True,
    help="Generated for the Fréchet distance.",
)


def judged(judge_folder: str, device: Any, real: Images, pictures: Any) -> dict[str, Any]:
    """Fréchet distance of float pictures from 0 to 1, with the accuracy of the judge on the real ones."""
    from minent.neural.judge import judge_pictures, load_judge

    return judge_pictures(load_judge(judge_folder, device), real, pictures, judge_folder)


def square_side(images: Images) -> int:
    """Pixels of a side. UsageError: the pictures are not square."""
    _, height, width = images.shape
    if height != width:
        raise click.UsageError(f"the pictures are {width} × {height}: --size N makes them square")
    return height

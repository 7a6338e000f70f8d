"""Options that the commands of all models of pictures share, and the pictures that they ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from minent.cli.options import is_given
from minent.neural.images.settings import LABELS, SPLITS, ImageSettings

if TYPE_CHECKING:
    from minent.neural.images.data import Images

Function = TypeVar("Function", bound=Callable[..., object])
DEFAULTS = ImageSettings()
PICTURE_OPTIONS = ("data", "idx", "as_folder", "fonts", "characters", "labels", "split", "side", "colour")


def image_options(split: str) -> Callable[[Function], Function]:
    """DATA and what tells of which kind it is; the command hands them to `read_pictures` as `**options`.

    Options: PICTURE_OPTIONS; split has this default.
    """
    decorators = (
        click.argument("data", nargs=-1, metavar="[DATA]"),
        click.option("--idx", is_flag=True, help="DATA is a folder of idx files, as MNIST has them.  [default: if so]"),
        click.option(
            "--folder", "as_folder", is_flag=True, help="DATA is a folder of image files; sub-folders are labels."
        ),
        click.option(
            "--glyphs",
            "fonts",
            multiple=True,
            metavar="FONT[:FACE]",
            help="Characters drawn with this font; DATA is a lexicon, else the built-in one. Repeatable.",
        ),
        click.option(
            "--characters",
            type=click.IntRange(min=1),
            default=DEFAULTS.characters,
            show_default=True,
            help="With --glyphs: how many, the most frequent.",
        ),
        click.option(
            "--labels",
            type=click.Choice(LABELS),
            default=DEFAULTS.labels,
            show_default=True,
            help="With --glyphs of two fonts or more: what the label of a picture is.",
        ),
        click.option(
            "--split",
            type=click.Choice(SPLITS),
            default=split,
            show_default=True,
            help="Of idx files by name, of others every tenth picture is test.",
        ),
        click.option(
            "--size",
            "side",
            type=click.IntRange(4, 1024),
            metavar="N",
            help="Pixels of a side.  [default: 32; of idx files theirs]",
        ),
        click.option("--colour", is_flag=True, help="Keep the colours of a folder of image files."),
    )

    def decorate(function: Function) -> Function:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def read_pictures(
    data: tuple[str, ...],
    *,
    idx: bool,
    as_folder: bool,
    fonts: tuple[str, ...],
    characters: int,
    labels: str,
    split: str,
    side: int | None,
    colour: bool,
    report: Callable[[str], Any],
) -> Images:
    """The pictures that the options of a command name. UsageError: options that do not go together."""
    from minent.neural.images.data import read_images

    if len(data) > 1:
        raise click.UsageError("name one DATA")
    if idx and as_folder:
        raise click.UsageError("--idx and --folder: DATA is one of them")
    form = "idx" if idx else "folder" if as_folder else None
    try:
        if not fonts and is_given("characters"):
            raise ValueError(f"--characters {characters}: it goes with --glyphs")
        if not fonts and is_given("labels"):
            raise ValueError(f"--labels {labels}: it goes with --glyphs")
        settings = ImageSettings(form, fonts, characters, split, side, colour, labels)
        return read_images(data[0] if data else None, settings, report)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def take_pictures(options: dict[str, Any], quiet: bool, shape: tuple[int, int, int] | None = None) -> Images:
    """The pictures that the options of a command name, which are taken out of `options`; says how many there are.

    UsageError: they have not this shape (channels, height, width).
    """
    from minent.cli.notices import say

    images = read_pictures(
        **{name: options.pop(name) for name in PICTURE_OPTIONS}, report=lambda text: say(text, quiet)
    )
    if shape is not None and images.shape != shape:
        raise click.UsageError(unfit(images.shape, shape))
    channels, height, width = images.shape
    say(f"{len(images):,} pictures of {width} × {height} × {channels} from {images.source}", quiet)
    return images


def unfit(shape: tuple[int, int, int], wanted: tuple[int, int, int]) -> str:
    """What is told of pictures that a model cannot take, by their (channels, height, width) and the model's."""
    ours, theirs = (
        f"{width} × {height}, {'grey' if channels == 1 else 'in colour'}" for channels, height, width in (shape, wanted)
    )
    options = ["--size"] * (shape[1:] != wanted[1:]) + ["--colour"] * (shape[0] != wanted[0])
    return f"the pictures are {ours}, those of the model {theirs}: {' and '.join(options)}"


def refuse_pictures(reason: str) -> None:
    """UsageError: the command line names pictures, which are not read for this reason."""
    for parameter in click.get_current_context().command.params:
        if parameter.name in PICTURE_OPTIONS and is_given(parameter.name):
            named = parameter.opts[0] if isinstance(parameter, click.Option) else "DATA"
            raise click.UsageError(f"{named} is for pictures: {reason}")

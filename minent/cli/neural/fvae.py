"""`minent neural fvae`: learns pictures by encoder, decoder and flow, or by one of these alone; measures and draws."""

from __future__ import annotations

from typing import Any

import click

from minent.cli.neural.image_options import PICTURE_OPTIONS, image_options, read_pictures, refuse_pictures, unfit
from minent.cli.neural.judge_options import count_option, judge_option, judged, square_side
from minent.cli.neural.options import (
    model_options,
    needs,
    seed_option,
    share_pairs,
    tell_result,
    training_options,
    training_settings,
    use_threads,
)
from minent.cli.options import FloatRange, is_given
from minent.neural.fvae.settings import MODELS, TRAINING, FvaeConfig, most_levels
from minent.neural.settings import TrainingSettings, with_pairs

SHOWN = 64  # pictures that are drawn when a training ends

temperature_option = click.option(
    "--temperature", type=FloatRange(0, 10), default=1.0, show_default=True, help="Deviation of the latents."
)


@click.group()
def command() -> None:
    """f-VAE: encoder, decoder and flow in one (kexue.fm/archives/5977), beside a VAE and a flow of the same size.

    \b
    Examples:  minent neural fvae train mnist -o fvae --minutes 10
               minent neural fvae sample fvae -o picture.png
    """


@command.command()
@image_options("train")
@click.option("--model", type=click.Choice(MODELS), default=MODELS[0], show_default=True)
@click.option("--own-width", is_flag=True, help="Do not widen glow and vae to the number of parameters of fvae.")
@training_options("PIL", "matplotlib")
def train(
    model: str, own_width: bool, output: str, resume: bool, quiet: bool, pairs: tuple[str, ...], **options: Any
) -> None:
    """Learn from pictures. A tenth of them, 2,048 at most, choose the weights that are kept.

    DIR also gets samples.png, reconstructions.png (each picture beside what is left of it) and loss.png.

    --set also takes levels, blocks, width, depth, flow_width, sigma and noise.

    \b
    Example:  minent neural fvae train mnist -o fvae --minutes 10
    """
    import dataclasses

    import numpy as np

    from minent.cli.notices import say
    from minent.neural.fvae.learning import MOST_HELD_OUT, train_fvae, with_size_of
    from minent.neural.plot import plot_losses

    def report(message: str) -> None:
        say(message, quiet)

    pictures = {name: options.pop(name) for name in PICTURE_OPTIONS}
    fixed = ("channels", "size", "model")
    of_training, sizes = share_pairs(pairs, TrainingSettings, FvaeConfig, fixed=fixed)
    settings = training_settings(TRAINING, of_training, **options)
    images = read_pictures(**pictures, report=report)
    side = square_side(images)
    order = np.random.default_rng(settings.seed).permutation(len(images))
    held_out = min(MOST_HELD_OUT, len(images) // 10)
    try:
        whole = FvaeConfig(images.shape[0], side, levels=most_levels(side))
        whole = with_pairs(whole, sizes, fixed)
        config = dataclasses.replace(whole, model=model)
        if not own_width and model != "fvae":
            config = with_size_of(config, dataclasses.replace(whole, model="fvae"))
        result = train_fvae(
            config,
            images.pixels[np.sort(order[held_out:])],
            images.pixels[np.sort(order[:held_out])],
            output,
            settings,
            resume=resume,
            report=report,
            progress=not quiet,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    plot_losses(output)
    _draw_kept(output, images.pixels[np.sort(order[: held_out or SHOWN])], settings.seed)
    tell_result(result, output, quiet)


@command.command()
@model_options
@image_options("test")
@judge_option("Also the Fréchet distance, on")
@count_option
@temperature_option
@seed_option
@needs("PIL")
def evaluate(
    folder: str,
    judge_folder: str | None,
    count: int,
    temperature: float,
    seed: int,
    device: str,
    threads: int | None,
    quiet: bool,
    **pictures: Any,
) -> None:
    """Bits per dimension (a bound; of glow only since grey values get noise) and squared error of DATA, as JSON.

    \b
    Example:  minent neural fvae evaluate fvae mnist --judge judge
    """
    import json

    from minent.cli.notices import say
    from minent.files import atomic_open
    from minent.neural.device import choose_device, seed_step
    from minent.neural.fvae import load
    from minent.neural.fvae.drawing import draw
    from minent.neural.fvae.learning import judge_bound, parameters_of

    for name, option in (("count", "--pictures"), ("temperature", "--temperature")):
        if judge_folder is None and is_given(name):
            raise click.UsageError(f"{option} is of the distance that --judge gives")
    use_threads(threads)
    chosen = choose_device(device)
    images = read_pictures(**pictures, report=lambda message: say(message, quiet))
    model = load(folder, chosen)
    _check_shape(model, images.shape)
    seed_step(seed, 0)
    found = judge_bound(model, images.pixels)
    figures: dict[str, Any] = {
        "model": model.config.model,
        "parameters": parameters_of(model.config),
        "bits_per_dimension": found["bits_per_dimension"],
        "squared_error": found["error"],
    }
    if judge_folder is not None:
        figures |= {"temperature": temperature}
        figures |= judged(judge_folder, chosen, images, draw(model, count, temperature))
    with atomic_open("-", "w") as stream:
        stream.write(json.dumps(figures, indent=2) + "\n")


@command.command()
@model_options
@image_options("test")
@click.option("-o", "--output", required=True, type=click.Path(), metavar="PNG", help="The grid.")
@click.option("-n", "--count", type=click.IntRange(1, 10_000), default=64, show_default=True, help="Pictures.")
@click.option("--reconstruct", "shows_left", is_flag=True, help="Pictures of DATA, each beside what is left of it.")
@click.option("--interpolate", "shows_ways", is_flag=True, help="From one picture of DATA to the next, eight a row.")
@temperature_option
@seed_option
@needs("PIL")
def sample(
    folder: str,
    output: str,
    count: int,
    shows_left: bool,
    shows_ways: bool,
    temperature: float,
    seed: int,
    device: str,
    threads: int | None,
    quiet: bool,
    **pictures: Any,
) -> None:
    """Draw pictures with the model in DIR.

    \b
    Example:  minent neural fvae sample fvae -o picture.png --temperature 0.8
    """
    from minent.cli.notices import say
    from minent.neural.device import choose_device, seed_step
    from minent.neural.fvae import load
    from minent.neural.fvae.drawing import INTERPOLATED, draw, interpolate, reconstruct
    from minent.neural.images.grid import save_grid

    if shows_left and shows_ways:
        raise click.UsageError("--reconstruct and --interpolate: choose one")
    if (shows_left or shows_ways) and is_given("temperature"):
        raise click.UsageError(f"--temperature {temperature:g}: is of pictures that are drawn at random")
    if not (shows_left or shows_ways):
        refuse_pictures("they are read with --reconstruct or --interpolate alone")
    use_threads(threads)
    model = load(folder, choose_device(device))
    seed_step(seed, 0)
    if not (shows_left or shows_ways):
        save_grid(output, draw(model, count, temperature))
        return
    images = read_pictures(**pictures, report=lambda message: say(message, quiet))
    _check_shape(model, images.shape)
    shown = images.pixels[:count]
    if shows_left:
        save_grid(output, reconstruct(model, shown), 16)
        return
    if len(shown) < 2:
        raise click.UsageError("interpolations need two pictures or more")
    save_grid(output, interpolate(model, shown), INTERPOLATED)


def _draw_kept(folder: str, pixels: Any, seed: int) -> None:
    """Samples and reconstructions of the weights that were kept, into their folder."""
    from pathlib import Path

    from minent.neural.device import seed_step
    from minent.neural.fvae import load
    from minent.neural.fvae.drawing import draw, reconstruct
    from minent.neural.images.grid import save_grid

    model = load(folder)
    seed_step(seed, 0)
    save_grid(Path(folder) / "samples.png", draw(model, SHOWN))
    save_grid(Path(folder) / "reconstructions.png", reconstruct(model, pixels[: SHOWN // 2]), 8)


def _check_shape(model: Any, shape: tuple[int, int, int]) -> None:
    size = model.config.size
    if shape != (model.config.channels, size, size):
        raise click.UsageError(unfit(shape, (model.config.channels, size, size)))

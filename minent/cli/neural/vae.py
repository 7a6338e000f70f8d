"""`minent neural vae`: learns to draw pictures like those it saw, and tells how well it explains others."""

from __future__ import annotations

from typing import Any

import click

from minent.cli.neural.image_options import PICTURE_OPTIONS, image_options, refuse_pictures, take_pictures
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
from minent.neural.settings import TrainingSettings
from minent.neural.vae.settings import BOUNDS, LIKELIHOODS, NETWORKS, OBJECTIVES, PICTURES, TRAINING


@click.group()
def command() -> None:
    """Variational autoencoders under four objectives (kexue.fm/archives/5383); DIR is the folder of a model.

    \b
    Examples:  minent neural vae train --idx mnist -o vae
               minent neural vae sample vae -o samples.png
    """


@command.command()
@image_options("train")
@click.option(
    "--objective",
    type=click.Choice(OBJECTIVES),
    default=OBJECTIVES[0],
    show_default=True,
    help="What goes down: the ELBO with the KL in closed form, the same with drawn z, the IWAE bound, or the "
    "likelihood with z of the prior.",
)
@click.option(
    "-k",
    "--samples",
    type=click.IntRange(1, 10_000),
    help="z drawn for a picture.  [default: 1; 5 with iwae, 100 with prior]",
)
@click.option("--network", type=click.Choice(NETWORKS), default=NETWORKS[0], show_default=True)
@click.option(
    "--likelihood",
    type=click.Choice(LIKELIHOODS),
    default=LIKELIHOODS[0],
    show_default=True,
    help="bernoulli draws each pixel as black or white, anew in each step; gaussian learns one variance.",
)
@click.option("--latent", type=click.IntRange(1, 4096), default=50, show_default=True, help="Latent numbers.")
@training_options("PIL", "matplotlib")
def train(
    objective: str,
    samples: int | None,
    network: str,
    likelihood: str,
    latent: int,
    output: str,
    resume: bool,
    quiet: bool,
    pairs: tuple[str, ...],
    **options: Any,
) -> None:
    """Learn from pictures. DIR also gets samples.png, reconstructions.png and loss.png.

    --set also takes hidden and layers of the mlp.

    \b
    Example:  minent neural vae train --idx mnist --objective iwae -k 5 -o vae
    """
    from minent.cli.notices import say
    from minent.neural.vae.model import VaeConfig
    from minent.neural.vae.task import FIXED, train_vae

    pictures = {name: options.pop(name) for name in PICTURE_OPTIONS}
    of_training, sizes = share_pairs(pairs, TrainingSettings, VaeConfig, fixed=FIXED)
    settings = training_settings(TRAINING, of_training, **options)
    images = take_pictures(pictures, quiet)
    choices = {
        "objective": objective,
        "samples": samples or {"iwae": 5, "prior": 100}.get(objective, 1),
        "network": network,
        "likelihood": likelihood,
        "latent": latent,
    }
    try:
        result = train_vae(
            images,
            output,
            settings,
            sizes,
            choices,
            resume=resume,
            report=lambda message: say(message, quiet),
            progress=not quiet,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    tell_result(result, output, quiet)


@command.command()
@model_options
@image_options("test")
@click.option(
    "--bounds", default=",".join(map(str, BOUNDS)), show_default=True, metavar="K,…", help="Samples of the bounds."
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Of the first N pictures.  [default: all]")
@seed_option
@needs("PIL")
def evaluate(
    folder: str,
    bounds: str,
    limit: int | None,
    seed: int,
    device: str,
    threads: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Bounds of −ln q(x) in nats a picture, latent numbers in use, and variances of the posterior, as JSON.

    \b
    Example:  minent neural vae evaluate vae --idx mnist --limit 500
    """
    import json

    from minent.files import atomic_open
    from minent.neural.device import choose_device
    from minent.neural.vae import load
    from minent.neural.vae.evaluation import evaluate_vae
    from minent.progress import progress_bar

    use_threads(threads)
    try:
        counts = sorted({int(text) for text in bounds.split(",")})
    except ValueError as error:
        raise click.UsageError(f"--bounds {bounds}: not whole numbers with commas between") from error
    if not 1 <= counts[0] <= counts[-1] <= 1_000_000:
        raise click.UsageError(f"--bounds {bounds}: must be between 1 and 1,000,000")
    model = load(folder, choose_device(device))
    images = take_pictures(options, quiet, model.shape)
    images = images.take(range(min(limit or len(images), len(images))))
    with progress_bar(len(images), "picture", "bounds", enabled=not quiet) as advance:
        figures = evaluate_vae(model, images, counts, seed, advance)
    with atomic_open("-", "w") as stream:
        stream.write(json.dumps(figures, indent=2) + "\n")


@command.command()
@model_options
@image_options("test")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), metavar="FILE", help="A PNG file.")
@click.option(
    "--what",
    type=click.Choice(PICTURES),
    default=PICTURES[0],
    show_default=True,
    help="reconstructions and interpolations are of DATA; grid needs --latent 2 in training.",
)
@click.option("-n", "--count", type=click.IntRange(1, 10_000), default=64, show_default=True, help="Pictures to draw.")
@seed_option
@needs("PIL")
def sample(
    folder: str,
    output: str,
    what: str,
    count: int,
    seed: int,
    device: str,
    threads: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Draw samples, reconstructions, ways from one picture to another, or the plane of two latent numbers.

    \b
    Example:  minent neural vae sample vae -o samples.png
              minent neural vae sample vae --idx mnist --what interpolations -n 20 -o ways.png
    """
    import math

    import numpy as np

    from minent.neural.device import choose_device
    from minent.neural.images.grid import save_grid
    from minent.neural.vae import load, pictures

    if what in ("samples", "grid"):
        refuse_pictures("they are read with --what reconstructions or interpolations alone")
    use_threads(threads)
    chosen = choose_device(device)
    model = load(folder, chosen)
    columns = None
    try:
        if what == "samples":
            drawn = pictures.samples(model, count, seed)
        elif what == "grid":
            drawn = pictures.latent_grid(model, math.ceil(math.sqrt(count)))
        else:
            images = take_pictures(options, quiet, model.shape)
            if what == "interpolations" and min(len(images), count) < 2:
                raise ValueError("interpolations need two pictures or more")
            numbers = np.random.default_rng(seed).permutation(len(images))[:count]
            x = images.tensor(numbers, chosen)
            if what == "reconstructions":
                drawn, columns = pictures.reconstructions(model, x), 2 * math.ceil(math.sqrt(len(x) / 2))
            else:
                drawn, columns = pictures.interpolations(model, x), pictures.WAY
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    save_grid(output, drawn, columns)

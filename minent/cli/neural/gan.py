"""`minent neural gan`: plays the game of two networks on pictures, judges and draws what one of them has learned."""

from __future__ import annotations

from typing import Any

import click

from minent.cli.neural.image_options import PICTURE_OPTIONS, image_options, read_pictures
from minent.cli.neural.judge_options import count_option, judge_option, judged, square_side
from minent.cli.neural.options import (
    key_of,
    model_options,
    needs,
    seed_option,
    share_pairs,
    tell_result,
    training_options,
    training_settings,
    use_threads,
)
from minent.cli.options import FloatRange
from minent.neural.gan.settings import ARCHITECTURES, LOSSES, PENALTIES, TRAINING, GanConfig, configure
from minent.neural.settings import TrainingSettings, with_pairs

truncation_option = click.option(
    "--truncation",
    type=FloatRange(0, 10),
    metavar="T",
    help="Largest magnitude in z, drawn again above it; of style: ψ.  [default: none]",
)


@click.group()
def command() -> None:
    """GANs of pictures: the papers of the reading list kexue.fm/archives/6240 as switches of one trainer.

    progressive is PGGAN, style StyleGAN; --penalty gp|ct is WGAN-GP and CT-GAN, r1|r2 the zero-centred penalties, roth
    the noise regulariser; --spectral-norm, --bottleneck (the variational one) and two learning rates are papers too.

    \b
    Examples:  minent neural gan train mnist -o gan --minutes 10
               minent neural gan sample gan -o picture.png
    """


@command.command()
@image_options("train")
@click.option("--architecture", type=click.Choice(ARCHITECTURES), default="dcgan", show_default=True)
@click.option("--loss", type=click.Choice(LOSSES), help="[default: the architecture's]")
@click.option("--penalty", type=click.Choice(PENALTIES), help="On the slope of the discriminator.  [default: likewise]")
@click.option("--penalty-weight", type=FloatRange(min=0), help="[default: 10; of roth 2]")
@click.option("--spectral-norm/--no-spectral-norm", default=None, help="Of the discriminator's weights.")
@click.option("--bottleneck", type=FloatRange(min=0), metavar="NATS", help="Let this much through on the mean.")
@click.option("--lr-d", type=FloatRange(min=0, min_open=True), help="Learning rate of the discriminator.")
@click.option("--lr-g", type=FloatRange(min=0, min_open=True), help="Learning rate of the generator.")
@click.option("--ema", type=FloatRange(0, 1), metavar="DECAY", help="Keep an average of the generator; 0: none.")
@click.option("--conditional", is_flag=True, help="Tell both players the labels.")
@training_options("PIL", "matplotlib")
def train(
    architecture: str,
    loss: str | None,
    penalty: str | None,
    penalty_weight: float | None,
    spectral_norm: bool | None,
    bottleneck: float | None,
    lr_d: float | None,
    lr_g: float | None,
    ema: float | None,
    conditional: bool,
    output: str,
    resume: bool,
    quiet: bool,
    pairs: tuple[str, ...],
    learning_rate: float | None,
    **options: Any,
) -> None:
    """Learn from pictures; grids of samples are drawn into DIR/samples on the way.

    --learning-rate is that of both players where --lr-d and --lr-g do not say otherwise. --set also takes width,
    latent, critic_steps, grow, orthogonal, style_mixing and the other fields of the game.

    \b
    Example:  minent neural gan train mnist -o gan --penalty r1 --lr-d 0.0004 --lr-g 0.0001
    """
    from minent.cli.notices import say
    from minent.neural.gan.learning import train_gan
    from minent.neural.plot import plot_losses

    def report(message: str) -> None:
        say(message, quiet)

    pictures = {name: options.pop(name) for name in PICTURE_OPTIONS}
    fixed = ("channels", "size", "classes", "architecture")
    of_training, of_game = share_pairs(pairs, TrainingSettings, GanConfig, fixed=fixed)
    settings = training_settings(TRAINING, of_training, learning_rate=learning_rate, **options)
    if "learning_rate" in map(key_of, of_training):
        learning_rate = settings.learning_rate
    images = read_pictures(**pictures, report=report)
    side = square_side(images)
    try:
        given = {"loss": loss, "penalty": penalty, "penalty_weight": penalty_weight, "spectral_norm": spectral_norm}
        given |= {"bottleneck": bottleneck, "lr_d": lr_d or learning_rate, "lr_g": lr_g or learning_rate, "ema": ema}
        if conditional and images.labels is None:
            raise ValueError("--conditional: the pictures have no labels")
        if conditional and images.labels is not None:
            given["classes"] = int(images.labels.max()) + 1
        config = configure(images.shape[0], side, architecture, **given)
        config = with_pairs(config, of_game, fixed)
        result = train_gan(config, images, output, settings, resume=resume, report=report, progress=not quiet)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    plot_losses(output)
    tell_result(result, output, quiet)


@command.command()
@model_options
@image_options("test")
@judge_option("Needed: the Fréchet distance is on")
@count_option
@truncation_option
@seed_option
@needs("PIL")
def evaluate(
    folder: str,
    judge_folder: str | None,
    count: int,
    truncation: float | None,
    seed: int,
    device: str,
    threads: int | None,
    quiet: bool,
    **pictures: Any,
) -> None:
    """Fréchet distance of generated pictures to those of DATA, as JSON.

    \b
    Example:  minent neural gan evaluate gan mnist --judge judge
    """
    import json

    from minent.cli.notices import say
    from minent.files import atomic_open
    from minent.neural.device import choose_device, seed_step
    from minent.neural.gan import load
    from minent.neural.gan.learning import draw

    if judge_folder is None:
        raise click.UsageError("--judge DIR: train one with `minent neural gan judge DATA -o DIR`")
    use_threads(threads)
    chosen = choose_device(device)
    real = read_pictures(**pictures, report=lambda message: say(message, quiet))
    generator = load(folder, chosen)
    seed_step(seed, 0)
    figures = judged(judge_folder, chosen, real, draw(generator, count, truncation))
    with atomic_open("-", "w") as stream:
        stream.write(json.dumps({"architecture": generator.config.architecture, **figures}, indent=2) + "\n")


@command.command()
@model_options
@click.option("-o", "--output", required=True, type=click.Path(), metavar="PNG", help="The grid.")
@click.option("-n", "--count", type=click.IntRange(1, 10_000), default=64, show_default=True, help="Pictures.")
@click.option("--label", type=click.IntRange(min=0), help="Of all pictures.  [default: all labels in turn]")
@truncation_option
@seed_option
@needs("PIL")
def sample(
    folder: str,
    output: str,
    count: int,
    label: int | None,
    truncation: float | None,
    seed: int,
    device: str,
    threads: int | None,
    quiet: bool,
) -> None:
    """Draw pictures with the generator in DIR.

    \b
    Example:  minent neural gan sample gan -o picture.png --truncation 0.7
    """
    from minent.neural.device import choose_device, seed_step
    from minent.neural.gan import load
    from minent.neural.gan.learning import draw
    from minent.neural.images.grid import save_grid

    use_threads(threads)
    generator = load(folder, choose_device(device))
    classes = generator.config.classes
    if label is not None and label >= classes:
        raise click.UsageError(f"--label {label}: the generator knows {classes} labels")
    seed_step(seed, 0)
    save_grid(output, draw(generator, count, truncation, label), classes if classes and label is None else None)


@command.command()
@image_options("train")
@training_options("PIL", "matplotlib")
def judge(output: str, resume: bool, quiet: bool, pairs: tuple[str, ...], **options: Any) -> None:
    """Train a classifier of labelled pictures, whose features `evaluate --judge` takes; its accuracy is told.

    \b
    Example:  minent neural gan judge mnist -o judge
    """
    from minent.cli.notices import say
    from minent.neural.judge import TRAINING as DEFAULTS
    from minent.neural.judge import train_judge
    from minent.neural.plot import plot_losses

    def report(message: str) -> None:
        say(message, quiet)

    pictures = {name: options.pop(name) for name in PICTURE_OPTIONS}
    if pictures["split"] != "train":
        raise click.UsageError(f"--split {pictures['split']}: a judge learns from train, and is tested by test")
    settings = training_settings(DEFAULTS, pairs, **options)
    images = read_pictures(**pictures, report=report)
    test = read_pictures(**pictures | {"split": "test"}, report=report)
    square_side(images)
    try:
        result = train_judge(images, test, output, settings, resume=resume, report=report, progress=not quiet)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    plot_losses(output)
    tell_result(result, output, quiet)

"""Options that the commands of all neural models share, and what they become."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from minent.cli.options import FloatRange, is_given
from minent.errors import CorpusError, MissingExtraError, ModelError
from minent.neural.settings import DEVICES, PRECISIONS, TrainingSettings, field_types, with_pairs

if TYPE_CHECKING:
    from minent.neural.training import TrainingResult

Function = TypeVar("Function", bound=Callable[..., object])
PACKAGES = ("torch", "safetensors")


def needs(*packages: str, extra: str = "neural") -> Callable[[Function], Function]:
    """Before a command runs: MissingExtraError unless PyTorch, safetensors and these packages are installed.

    And where its memory runs out outside of the training loop, while a model is made for instance: ModelError.
    """

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def checked(*args: Any, **kwargs: Any) -> object:
            for package in (*PACKAGES, *packages):
                if find_spec(package) is None:
                    raise MissingExtraError(package, extra, "this command")
            try:
                return function(*args, **kwargs)
            except (MemoryError, RuntimeError) as error:
                from minent.neural.device import is_out_of_memory

                if not is_out_of_memory(error):
                    raise
                hint = (
                    "a smaller model (--set), smaller or less data, or in training a smaller --batch-size, needs less"
                )
                raise ModelError("the model and its data", "out of memory", hint) from error

        return checked  # type: ignore[return-value]

    return decorate


device_option = click.option(
    "--device",
    type=click.Choice(DEVICES),
    default="auto",
    show_default=True,
    help="Where to compute; auto takes cuda, then mps, then cpu.",
)
precision_option = click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="fp32",
    show_default=True,
    help="Of products; bf16 is faster on most GPUs.",
)
seed_option = click.option(
    "--seed", type=click.IntRange(0, (1 << 32) - 1), default=0, show_default=True, help="Of everything random."
)
threads_option = click.option(
    "--threads", type=click.IntRange(1, 1024), metavar="N", help="Of PyTorch on the CPU.  [default: all cores]"
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="No progress, no summary, no notices on stderr.")


def model_options(function: Function) -> Function:
    """Which model, and how it is used: folder, device, threads and quiet."""
    decorators = (
        click.argument("folder", metavar="DIR", type=click.Path()),
        device_option,
        threads_option,
        quiet_option,
    )
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


def given_lines(texts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Place and text of each argument TEXT, or of each line of stdin where there is none, or `-`.

    CorpusError: what is not text in UTF-8.
    """
    if texts in ((), ("-",)):
        from minent.evaluation.lines import read_lines

        for number, line in enumerate(read_lines("-", hint="lines of stdin must be UTF-8"), start=1):
            yield f"<stdin>:{number}", line.removesuffix("\r")
        return
    for number, text in enumerate(texts, start=1):
        if any("\ud800" <= character < "\ue000" for character in text):  # bytes that are no text
            raise CorpusError(f"TEXT:{number}", "not valid UTF-8")
        yield f"TEXT:{number}", text


def training_options(*packages: str) -> Callable[[Function], Function]:
    """What every training takes and `needs`; the command hands `**options` on to `training_settings`.

    Options: steps, epochs, minutes, seed, device, precision, batch_size, learning_rate, patience, pairs, threads; and
    for the command itself: output (-o), resume, quiet. Before any data is read, OutputError: DIR is not for a
    model, or another training is at work there; ModelError: `resume`, but it holds no training.
    """
    decorators = (
        click.option(
            "-o",
            "--output",
            required=True,
            type=click.Path(file_okay=False),
            metavar="DIR",
            help="Folder of the model.",
        ),
        click.option("--epochs", type=FloatRange(min=0, min_open=True), help="Times that all data is seen."),
        click.option("--steps", type=click.IntRange(min=1), help="Steps of optimisation."),
        click.option(
            "--minutes",
            type=FloatRange(min=0, min_open=True),
            help="Time for the training, resumed parts included.",
        ),
        click.option("--resume", is_flag=True, help="Go on with the training in DIR."),
        seed_option,
        device_option,
        precision_option,
        click.option("--batch-size", type=click.IntRange(min=1), help="Examples of one forward pass."),
        click.option("--learning-rate", type=FloatRange(min=0, min_open=True), help="The highest one."),
        click.option(
            "--patience", type=click.IntRange(min=1), metavar="N", help="Stop after N evaluations without improvement."
        ),
        click.option(
            "--set",
            "pairs",
            multiple=True,
            metavar="KEY=VALUE",
            help="Any other setting of the training, such as warmup=100, schedule=cosine, accumulate=4; repeatable.",
        ),
        threads_option,
        quiet_option,
    )

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def into_folder(*args: Any, **kwargs: Any) -> object:
            from minent.neural.checkpoint import refuse_folder
            from minent.neural.folder_lock import alone
            from minent.neural.moment import require_moment

            if not kwargs["output"]:
                raise click.UsageError("-o: names no folder")
            _refuse_contradictions(kwargs["pairs"])
            with alone(Path(kwargs["output"])):
                pass  # nobody else is at work there
            if kwargs["resume"]:
                require_moment(Path(kwargs["output"]))
            else:
                refuse_folder(kwargs["output"])
            return function(*args, **kwargs)

        command: Any = needs(*packages)(into_folder)
        for decorator in reversed(decorators):
            command = decorator(command)
        return command  # type: ignore[no-any-return]

    return decorate


def share_pairs(pairs: Iterable[str], *kinds: type, fixed: Collection[str] = ()) -> list[tuple[str, ...]]:
    """What `--set` has for each kind of settings, which have no key in common. UsageError: a key that none has.

    fixed : keys that follow from the data or the options
    """
    shares: dict[type, list[str]] = {kind: [] for kind in kinds}
    for pair in pairs:
        kind = next((kind for kind in kinds if key_of(pair) in field_types(kind)), None)
        if kind is None or "=" not in pair:
            known = ", ".join(name for kind in kinds for name in field_types(kind) if name not in fixed)
            raise click.UsageError(f"{pair}: not KEY=VALUE with one of the keys {known}")
        shares[kind].append(pair)
    return [tuple(share) for share in shares.values()]


def key_of(pair: str) -> str:
    """The setting that `KEY=VALUE` is for."""
    return pair.partition("=")[0].strip().replace("-", "_")


def _refuse_contradictions(pairs: Iterable[str]) -> None:
    """UsageError: `--set` has a setting for which the command line has an option too."""
    keys = {key_of(pair): pair for pair in pairs if key_of(pair) not in ("output", "pairs")}  # of other things
    for parameter in click.get_current_context().command.params:
        if parameter.name in keys and is_given(parameter.name):
            raise click.UsageError(f"--set {keys[parameter.name]}: {parameter.opts[-1]} is given too")


def training_settings(defaults: TrainingSettings, pairs: tuple[str, ...], **options: Any) -> TrainingSettings:
    """The model's defaults, changed by what was given. A limit that was given replaces the default limits.

    UsageError: a setting out of its bounds; no limit.
    """
    import dataclasses

    use_threads(options.pop("threads", None))
    given = {name: value for name, value in options.items() if value is not None}
    if any(name in given for name in ("steps", "epochs", "minutes")):
        defaults = dataclasses.replace(defaults, steps=None, epochs=None, minutes=None)
    try:
        settings = with_pairs(dataclasses.replace(defaults, **given), pairs)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if settings.steps is None and settings.epochs is None and settings.minutes is None:
        raise click.UsageError("--steps, --epochs or --minutes must be given: the training would not end")
    return settings


def use_threads(threads: int | None) -> None:
    """Let PyTorch use so many threads on the CPU; None: as many as this process has cores."""
    from minent.cli.options import available_cores
    from minent.neural.device import set_threads

    set_threads(threads or available_cores())


def tell_result(result: TrainingResult, output: str, quiet: bool) -> None:
    """Say on stderr how a training ended."""
    from minent.cli.notices import say
    from minent.neural.training import describe

    best = f"; best held-out {describe(result.best)}" if result.best else ""
    say(f"{output}: {result.steps:,} steps, {result.epochs:g} epochs, {result.seconds:,.1f} s{best}", quiet)

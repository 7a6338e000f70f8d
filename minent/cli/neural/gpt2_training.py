"""`minent neural gpt2 train` and `finetune`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from minent.cli.neural.options import tell_result, training_options, training_settings
from minent.cli.notices import say, tell_corpus
from minent.cli.options import Decorator, FloatRange, Function, reading_options

if TYPE_CHECKING:
    from minent.neural.gpt2.model import GPT2Config
    from minent.neural.gpt2.text import CodedText
    from minent.neural.gpt2.training import LanguageModelling

OPTIMIZERS = ("adamw", "adafactor")


def language_options(optimizer: str) -> Callable[[Function], Function]:
    """What both commands take: window, held_out, optimizer and recompute, and how the corpus is read and trained on."""

    def decorate(function: Function) -> Function:
        decorators: tuple[Decorator[Function], ...] = (
            click.option(
                "--window",
                type=click.IntRange(min=2),
                metavar="N",
                help="Units of an example; a new model has as many positions.  [default: those of the model]",
            ),
            click.option(
                "--held-out",
                type=FloatRange(0, 0.5),
                default=0.05,
                show_default=True,
                help="Share at the end of the corpus that is not trained on and judges the weights.",
            ),
            click.option(
                "--optimizer",
                type=click.Choice(OPTIMIZERS),
                default=optimizer,
                show_default=True,
                help="adafactor keeps next to nothing beside weights and gradients, adamw twice the weights.",
            ),
            click.option(
                "--recompute", is_flag=True, help="Compute activations again for the gradient: less memory, more time."
            ),
            training_options("tokenizers", "matplotlib"),
            reading_options,
        )
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


@click.command()
@click.argument("corpus", nargs=-1, metavar="[CORPUS]...")
@click.option(
    "--config", "sizes", default="tiny", show_default=True, metavar="NAME|FILE", help="tiny, base, large, mega."
)
@click.option("--vocab", type=click.Path(), metavar="FILE", help="BERT's vocab.txt.  [default: characters]")
@language_options("adamw")
def train(corpus: tuple[str, ...], sizes: str, vocab: str | None, quiet: bool, **options: Any) -> None:
    """Train a model from scratch on a corpus. DIR also gets loss.png.

    \b
    Example:  minent neural gpt2 train novel.txt -o novel --minutes 10
    """
    from minent.neural.gpt2.files import read_sizes
    from minent.neural.gpt2.text import code_corpus, read_lines
    from minent.neural.gpt2.tokenizer import characters_tokenizer, load_tokenizer
    from minent.neural.gpt2.training import TRAIN, LanguageModelling

    task_options, settings = _split(options, TRAIN)
    with _corpus(corpus, options) as source:
        if vocab is None:
            tokenizer = characters_tokenizer(line for _, lines in read_lines(source) for line in lines)
        else:
            tokenizer = load_tokenizer(vocab)
        text = code_corpus(source, tokenizer)
    config = read_sizes(sizes, len(tokenizer), task_options["window"])
    _tell_text(text, len(tokenizer), quiet)
    tell_corpus(source, text.invalid, quiet)
    tell_size(config, task_options["optimizer"], quiet)
    _run(lambda: LanguageModelling(settings, tokenizer, text, config, **task_options), options, quiet)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path())
@click.argument("corpus", nargs=-1, metavar="[CORPUS]...")
@language_options("adafactor")
def finetune(folder: str, corpus: tuple[str, ...], quiet: bool, **options: Any) -> None:
    """Train the model in DIR further on another corpus. The folder of the new one also gets loss.png.

    With Adafactor the largest model fits where Adam does not; --recompute and --set accumulate=N save more memory.

    \b
    Example:  minent neural gpt2 finetune mega poems.txt -o poet --window 256 --recompute --precision bf16
    """
    from minent.neural.gpt2.files import load, load_vocabulary, stored_sizes
    from minent.neural.gpt2.text import code_corpus
    from minent.neural.gpt2.training import FINETUNE, LanguageModelling

    task_options, settings = _split(options, FINETUNE)
    tokenizer = load_vocabulary(folder)
    with _corpus(corpus, options) as source:
        text = code_corpus(source, tokenizer)
    _tell_text(text, len(tokenizer), quiet)
    tell_corpus(source, text.invalid, quiet)
    tell_size(stored_sizes(folder)[0], task_options["optimizer"], quiet)
    model = load(folder, device=settings.device, precision="fp32")
    _run(lambda: LanguageModelling(settings, tokenizer, text, model=model, **task_options), options, quiet)


def tell_size(config: GPT2Config, optimizer: str | None, quiet: bool, bytes_per_weight: int = 4) -> None:
    """Say on stderr how large a model is, before the memory is taken."""
    from minent.neural.gpt2.files import memory_needed

    size = memory_needed(config, bytes_per_weight=bytes_per_weight, optimizer=optimizer)
    purpose = f"weights, gradients and {optimizer}; activations come on top" if optimizer else "weights"
    amount = f"{size / 2**30:,.1f} GiB" if size >= 1 << 30 else f"{size / 2**20:,.1f} MiB"
    say(f"{config.parameters:,} weights; {amount} of memory for {purpose}", quiet)


def _split(options: dict[str, Any], defaults: Any) -> tuple[dict[str, Any], Any]:
    """What the task takes, and the settings of the training; the rest stays in `options`."""
    kept = ("output", "resume", "field", "encoding", "errors")
    task_options = {name: options[name] for name in ("window", "held_out", "optimizer", "recompute")}
    rest = {name: value for name, value in options.items() if name not in task_options and name not in kept}
    return task_options, training_settings(defaults, **rest)


def _corpus(corpus: tuple[str, ...], options: dict[str, Any]) -> Any:
    from minent.corpus.sources import Corpus

    return Corpus(corpus, **{name: options[name] for name in ("encoding", "errors", "field")})


def _tell_text(text: CodedText, entries: int, quiet: bool) -> None:
    lost = f", {text.unknown:,} of them not in the vocabulary" if text.unknown else ""
    say(f"{text.characters:,} characters{lost}; {len(text.ids):,} units, {entries:,} entries", quiet)


def _run(make: Callable[[], LanguageModelling], options: dict[str, Any], quiet: bool) -> None:
    from minent.neural.plot import plot_losses
    from minent.neural.training import train as run

    output = options["output"]
    try:
        task = make()
        result = run(task, output, resume=options["resume"], report=lambda line: say(line, quiet), progress=not quiet)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    plot_losses(output)
    tell_result(result, output, quiet)

"""`minent neural gpt2`: convert, train, fine-tune, generate and score with a Chinese GPT-2."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from minent.cli.neural.gpt2_training import finetune, tell_size, train
from minent.cli.neural.options import given_lines, model_options, needs, quiet_option, seed_option, use_threads
from minent.cli.notices import answer, tell_corpus
from minent.cli.options import FloatRange, Function, corpus_options

if TYPE_CHECKING:
    from minent.corpus.encodings import Errors
    from minent.neural.gpt2.model import GPT2
    from minent.neural.gpt2.scoring import Score


@click.group(name="gpt2", short_help="Chinese GPT-2: convert, train, generate, score text.")
def command() -> None:
    """Chinese GPT-2 as GPT2_ML has it (kexue.fm/archives/7292); DIR is the folder of a model.

    \b
    Examples:  minent neural gpt2 train novel.txt -o novel --minutes 10
               minent neural gpt2 generate novel 却说宝玉
    """


stored_precision_option = click.option(
    "--precision",
    type=click.Choice(("file", "fp32", "bf16")),
    default="file",
    show_default=True,
    help="Of the weights in memory; as in the file they are mapped on the CPU, not copied.",
)


@command.command()
@click.argument("checkpoint", type=click.Path())
@click.option("--config", "sizes", default="mega", show_default=True, metavar="NAME|FILE", help="Sizes of the model.")
@click.option("--vocab", required=True, type=click.Path(), metavar="FILE", help="vocab.txt of the checkpoint.")
@click.option("-o", "--output", required=True, type=click.Path(file_okay=False), metavar="DIR", help="Of the model.")
@click.option("--precision", type=click.Choice(("fp32", "bf16")), default="fp32", show_default=True, help="To write.")
@quiet_option
@needs("tokenizers")
def convert(checkpoint: str, sizes: str, vocab: str, output: str, precision: str, quiet: bool) -> None:
    """Convert a TensorFlow checkpoint of GPT2_ML: model.ckpt-100000, of which there are .index and .data files.

    TensorFlow is not needed, and one tensor is in memory at a time. Sizes with a name: base, large, mega; others come
    from a JSON file as GPT2_ML has it.

    \b
    Example:  minent neural gpt2 convert model.ckpt-100000 --vocab vocab.txt -o mega --precision bf16
    """
    from minent.neural.gpt2.convert import convert as convert_checkpoint
    from minent.neural.gpt2.files import read_sizes

    config = convert_checkpoint(checkpoint, read_sizes(sizes), vocab, output, precision=precision, progress=not quiet)
    tell_size(config, None, quiet, bytes_per_weight=2 if precision == "bf16" else 4)


command.add_command(train)
command.add_command(finetune)


@command.command()
@model_options
@stored_precision_option
@click.argument("beginnings", nargs=-1, metavar="[TEXT]...")
@click.option("--length", type=click.IntRange(min=1), default=128, show_default=True, help="Most units to add.")
@click.option("--least", type=click.IntRange(min=0), default=0, show_default=True, help="So many before it may end.")
@click.option("--count", type=click.IntRange(1, 10_000), default=1, show_default=True, help="Texts for each beginning.")
@click.option("--temperature", type=FloatRange(min=0), default=1.0, show_default=True, help="0: the likeliest.")
@click.option("--top-k", type=click.IntRange(min=0), default=0, show_default=True, help="The k likeliest only; 0: all.")
@click.option("--top-p", type=FloatRange(0, 1, min_open=True), default=0.95, show_default=True, help="Likeliest mass.")
@click.option("--repetition-penalty", type=FloatRange(min=0, min_open=True), default=1.0, show_default=True)
@click.option("--stop", default="。", show_default=True, metavar="TEXT", help='A text ends after it; "": never.')
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines.")
@click.option("--cache/--no-cache", default=True, help="Without: read all anew for each unit, for comparison.")
@seed_option
@needs("tokenizers")
def generate(
    folder: str,
    device: str,
    precision: str,
    threads: int | None,
    quiet: bool,
    beginnings: tuple[str, ...],
    length: int,
    least: int,
    count: int,
    temperature: float,
    top_k: int,
    top_p: float,
    repetition_penalty: float,
    stop: str,
    as_json: bool,
    cache: bool,
    seed: int,
) -> None:
    """Write on from each TEXT, or from each line of stdin (`-`, or no TEXT); all in one batch.

    A single text is shown while it grows. The end after --stop is the full stop 。 unless another is given.

    \b
    Example:  minent neural gpt2 generate novel 却说宝玉 --top-k 40 --seed 7
    """
    from minent.files import atomic_open
    from minent.neural.gpt2.files import load_vocabulary
    from minent.neural.gpt2.generation import GenerationSettings
    from minent.neural.gpt2.generation import generate as generate_texts

    try:
        settings = GenerationSettings(length, least, temperature, top_k, top_p, repetition_penalty, stop, seed)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    tokenizer = load_vocabulary(folder)
    rows = [text for _, text in given_lines(beginnings) for _ in range(count)]
    if not rows:
        return
    model = _load(folder, device, precision, threads, quiet)
    shown = len(rows) == 1 and not as_json
    with atomic_open("-", "w") as stdout:

        def show(piece: str) -> None:
            stdout.write(piece)
            stdout.flush()

        if shown:
            show(rows[0])
            generate_texts(model, tokenizer, rows, settings, use_cache=cache, on_piece=lambda _, piece: show(piece))
            show("\n")
            return
        for each in generate_texts(model, tokenizer, rows, settings, use_cache=cache):
            line = {"beginning": each.beginning, "text": each.text, "units": each.units, "ended": each.ended}
            stdout.write((json.dumps(line, ensure_ascii=False) if as_json else each.beginning + each.text) + "\n")


def scoring_options(function: Function) -> Function:
    """Which text, and which model and how it is used; what `_score` takes."""
    size = click.option(
        "--batch-size", type=click.IntRange(min=1), default=4, show_default=True, help="Windows at once."
    )
    return model_options(stored_precision_option(corpus_options(size(function))))


@command.command()
@scoring_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@needs("tokenizers")
def score(as_json: bool, **options: Any) -> None:
    """Bits per character of a corpus under the model in DIR; `minent entropy` tells them under a lexicon.

    \b
    Example:  minent neural gpt2 score novel other.txt
    """
    found = _score(**options)
    if as_json:
        answer(json.dumps(found.to_dict(), indent=2))
        return
    answer(
        "characters      units    unknown  bits/character  perplexity/unit\n"
        f"{found.characters:>10,} {found.units:>10,} {found.unknown:>10,} {found.bits_per_character:>15.4f} "
        f"{found.perplexity_per_unit:>16.2f}"
    )


@command.command()
@scoring_options
@needs("tokenizers")
def evaluate(**options: Any) -> None:
    """The figures of `score` as JSON.

    \b
    Example:  minent neural gpt2 evaluate novel other.txt > figures.json
    """
    answer(json.dumps(_score(**options).to_dict(), indent=2))


def _score(
    folder: str,
    device: str,
    precision: str,
    threads: int | None,
    quiet: bool,
    corpus: tuple[str, ...],
    field: str | None,
    encoding: str,
    errors: Errors,
    batch_size: int,
) -> Score:
    from minent.corpus.sources import Corpus
    from minent.neural.gpt2.files import load_vocabulary
    from minent.neural.gpt2.scoring import score as score_text
    from minent.neural.gpt2.text import code_corpus

    tokenizer = load_vocabulary(folder)
    with Corpus(corpus, encoding=encoding, errors=errors, field=field) as source:
        text = code_corpus(source, tokenizer)
    tell_corpus(source, text.invalid, quiet)
    model = _load(folder, device, precision, threads, quiet)
    return score_text(model, tokenizer, text, batch_size=batch_size, progress=not quiet)


def _load(folder: str, device: str, precision: str, threads: int | None, quiet: bool) -> GPT2:
    from minent.neural.gpt2.files import load, stored_sizes

    use_threads(threads)
    config, width = stored_sizes(folder)
    width = {"file": width, "fp32": 4, "bf16": 2}[precision]
    tell_size(config, None, quiet, bytes_per_weight=width)
    return load(folder, device=device, precision=precision)

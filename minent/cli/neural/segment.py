"""`minent neural segment`: taggers learn from a lexicon's cuttings, cut text, and find words for a new lexicon."""

from __future__ import annotations

import math
import os
import sys
from typing import TYPE_CHECKING, Any, Literal

import click

from minent.cli.neural.options import (
    device_option,
    needs,
    quiet_option,
    share_pairs,
    tell_result,
    threads_option,
    training_options,
    training_settings,
    use_threads,
)
from minent.cli.options import corpus_options, output_option
from minent.neural.segment.settings import TRAINING, CuttingSettings, LearningSettings
from minent.neural.settings import TrainingSettings, with_pairs

if TYPE_CHECKING:
    from minent.corpus.encodings import Errors
    from minent.neural.segment.segmenter import NeuralSegmenter
    from minent.segmentation.cuts import Bytes

folder_argument = click.argument("folder", metavar="DIR", type=click.Path())
temp_option = click.option(
    "-T",
    "--temp-dir",
    type=click.Path(exists=True, file_okay=False, writable=True),
    metavar="FOLDER",
    help="Where temporary files go.  [default: the system's temporary folder]",
)
limit_option = click.option(
    "--limit",
    type=float,
    metavar="NATS",
    help="A string may be a new word if the log-odds of a boundary are below this everywhere inside; -inf: none may.  "
    "[default: 0 with an unknown-word model, else -2]",
)
protect_option = click.option(
    "--protect", multiple=True, metavar="LIST", help="Words that are never cut, signs and spaces included."
)


@click.group()
def command() -> None:
    """A neural segmenter from raw text: learns from a lexicon's cuttings how to judge what the lexicon has not.

    \b
    Example:  minent neural segment train corpus.txt -o segmenter
              minent neural segment lexicon segmenter corpus.txt -o better.tsv
    """


@command.command()
@corpus_options
@click.option("-l", "--lexicon", metavar="FILE", help="The words.  [default: ./lexicon.tsv, else the built-in lexicon]")
@temp_option
@training_options()
def train(
    corpus: tuple[str, ...],
    field: str | None,
    encoding: str,
    errors: Errors,
    lexicon: str | None,
    temp_dir: str | None,
    output: str,
    resume: bool,
    quiet: bool,
    pairs: tuple[str, ...],
    **options: Any,
) -> None:
    """Learn from raw text, and from how sure a lexicon is of each boundary in it.

    The lexicon is best one of the same text. --set also takes the sizes of the model (dim, layers, …), window,
    min_count, held_out and most_bytes.

    \b
    Example:  minent build-lexicon corpus.txt
              minent neural segment train corpus.txt -o segmenter
    """
    from minent.cli.lexicons import find_lexicon
    from minent.cli.notices import announce_compilation, say
    from minent.corpus.sources import Corpus
    from minent.neural.segment.learning import FIXED, train_segmenter
    from minent.neural.segment.tagger import TaggerConfig

    kinds = (TrainingSettings, LearningSettings, TaggerConfig)
    of_training, of_text, sizes = share_pairs(pairs, *kinds, fixed=FIXED)
    settings = training_settings(TRAINING, of_training, **options)
    with Corpus(corpus, encoding=encoding, errors=errors, field=field, temp_dir=temp_dir) as source:
        words = find_lexicon(lexicon, quiet)
        announce_compilation("trie", "lattice", "boundaries", quiet=quiet)
        try:
            result = train_segmenter(
                source,
                words,
                output,
                settings,
                with_pairs(LearningSettings(), of_text),
                sizes,
                resume=resume,
                report=lambda message: say(message, quiet),
                progress=not quiet,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    tell_result(result, output, quiet)


@command.command()
@folder_argument
@corpus_options
@output_option("-", "Where the text goes.")
@click.option("--separator", default=" ", metavar="TEXT", help="What stands between two words.  [default: a space]")
@click.option(
    "--format",
    "form",
    type=click.Choice(("words", "spans", "jsonl")),
    default="words",
    show_default=True,
    help="Text with separators; the span of each word in characters, 0-2 2-3; or a JSON object a line.",
)
@limit_option
@protect_option
@temp_option
@device_option
@threads_option
@quiet_option
@needs()
def cut(
    folder: str,
    corpus: tuple[str, ...],
    field: str | None,
    encoding: str,
    errors: Errors,
    output: str,
    separator: str,
    form: Literal["words", "spans", "jsonl"],
    limit: float | None,
    protect: tuple[str, ...],
    temp_dir: str | None,
    device: str,
    threads: int | None,
    quiet: bool,
) -> None:
    """Cut text into words, as `minent segment` does: whitespace stays, and deleting the separator gives the text back.

    \b
    Example:  echo 今天天气真好 | minent neural segment cut segmenter
    """
    if separator != " " and form != "words":
        raise click.UsageError("--separator goes with --format words only")
    if not separator:
        raise click.UsageError("--separator is empty")
    from minent.cli.notices import tell_corpus
    from minent.corpus.finding import STDIN
    from minent.corpus.sources import Corpus
    from minent.files import STDOUT_NAMES, atomic_open, refuse_overwrite
    from minent.progress import progress_bar
    from minent.segmentation.formats import LineFormat, write_lines
    from minent.segmentation.stream import cut_corpus

    with Corpus(
        corpus, encoding=encoding, errors=errors, field=field, temp_dir=temp_dir, keep_bom=form == "words"
    ) as source:
        refuse_overwrite(output, [*source.files, *protect, *_files_of(folder)])
        segmenter = _load(folder, limit, protect, device, threads, quiet)
        on_terminal = output in STDOUT_NAMES and sys.stdout.isatty()
        show = not quiet and not on_terminal
        with atomic_open(output, "wb") as file, progress_bar(source.size(), "B", "cut", show) as advance:

            def write(data: Bytes | bytes) -> None:
                file.write(data)
                if on_terminal or STDIN in source.files:
                    file.flush()

            if form == "words":
                mark = separator.encode("utf-8", "surrogateescape")
                invalid = cut_corpus(segmenter.cutter, source, write, separator=mark, once=True, advance=advance)
            else:
                invalid = write_lines(segmenter, source, write, LineFormat(form), once=True, advance=advance)
    tell_corpus(source, invalid, quiet)


@command.command()
@folder_argument
@corpus_options
@output_option("lexicon.tsv", "Where the lexicon goes.")
@click.option(
    "--below",
    type=float,
    metavar="NATS",
    help="A new word has log-odds of a boundary inside below this.  [default: ln of its occurrences]",
)
@limit_option
@protect_option
@temp_option
@device_option
@threads_option
@quiet_option
@needs()
def lexicon(
    folder: str,
    corpus: tuple[str, ...],
    field: str | None,
    encoding: str,
    errors: Errors,
    output: str,
    below: float | None,
    limit: float | None,
    protect: tuple[str, ...],
    temp_dir: str | None,
    device: str,
    threads: int | None,
    quiet: bool,
) -> None:
    """Find new words in text: the lexicon with them, for `minent segment` and everything else.

    \b
    Example:  minent neural segment lexicon segmenter corpus.txt -o better.tsv
    """
    if below is not None and math.isnan(below):
        raise click.UsageError("--below nan is not a number of nats")
    from minent.cli.notices import say, tell_corpus
    from minent.corpus.sources import Corpus
    from minent.files import atomic_open, refuse_overwrite
    from minent.neural.segment.counting import mine_words
    from minent.progress import progress_bar

    with Corpus(corpus, encoding=encoding, errors=errors, field=field, temp_dir=temp_dir) as source:
        refuse_overwrite(output, [*source.files, *protect, *_files_of(folder)])
        segmenter = _load(folder, limit, protect, device, threads, quiet)
        with progress_bar(source.size(), "B", "cut", not quiet) as advance:
            found, invalid = mine_words(segmenter, source, below, advance)
    if output == "-":
        with atomic_open(output, "wb") as file:
            file.write(found.to_bytes())
    else:
        found.save(output)
    say(f"{len(found):,} words, {len(found) - len(segmenter.lexicon):,} of them new", quiet)
    tell_corpus(source, invalid, quiet)


@command.command()
@folder_argument
@click.argument("gold", nargs=-1, required=True, metavar="GOLD...")
@limit_option
@device_option
@threads_option
@quiet_option
@needs()
def evaluate(
    folder: str, gold: tuple[str, ...], limit: float | None, device: str, threads: int | None, quiet: bool
) -> None:
    """Precision, recall and F1 beside those of the lexicon alone, as JSON. GOLD: text with spaces between its words.

    \b
    Example:  minent neural segment evaluate segmenter gold.txt
    """
    import json

    from minent.evaluation import read_lines
    from minent.files import atomic_open
    from minent.neural.segment.evaluation import evaluate_segmenter

    segmenter = _load(folder, limit, (), device, threads, quiet)
    figures = evaluate_segmenter(
        segmenter, [line for path in gold for line in read_lines(path, hint="recode it as UTF-8")]
    )
    with atomic_open("-", "w") as stream:
        stream.write(json.dumps(figures, indent=2) + "\n")


def _files_of(folder: str) -> list[str]:
    """The files in the folder of a model that are read."""
    from minent.neural.checkpoint import CONFIG, WEIGHTS
    from minent.neural.segment.segmenter import LEXICON
    from minent.unknown_model import model_path

    return [os.path.join(folder, name) for name in (CONFIG, WEIGHTS, LEXICON, model_path(LEXICON))]


def _load(
    folder: str, limit: float | None, protect: tuple[str, ...], device: str, threads: int | None, quiet: bool
) -> NeuralSegmenter:
    from minent.cli.notices import announce_compilation
    from minent.lexicon import read_words
    from minent.neural.device import choose_device
    from minent.neural.segment.segmenter import load_segmenter

    use_threads(threads)
    try:
        settings = CuttingSettings(limit)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    segmenter = load_segmenter(folder, settings, protect=read_words(protect), device=choose_device(device))
    announce_compilation("trie", "viterbi", "lattice", "boundaries", quiet=quiet)
    return segmenter

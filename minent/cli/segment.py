"""`minent segment`: raw text in, text with separators between its words out."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, Any, Literal

import click

from minent.cli.engines import check_engine, open_source
from minent.cli.notices import tell_corpus
from minent.cli.options import FloatRange, corpus_options, engine_options, output_option, run_options, units_option

if TYPE_CHECKING:
    from minent.corpus.encodings import Errors
    from minent.segmentation import Segmenter
    from minent.segmentation.cuts import Bytes
    from minent.segmentation.formats import LineFormat


@click.command()
@corpus_options
@click.option("-l", "--lexicon", metavar="FILE", help="The words.  [default: ./lexicon.tsv, else the built-in lexicon]")
@output_option("-", "Where the text goes.")
@units_option
@click.option("--separator", default=" ", metavar="TEXT", help="What stands between two words.  [default: a space]")
@click.option(
    "--format",
    "form",
    type=click.Choice(("words", "spans", "jsonl")),
    default="words",
    show_default=True,
    help="Text with separators; the span of each word in characters, 0-2 2-3; or a JSON object a line.",
)
@click.option("--protect", multiple=True, metavar="LIST", help="Words that are never cut, signs and spaces included.")
@click.option("--no-unknown-model", is_flag=True, help="Use the words alone, and not the model beside the lexicon.")
@click.option("--sample", type=FloatRange(0), metavar="ALPHA", help="Draw a cutting, ∝ Π p(word)^ALPHA.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="For --sample.")
@click.option("--nbest", type=click.IntRange(1), metavar="K", help="The K best: line number, log-probability, words.")
@click.option("--confidence", is_flag=True, help="The probability of each word: 天气/0.985")
@engine_options
@run_options
def command(
    corpus: tuple[str, ...],
    field: str | None,
    encoding: str,
    errors: Errors,
    lexicon: str | None,
    output: str,
    units: str,
    separator: str,
    form: Literal["words", "spans", "jsonl"],
    protect: tuple[str, ...],
    no_unknown_model: bool,
    sample: float | None,
    seed: int,
    nbest: int | None,
    confidence: bool,
    engine: str,
    master: str | None,
    spark_conf: tuple[str, ...],
    jobs: int,
    temp_dir: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Cut text into the words of a lexicon.

    Each line of the CORPUS gives a line of words. Whitespace stays as it is and gets no separator beside it, so that
    deleting a separator that the text has not gives the text back. Text from a pipe is cut as it arrives.

    \b
    Example:  echo 今天天气真好 | minent segment
    """
    if separator != " " and (form != "words" or nbest is not None or confidence):
        raise click.UsageError("--separator goes with --format words only, and not with --nbest or --confidence")
    if not separator:
        raise click.UsageError("--separator is empty")
    if sum((sample is not None, nbest is not None, confidence)) > 1:
        raise click.UsageError("only one of --sample, --nbest and --confidence can be given")
    if form == "spans" and (nbest is not None or confidence):
        raise click.UsageError("--format spans has no room for --nbest and --confidence; try --format jsonl")
    check_engine(engine, master, spark_conf, {"--sample": sample is not None, "--nbest": nbest})
    if engine == "spark" and output == "-":
        raise click.UsageError("--engine spark writes a folder: name it with -o FOLDER")
    from minent.cli.lexicons import NEAREST, find_lexicon
    from minent.cli.notices import announce_compilation
    from minent.corpus.finding import STDIN
    from minent.corpus.sources import Corpus
    from minent.files import STDOUT_NAMES, atomic_open, refuse_overwrite
    from minent.lexicon import read_words
    from minent.progress import progress_bar
    from minent.segmentation import Segmenter
    from minent.segmentation.cuts import BEST, Sampling
    from minent.segmentation.formats import LineFormat, write_lines
    from minent.segmentation.quick import QuickCutter
    from minent.segmentation.stream import cut_corpus

    sampling = BEST if sample is None else Sampling.by_seed(sample, seed)
    by_line = form != "words" or nbest is not None or confidence
    if engine == "spark":
        segmenter = Segmenter(
            find_lexicon(lexicon, quiet, with_model=not no_unknown_model), units=units, protect=read_words(protect)
        )
        reading = {"encoding": encoding, "errors": errors, "field": field, "keep_bom": not by_line}
        _segment_on_cluster(
            segmenter, separator, LineFormat(form, 0, confidence) if by_line else None, output,
            corpus, reading, master, spark_conf, jobs=jobs, temp_dir=temp_dir, quiet=quiet, verbose=verbose,
        )  # fmt: skip
        return
    with Corpus(
        corpus, encoding=encoding, errors=errors, field=field, temp_dir=temp_dir, keep_bom=not by_line
    ) as source:
        refuse_overwrite(output, [*source.files, *protect, lexicon or NEAREST])
        words = find_lexicon(lexicon, quiet, with_model=not no_unknown_model)
        segmenter = Segmenter(words, units=units, protect=read_words(protect))
        on_terminal = output in STDOUT_NAMES and sys.stdout.isatty()
        from_pipe = STDIN in source.files and not _is_file(sys.stdin)
        show = not quiet and not on_terminal
        with atomic_open(output, "wb") as file, progress_bar(source.size(), "B", "segment", show) as advance:

            def write(data: Bytes | bytes) -> None:
                file.write(data)
                if on_terminal or from_pipe:
                    file.flush()

            def announce() -> None:
                announce_compilation("trie", "viterbi" if segmenter.model is None else "unknown", quiet=quiet)

            if by_line:
                announce()
                line_format = LineFormat(form, nbest or 0, confidence, sampling)
                invalid = write_lines(segmenter, source, write, line_format, once=True, advance=advance)
            else:
                cutter = QuickCutter(segmenter, announce)
                mark = separator.encode("utf-8", "surrogateescape")
                invalid = cut_corpus(
                    cutter, source, write, separator=mark, sampling=sampling, jobs=jobs, once=True, advance=advance
                )
    tell_corpus(source, invalid, quiet)


def _segment_on_cluster(
    segmenter: Segmenter,
    separator: str,
    form: LineFormat | None,
    output: str,
    corpus: tuple[str, ...],
    reading: dict[str, Any],
    master: str | None,
    spark_conf: tuple[str, ...],
    **options: Any,
) -> None:
    from minent.distributed.segmenting import cut_cluster_text, find_invalid

    quiet = options["quiet"]
    with open_source(corpus, reading, "spark", master, spark_conf, **options) as (source, text):
        assert text is not None
        text.require_absent(output)
        invalid = find_invalid(text, segmenter)
        mark = separator.encode("utf-8", "surrogateescape")
        text.write(cut_cluster_text(text, segmenter, mark, form), output)
    tell_corpus(source, invalid, quiet)


def _is_file(stream: object) -> bool:
    """Whether a stream is a regular file, and not a pipe or a terminal."""
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)  # type: ignore[attr-defined]
    except (OSError, ValueError, AttributeError):
        return False

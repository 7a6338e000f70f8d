"""`minent concordance`: words in, and out the lines of a text where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from minent.cli.options import output_option, reading_options, units_option
from minent.cli.words import split_arguments, words_arguments

if TYPE_CHECKING:
    from minent.concordance import Occurrence
    from minent.corpus.encodings import Errors


@click.command()
@words_arguments
@reading_options
@output_option("-", "Where the lines go.")
@click.option("--width", type=click.IntRange(1, 10_000), default=30, show_default=True, help="Columns beside a word.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="The first N places of each word only.")
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="N places of each word, from the whole text.")
@click.option("--seed", type=click.IntRange(0, (1 << 63) - 1), default=0, show_default=True, help="For --sample.")
@click.option("--format", "form", type=click.Choice(("text", "jsonl")), default="text", show_default=True)
@units_option
@click.option(
    "-T",
    "--temp-dir",
    type=click.Path(exists=True, file_okay=False, writable=True),
    metavar="FOLDER",
    help="Where temporary files go.  [default: the system's temporary folder]",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress, no summary, no notices on stderr.")
def command(
    arguments: tuple[str, ...],
    words: tuple[str, ...],
    field: str | None,
    encoding: str,
    errors: Errors,
    output: str,
    width: int,
    limit: int | None,
    sample: int | None,
    seed: int,
    form: str,
    units: str,
    temp_dir: str | None,
    quiet: bool,
) -> None:
    """The places of some words in a text, with what stands beside them, the words below one another.

    CORPUS is named after the words; `-` or nothing is stdin. A word that begins or ends with letters or digits is found
    where that run begins or ends too (A股 not in AA股), <N> is any number, <L> any run of letters; --units char finds
    every place.

    \b
    Example:  minent concordance 共和国 A股 news.txt --sample 20
    """
    if limit is not None and sample is not None:
        raise click.UsageError("--limit and --sample exclude each other")
    asked, corpus = split_arguments(arguments, words, quiet)
    from minent.cli.notices import say, tell_corpus
    from minent.concordance import Concordance
    from minent.corpus.sources import Corpus
    from minent.evaluation.table import display_width
    from minent.files import atomic_open, refuse_overwrite

    with Corpus(corpus, encoding=encoding, errors=errors, field=field, temp_dir=temp_dir) as source:
        refuse_overwrite(output, [*source.files, *words])
        places = Concordance(source, asked, units=units, reach=width, progress=not quiet)
        found: Iterable[Occurrence] = places.sample(sample, seed) if sample is not None else places.first(limit)
        widest = max(map(display_width, asked))
        with atomic_open(output, "wb") as file:
            for place in found:
                file.write(_line(place, form, width, widest).encode("utf-8", "replace"))
    if limit is None:
        counts = zip(places.finder.words, places.counts, strict=True)
        told = ", ".join(f"{word} {count:,} times" for word, count in counts)
        say(told.encode("utf-8", "replace").decode(), quiet)
    tell_corpus(source, places.watch.report(), quiet)


def _line(place: Occurrence, form: str, width: int, widest: int) -> str:
    if form == "jsonl":
        import dataclasses
        import json

        return json.dumps(dataclasses.asdict(place), ensure_ascii=False) + "\n"
    from minent.concordance import aligned

    return "  ".join(aligned(place, width, widest)).rstrip() + "\n"

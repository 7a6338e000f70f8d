"""`minent build-lexicon`: raw text in, lexicon.tsv out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from minent.cli.options import corpus_options, output_option, run_options, units_option
from minent.settings import RECIPES, REDUNDANCY, USED_BY, LexiconSettings

if TYPE_CHECKING:
    from minent.corpus.encodings import Errors

DEFAULTS = LexiconSettings()


@click.command()
@corpus_options
@output_option("lexicon.tsv", "Where the lexicon goes; `-` is stdout.")
@click.option("--recipe", type=click.Choice(RECIPES), default=DEFAULTS.recipe, show_default=True, help="How to mine.")
@units_option
@click.option("--min-count", type=click.IntRange(min=1), metavar="N", help="Least occurrences of a word.")
@click.option("--min-prob", type=click.FloatRange(0, 1, max_open=True), metavar="P", help="Least probability (plain).")
@click.option("--min-pmi", type=float, metavar="NATS", help="Least PMI of neighbours that are joined.")
@click.option(
    "--redundancy",
    type=click.Choice(REDUNDANCY),
    default=DEFAULTS.redundancy,
    show_default=True,
    help="A word must beat its best cutting by its length − 1, or by 1 nat (plain).",
)
@click.option(
    "--order", type=click.IntRange(2, 8), default=DEFAULTS.order, show_default=True, help="Longest n-gram (cohesion)."
)
@click.option("--min-length", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="In units.")
@click.option("--max-length", type=click.IntRange(min=1), metavar="N", help="In units; longer words are cut.")
@click.option("--protect", multiple=True, metavar="LIST", help="Words that are never cut.")
@click.option("--ban", multiple=True, metavar="LIST", help="Words that are never written.")
@click.option("--known", multiple=True, metavar="LIST", help="Known words: a column tells which words are new.")
@click.option("--new-only", is_flag=True, help="Write only words that no --known list has.")
@click.option("--join-dates", is_flag=True, help="One word for a date: 1998年1月1日.")
@click.option("--split-dates", is_flag=True, help="Year, month and day as words: 1998年, 1月, 1日.")
@click.option("--split-suffixes", is_flag=True, help="A suffix as a word: 产业, 化.")
@click.option("--split-names", is_flag=True, help="Surname and given name as words: 江, 泽民.")
@click.option(
    "--statistics/--no-statistics",
    default=None,
    show_default="with the default recipe",
    help="Columns with the PMI at the weakest cut and both branching entropies.",
)
@click.option("--seed", type=click.IntRange(min=0), default=DEFAULTS.seed, show_default=True)
@run_options
def command(
    corpus: tuple[str, ...],
    field: str | None,
    encoding: str,
    errors: Errors,
    output: str,
    recipe: str,
    units: str,
    min_count: int | None,
    min_prob: float | None,
    min_pmi: float | None,
    redundancy: str,
    order: int,
    min_length: int,
    max_length: int | None,
    protect: tuple[str, ...],
    ban: tuple[str, ...],
    known: tuple[str, ...],
    new_only: bool,
    join_dates: bool,
    split_dates: bool,
    split_suffixes: bool,
    split_names: bool,
    statistics: bool | None,
    seed: int,
    jobs: int,
    temp_dir: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Learn the words of raw text, with their counts.

    CORPUS is files, folders or glob patterns, plain or packed (gz, bz2, xz, zst); `-` or nothing is stdin. From less
    than 4,000,000 characters comes a model of unknown words too, beside the lexicon: x.tsv, x.model.npz.

    \b
    Example:  minent build-lexicon novels/ -o novels.tsv --known jieba.txt
    """
    if new_only and not known:
        raise click.UsageError("--new-only needs --known LIST")
    if join_dates and split_dates:
        raise click.UsageError("--join-dates and --split-dates exclude each other")
    wanted = {
        "join-dates": join_dates,
        "split-dates": split_dates,
        "split-suffixes": split_suffixes,
        "split-names": split_names,
    }
    try:
        settings = LexiconSettings(
            recipe=recipe,
            units=units,
            min_count=min_count,
            min_prob=min_prob,
            min_pmi=min_pmi,
            redundancy=redundancy,
            order=order,
            min_length=min_length,
            max_length=max_length,
            seed=seed,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    context = click.get_current_context()
    for name, recipes in USED_BY.items():
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if given and recipe not in recipes and name != "seed":
            option = "--" + name.replace("_", "-")
            raise click.UsageError(f"{option} goes with --recipe {' or '.join(recipes)}, not {recipe}")
    from minent.cli.notices import announce_compilation, say
    from minent.cli.summaries import summarise_lexicon
    from minent.files import refuse_overwrite

    announce_compilation("scan", "pieces", quiet=quiet)
    from minent.conventions import apply_conventions
    from minent.corpus.sources import Corpus
    from minent.discovery import LexiconBuilder
    from minent.errors import CorpusError
    from minent.lexicon import read_words
    from minent.unknown_model import model_path
    from minent.word_statistics import with_statistics

    known_words, kept, banned = read_words(known), read_words(protect), read_words(ban)
    with Corpus(corpus, encoding=encoding, errors=errors, field=field, temp_dir=temp_dir) as source:
        for target in (output, model_path(output)):
            refuse_overwrite(target, [*source.files, *known, *protect, *ban])
        builder = LexiconBuilder(source, settings, protect=kept, ban=banned, jobs=jobs, progress=not quiet)
        lexicon = apply_conventions(builder.build(), [name for name in wanted if wanted[name]], kept)
        if not len(lexicon):
            hint = "more text, or a lower --min-count, may help"
            raise CorpusError("the lexicon", "would be empty, since no word occurs often enough", hint)
        if recipe == "default" if statistics is None else statistics:
            lexicon = with_statistics(lexicon, source, units == "run", jobs, progress=not quiet)
    if known:
        lexicon = lexicon.mark_new(known_words)
    written = lexicon.filter([mark == "1" for mark in lexicon.columns["new"]]) if new_only else lexicon
    written.save(output)
    if not quiet:
        for line in summarise_lexicon(builder, lexicon, len(written), output):
            say(line)

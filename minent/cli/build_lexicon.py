"""`minent build-lexicon`: raw text in, lexicon.tsv out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from minent.cli.engines import check_engine, open_source
from minent.cli.options import (
    FloatRange,
    corpus_options,
    engine_options,
    is_given,
    memory_option,
    output_option,
    run_directory_options,
    run_options,
    units_option,
)
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
@click.option("--min-prob", type=FloatRange(0, 1, max_open=True), metavar="P", help="Least probability (plain).")
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
@click.option(
    "--max-length", type=click.IntRange(min=1), metavar="N", help="In units; above 4, finds long terms too (default)."
)
@click.option("--protect", multiple=True, metavar="LIST", help="Words that are never cut.")
@click.option("--ban", multiple=True, metavar="LIST", help="Words that are never written.")
@click.option("--decisions", multiple=True, metavar="FILE", help="Words kept, dropped and fixed in `minent review`.")
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
@run_directory_options
@memory_option
@engine_options
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
    decisions: tuple[str, ...],
    known: tuple[str, ...],
    new_only: bool,
    join_dates: bool,
    split_dates: bool,
    split_suffixes: bool,
    split_names: bool,
    statistics: bool | None,
    seed: int,
    run_dir: str | None,
    resume: bool,
    update: str | None,
    memory: int | None,
    engine: str,
    master: str | None,
    spark_conf: tuple[str, ...],
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
    if resume and run_dir is None and update is None:
        raise click.UsageError("--resume needs --run DIR or --update DIR")
    if run_dir is not None and update is not None:
        raise click.UsageError("--run and --update exclude each other: an update stays in its folder")
    if update is not None and not corpus:
        raise click.UsageError("--update needs the files that are added")
    local_only = {"--run": run_dir, "--update": update, "--memory": memory, "--decisions": decisions}
    check_engine(engine, master, spark_conf, local_only)
    reading: dict[str, Any] = {"encoding": encoding, "errors": errors, "field": field}
    chosen: dict[str, Any] = {
        "recipe": recipe,
        "units": units,
        "min_count": min_count,
        "min_prob": min_prob,
        "min_pmi": min_pmi,
        "redundancy": redundancy,
        "order": order,
        "min_length": min_length,
        "max_length": max_length,
        "seed": seed,
    }
    inside = next((path for path in corpus if run_dir and _is_below(run_dir, path)), None)
    if inside is not None:
        raise click.UsageError(f"--run {run_dir} lies in {inside}: its files would be read as text")
    earlier: list[str] = []
    if update is not None:
        earlier = _follow(update, reading, chosen)
    try:
        settings = LexiconSettings(**chosen)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    for name, recipes in USED_BY.items():
        if is_given(name) and settings.recipe not in recipes and name != "seed":
            option = "--" + name.replace("_", "-")
            raise click.UsageError(f"{option} goes with --recipe {' or '.join(recipes)}, not {settings.recipe}")
    from minent.cli.notices import announce_compilation, say, tell_conflicts
    from minent.cli.summaries import summarise_lexicon
    from minent.files import display_path, refuse_overwrite

    announce_compilation("scan", "pieces", quiet=quiet)
    from minent.conventions import apply_conventions
    from minent.decisions import lexicon_fingerprint, load_decisions
    from minent.discovery import KEPT_STAGES, LexiconBuilder, run_description
    from minent.errors import CorpusError
    from minent.kept_words import with_kept_counts
    from minent.lexicon import read_words
    from minent.memory import Memory, give_back_freed
    from minent.runs import RunDirectory
    from minent.unknown_model import model_path
    from minent.word_statistics import with_statistics

    known_words, judged = read_words(known), load_decisions(*decisions)
    kept, banned = read_words(protect) | judged.kept(), read_words(ban) | judged.banned()
    tell_conflicts(judged.conflicts, quiet)
    with open_source(
        (*earlier, *corpus), reading, engine, master, spark_conf,
        jobs=jobs, temp_dir=temp_dir, quiet=quiet, verbose=verbose,
    ) as (source, cluster):  # fmt: skip
        for target in (output, model_path(output)):
            refuse_overwrite(target, [*source.files, *known, *protect, *ban, *decisions])
        budget = Memory(memory, temp_dir)
        if memory is not None:
            give_back_freed()
        builder = LexiconBuilder(
            source, settings, protect=kept, ban=banned, jobs=jobs, progress=not quiet, memory=budget, cluster=cluster
        )
        if run_dir is not None or update is not None:
            folder = run_dir or update or ""
            parents = {os.path.dirname(path) or ".": path for path in source.files}  # links are looked up once for each
            inside = next((path for parent, path in parents.items() if _is_below(parent, folder)), None)
            if inside is not None:
                raise click.UsageError(f"{display_path(inside)}, a file of the run itself, would be read as text")
            description = run_description(source, settings, builder.lists)
            begin = RunDirectory.start if update is None else RunDirectory.update
            builder.run = begin(folder, description, resume=resume)
        mined = with_kept_counts(builder.build(), source, judged.kept(), settings.units, jobs, not quiet)
        lexicon = apply_conventions(mined, [name for name in wanted if wanted[name]], kept)
        if not len(lexicon):
            hint = "more text, or a lower --min-count, may help"
            raise CorpusError("the lexicon", "would be empty, since no word occurs often enough", hint)
        if settings.recipe == "default" if statistics is None else statistics:
            lexicon = with_statistics(lexicon, source, settings.units == "run", jobs, not quiet, budget, cluster)
    if known:
        lexicon = lexicon.mark_new(known_words)
    written = lexicon.filter([mark == "1" for mark in lexicon.columns["new"]]) if new_only else lexicon
    written.save(output)
    if judged.fingerprint and judged.fingerprint != lexicon_fingerprint(lexicon):
        say("the decisions were made for the lexicon of another text", quiet)
    if builder.run is not None:
        builder.run.finish(KEPT_STAGES)
    if not quiet:
        for line in summarise_lexicon(builder, lexicon, len(written), output):
            say(line)


def _is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it."""
    inner, outer = os.path.realpath(path), os.path.realpath(folder)
    return os.path.isdir(outer) and os.path.commonpath([inner, outer]) == outer


def _follow(update: str, reading: dict[str, Any], chosen: dict[str, Any]) -> list[str]:
    """Take over from a finished run what was not given on the command line; returns its files."""
    from minent.errors import RunError
    from minent.files import display_path
    from minent.runs import last_description

    description = last_description(update)
    try:
        for options in (reading, chosen):
            options.update({name: description[name] for name in options if not is_given(name)})
        LexiconSettings(**chosen)
        return [str(path) for path, _, _ in description["inputs"]]
    except (KeyError, TypeError, ValueError):
        raise RunError(display_path(update), "is damaged", "start again in another folder") from None

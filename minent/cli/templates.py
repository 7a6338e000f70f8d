"""`minent templates`: text in, templates.tsv out, and word classes beside it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from minent.cli.engines import check_engine, open_source
from minent.cli.options import (
    FloatRange,
    corpus_options,
    engine_options,
    memory_option,
    output_option,
    run_options,
    units_option,
)
from minent.templates.settings import BOUNDARIES, CLASS, PARSE, SKIPGRAM, SOURCES, WIDEST_WINDOW, TemplateSettings

if TYPE_CHECKING:
    from minent.corpus.encodings import Errors
    from minent.templates.finder import TemplateFinder
    from minent.templates.mining import FinderReport
    from minent.templates.template_set import TemplateSet

DEFAULTS = TemplateSettings()
SHOWN = 24  # templates in the summary
SHOWN_CLASSES = 8
NEAREST = "grammar.npz"
ORIGINS = {SKIPGRAM: "", CLASS: " with classes", PARSE: " in parses"}
OF_CORPUS = ""  # --classes without a file


@click.command()
@corpus_options
@click.option("-l", "--lexicon", metavar="FILE", help="The words.  [default: ./lexicon.tsv, else the built-in lexicon]")
@click.option("--pretokenized", is_flag=True, help="The text has its words already, with spaces between them.")
@output_option("templates.tsv", "Where the templates go; `-` is stdout.")
@click.option(
    "--source",
    type=click.Choice(("skipgram", "parse", "both")),
    help="Templates of skip-grams, or of trees.  [default: skipgram; with --grammar both]",
)
@click.option("-g", "--grammar", metavar="FILE", help="Parse the text with it, for main templates of blocks.")
@click.option(
    "--classes",
    metavar="[FILE]",
    is_flag=False,
    flag_value=OF_CORPUS,
    help="Also with word classes in the place of words: those of FILE, else of the text. Put it behind the CORPUS.",
)
@units_option
@click.option(
    "--boundaries",
    type=click.Choice(BOUNDARIES),
    default=DEFAULTS.boundaries,
    show_default=True,
    help="Sentences end at signs of every kind, or at stops only; then commas are words.",
)
@click.option(
    "--window",
    type=click.IntRange(1, WIDEST_WINDOW),
    default=DEFAULTS.window,
    show_default=True,
    metavar="N",
    help="Greatest distance of two words that an edge joins; 1 mines collocations.",
)
@click.option("--min-count", type=click.IntRange(min=1), metavar="N", help="Least occurrences of an edge, a template.")
@click.option("--min-prob", type=FloatRange(0, 1, max_open=True), metavar="P", help="Least probability of these.")
@click.option("--min-pmi", type=float, metavar="NATS", help="Least PMI of an edge.  [default: 1, with --min-prob 2]")
@click.option("--min-sentences", type=click.IntRange(min=1), metavar="N", help="Least sentences with a template.")
@click.option(
    "--max-paths",
    type=click.IntRange(min=0),
    default=DEFAULTS.max_paths,
    show_default=True,
    metavar="N",
    help="Leave out what gives more templates at once (a word said over and over); 0 leaves out nothing.",
)
@click.option("--min-length", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="In words.")
@click.option("--no-trivial", is_flag=True, help="Leave out single words between two slots.")
@click.option("--contains", multiple=True, metavar="WORD", help="Only templates with this word.")
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Only the N most frequent templates.")
@click.option(
    "--fillers",
    type=click.IntRange(min=0),
    default=DEFAULTS.fillers,
    show_default=True,
    metavar="K",
    help="The K most frequent fillers of each slot; 0 for none.",
)
@memory_option
@engine_options
@run_options
def command(
    corpus: tuple[str, ...],
    field: str | None,
    encoding: str,
    errors: Errors,
    lexicon: str | None,
    pretokenized: bool,
    output: str,
    source: str | None,
    grammar: str | None,
    classes: str | None,
    units: str,
    boundaries: str,
    window: int,
    min_count: int | None,
    min_prob: float | None,
    min_pmi: float | None,
    min_sentences: int | None,
    max_paths: int,
    min_length: int,
    no_trivial: bool,
    contains: tuple[str, ...],
    top: int | None,
    fillers: int,
    memory: int | None,
    engine: str,
    master: str | None,
    spark_conf: tuple[str, ...],
    jobs: int,
    temp_dir: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Learn the sentence templates of text, with their counts and what fills their slots.

    A template is a path of strong edges between the words of a sentence; it has a slot [X] wherever words are left out.
    Sentences end at signs, spaces and line ends; with --pretokenized spaces only part words.

    With a grammar, lines are parsed as `minent parse` does, and the main template of every block of the trees is
    counted. With --classes, words that stand for one another give way to their class, <…>; the classes are written
    beside the templates: to x.classes.tsv, if these are in x.tsv.

    \b
    Examples:  minent templates questions.txt --no-trivial --contains 怎么
               minent templates news.txt -g grammar.npz --classes
    """
    if pretokenized and lexicon is not None:
        raise click.UsageError("--pretokenized text needs no --lexicon")
    if source == "skipgram" and grammar is not None:
        raise click.UsageError("--source skipgram needs no --grammar")
    local_only = {"--grammar": grammar, "--source": source in ("parse", "both"), "--classes": classes is not None}
    local_only |= {"--memory": memory is not None, "--max-paths 0": max_paths == 0}
    check_engine(engine, master, spark_conf, local_only)
    if memory is not None and not 0 < max_paths <= 1 << 30:
        raise click.UsageError("with --memory, --max-paths is from 1 to 1,073,741,824")
    if source in ("parse", "both") and grammar is None:
        if not os.path.isfile(NEAREST):
            raise click.UsageError(f"there is no ./{NEAREST}: name one with -g, or make it with minent grammar")
        grammar = NEAREST
    try:
        settings = TemplateSettings(
            boundaries=boundaries,
            window=window,
            min_count=min_count,
            min_prob=min_prob,
            min_pmi=min_pmi,
            min_sentences=min_sentences,
            max_paths=max_paths or None,
            min_length=min_length,
            trivial=not no_trivial,
            contains=contains,
            top=top,
            fillers=fillers,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    from minent.cli.lexicons import find_lexicon
    from minent.cli.notices import announce_compilation, say
    from minent.files import refuse_overwrite

    kernels = ["viterbi", "skipgram", "patterns", "template_fillers"]
    kernels += ["dmv", "chart", "template_blocks"] if grammar is not None else []
    announce_compilation(*kernels, *(["classes"] if classes is not None else []), quiet=quiet)
    from minent.memory import Memory, give_back_freed
    from minent.segmentation import Segmenter
    from minent.templates.classes import classes_path, load_classes
    from minent.templates.finder import TemplateFinder

    if memory is not None:
        give_back_freed()
    beside = classes_path(output) if classes is not None else None
    given = load_classes(classes) if classes else classes == OF_CORPUS
    parsed_with = None
    if grammar is not None:
        from minent.grammar import load_grammar

        parsed_with = load_grammar(grammar)
    segmenter = None if pretokenized else Segmenter(find_lexicon(lexicon, quiet), units=units)
    reading = {"encoding": encoding, "errors": errors, "field": field}
    with open_source(
        corpus, reading, engine, master, spark_conf, jobs=jobs, temp_dir=temp_dir, quiet=quiet, verbose=verbose
    ) as (text, cluster):
        inputs = [*text.files, *(name for name in (lexicon, grammar, classes) if name)]
        for target in (output, beside):
            if target is not None:
                refuse_overwrite(target, inputs)
        finder = TemplateFinder(
            text,
            segmenter,
            settings,
            pretokenized=pretokenized,
            grammar=parsed_with,
            sources=(SOURCES if source == "both" else (source,)) if source else None,
            classes=given,
            jobs=jobs,
            progress=not quiet,
            memory=Memory(memory, temp_dir),
            cluster=cluster,
        )
        templates = finder.find()
    if finder.classes is not None and beside is not None:
        finder.classes.save(beside)
    templates.save(output)
    for line in _summary(finder, templates, output, beside):
        say(line, quiet)


def _summary(finder: TemplateFinder, templates: TemplateSet, output: str, beside: str | None) -> list[str]:
    """Trouble with the corpus, what was chosen, what was found."""
    from minent.corpus.notes import corpus_notes

    lines = list(corpus_notes(finder.corpus, finder.invalid))
    if finder.report is not None:
        lines += _mined(finder.report)
    if finder.classes is not None and finder.class_report is not None:
        words = sum(len(entry.members) for entry in finder.classes)
        tokens = sum(entry.count for entry in finder.classes)
        where = f", in {beside}" if beside is not None else ""
        best = " ".join(str(entry.name) for entry in finder.classes.entries[:SHOWN_CLASSES])
        lines.append(f"{len(finder.classes):,} classes for {words:,} words, {tokens:,} times{where}: {best}")
        lines += _mined(finder.class_report)
    if finder.parse_report is not None:
        parsed = finder.parse_report
        lines.append(
            f"{parsed.trees:,} trees, {parsed.blocks:,} blocks, {parsed.bare:,} more without a word of a template; "
            f"templates: count ≥ {parsed.least_count}"
        )
    for source in ORIGINS:
        often = [str(entry.template) for entry in templates.of_source(source) if not entry.template.is_trivial]
        if often:
            lines.append(f"most frequent{ORIGINS[source]}: {' · '.join(often[:SHOWN])}")
    if all(entry.template.is_trivial for entry in templates):
        wanted = " ".join(finder.settings.contains)
        why = f"none that has {wanted}" if wanted else "more text may help"
        lines.append(f"no template but single words; {why}")
    trivial = sum(entry.template.is_trivial for entry in templates)
    target = "stdout" if output == "-" else output
    lines.append(f"{len(templates):,} templates, {trivial:,} of them trivial, in {target}")
    return lines


def _mined(report: FinderReport) -> list[str]:
    """What skip-grams gave."""
    settings = report.settings
    lines = [
        f"{report.sentences:,} sentences, {report.words:,} words, {report.skip_grams:,} skip-grams; {report.strong:,} "
        f"strong edges: count ≥ {report.least_edge}, PMI > {settings.min_pmi:g}"
    ]
    wide = f", in {settings.min_sentences} sentences or more" if settings.min_sentences != 1 else ""
    lines.append(f"{report.candidates:,} candidates; templates: count ≥ {report.least_count}{wide}")
    if report.left_out:
        lines.append(
            f"left out {report.left_out:,} parts of sentences, each with more than {settings.max_paths:,} paths"
        )
    return lines

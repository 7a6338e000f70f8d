"""`minent templates`: text in, templates.tsv out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from minent.cli.options import corpus_options, output_option, run_options, units_option
from minent.templates.settings import BOUNDARIES, WIDEST_WINDOW, TemplateSettings

if TYPE_CHECKING:
    from minent.corpus.encodings import Errors
    from minent.templates.finder import TemplateFinder
    from minent.templates.template_set import TemplateSet

DEFAULTS = TemplateSettings()
SHOWN = 24  # templates in the summary


@click.command()
@corpus_options
@click.option("-l", "--lexicon", metavar="FILE", help="The words.  [default: ./lexicon.tsv, else the built-in lexicon]")
@click.option("--pretokenized", is_flag=True, help="The text has its words already, with spaces between them.")
@output_option("templates.tsv", "Where the templates go; `-` is stdout.")
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
@click.option("--min-prob", type=click.FloatRange(0, 1, max_open=True), metavar="P", help="Least probability of these.")
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
@run_options
def command(
    corpus: tuple[str, ...],
    field: str | None,
    encoding: str,
    errors: Errors,
    lexicon: str | None,
    pretokenized: bool,
    output: str,
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
    jobs: int,
    temp_dir: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Learn the sentence templates of text, with their counts and what fills their slots.

    A template is a path of strong edges between the words of a sentence; it has a slot [X] wherever words are left out.
    Sentences end at signs, spaces and line ends; with --pretokenized spaces only part words.

    \b
    Example:  minent templates questions.txt --no-trivial --contains 怎么
    """
    if pretokenized and lexicon is not None:
        raise click.UsageError("--pretokenized text needs no --lexicon")
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

    announce_compilation("viterbi", "skipgram", "patterns", "template_fillers", quiet=quiet)
    from minent.corpus.sources import Corpus
    from minent.segmentation import Segmenter
    from minent.templates.finder import TemplateFinder

    segmenter = None if pretokenized else Segmenter(find_lexicon(lexicon, quiet), units=units)
    with Corpus(corpus, encoding=encoding, errors=errors, field=field, temp_dir=temp_dir) as source:
        refuse_overwrite(output, [*source.files, *([lexicon] if lexicon else [])])
        finder = TemplateFinder(
            source, segmenter, settings, pretokenized=pretokenized, jobs=jobs, progress=not quiet, temp_dir=temp_dir
        )
        templates = finder.find()
    templates.save(output)
    for line in _summary(finder, templates, output):
        say(line, quiet)


def _summary(finder: TemplateFinder, templates: TemplateSet, output: str) -> list[str]:
    """Trouble with the corpus, what was chosen, what was found."""
    report, settings, lines = finder.report, finder.settings, []
    assert report is not None
    if finder.invalid:
        place = finder.invalid.first_place
        lines.append(f"{finder.invalid.count:,} bytes were not valid text, the first at {place}; try --encoding auto")
    if finder.corpus.skipped:
        skipped = finder.corpus.skipped
        lines.append(f"skipped {len(skipped)} of the files, the first: {skipped[0]}")
    lines.append(
        f"{report.sentences:,} sentences, {report.words:,} words, {report.skip_grams:,} skip-grams; {report.strong:,} "
        f"strong edges: count ≥ {report.least_edge}, PMI > {settings.min_pmi:g}"
    )
    wide = f", in {settings.min_sentences} sentences or more" if settings.min_sentences != 1 else ""
    lines.append(f"{report.candidates:,} candidates; templates: count ≥ {report.least_count}{wide}")
    if report.left_out:
        lines.append(
            f"left out {report.left_out:,} parts of sentences, each with more than {settings.max_paths:,} paths"
        )
    best = [str(entry.template) for entry in templates if not entry.template.is_trivial][:SHOWN]
    lines.append(f"most frequent: {' · '.join(best)}" if best else "no template but single words; more text may help")
    trivial = sum(entry.template.is_trivial for entry in templates)
    target = "stdout" if output == "-" else output
    lines.append(f"{len(templates):,} templates, {trivial:,} of them trivial, in {target}")
    return lines

"""`minent report`: a lexicon and its text in, one HTML page out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from minent.cli.options import corpus_options, output_option, run_options, units_option

if TYPE_CHECKING:
    from minent.corpus.encodings import Errors


@click.command()
@corpus_options
@click.option("-l", "--lexicon", metavar="FILE", help="The words.  [default: ./lexicon.tsv, else the built-in lexicon]")
@click.option("-t", "--templates", metavar="FILE", help="Show these templates, and what they save.")
@click.option("-g", "--grammar", metavar="FILE", help="Show trees by this grammar, else by the templates.")
@click.option(
    "--versus", multiple=True, metavar="OTHER", help="Another text: which words have one more of than the other."
)
@click.option("--known", multiple=True, metavar="LIST", help="Known words: shows which words are new.")
@output_option("report.html", "Where the page goes; `-` is stdout.")
@units_option
@run_options
def command(
    corpus: tuple[str, ...],
    field: str | None,
    encoding: str,
    errors: Errors,
    lexicon: str | None,
    templates: str | None,
    grammar: str | None,
    versus: tuple[str, ...],
    known: tuple[str, ...],
    output: str,
    units: str,
    jobs: int,
    temp_dir: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """One HTML page about a lexicon and its text, which opens from disk and asks the network for nothing.

    It has the entropy by characters, words and templates, the most informative words, new ones, those that another text
    does not share, templates with what fills them, and trees. --versus and --known can be given several times.

    \b
    Example:  minent report novel.txt -t templates.tsv --versus news.txt -o novel.html
    """
    if "-" in versus and (not corpus or "-" in corpus):
        raise click.UsageError("only one of the corpus and --versus can be stdin")
    import logging
    from contextlib import ExitStack

    from minent.report import collect, render, require_libraries

    require_libraries()
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells of its font cache
    from minent.cli.notices import announce_compilation, say, tell_corpus

    announce_compilation("scan", "viterbi", "neighbours", quiet=quiet)
    from minent.cli.lexicons import find_lexicon
    from minent.corpus.sources import Corpus
    from minent.files import STDOUT_NAMES, atomic_open, display_path, refuse_overwrite
    from minent.grammar import load_grammar
    from minent.lexicon import read_words
    from minent.templates import load_templates

    reading = {"encoding": encoding, "errors": errors, "field": field, "temp_dir": temp_dir}
    with ExitStack() as stack:
        source = stack.enter_context(Corpus(corpus, **reading))  # type: ignore[arg-type]
        other = stack.enter_context(Corpus(versus, **reading)) if versus else None  # type: ignore[arg-type]
        named = [name for name in (lexicon, templates, grammar) if name]
        refuse_overwrite(output, [*source.files, *(other.files if other else []), *named, *known])
        data = collect(
            source,
            find_lexicon(lexicon, quiet),
            templates=load_templates(templates) if templates else None,
            grammar=load_grammar(grammar) if grammar else None,
            versus=other,
            known={display_path(name): read_words([name]) for name in known},
            units=units,
            jobs=jobs,
            temp_dir=temp_dir,
            progress=not quiet,
        )
        page = render(data).encode("utf-8", "replace")
    with atomic_open(output, "wb") as file:
        file.write(page)
    for read, facts in ((source, data.text), (other, data.other)):
        if read is not None and facts is not None:
            tell_corpus(read, facts.invalid, quiet)
    target = "stdout" if output in STDOUT_NAMES else display_path(output)
    say(f"{len(data.words):,} words, {len(page) / 1e6:.1f} MB, in {target}", quiet)

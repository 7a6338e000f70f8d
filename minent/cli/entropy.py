"""`minent entropy`: how many bits a unit of text costs, by characters and by the words of a lexicon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from minent.cli.options import corpus_options, run_options, units_option

if TYPE_CHECKING:
    from minent.corpus.encodings import Errors


@click.command()
@corpus_options
@click.option("-l", "--lexicon", metavar="FILE", help="The words.  [default: ./lexicon.tsv, else the built-in lexicon]")
@click.option("-t", "--templates", metavar="FILE", help="Also under these templates: two rows, without and with them.")
@units_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@run_options
def command(
    corpus: tuple[str, ...],
    field: str | None,
    encoding: str,
    errors: Errors,
    lexicon: str | None,
    templates: str | None,
    units: str,
    as_json: bool,
    jobs: int,
    temp_dir: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Bits per unit of text, cut into characters and into words.

    H is the entropy of the pieces, l their mean length, L = H / l; the description length adds what writing the
    pieces and their counts down costs. A lexicon is good if its L, and its description, are below the characters'.

    \b
    Example:  minent entropy novel.txt -l lexicon.tsv
    """
    import json

    from minent.cli.notices import announce_compilation, answer, tell_corpus

    announce_compilation("scan", "viterbi", quiet=quiet)
    from minent.cli.lexicons import find_lexicon
    from minent.corpus.sources import Corpus
    from minent.discovery import corpus_name
    from minent.entropy import entropy_table, measure_corpus
    from minent.errors import CorpusError
    from minent.templates import load_templates
    from minent.templates.description import measure_templates

    words = find_lexicon(lexicon, quiet, with_model=False)
    with Corpus(corpus, encoding=encoding, errors=errors, field=field, temp_dir=temp_dir) as source:
        rows, invalid = measure_corpus(source, words, units, jobs, not quiet)
        if rows[0].tokens == 0:
            problem = "no Han character, Latin letter or digit in it"
            raise CorpusError(corpus_name(source), problem, "there is nothing to measure")
        if templates is not None:
            rows += measure_templates(source, words, load_templates(templates), units, jobs, temp_dir, not quiet)
    answer(json.dumps([row.to_dict() for row in rows], indent=2) if as_json else entropy_table(rows))
    tell_corpus(source, invalid, quiet)

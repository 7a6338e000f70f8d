"""`minent explain`: words in, and out why each is in the lexicon or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from minent.cli.options import memory_option, reading_options, run_options
from minent.cli.words import split_arguments, words_arguments

if TYPE_CHECKING:
    from minent.corpus.encodings import Errors, InvalidBytes


@click.command()
@words_arguments
@click.option("-l", "--lexicon", metavar="FILE", help="The lexicon.  [default: ./lexicon.tsv, else the built-in one]")
@reading_options
@click.option("--quick", is_flag=True, help="Do not run the recipe again: figures and contexts, but no steps.")
@click.option("--protect", multiple=True, metavar="LIST", help="As build-lexicon had it.")
@click.option("--ban", multiple=True, metavar="LIST", help="As build-lexicon had it.")
@click.option("--decisions", multiple=True, metavar="FILE", help="As build-lexicon had it.")
@click.option(
    "--contexts", type=click.IntRange(0, 200), default=3, show_default=True, metavar="N", help="Of each word."
)
@click.option("--width", type=click.IntRange(1, 500), default=30, show_default=True, help="Columns beside a word.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array instead of text.")
@memory_option
@run_options
def command(
    arguments: tuple[str, ...],
    words: tuple[str, ...],
    lexicon: str | None,
    field: str | None,
    encoding: str,
    errors: Errors,
    quick: bool,
    protect: tuple[str, ...],
    ban: tuple[str, ...],
    decisions: tuple[str, ...],
    contexts: int,
    width: int,
    as_json: bool,
    memory: int | None,
    jobs: int,
    temp_dir: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Why words are in a lexicon, or not: counts, PMI and F_ab at every cut, entropies, each step of the recipe.

    CORPUS is the text of which the lexicon was made, named after the words; `-` or nothing is stdin. The recipe runs
    again on it, so that it takes as long as build-lexicon did, for all words together.

    \b
    Example:  minent explain 的主要 共和国 -l lexicon.tsv corpus.txt
    """
    asked, corpus = split_arguments(arguments, words, quiet)
    import json

    from minent.cli.notices import announce_compilation, answer, tell_conflicts, tell_corpus

    announce_compilation("scan", "pieces", "neighbours", "viterbi", quiet=quiet)
    from minent.cli.lexicons import find_lexicon
    from minent.corpus.sources import Corpus
    from minent.decisions import load_decisions
    from minent.explanation import explain, rendered
    from minent.lexicon import read_words
    from minent.memory import Memory

    judged = load_decisions(*decisions)
    tell_conflicts(judged.conflicts, quiet)
    known = find_lexicon(lexicon, quiet)
    with Corpus(corpus, encoding=encoding, errors=errors, field=field, temp_dir=temp_dir) as source:
        invalid: list[InvalidBytes] = []
        found = explain(
            asked,
            known,
            source,
            replay=not quick,
            protect=read_words(protect),
            ban=read_words(ban),
            decisions=judged,
            contexts=contexts,
            jobs=jobs,
            progress=not quiet,
            memory=Memory(memory, temp_dir),
            report=invalid.append,
        )
    tell_corpus(source, invalid[0] if invalid else None, quiet)
    if as_json:
        answer(json.dumps([each.to_dict() for each in found], ensure_ascii=False, indent=1))
    else:
        answer("\n\n".join(rendered(each, width) for each in found))

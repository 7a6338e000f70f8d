"""`minent export`: lexicon.tsv in, the file of another tool out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from minent.export.format import FORMATS

if TYPE_CHECKING:
    from minent.export import Exported


@click.command()
@click.argument("lexicon", required=False)
@click.option("--to", "form", type=click.Choice(FORMATS), required=True, help="The tool that is to read it.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Where it goes; `-` is stdout.  [default: jieba.txt, hanlp.txt, ik.dic, tokenizer.json, …]",
)
@click.option("--min-count", type=click.IntRange(min=0), default=0, metavar="N", help="Only words with this count.")
@click.option("--known", multiple=True, metavar="LIST", help="Known words; jsonl tells which words are new.")
@click.option("--new-only", is_flag=True, help="Only words that no --known list has, of this or of build-lexicon.")
@click.option(
    "--classes",
    type=click.Choice(("split", "drop", "keep")),
    show_default="keep for jsonl and words, else split",
    help="<N>年, 年 of any number: count it for 年, leave it out, or write it as it is.",
)
@click.option(
    "--total", type=click.IntRange(1, 10**15 - 1), metavar="N", help="Scale the counts so that they add up to N."
)
@click.option("-q", "--quiet", is_flag=True, help="No summary on stderr.")
def command(
    lexicon: str | None,
    form: str,
    output: str | None,
    min_count: int,
    known: tuple[str, ...],
    new_only: bool,
    classes: str | None,
    total: int | None,
    quiet: bool,
) -> None:
    """Write a lexicon for another tool.

    Without LEXICON it is ./lexicon.tsv or, where there is none, the built-in one. To put words on top of jieba's own
    dictionary, scale them to its size: --total 60101967.

    \b
    Example:  minent export lexicon.tsv --to jieba -o userdict.txt
    """
    from minent.cli.lexicons import NEAREST, find_lexicon
    from minent.cli.notices import say
    from minent.export import export_lexicon
    from minent.export.format import find_format
    from minent.files import display_path, refuse_overwrite
    from minent.lexicon import read_words
    from minent.unknown_model import has_model_beside

    target = find_format(form)
    if total is not None and not target.has_counts:
        raise click.UsageError(f"--total does not go with --to {form}, which has no counts")
    output = output or target.output
    refuse_overwrite(output, [lexicon or NEAREST, *known])
    words = find_lexicon(lexicon, quiet, with_model=False)
    if new_only and not known and "new" not in words.columns:
        raise click.UsageError("--new-only needs --known LIST, or a lexicon that was built with it")
    exported = export_lexicon(
        words,
        form,
        output,
        min_count=min_count,
        known=read_words(known) if known else None,
        new_only=new_only,
        classes=classes,
        total=total,
    )
    shown = "stdout" if output == "-" else display_path(output)
    for line in _summary(exported, form, shown):
        say(line, quiet)
    if has_model_beside(lexicon or NEAREST):
        say("the unknown-word model beside the lexicon is not written: no other tool has the like", quiet)


def _summary(exported: Exported, form: str, output: str) -> Iterator[str]:
    """What became of the words that could not be written as they are, and where the others went."""
    done = {"split": "split", "drop": "left out", "keep": "kept as they are"}[exported.classes]
    if exported.class_words:
        yield f"{exported.class_words:,} words with <N> or <L> (any number, any Latin run) were {done}"
    if exported.left_out:
        from minent.files import display_path

        first = display_path(exported.left_out[0][:40])
        yield f"left out {len(exported.left_out):,} words that {form} cannot have or find, the first: {first}"
    yield f"{exported.words:,} words in {output}"

"""`minent import`: the dictionary or model of another tool in, lexicon.tsv out."""

from __future__ import annotations

import click

from minent.cli.options import output_option
from minent.export.format import FORMATS


@click.command(name="import")
@click.argument("file")
@click.option("--from", "form", type=click.Choice(FORMATS), required=True, help="The tool whose file it is.")
@output_option("lexicon.tsv", "Where the lexicon goes; `-` is stdout.")
@click.option("-q", "--quiet", is_flag=True, help="No summary on stderr.")
def command(file: str, form: str, output: str, quiet: bool) -> None:
    """Make a lexicon of the dictionary or model of another tool.

    FILE may be packed (gz, bz2, xz, zst); `-` is stdin. Words without counts count 1. The probabilities of a unigram
    model become counts, the least of them 1.

    \b
    Example:  minent import spiece.model --from sentencepiece -o lexicon.tsv
    """
    from minent.cli.notices import say
    from minent.export import import_lexicon
    from minent.files import display_path, refuse_overwrite

    refuse_overwrite(output, [file])
    imported = import_lexicon(file, form)
    imported.lexicon.save(output)
    if imported.left_out:
        first = display_path(imported.left_out[0][:40])
        say(f"left out {len(imported.left_out):,} words that a lexicon cannot have, the first: {first}", quiet)
    say(f"{len(imported.lexicon):,} words in {'stdout' if output == '-' else display_path(output)}", quiet)

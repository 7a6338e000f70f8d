"""What a command says: an answer on stdout, and on stderr what goes beside its data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from minent.corpus.encodings import InvalidBytes
    from minent.corpus.sources import Corpus
    from minent.decisions import Conflict

COMPILE_SECONDS = 30  # the most that the kernels of one command may take on two cores
ALL_SECONDS = 90  # … and those of all commands
MOST_CONFLICTS = 20  # that are told one by one


def say(message: str, quiet: bool = False) -> None:
    """Print one line on stderr unless `quiet`."""
    if not quiet:
        click.echo(f"minent: {message}", err=True)


def answer(text: str) -> None:
    """Print the data of a command that writes no file. Errors: OutputError where stdout takes no more."""
    from minent.files import atomic_open

    with atomic_open("-") as stdout:
        stdout.write(f"{text}\n".encode("utf-8", "replace"))


def announce_compilation(*modules: str, quiet: bool = False) -> None:
    """Say that a first run compiles, if it will: for commands that are about to use these kernel modules."""
    from minent.kernels.cache import is_cold, kernel_directory, prepare_cache

    if quiet or not is_cold(*modules):
        return
    kept = f"kept in {prepare_cache().folder}"
    if not prepare_cache().kept:
        kept = f"not kept, since {kernel_directory()} cannot be written"
    say(f"compiling kernels for first use, up to {COMPILE_SECONDS if modules else ALL_SECONDS} s; {kept}")


def tell_corpus(corpus: Corpus, invalid: InvalidBytes | None, quiet: bool = False) -> None:
    """Say what of a corpus was no text, and what was left out of it."""
    from minent.corpus.notes import corpus_notes

    for line in corpus_notes(corpus, invalid):
        say(line, quiet)


def tell_conflicts(conflicts: Sequence[Conflict], quiet: bool = False) -> None:
    """Say where decisions differ, and which holds."""
    for conflict in conflicts[:MOST_CONFLICTS]:
        say(str(conflict), quiet)
    if len(conflicts) > MOST_CONFLICTS:
        say(f"and {len(conflicts) - MOST_CONFLICTS:,} more that differ", quiet)

"""Words, and then a corpus, on one command line: `minent explain WORD... CORPUS...`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., object])


def words_arguments(function: Function) -> Function:
    """`WORD... CORPUS...` and `--words LIST`: arguments (tuple of str), words (tuple of str, lists)."""
    listed = click.option("--words", multiple=True, metavar="LIST", help="More words, from a list or a lexicon.")
    return click.argument("arguments", nargs=-1, metavar="WORD... [CORPUS]...")(listed(function))


def split_arguments(arguments: Sequence[str], lists: Sequence[str], quiet: bool = False) -> tuple[list[str], list[str]]:
    """The words and the corpus: it starts at the first argument that is `-`, or the name of something that is there, or
    looks like a path. The first argument is a word, whatever it looks like, unless there are lists of words.

    Where no argument is, the text comes from standard input, and several arguments are told to be words: the last one
    may be a file that is missing. Errors: UsageError where there is no word, and where nothing but a terminal is to be
    read that was not asked for; LexiconError for a list that is none.
    """
    start = 0 if lists else 1
    place = next((k for k in range(start, len(arguments)) if _is_path(arguments[k])), len(arguments))
    words = list(arguments[:place])
    if place == len(arguments):
        _tell_stdin(words, quiet)
    if lists:
        from minent.lexicon import load_lexicon

        words += [word for path in lists for word in load_lexicon(path, with_model=False).words]
    words = list(dict.fromkeys(word for word in words if word))
    if not words:
        raise click.UsageError("no word is named")
    return words, list(arguments[place:])


def _tell_stdin(words: Sequence[str], quiet: bool) -> None:
    """Say that all arguments are taken for words. UsageError where standard input is a terminal."""
    from minent.cli.notices import say
    from minent.files import display_path

    last = f", since {display_path(words[-1])} is no file that is there" if len(words) > 1 else ""
    if sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError(f"no text is named{last}; `-` reads what is typed here")
    if last:
        say(f"the text is read from standard input{last}", quiet)


def _is_path(text: str) -> bool:
    from minent.corpus.finding import PATH_LIKE, STDIN

    if text == STDIN or "/" in text or PATH_LIKE.fullmatch(text):
        return True
    return os.path.lexists(text) if "\0" not in text else False

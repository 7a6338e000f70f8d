"""Which lexicon a command uses: the one named, ./lexicon.tsv, or the built-in one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from minent.cli.notices import say

if TYPE_CHECKING:
    from minent.lexicon import Lexicon

NEAREST = "lexicon.tsv"


def find_lexicon(path: str | None, quiet: bool = False) -> Lexicon:
    """The lexicon of a command; says which one it is unless it was named."""
    from minent.lexicon import builtin_lexicon, load_lexicon

    if path is not None:
        return load_lexicon(path)
    if os.path.isfile(NEAREST):
        say(f"words of ./{NEAREST}", quiet)
        return load_lexicon(NEAREST)
    say("words of the built-in lexicon", quiet)
    return builtin_lexicon()

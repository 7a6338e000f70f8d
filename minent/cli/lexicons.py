"""Which lexicon a command uses: the one named, ./lexicon.tsv, or the built-in one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from minent.cli.notices import say

if TYPE_CHECKING:
    from minent.lexicon import Lexicon

NEAREST = "lexicon.tsv"


def find_lexicon(path: str | None, quiet: bool = False, with_model: bool = True) -> Lexicon:
    """The lexicon of a command; says which one it is unless it was named, and if a model beside it is not its own."""
    from minent.files import display_path
    from minent.lexicon import builtin_lexicon, load_lexicon
    from minent.unknown_model import has_model_beside, model_path

    if path is None:
        if not os.path.isfile(NEAREST):
            say("words of the built-in lexicon", quiet)
            return builtin_lexicon()
        say(f"words of ./{NEAREST}", quiet)
        path = NEAREST
    lexicon = load_lexicon(path, with_model=with_model)
    if with_model and lexicon.model is None and has_model_beside(path):
        say(f"{display_path(model_path(path))} belongs to another lexicon and is not used", quiet)
    return lexicon

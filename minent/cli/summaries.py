"""What `build-lexicon` says at its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minent.discovery import LexiconBuilder
    from minent.lexicon import Lexicon

LONGEST_SHOWN = 24  # characters: a page of base64 is a word too, but not one to look at


def summarise_lexicon(builder: LexiconBuilder, lexicon: Lexicon, written: int, output: str) -> Iterator[str]:
    """The lines of the summary: trouble with the corpus, what was chosen, the best words, the entropy table."""
    from minent.corpus.notes import corpus_notes
    from minent.entropy import entropy_of_characters, entropy_of_lexicon, entropy_table
    from minent.files import display_path

    assert builder.alphabet is not None
    yield from corpus_notes(builder.corpus, builder.invalid)
    chosen = ", ".join(f"{key} {value:g}" for key, value in builder.chosen.items())
    yield f"recipe {builder.settings.recipe}" + (f" with {chosen}" if chosen else "")
    best = [word for word in lexicon.words if 1 < len(word) <= LONGEST_SHOWN][:24]
    nothing = "no word of two units or more was found; more text may help"
    yield f"most frequent words: {' '.join(best)}" if best else nothing
    rows = [entropy_of_characters(builder.alphabet), entropy_of_lexicon(lexicon, builder.alphabet)]
    yield from entropy_table(rows).split("\n")
    yield f"{written:,} words in {'stdout' if output == '-' else display_path(output)}"

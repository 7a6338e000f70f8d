"""What of a corpus was no text, and what was left out of it, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator

from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import Corpus


def corpus_notes(corpus: Corpus, invalid: InvalidBytes | None) -> Iterator[str]:
    """A line for bytes that were no text, one for records, one for files; as far as the corpus was read."""
    if invalid:
        hint = "" if corpus.encoding == "auto" else "; try --encoding auto"
        yield f"{invalid.count:,} bytes were not valid text, the first at {invalid.first_place}{hint}"
    if corpus.left_out.count:
        yield f"left out {corpus.left_out.count:,} records, the first: {corpus.left_out.first}"
    if corpus.skipped:
        yield f"skipped {len(corpus.skipped)} of the files, the first: {corpus.skipped[0]}"

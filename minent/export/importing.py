"""Files of other tools → lexicons."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from minent.corpus.codecs import standard_input
from minent.export.exporting import CLASS
from minent.export.format import find_format
from minent.export.text import LARGEST_COUNT
from minent.lexicon import UNWRITABLE, Lexicon
from minent.table_files import read_packed, unpacked

KEEPS_CLASSES = ("jsonl", "words")  # `<N>` in their words may be minent's own; in others it is three signs


@dataclass(frozen=True)
class Imported:
    """A lexicon from the file of another tool, and the words that a lexicon cannot hold."""

    lexicon: Lexicon
    left_out: tuple[str, ...]


def import_lexicon(path: str | os.PathLike[str], format: str) -> Imported:
    """Read the dictionary or model of another tool, packed (gz, bz2, xz, zst) or not; `-` is stdin.

    format : jieba, hanlp, ik, sentencepiece, tokenizers, rime, jsonl or words
    Left out is what has a tab or line end inside, or a literal `<N>` or `<L>`, which would be read as any number.
    Errors: LexiconError with file and line; CorpusError; ValueError for a format that there is not.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".txt") as file:
    ...     _ = file.write("科学 3 n".encode()), file.flush()
    ...     import_lexicon(file.name, "jieba").lexicon["科学"].count
    3
    """
    source = find_format(format)
    name = os.fspath(path)
    data, shown = (unpacked(standard_input(), "<stdin>"), "<stdin>") if name == "-" else read_packed(name)
    found = source.read(data, shown)
    strange = UNWRITABLE if format in KEEPS_CLASSES else re.compile(f"{UNWRITABLE.pattern}|{CLASS.pattern}")
    counts = {word: min(count, LARGEST_COUNT) for word, count in found.items() if not strange.search(word)}
    left_out = tuple(word for word in found if strange.search(word))
    return Imported(Lexicon.from_counts(counts, {"imported_from": format}), left_out)

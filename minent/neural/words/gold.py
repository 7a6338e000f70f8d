"""Words of a treebank and their most frequent part of speech, to judge classes by."""

from __future__ import annotations

import os
from collections import Counter, defaultdict

from minent.errors import CorpusError
from minent.files import display_path
from minent.table_files import read_packed

COLUMNS = 10  # of CoNLL-U; the second is the word, the fourth UPOS


def read_tags(path: str | os.PathLike[str]) -> dict[str, str]:
    """The UPOS that each word of a CoNLL-U file has most often; of two as often, the first in the alphabet.

    CorpusError: a line that is no word of the format.
    """
    data, name = read_packed(path)
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise CorpusError(display_path(name), "not valid UTF-8") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != COLUMNS:
            raise CorpusError(f"{display_path(name)}:{number}", f"{len(cells)} columns, where CoNLL-U has {COLUMNS}")
        if cells[0].isdigit():  # no ranges of words, no empty nodes
            seen[cells[1]][cells[3]] += 1
    if not seen:
        raise CorpusError(display_path(name), "holds no word")
    return {word: min(tags, key=lambda tag: (-tags[tag], tag)) for word, tags in seen.items()}

"""jieba's dictionaries, main and user's: `word count tag` a line, between single spaces; the tag is left out.

Source: jieba/__init__.py, `gen_pfdict` and `load_userdict`.
"""

from __future__ import annotations

import re

from minent.export.format import WHITE_SPACE, Format
from minent.export.text import numbered_lines, parse_count
from minent.lexicon import Lexicon

SPACES = "[ \t]+"
ENTRIES = (  # as `re_userdict`, but for tabs and for tags of other than small letters behind a count
    re.compile(rf"(.+?){SPACES}([0-9]+)(?:{SPACES}[^0-9\s]\S*)?"),
    re.compile(rf"(.+?)()(?:{SPACES}[a-z]+)?"),
)


def write(lexicon: Lexicon, name: str) -> bytes:
    """The same file serves `set_dictionary` and `load_userdict`. A count of 0 would be a word that is none."""
    return "".join(f"{word} {max(count, 1)}\n" for word, count in zip(lexicon, lexicon.counts, strict=True)).encode()


def read(data: bytes, name: str) -> dict[str, int]:
    """A word without a count counts 1; the last line of a word holds."""
    counts = {}
    for number, line in numbered_lines(data, name):
        entry = ENTRIES[0].fullmatch(line.strip()) or ENTRIES[1].fullmatch(line.strip())
        word, count = entry.groups() if entry else (line.strip(), "")  # a line end of other kinds is in it
        counts[word] = parse_count(count, f"{name}:{number}") if count else 1
    return counts


FORMAT = Format("jieba.txt", write, read, WHITE_SPACE)

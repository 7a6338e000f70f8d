"""HanLP's custom dictionary: `word tag count [tag count]…` a line, with tabs between.

Source: HanLP 1.x, com.hankcs.hanlp.dictionary.DynamicCustomDictionary, `load`: lines split at white space, at tabs
if the file is called .tsv, at commas if .csv.
"""

from __future__ import annotations

from minent.errors import LexiconError, OutputError
from minent.export.format import WHITE_SPACE, Format
from minent.export.text import numbered_lines, parse_count
from minent.lexicon import Lexicon

TAG = "n"  # HanLP's own for a word without any
LARGEST = 2**31 - 1  # a Java int; a larger one makes HanLP give up the file


def write(lexicon: Lexicon, name: str) -> bytes:
    if name.endswith(".csv"):
        raise OutputError(name, "HanLP splits a file of this name at commas; let it end in .txt or .tsv")
    rows = zip(lexicon, lexicon.counts.tolist(), strict=True)
    return "".join(f"{word}\t{TAG}\t{min(max(count, 1), LARGEST)}\n" for word, count in rows).encode()


def read(data: bytes, name: str) -> dict[str, int]:
    """The counts of all tags of a word are added up; a word without any counts 1; the last line of a word holds."""
    counts = {}
    for number, line in numbered_lines(data, name):
        if name.endswith(".csv"):
            fields = line.split(",")
        else:
            fields = line.split("\t") if "\t" in line else line.split()
        word, pairs = fields[0].strip(), [field.strip() for field in fields[1:] if field.strip()]
        if not word:
            raise LexiconError(f"{name}:{number}", "no word before the tag")
        numbers = [parse_count(text, f"{name}:{number}") for text in pairs[1::2]]
        counts[word] = sum(numbers) if numbers else 1
    return counts


FORMAT = Format("hanlp.txt", write, read, WHITE_SPACE)

"""A dictionary of Rime, the input method: words with weights; Rime makes their codes from those of their characters.

Source: librime, dict/entry_collector.cc and dict/dict_settings.cc.
"""

from __future__ import annotations

import json
import re

from minent.errors import LexiconError
from minent.export.format import LINE_BREAKS, Format
from minent.export.text import numbered_lines, parse_count
from minent.lexicon import Lexicon

SUFFIX = ".dict.yaml"
CODES_FROM = "luna_pinyin"  # the table of characters that every Rime has
COLUMNS = ("text", "code", "weight")  # if a file does not tell
NO_COMMENT = "# no comment"  # from here on, a line may begin with # (C# does not, #1 does)
COLUMN = re.compile(r"\s*-\s*[\"']?(\w+)[\"']?\s*(?:#.*)?")
INLINE = re.compile(r"columns:\s*\[(.*)\]\s*(?:#.*)?")
WEIGHT = re.compile(r"(\d{1,15})(?:\.\d*)?")


def write(lexicon: Lexicon, name: str) -> bytes:
    """Rime wants the file to be called as its name is: x.dict.yaml has the name x."""
    title = name.removesuffix(SUFFIX) if name.endswith(SUFFIX) else "minent"
    head = ["---", f"name: {json.dumps(title, ensure_ascii=False)}", 'version: "1"', "sort: by_weight"]
    head += [
        "use_preset_vocabulary: false",
        "import_tables:",
        f"  - {CODES_FROM}",
        "columns:",
        "  - text",
        "  - weight",
    ]
    lines = [*head, "...", NO_COMMENT]
    lines += [f"{word}\t{max(count, 1)}" for word, count in zip(lexicon, lexicon.counts.tolist(), strict=True)]
    return ("\n".join(lines) + "\n").encode()


def read(data: bytes, name: str) -> dict[str, int]:
    """The weights of all codes of a word are added up. A word without a weight, or with a share (50%), counts 1.

    Tables that the file imports are files of their own, and are not read.
    """
    lines = list(numbered_lines(data, name))
    end = next((at for at, (_, line) in enumerate(lines) if line.rstrip() == "..."), None)
    if end is None:
        raise LexiconError(name, "no line ... at the end of a YAML head", "is it a .dict.yaml file?")
    columns = _columns([line for _, line in lines[:end]])
    if "text" not in columns:
        raise LexiconError(name, "its columns have no text")
    text_at = columns.index("text")
    weight_at = columns.index("weight") if "weight" in columns else None
    counts: dict[str, int] = {}
    comments = True
    for number, line in lines[end + 1 :]:
        if comments and line.startswith("#"):
            comments = line.rstrip() != NO_COMMENT
            continue
        fields = line.split("\t")
        word = fields[text_at].strip() if text_at < len(fields) else ""
        if not word:
            raise LexiconError(f"{name}:{number}", "no word")
        weight = fields[weight_at].strip() if weight_at is not None and weight_at < len(fields) else ""
        counts[word] = counts.get(word, 0) + _weight(weight, f"{name}:{number}")
    return counts


def _columns(head: list[str]) -> list[str]:
    """The names of the columns that the head of a file gives."""
    for at, line in enumerate(head):
        inline = INLINE.fullmatch(line)
        if inline:
            return [name.strip(" \"'") for name in inline.group(1).split(",")]
        if line.split("#")[0].strip() == "columns:":
            names = []
            for below in head[at + 1 :]:
                item = COLUMN.fullmatch(below)
                if not item:
                    break
                names.append(item.group(1))
            return names
    return list(COLUMNS)


def _weight(text: str, place: str) -> int:
    if not text or text.endswith("%"):
        return 1
    number = WEIGHT.fullmatch(text)
    return parse_count(number.group(1) if number else text, place)


FORMAT = Format(f"minent{SUFFIX}", write, read, LINE_BREAKS)

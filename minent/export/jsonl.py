"""JSON Lines: one object a word, with all columns of the lexicon."""

from __future__ import annotations

import json
import re
from typing import Any

from minent.errors import LexiconError
from minent.export.format import Format
from minent.export.text import numbered_lines, parse_count
from minent.lexicon import Lexicon

NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?(e[-+]?\d{1,2})?", re.ASCII)
NOTHING = re.compile(r"(?!)")


def write(lexicon: Lexicon, name: str) -> bytes:
    """`word`, `count`, `prob` and the columns: numbers where they look so, null where they are empty."""
    total = max(lexicon.total, 1)
    lines = []
    for k, (word, count) in enumerate(zip(lexicon, lexicon.counts.tolist(), strict=True)):
        record = {"word": word, "count": count, "prob": float(f"{count / total:.6g}")}
        record |= {column: _value(texts[k]) for column, texts in lexicon.columns.items() if column not in record}
        lines.append(json.dumps(record, ensure_ascii=False) + "\n")
    return "".join(lines).encode()


def _value(text: str) -> str | int | float | None:
    if not text:
        return None
    return json.loads(text) if NUMBER.fullmatch(text) and not re.match(r"-?0\d", text) else text


def read(data: bytes, name: str) -> dict[str, int]:
    """`word` and `count` of each object; without a count a word counts 1. The last object of a word holds."""
    counts = {}
    for number, line in numbered_lines(data, name):
        place = f"{name}:{number}"
        record = parse_json(line, place)
        word = record.get("word") if isinstance(record, dict) else None
        if not isinstance(word, str) or not word:
            raise LexiconError(place, "no word", 'expected an object with "word" and "count"')
        counts[word] = parse_count(str(record.get("count", 1)), place)
    return counts


def parse_json(text: str, place: str) -> Any:
    """What JSON text holds; LexiconError for what is none, or nests or counts beyond reason."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise LexiconError(place, f"not valid JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        raise LexiconError(place, "not valid JSON: it nests too deeply, or a number is too long") from None


FORMAT = Format("lexicon.jsonl", write, read, NOTHING, keeps_classes=True)

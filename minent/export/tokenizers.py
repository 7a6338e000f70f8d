"""A tokenizer.json of Hugging Face tokenizers: unigram, with bytes for unknown characters.

Source: huggingface/tokenizers, tokenizers/src/models/unigram.
"""

from __future__ import annotations

import json
from typing import Any

from minent.errors import LexiconError
from minent.export.format import Format
from minent.export.jsonl import parse_json
from minent.export.text import decode_text
from minent.export.unigram import BYTES, RESERVED, SPECIALS, counts_of_pieces, is_special, make_pieces
from minent.lexicon import Lexicon

LARGEST_SCORE = 1e30


def write(lexicon: Lexicon, name: str) -> bytes:
    """Text is taken as it is: no normalizer, and no pre-tokenizer, since words may have signs and spaces in them."""
    pieces = make_pieces(lexicon)
    floor = min(score for _, score in pieces)
    vocabulary = [[special, 0.0] for special in SPECIALS]
    vocabulary += [[byte, floor] for byte in BYTES]  # so that these names are not preferred where a text has them
    vocabulary += [[piece, score] for piece, score in pieces]
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_special(number, special) for number, special in enumerate(SPECIALS)],
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {"type": "Unigram", "unk_id": 0, "vocab": vocabulary, "byte_fallback": True},
    }
    return (json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _special(number: int, special: str) -> dict[str, Any]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": number, "content": special, **flags}


def read(data: bytes, name: str) -> dict[str, int]:
    """The pieces of a unigram model that are neither added tokens nor bytes."""
    tokenizer = parse_json(decode_text(data, name), name)
    model = tokenizer.get("model") if isinstance(tokenizer, dict) else None
    if not isinstance(model, dict):
        raise LexiconError(name, "no model in it", "is it a tokenizer.json?")
    vocabulary = model.get("vocab")
    if model.get("type", "Unigram") != "Unigram" or not isinstance(vocabulary, list):
        kind = str(model.get("type", "nameless"))[:40]
        raise LexiconError(name, f"a {kind} model has no probabilities", "only unigram models can be imported")
    added = tokenizer.get("added_tokens")
    names = [token.get("content") for token in added if isinstance(token, dict)] if isinstance(added, list) else []
    named = {content for content in names if isinstance(content, str)}
    pieces = []
    for number, entry in enumerate(vocabulary):
        if not (
            isinstance(entry, list)
            and len(entry) == 2
            and isinstance(entry[0], str)
            and isinstance(entry[1], (int, float))
            and abs(entry[1]) < LARGEST_SCORE  # also no for NaN
        ):
            raise LexiconError(name, f"entry {number:,} of the vocabulary is not a piece with a finite score")
        if number != model.get("unk_id") and entry[0] not in named and not is_special(entry[0]):
            pieces.append((entry[0], float(entry[1])))
    return counts_of_pieces(pieces)


FORMAT = Format("tokenizer.json", write, read, RESERVED, has_counts=False)

"""A SentencePiece model, unigram, with bytes for unknown characters; `.model` and `.vocab` are read.

Source: google/sentencepiece, src/sentencepiece_model.proto.
"""

from __future__ import annotations

import math
import re

from minent.errors import LexiconError
from minent.export.format import Format
from minent.export.protobuf import (
    FIXED32,
    SIZED,
    VARINT,
    WireError,
    fields,
    float_field,
    number_field,
    read_float,
    sized_field,
)
from minent.export.text import numbered_lines
from minent.export.unigram import BYTES, RESERVED, SPACE, SPECIALS, counts_of_pieces, is_special, make_pieces
from minent.lexicon import Lexicon

PIECES, TRAINER_SPEC, NORMALIZER_SPEC = 1, 2, 3  # fields of ModelProto
PIECE, SCORE, TYPE = 1, 2, 3  # fields of a piece
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6  # types of pieces
MODEL_TYPE, VOCAB_SIZE, BYTE_FALLBACK = 3, 4, 35  # fields of TrainerSpec
UNIGRAM = 1
MODEL_TYPES = {UNIGRAM: "unigram", 2: "BPE", 3: "word", 4: "char"}
NAME, ADD_DUMMY_PREFIX, REMOVE_EXTRA_WHITESPACES = 1, 3, 4  # fields of NormalizerSpec


def write(lexicon: Lexicon, name: str) -> bytes:
    """Text is taken as it is: no normalization, no space before it, no space left out."""
    pieces = [(SPECIALS[0], 0.0, UNKNOWN), *((special, 0.0, CONTROL) for special in SPECIALS[1:])]
    pieces += [(byte, 0.0, BYTE) for byte in BYTES]
    words: dict[str, float] = {}
    for piece, score in make_pieces(lexicon):
        words.setdefault(piece.replace(" ", SPACE), score)
    pieces += [(piece, score, NORMAL) for piece, score in words.items()]
    out = [sized_field(PIECES, _piece(*piece)) for piece in pieces]
    trainer = [(MODEL_TYPE, UNIGRAM), (VOCAB_SIZE, len(pieces)), (BYTE_FALLBACK, 1)]
    out.append(sized_field(TRAINER_SPEC, b"".join(number_field(*field) for field in trainer)))
    off = number_field(ADD_DUMMY_PREFIX, 0) + number_field(REMOVE_EXTRA_WHITESPACES, 0)
    out.append(sized_field(NORMALIZER_SPEC, sized_field(NAME, b"identity") + off))
    return b"".join(out)


def _piece(text: str, score: float, kind: int) -> bytes:
    message = sized_field(PIECE, text.encode()) + float_field(SCORE, score)
    return message if kind == NORMAL else message + number_field(TYPE, kind)


def read(data: bytes, name: str) -> dict[str, int]:
    """The normal pieces of a unigram model, or of its list of pieces and scores."""
    if not data.startswith(b"\n"):  # the key of the first field; no line of a list is empty
        return counts_of_pieces(_read_list(data, name))
    try:
        return counts_of_pieces(_read_model(data, name))
    except WireError as error:
        raise LexiconError(name, f"not a SentencePiece model: {error}", "is it whole?") from None


def _read_list(data: bytes, name: str) -> list[tuple[str, float]]:
    pieces = []
    for number, line in numbered_lines(data, name):
        piece, _, text = line.rpartition("\t")
        try:
            score = float(text)
        except ValueError:
            score = math.nan
        if not piece or not math.isfinite(score):
            raise LexiconError(f"{name}:{number}", "not a piece, a tab and a score", "is it a .model or .vocab file?")
        if not is_special(piece):
            pieces.append((piece, score))
    return pieces


def _read_model(data: bytes, name: str) -> list[tuple[str, float]]:
    pieces: list[tuple[str, float]] = []
    model_type = UNIGRAM
    for number, wire_type, start, end in fields(data, 0, len(data)):
        if wire_type != SIZED:
            continue
        if number == PIECES:
            pieces += _read_piece(data, start, end, name)
        elif number == TRAINER_SPEC:
            for inner, inner_type, value, _ in fields(data, start, end):
                if inner == MODEL_TYPE and inner_type == VARINT:
                    model_type = value
    if model_type != UNIGRAM:
        kind = MODEL_TYPES.get(model_type, f"type {model_type}")
        raise LexiconError(name, f"a {kind} model has no probabilities", "only unigram models can be imported")
    if not pieces:
        raise LexiconError(name, "no pieces", "is it a SentencePiece model?")
    return pieces


def _read_piece(data: bytes, start: int, end: int, name: str) -> list[tuple[str, float]]:
    """One piece, if it is normal."""
    text, score, kind = b"", 0.0, NORMAL
    for number, wire_type, value, value_end in fields(data, start, end):
        if number == PIECE and wire_type == SIZED:
            text = data[value:value_end]
        elif number == SCORE and wire_type == FIXED32:
            score = read_float(data, value)
        elif number == TYPE and wire_type == VARINT:
            kind = value
    if kind != NORMAL:
        return []
    try:
        piece = text.decode()
    except UnicodeDecodeError:
        raise LexiconError(name, f"the piece at byte {start:,} is not valid UTF-8") from None
    if not piece or not math.isfinite(score):
        raise LexiconError(name, f"the piece at byte {start:,} has no text, or no finite score")
    return [(piece, score)]


LONGEST = 2_000  # characters of four bytes at most: sentencepiece loads no model with a piece of more than 8,000 bytes
UNWRITABLE = re.compile(rf"{RESERVED.pattern}|.{{{LONGEST + 1}}}", re.DOTALL)

FORMAT = Format("sentencepiece.model", write, read, UNWRITABLE, has_counts=False)

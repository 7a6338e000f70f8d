"""What the unigram models of SentencePiece and of Hugging Face tokenizers share: pieces with log-probabilities."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterable

from minent.lexicon import Lexicon

SPECIALS = ("<unk>", "<s>", "</s>")  # ids 0, 1, 2, as in most models
BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))  # the ids after that: any other character is its UTF-8 bytes
RESERVED = re.compile("|".join(map(re.escape, [*SPECIALS, *BYTES])))
SPACE = "▁"  # U+2581, what SentencePiece writes for a space
WIDEST = 12  # digits of the largest count that an import makes up


def make_pieces(lexicon: Lexicon) -> list[tuple[str, float]]:
    """The words by falling count, then single characters: (piece, natural logarithm of its probability).

    The characters are those of the words, ASCII letters and digits, and the space; each counts as if it had been seen
    once, which is minent's rule for what is no word.
    """
    floor = -math.log(max(lexicon.total, 1))
    pieces = {
        word: math.log(max(count, 1)) + floor for word, count in zip(lexicon, lexicon.counts.tolist(), strict=True)
    }
    characters = set("".join(lexicon.words)) | set(string.ascii_letters + string.digits + " ")
    for character in sorted(characters - pieces.keys()):
        pieces[character] = floor
    return list(pieces.items())


def counts_of_pieces(pieces: Iterable[tuple[str, float]]) -> dict[str, int]:
    """Words and counts: in proportion to the probabilities, and so that the least one counts 1.

    U+2581 is a space; those at the ends, which mark where words of Latin text begin, are cut off, and what becomes
    equal is added up.

    >>> counts_of_pieces([("的", -1.0), ("▁的", -1.0), ("科学", -1.0 - math.log(2))])
    {'的': 4, '科学': 1}
    """
    found = [(piece.replace(SPACE, " ").strip(), score) for piece, score in pieces]
    found = [(word, score) for word, score in found if word]
    if not found:
        return {}
    largest = max(score for _, score in found)
    floor = max(min(score for _, score in found), largest - WIDEST * math.log(10))
    counts: dict[str, int] = {}
    for word, score in found:
        counts[word] = counts.get(word, 0) + round(math.exp(max(score - floor, 0.0)))
    return counts


def is_special(piece: str) -> bool:
    """Whether a piece stands for no text of its own, by its name."""
    return piece in SPECIALS or piece in BYTES or bool(re.fullmatch(r"<pad>|<mask>|<cls>|<sep>|\[[A-Z]+\]", piece))

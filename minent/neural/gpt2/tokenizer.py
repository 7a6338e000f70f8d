"""Text ↔ ids: BERT's tokenizer with a given vocabulary, or one id a character with a vocabulary from a corpus."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import Regex, models, normalizers, pre_tokenizers
from tokenizers import Tokenizer as HuggingFaceTokenizer

from minent.errors import ModelError
from minent.files import describe_os_error, display_path

PAD, UNKNOWN, START, END, MASK = SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
CHARACTERS_OF = "characters"  # a first line of vocab.txt: one character an entry, escaped as in Python
LARGEST_FILE = 1 << 26  # bytes of a vocabulary
MOST_ENTRIES = 1 << 22
CLEANED = normalizers.BertNormalizer(  # what BERT's tokenizer leaves out before all else
    clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False
)
LATIN_END, LATIN_START = re.compile(r"[0-9A-Za-z]$"), re.compile(r"^[0-9A-Za-z]")


class Tokenizer:
    """Text → ids → text. Entries are those of vocab.txt in order; [PAD] is 0.

    by_character : one id a character, nothing lost but rare characters; else BERT's: lower case, Han characters apart,
        words in pieces, white space dropped
    """

    def __init__(self, entries: Sequence[str], by_character: bool, place: str = "vocabulary") -> None:
        ids = {entry: number for number, entry in enumerate(entries)}  # of entries that stand twice the last, as BERT
        for special in SPECIALS[:4]:
            if special not in ids:
                raise ModelError(place, f"not a vocabulary of BERT's: no entry {special}")
        if ids[PAD] != 0:
            raise ModelError(place, f"not a vocabulary of BERT's: {PAD} is not the first entry")
        self.entries, self.by_character = tuple(entries), by_character
        self.ids = ids
        self.unknown, self.start, self.end = ids[UNKNOWN], ids[START], ids[END]
        if by_character:
            self._tokenizer = HuggingFaceTokenizer(models.WordLevel(ids, unk_token=UNKNOWN))
            self._tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
        else:
            self._tokenizer = HuggingFaceTokenizer(models.WordPiece(ids, unk_token=UNKNOWN))
            self._tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
            self._tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()

    def __len__(self) -> int:
        return len(self.entries)

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without [CLS] and [SEP]."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def encode_lines(self, lines: Sequence[str]) -> tuple[list[int], int]:
        """The ids of lines one after another, and how many characters became [UNK]."""
        ids: list[int] = []
        lost = 0
        for encoding in self._tokenizer.encode_batch_fast(list(lines), add_special_tokens=False):
            ids += encoding.ids
        if self.unknown in ids:  # offsets cost time: only where they are needed
            for encoding in self._tokenizer.encode_batch(list(lines), add_special_tokens=False):
                for number, (begin, end) in zip(encoding.ids, encoding.offsets, strict=True):
                    lost += end - begin if number == self.unknown else 0
        return ids, lost

    def count_characters(self, text: str) -> int:
        """Characters that the ids of a text stand for: all, or all but white space and what cannot be printed."""
        return len(text) if self.by_character else len("".join(CLEANED.normalize_str(text).split()))

    def piece(self, number: int, before: str) -> str:
        """What an id adds to a text that ends in `before`: a space parts two Latin words, pieces of one are joined."""
        entry = self.entries[number] if 0 <= number < len(self.entries) else UNKNOWN
        if self.by_character:
            return "\ufffd" if entry == UNKNOWN else "" if entry in SPECIALS else entry
        if entry.startswith("##") and len(entry) > 2:
            return entry[2:]
        if entry in SPECIALS:
            return "\ufffd" if entry == UNKNOWN else ""
        return f" {entry}" if LATIN_END.search(before) and LATIN_START.search(entry) else entry

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; [UNK] is U+FFFD, the other special entries are left out."""
        text = ""
        for number in ids:
            text += self.piece(number, text[-1:])
        return text

    def to_bytes(self) -> bytes:
        """The vocabulary as a file."""
        if not self.by_character:
            return "".join(f"{entry}\n" for entry in self.entries).encode()
        lines = [entry if entry in SPECIALS else _escape(entry) for entry in self.entries]
        return f"#{CHARACTERS_OF}\n".encode() + "".join(f"{line}\n" for line in lines).encode()


def characters_tokenizer(texts: Iterable[str], size: int = 20000) -> Tokenizer:
    """A vocabulary of the most frequent characters of texts, after the special entries; ties by code point."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text)
    frequent = sorted(counts, key=lambda character: (-counts[character], character))[: size - len(SPECIALS)]
    return Tokenizer([*SPECIALS, *frequent], by_character=True)


def load_tokenizer(path: str | os.PathLike[str]) -> Tokenizer:
    """A tokenizer from vocab.txt: BERT's, one entry a line, or one of characters as `to_bytes` wrote it.

    ModelError: absent, not UTF-8, or without the special entries.
    """
    shown = display_path(path)
    try:
        if not Path(path).is_file():
            raise ModelError(shown, "no such file")
        with open(path, "rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ModelError(shown, describe_os_error(error)) from error
    if len(data) > LARGEST_FILE or data.count(b"\n") > MOST_ENTRIES:
        raise ModelError(shown, "too large for a vocabulary")
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ModelError(shown, f"not valid UTF-8 at byte {error.start}") from error
    lines = [line.removesuffix("\r") for line in (lines[:-1] if not lines[-1] else lines)]
    if lines and lines[0] == f"#{CHARACTERS_OF}":
        return Tokenizer([_unescape(line, shown) for line in lines[1:]], by_character=True, place=shown)
    return Tokenizer(lines, by_character=False, place=shown)


def _escape(character: str) -> str:
    if character.isspace() or not character.isprintable() or character in "\\#":
        return f"\\u{{{ord(character):x}}}"
    return character


def _unescape(line: str, shown: str) -> str:
    if line in SPECIALS or len(line) == 1:
        return line
    match = re.fullmatch(r"\\u\{([0-9a-f]{1,6})\}", line)
    if match is None or int(match[1], 16) > 0x10FFFF or 0xD800 <= int(match[1], 16) < 0xE000:
        raise ModelError(shown, f"{line[:20]!r} is not one character")
    return chr(int(match[1], 16))

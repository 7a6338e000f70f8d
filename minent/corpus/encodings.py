"""Bytes in the encodings of Chinese text → UTF-8 bytes, block by block, invalid bytes counted and located."""

from __future__ import annotations

import codecs
import re
import threading
from dataclasses import dataclass
from typing import Literal

from minent.corpus.codecs import ByteStream
from minent.errors import CorpusError

Errors = Literal["boundary", "strict"]

SAMPLE_SIZE = 1 << 16  # bytes that decide an encoding
LARGEST_SAMPLE = 1 << 22  # bytes read in search of the first one that is not ASCII

# our name → Python's codec; big5hkscs is the Big5 of the web, the superset with Hong Kong's characters
PYTHON_CODECS = {
    "utf-8": "utf-8",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "utf-32-le": "utf-32-le",
    "utf-32-be": "utf-32-be",
}
ALIASES = {
    "utf8": "utf-8",
    "utf-8-sig": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "cp950": "big5",
    "big5-hkscs": "big5",
    "big5hkscs": "big5",
    "utf16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
CHOICES = ("utf-8", "gb18030", "big5", "utf-16", "auto")  # what a user is offered

BYTE_ORDER_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)

COMMON_CHARACTERS = frozenset(
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小"
    "么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长"
    "這來國個說們為時會對過學裡裏後麼沒於還發當無開見經頭從動兩長與業產務現實員問間點電話關體義書車門東"
    "与业产务现实员问间点电话关体义书车门东第条应定法部分民政全工机进理高制度"
    "，。、；：？！“”「」（）《》…—"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 \r\n\t,.;:!?\"'()<>/=-_"
)
NON_ASCII = re.compile(rb"[\x80-\xff]")
CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0e-\x19\x1c-\x1f\x7f]")
IMPLAUSIBLE = re.compile(  # control, private or undecodable: signs of a wrong encoding
    "[\x00-\x08\x0e-\x19\x1c-\x1f\x7f-\x9f\ue000-\uf8ff\ufff0-\uffff\U000f0000-\U0010ffff]"
)

_current = threading.local()


@dataclass(frozen=True)
class InvalidBytes:
    """How many bytes of a corpus were not valid in its encoding, and where the first of them is."""

    count: int
    first_place: str


def canonical_encoding(name: str | None) -> str | None:
    """Our name of an encoding: a key of PYTHON_CODECS, `utf-16`, `auto`, or None. ValueError for others."""
    if name is None:
        return None
    known = name.lower().replace("_", "-")
    known = ALIASES.get(known, known)
    if known not in PYTHON_CODECS and known not in CHOICES:
        raise ValueError(f"unknown encoding {name!r}: choose one of {', '.join(CHOICES)}")
    return known


def read_sample(stream: ByteStream, wanted: str | None, *, to_line_end: bool = False) -> bytes:
    """The first bytes of a stream, enough to choose its encoding; `to_line_end`: a line will do."""
    if wanted not in ("auto", "utf-16"):
        return stream.peek(SAMPLE_SIZE, to_line_end=to_line_end)
    sample = stream.peek(SAMPLE_SIZE)
    while wanted == "auto" and not stream.ended and len(sample) < LARGEST_SAMPLE and sample.isascii():
        sample = stream.peek(2 * len(sample))  # pure ASCII tells nothing: look further
    return sample


def choose_encoding(wanted: str | None, sample: bytes, complete: bool) -> tuple[str, int]:
    """The encoding of a text that begins with `sample`, and the length of its byte order mark in bytes.

    A mark is obeyed, whatever is wanted. Without one, None is UTF-8, `utf-16` takes the more plausible byte
    order, and `auto` the most plausible encoding: UTF-8 where the sample is valid, else the one under which
    most characters are common ones. `complete` says that the sample is the whole text: else it may end inside
    a character.
    """
    for mark, name in BYTE_ORDER_MARKS:
        if sample.startswith(mark):
            return name, len(mark)
    if wanted == "utf-16":
        return _most_plausible(("utf-16-le", "utf-16-be"), sample, complete), 0
    if wanted == "auto":
        return _detect(sample, complete), 0
    return wanted or "utf-8", 0


def why_not_text(sample: bytes, encoding: str, complete: bool) -> str | None:
    """Why a sample does not look like text (many control characters or invalid bytes), or None."""
    text = _decode_sample(sample, encoding, complete)
    if len(CONTROL_CHARACTERS.findall(text)) * 20 > len(text):
        return "binary"
    if text.count("\ufffd") * 10 > len(text):
        return f"not {encoding} text"
    return None


def _detect(sample: bytes, complete: bool) -> str:
    if b"\x00" in sample:  # valid UTF-8, but hardly meant as such
        return _most_plausible(("utf-8", "utf-16-le", "utf-16-be", "gb18030", "big5"), sample, complete)
    first = NON_ASCII.search(sample)
    if first is None:
        return "utf-8"
    start = first.start() // 2 * 2  # what is ASCII in all of them tells nothing; UTF-16 stays in step
    sample = sample[start:]
    if "\ufffd" not in _decode_sample(sample, "utf-8", complete):
        return "utf-8"
    return _most_plausible(("utf-8", "gb18030", "big5", "utf-16-le", "utf-16-be"), sample, complete)


def _most_plausible(names: tuple[str, ...], sample: bytes, complete: bool) -> str:
    """The encoding with the largest share of common characters; an implausible one counts against it."""
    complete = complete and len(sample) <= SAMPLE_SIZE
    sample = sample[:SAMPLE_SIZE]

    def plausibility(name: str) -> float:
        text = _decode_sample(sample, name, complete)
        common = sum(character in COMMON_CHARACTERS for character in text)
        return (common - 3 * len(IMPLAUSIBLE.findall(text))) / max(1, len(text))

    return max(names, key=plausibility)


def _decode_sample(sample: bytes, name: str, complete: bool) -> str:
    return codecs.getincrementaldecoder(PYTHON_CODECS[name])("replace").decode(sample, complete)


class Decoder:
    """Incremental decoder to UTF-8: an invalid sequence becomes U+FFFD, is counted, and the first located.

    `place` names the text in messages; `skipped` is the length of a byte order mark that was taken off.
    With errors `strict`, the first invalid byte raises CorpusError.
    """

    def __init__(self, encoding: str, place: str, errors: Errors = "boundary", skipped: int = 0) -> None:
        self.encoding, self.place, self.errors = encoding, place, errors
        self.invalid_bytes = 0
        self.first_invalid: str | None = None  # place:line
        self._line = 1
        self._column = skipped  # bytes of the current line that were decoded
        self._codec = PYTHON_CODECS[encoding]
        self._decoder = codecs.getincrementaldecoder(self._codec)("minent.boundary")

    def decode(self, block: bytes, final: bool = False) -> bytes:
        """The UTF-8 bytes of the characters that end in this block."""
        _current.decoder = self
        text = self._decoder.decode(block, final)
        if self.first_invalid is None:
            self._advance(text)
        return text.encode("utf-8")

    def _advance(self, text: str) -> None:
        line_ends = text.count("\n")
        if line_ends:
            self._line += line_ends
            self._column = 0
            text = text[text.rindex("\n") + 1 :]
        self._column += len(text.encode(self._codec, "replace"))

    def record_error(self, error: UnicodeDecodeError) -> tuple[str, int]:
        """Count and locate an invalid sequence; the answer is what a codec's error handler gives."""
        if self.first_invalid is None:
            self._advance(error.object[: error.start].decode(self._codec))
            self.first_invalid = f"{self.place}:{self._line}"
            if self.errors == "strict":
                others = " or ".join(name for name in ("gb18030", "big5", "auto") if name != self.encoding)
                raise CorpusError(
                    self.first_invalid,
                    f"not valid {self.encoding} at byte {self._column + 1}",
                    f"try --encoding {others} or --errors boundary",
                )
        self.invalid_bytes += error.end - error.start
        return "\ufffd", error.end


def _handle_invalid(error: UnicodeError) -> tuple[str | bytes, int]:
    """Codec error handlers are global functions: hand the error to the decoder at work in this thread."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    decoder: Decoder = _current.decoder
    return decoder.record_error(error)


codecs.register_error("minent.boundary", _handle_invalid)

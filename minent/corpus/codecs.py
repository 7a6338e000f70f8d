"""Bytes of files, plain or compressed → plain bytes in bounded blocks; the first bytes tell the codec."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from importlib import import_module
from typing import Any, BinaryIO, Literal, cast

from minent.errors import CorpusError, MissingExtraError
from minent.files import describe_os_error, display_path

Codec = Literal["gzip", "bz2", "xz", "zstd"]

BLOCK_SIZE = 1 << 18  # bytes asked of a file or a decompressor at once
ZSTD_INPUT = 1 << 11  # bytes given to zstd at once: at most 64 MB come out, however dense
LARGEST_WINDOW = 1 << 27  # bytes that xz and zstd may look back; what a header asks for beyond that is refused
HEAD_SIZE = 512  # enough to tell a codec or a foreign format

FOREIGN = (
    (0, b"PK\x03\x04", "a ZIP archive or an office document"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old office document"),
    (0, b"PAR1", "a Parquet file"),
    (0, b"\x1f\x9d", "a compress (.Z) file"),
    (257, b"ustar", "a tar archive"),
)


def find_codec(head: bytes) -> Codec | None:
    """The compression of a stream that begins with `head` (16 bytes are enough), None for none."""
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50):
        return "zstd"
    if head[:3] == b"BZh" and head[4:10] in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"):
        return "bz2"
    return None


def find_foreign(head: bytes) -> str | None:
    """The name of a format that holds text but is not text, from its first 512 bytes; None for others."""
    for at, magic, name in FOREIGN:
        if head[at : at + len(magic)] == magic:
            return name
    return None


class ByteStream:
    """Bytes from an iterator of blocks, whose beginning can be looked at before they are read."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._held = b""
        self._at = 0
        self.ended = False

    def peek(self, size: int, *, to_line_end: bool = False) -> bytes:
        """The next `size` bytes or more; fewer where the stream or, with `to_line_end`, a line ends."""
        while len(self._held) - self._at < size and not (to_line_end and b"\n" in self._held):
            block = next(self._blocks, None)
            if block is None:
                self.ended = True
                break
            self._held, self._at = self._held[self._at :] + block, 0
        return self._held[self._at :]

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes; fewer at the end of the stream only."""
        if len(self._held) - self._at < size:
            self.peek(size)
        start = self._at
        self._at = min(start + size, len(self._held))
        return self._held[start : self._at]

    def __iter__(self) -> Iterator[bytes]:
        held, self._held = self._held[self._at :], b""
        self._at = 0
        if held:
            yield held
        yield from self._blocks


def open_file(path: str) -> BinaryIO:
    """A file opened for reading, unbuffered. Raises CorpusError."""
    try:
        return cast(BinaryIO, open(path, "rb", buffering=0))
    except OSError as error:
        raise CorpusError(display_path(path), describe_os_error(error)) from error


def standard_input() -> BinaryIO:
    """The bytes of standard input. Raises CorpusError where it is closed."""
    if sys.stdin is None or sys.stdin.closed:
        raise CorpusError("<stdin>", "standard input is closed", "name a file")
    return sys.stdin.buffer


def read_blocks(file: BinaryIO, place: str) -> Iterator[bytes]:
    """The bytes of an open file as they arrive. Raises CorpusError where reading fails."""
    read = getattr(file, "read1", file.read)  # read1 does not wait until a block of a pipe is full
    while True:
        try:
            block = read(BLOCK_SIZE)
        except OSError as error:
            raise CorpusError(place, f"cannot be read: {describe_os_error(error)}") from error
        if not block:
            return
        yield block


def unpack(blocks: Iterator[bytes], place: str, *, to_line_end: bool = False) -> tuple[ByteStream, Codec | None]:
    """The plain bytes of what may be compressed, and the codec; `to_line_end` is as in `ByteStream.peek`.

    Raises CorpusError for what is packed twice.
    """
    stream = ByteStream(blocks)
    codec = find_codec(stream.peek(HEAD_SIZE, to_line_end=to_line_end))
    if codec is None:
        return stream, None
    plain = ByteStream(decompress(stream, codec, place))
    inner = find_codec(plain.peek(HEAD_SIZE, to_line_end=to_line_end))
    if inner is not None:
        raise CorpusError(place, f"is packed twice: {inner} data inside {codec} data", "unpack it once")
    return plain, codec


def decompress(stream: ByteStream, codec: Codec, place: str) -> Iterator[bytes]:
    """The plain bytes of a compressed stream of one or more members, in bounded blocks.

    Raises CorpusError where the data is corrupt or ends too early, MissingExtraError without zstandard.
    """
    try:
        special = {"xz": _xz_blocks, "zstd": _zstd_blocks}.get(codec)
        yield from special(stream) if special else _file_blocks(stream, codec)
    except (CorpusError, MissingExtraError):
        raise
    except Exception as error:
        # by name: lzma.LZMAError and zstandard.ZstdError would load both modules for every corpus
        named = type(error).__name__ in ("LZMAError", "ZstdError")
        cut_off = isinstance(error, EOFError)
        if not (named or cut_off or isinstance(error, (OSError, zlib.error))):
            raise
        problem, hint = f"is corrupt ({error})", "fetch or pack the file again"
        if cut_off:
            problem = "is cut off: it ends before its end mark"
        elif named and "memory" in str(error).lower():
            problem, hint = (
                f"needs more than {LARGEST_WINDOW >> 20} MiB to be unpacked",
                "pack it with a smaller window",
            )
        raise CorpusError(place, f"{codec} data {problem}", hint) from error


def _file_blocks(stream: ByteStream, codec: Codec) -> Iterator[bytes]:
    with import_module({"gzip": "gzip", "bz2": "bz2"}[codec]).open(stream) as file:  # loaded when needed
        while block := file.read(BLOCK_SIZE):
            yield block


def _xz_blocks(stream: ByteStream) -> Iterator[bytes]:
    """Stream by stream: unlike a LZMAFile, a decompressor can be told how much memory a header may ask for."""
    import lzma

    part: Any = None
    while piece := stream.read(BLOCK_SIZE):
        while piece or (part is not None and not part.needs_input):
            if part is None:
                piece = piece.lstrip(b"\0")  # padding
                if not piece:
                    break
                part = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=LARGEST_WINDOW + BLOCK_SIZE)
            yield part.decompress(piece, BLOCK_SIZE)
            piece = b""
            if part.eof:
                piece, part = part.unused_data, None
    if part is not None:
        raise EOFError


def _zstd_blocks(stream: ByteStream) -> Iterator[bytes]:
    """Frame by frame: a decompressobj, unlike a stream_reader, knows whether its frame was complete."""
    try:
        import zstandard
    except ImportError as error:
        raise MissingExtraError("zstandard", "zstd", "reading .zst files") from error
    frames = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW)
    frame: Any = None
    while piece := stream.read(ZSTD_INPUT):
        while piece:
            frame = frame or frames.decompressobj()
            yield frame.decompress(piece)
            piece = b""
            if frame.eof:
                piece, frame = frame.unused_data, None
    if frame is not None:
        raise EOFError

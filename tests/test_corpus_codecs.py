"""Compressed bytes: every codec, whole or damaged, in one piece or many."""

from __future__ import annotations

import builtins
import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.corpus.codecs import BLOCK_SIZE, ByteStream, find_codec, find_foreign, unpack
from minent.errors import CorpusError, MissingExtraError


def pack_zstd(data: bytes) -> bytes:
    packed: bytes = pytest.importorskip("zstandard").compress(data)
    return packed


CODECS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zstd": pack_zstd,
}
TEXT = ("科学技术是第一生产力。\n" * 5000).encode()


def in_blocks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[i : i + size] for i in range(0, len(data), size))


def unpacked(data: bytes, size: int = 1 << 16) -> bytes:
    stream, _ = unpack(in_blocks(data, size), "a.txt")
    return b"".join(stream)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
def test_every_codec_gives_back_what_was_packed(codec: str, size: int) -> None:
    text = TEXT[:3000] if size < 4096 else TEXT
    assert unpacked(CODECS[codec](text), size) == text


@pytest.mark.parametrize("codec", CODECS)
def test_members_are_read_one_after_the_other(codec: str) -> None:
    pack = CODECS[codec]
    assert unpacked(pack(b"one\n") + pack(b"") + pack(b"two\n")) == b"one\ntwo\n"


@pytest.mark.parametrize("codec", CODECS)
def test_an_empty_text_can_be_packed(codec: str) -> None:
    packed = CODECS[codec](b"")
    assert find_codec(packed) == codec
    assert unpacked(packed) == b""


@pytest.mark.parametrize("codec", CODECS)
def test_data_that_is_cut_off_is_an_error_that_names_the_file(codec: str) -> None:
    packed = CODECS[codec](TEXT)
    for kept in (len(packed) // 2, len(packed) - 1):
        with pytest.raises(CorpusError, match=f"^a.txt: {codec} data is cut off"):
            unpacked(packed[:kept])


@pytest.mark.parametrize("codec", CODECS)
def test_corrupt_data_is_an_error_that_names_the_file(codec: str) -> None:
    packed = bytearray(CODECS[codec](TEXT))
    for at in range(14, len(packed) - 8, 3):
        packed[at] ^= 0xFF
    with pytest.raises(CorpusError, match=f"^a.txt: {codec} data is (corrupt|cut off)"):
        unpacked(bytes(packed))


@pytest.mark.parametrize("codec", CODECS)
def test_output_comes_in_bounded_blocks_however_dense_the_input_is(codec: str) -> None:
    stream, _ = unpack(iter([CODECS[codec](bytes(1 << 24))]), "a.txt")
    sizes = [len(block) for block in stream]
    assert sum(sizes) == 1 << 24
    assert codec == "zstd" or max(sizes) <= BLOCK_SIZE


def test_xz_streams_may_have_padding_between_and_nothing_else() -> None:
    one, two = lzma.compress(b"one\n"), lzma.compress(b"two\n")
    for size in (1, 5, 1 << 16):
        assert unpacked(one + bytes(8) + two + bytes(4), size) == b"one\ntwo\n"
        with pytest.raises(CorpusError, match=r"^a.txt: xz data is (corrupt|cut off)"):
            unpacked(one + b"more", size)


def test_a_header_that_asks_for_gigabytes_of_memory_is_refused() -> None:
    xz = bytearray(lzma.compress(TEXT))
    size = (xz[12] + 1) * 4  # of the head of its block; in it: LZMA2, one byte of properties
    header = xz[12 : 12 + size - 4].replace(b"\x21\x01" + xz[16:17], b"\x21\x01\x28")  # a dictionary of 4 GiB
    xz[12 : 12 + size] = header + zlib.crc32(header).to_bytes(4, "little")
    zstd = bytearray(b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([(31 - 10) << 3]) + b"\x01\x00\x00")  # a window of 2 GiB
    pytest.importorskip("zstandard")
    for codec, packed in (("xz", xz), ("zstd", zstd)):
        with pytest.raises(CorpusError, match=f"^a.txt: {codec} data needs more than 128 MiB to be unpacked; pack it"):
            unpacked(bytes(packed))
    assert unpacked(lzma.compress(TEXT, preset=9)) == TEXT


@given(st.binary(max_size=40), st.integers(1, 9))
def test_bytes_that_are_not_packed_pass_through(data: bytes, size: int) -> None:
    if find_codec(data) is None:
        assert unpacked(data, size) == data


def test_text_that_resembles_a_magic_number_is_text() -> None:
    for text in (b"BZh9 is how bzip2 begins\n", b"BZh", b"\x1f\x8b", b"PK", b"(", b""):
        assert find_codec(text) is None
        assert find_foreign(text) is None
        assert unpacked(text) == text


def test_a_missing_zstandard_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = pack_zstd(b"text")
    real_import = builtins.__import__

    def without_zstandard(name: str, *others: Any, **more: Any) -> Any:
        if name == "zstandard":
            raise ImportError(name)
        return real_import(name, *others, **more)

    monkeypatch.setattr(builtins, "__import__", without_zstandard)
    with pytest.raises(MissingExtraError, match=r"zstandard.*pip install 'minent\[zstd\]'"):
        unpacked(packed)


@given(st.lists(st.binary(min_size=1, max_size=6), max_size=8), st.lists(st.integers(0, 9), max_size=8))
def test_a_byte_stream_loses_nothing_however_it_is_read(blocks: list[bytes], sizes: list[int]) -> None:
    whole = b"".join(blocks)
    stream = ByteStream(iter(blocks))
    taken = b""
    for size in sizes:
        ahead = stream.peek(size)
        assert ahead[:size] == whole[len(taken) : len(taken) + size]
        part = stream.read(size)
        assert part == ahead[:size]
        taken += part
    assert taken + b"".join(stream) == whole


def test_peeking_to_a_line_end_does_not_wait_for_more() -> None:
    def blocks() -> Iterator[bytes]:
        yield b"ab"
        yield b"c\n"
        raise AssertionError("read further than the line end")

    assert ByteStream(blocks()).peek(100, to_line_end=True) == b"abc\n"


@pytest.mark.parametrize("outer", [gzip.compress, lzma.compress])
@pytest.mark.parametrize("inner", [gzip.compress, bz2.compress, lzma.compress])
def test_what_is_packed_twice_is_not_taken_for_text(outer: Callable[..., bytes], inner: Callable[..., bytes]) -> None:
    packed = outer(inner("天气真好".encode() * 100))
    with pytest.raises(CorpusError, match=r"x: is packed twice: \w+ data inside \w+ data; unpack it once"):
        b"".join(unpack(iter([packed]), "x")[0])


def test_a_bomb_is_read_in_small_blocks() -> None:
    """A gigabyte of zeros from a megabyte: what is in memory stays small."""
    once = gzip.compress(bytes(1 << 24))
    stream, codec = unpack(iter([once] * 64), "bomb")
    sizes = [len(block) for block in stream]
    assert codec == "gzip" and sum(sizes) == 1 << 30 and max(sizes) <= 1 << 20

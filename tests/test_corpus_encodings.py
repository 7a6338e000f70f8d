"""Encodings: decoding block by block, marks, guesses, and invalid bytes that are counted and located."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.corpus.codecs import ByteStream
from minent.corpus.encodings import (
    PYTHON_CODECS,
    Decoder,
    canonical_encoding,
    choose_encoding,
    read_sample,
    why_not_text,
)
from minent.errors import CorpusError

SIMPLIFIED = "我们在学习中文自然语言处理,今天的天气真好。\n科学技术是第一生产力，这是大家都知道的事情。\n"
TRADITIONAL = "我們在學習中文自然語言處理，今天的天氣真好。\n科學技術是第一生產力，這是大家都知道的事情。\n"


def decoded(data: bytes, encoding: str, size: int) -> tuple[str, Decoder]:
    decoder = Decoder(encoding, "a.txt")
    parts = [decoder.decode(data[i : i + size]) for i in range(0, len(data), size)]
    return b"".join([*parts, decoder.decode(b"", final=True)]).decode(), decoder


@pytest.mark.parametrize("encoding", PYTHON_CODECS)
@given(text=st.text(alphabet="天氣真a,\r\n。你們", max_size=30), size=st.integers(1, 9))
def test_blocks_of_any_size_give_the_text(encoding: str, text: str, size: int) -> None:
    found, decoder = decoded(text.encode(PYTHON_CODECS[encoding]), encoding, size)
    assert found == text
    assert decoder.invalid_bytes == 0
    assert decoder.first_invalid is None


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16-le", "utf-16-be", "utf-8"])
@given(text=st.text(max_size=20), size=st.integers(1, 5))
def test_every_character_of_unicode_is_decoded(encoding: str, text: str, size: int) -> None:
    assert decoded(text.encode(encoding), encoding, size)[0] == text


@pytest.mark.parametrize("encoding", PYTHON_CODECS)
@given(data=st.binary(max_size=40), size=st.integers(1, 9))
def test_any_bytes_are_decoded_and_block_size_changes_nothing(encoding: str, data: bytes, size: int) -> None:
    text, decoder = decoded(data, encoding, size)
    whole, other = decoded(data, encoding, max(1, len(data)))
    assert text == whole == data.decode(PYTHON_CODECS[encoding], "replace")
    assert decoder.invalid_bytes == other.invalid_bytes <= len(data)
    assert decoder.first_invalid == other.first_invalid
    assert (decoder.invalid_bytes == 0) == (decoder.first_invalid is None)


@pytest.mark.parametrize(
    ("encoding", "data", "text", "invalid", "place"),
    [
        ("gb18030", "天气\n".encode("gb18030") + b"ab\xff\n", "天气\nab\ufffd\n", 1, "a.txt:2"),
        ("gb18030", "天".encode("gb18030") + b"\x81\n", "天\ufffd\n", 1, "a.txt:1"),  # the line end survives
        ("gb18030", b"a\xc4", "a\ufffd", 1, "a.txt:1"),  # cut off
        ("gb18030", b"\xff\n\n\xff", "\ufffd\n\n\ufffd", 2, "a.txt:1"),  # the first counts
        ("big5", "天氣\n\n".encode("big5") + b"\xff\xff", "天氣\n\n\ufffd\ufffd", 2, "a.txt:3"),
        ("utf-16-le", "天\n".encode("utf-16-le") + b"\x00\xd8" + b"a\x00", "天\n\ufffda", 2, "a.txt:2"),
        ("utf-16-le", b"a\x00b", "a\ufffd", 1, "a.txt:1"),
        ("utf-8", "天\n".encode() + b"\xe4\xbdz", "天\n\ufffdz", 2, "a.txt:2"),
    ],
)
def test_invalid_bytes_are_counted_and_the_first_is_located(
    encoding: str, data: bytes, text: str, invalid: int, place: str
) -> None:
    for size in (1, 2, 3, 100):
        found, decoder = decoded(data, encoding, size)
        assert (found, decoder.invalid_bytes, decoder.first_invalid) == (text, invalid, place)


@pytest.mark.parametrize("size", [1, 2, 5, 100])
@pytest.mark.parametrize(
    ("encoding", "skipped", "data", "message"),
    [
        ("gb18030", 0, "天气\n真a".encode("gb18030") + b"\xff", "a.txt:2: not valid gb18030 at byte 4; "),
        ("big5", 0, b"ab\xff", "a.txt:1: not valid big5 at byte 3; try --encoding gb18030 or auto"),
        ("utf-16-le", 2, "a\nb".encode("utf-16-le") + b"\x00\xdc\x00\x00", "a.txt:2: not valid utf-16-le at byte 3; "),
        ("utf-16-le", 2, b"\x00\xdc\x00\x00", "a.txt:1: not valid utf-16-le at byte 3; "),
    ],
)
def test_strict_decoding_stops_at_the_first_with_line_byte_and_way_out(
    encoding: str, skipped: int, data: bytes, message: str, size: int
) -> None:
    decoder = Decoder(encoding, "a.txt", "strict", skipped)
    with pytest.raises(CorpusError) as raised:
        for i in range(0, len(data), size):
            decoder.decode(data[i : i + size])
        decoder.decode(b"", final=True)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        ("\ufeff".encode("gb18030"), "gb18030"),
    ],
)
@pytest.mark.parametrize("wanted", [None, "utf-8", "gb18030", "utf-16", "auto"])
def test_a_byte_order_mark_is_obeyed_whatever_is_wanted(mark: bytes, encoding: str, wanted: str | None) -> None:
    sample = mark + SIMPLIFIED.encode(encoding)
    assert choose_encoding(wanted, sample, True) == (encoding, len(mark))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (SIMPLIFIED, "utf-8"),
        (SIMPLIFIED, "gb18030"),
        (SIMPLIFIED, "utf-16-le"),
        (SIMPLIFIED, "utf-16-be"),
        (TRADITIONAL, "utf-8"),
        (TRADITIONAL, "big5"),
        (TRADITIONAL, "gb18030"),
        (TRADITIONAL, "utf-16-le"),
        ("plain ASCII\n", "utf-8"),
        ("plain ASCII\n", "utf-16-le"),
        ("plain ASCII\n", "utf-16-be"),
        ("entry 12 天气 /weather/\n" * 9, "utf-16-le"),  # as GB18030 it is valid, too, and full of NUL
        ("x = 1\n" * 30 + SIMPLIFIED, "gb18030"),
        ("x = 1\n" * 30 + TRADITIONAL, "big5"),
        ("", "utf-8"),
    ],
)
def test_auto_finds_the_encoding_of_whole_texts_and_of_samples(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    assert choose_encoding("auto", data, True) == (encoding, 0)
    for cut in range(1, min(4, len(data) // 2)):  # a sample may end inside a character
        assert choose_encoding("auto", data[:-cut], False) == (encoding, 0)


def test_auto_prefers_utf8_with_a_flaw_to_nonsense_in_another_encoding() -> None:
    assert choose_encoding("auto", SIMPLIFIED.encode() + b"\xff" + SIMPLIFIED.encode(), True) == ("utf-8", 0)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_takes_the_plausible_byte_order(encoding: str) -> None:
    assert choose_encoding("utf-16", SIMPLIFIED.encode(encoding), True) == (encoding, 0)


def test_auto_looks_beyond_ascii_that_tells_nothing() -> None:
    data = b"x = 1\n" * 30_000 + SIMPLIFIED.encode("gb18030")
    stream = ByteStream(data[i : i + 1000] for i in range(0, len(data), 1000))
    sample = read_sample(stream, "auto")
    assert choose_encoding("auto", sample, stream.ended) == ("gb18030", 0)


@pytest.mark.parametrize(
    ("alias", "name"),
    [("UTF8", "utf-8"), ("GBK", "gb18030"), ("gb2312", "gb18030"), ("Big5_HKSCS", "big5"), ("utf-16", "utf-16")],
)
def test_usual_names_of_encodings_are_known(alias: str, name: str) -> None:
    assert canonical_encoding(alias) == name


def test_an_unknown_encoding_is_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match="unknown encoding 'latin-5': choose one of utf-8, gb18030"):
        canonical_encoding("latin-5")


@pytest.mark.parametrize(
    ("sample", "encoding", "reason"),
    [
        (SIMPLIFIED.encode(), "utf-8", None),
        (SIMPLIFIED.encode()[:-1], "utf-8", None),
        (b"", "utf-8", None),
        (b"one NUL \x00 in some text\r\n", "utf-8", None),
        (SIMPLIFIED.encode("utf-16-le"), "utf-16-le", None),
        (SIMPLIFIED.encode("gb18030"), "utf-8", "not utf-8 text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01", "utf-8", "binary"),
        (b"\x7fELF\x02\x01\x01" + bytes(50), "utf-8", "binary"),
    ],
)
def test_what_does_not_look_like_text_is_told(sample: bytes, encoding: str, reason: str | None) -> None:
    assert why_not_text(sample, encoding, False) == reason

"""Bytes → units: the classes of characters, the counter of units and the coded stream, against the obvious scanner."""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter

import naive_mining as naive
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minent.corpus.alphabet import Alphabet, UnitCounts
from minent.corpus.units import DIGIT, HAN, LATIN, MARK, REPEAT, SIGN, SPACE, UNIT_LIMIT, unit_classes
from minent.kernels.scan import decode

# few characters of each kind, so that runs, collisions and ugly neighbours are common
UGLY = "天地𠮷〇○aBéＡ１9.．%％ \n\r，…\u0301\ufe0f\u200d\U0001f600\0\u3000"
texts = st.text(alphabet=UGLY, max_size=40)
broken = st.lists(
    st.one_of(
        texts.map(str.encode),
        st.binary(max_size=4),
        st.sampled_from(
            [b"\xe4", b"\xe4\xbd", b"\xf0\xa0\xae", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xff"]
        ),
    ),
    max_size=8,
).map(b"".join)


def as_bytes(data: bytes) -> np.ndarray:
    return np.frombuffer(data, dtype=np.uint8)


def counted(data: bytes, whole_runs: bool) -> tuple[UnitCounts, tuple[int, int]]:
    units = UnitCounts(whole_runs)
    return units, units.add(as_bytes(data))


def encoded(alphabet: Alphabet, data: bytes) -> list[list[str]]:
    """The coded stream as segments of unit texts; checks its form on the way."""
    stream, _ = alphabet.encode(as_bytes(data))
    units = stream.tolist()
    found: list[list[str]] = []
    if units:
        assert units[0] != 0 and units[-1] == 0, "a segment comes first, a boundary last"
        for unit, following in zip(units, [*units[1:], 1], strict=True):
            assert unit or following, "never two boundaries in a row"
        found = [[]]
        for unit in units[:-1]:
            if unit:
                found[-1].append(alphabet.texts[unit])
            else:
                found.append([])
    return found


# Decoding


@given(broken)
@example(b"\xed\xa0\x80\xf4\x90\x80\x80\xe0\x80\x80\xf0\x80\x80\x80")
def test_decoding_is_pythons_and_an_invalid_byte_counts_alone(data: bytes) -> None:
    points, at = [], 0
    array = as_bytes(data)
    while at < len(data):
        point, length = decode(array, at, len(data))
        points.append(point if point >= 0 else 0xDC00 + data[at])
        assert point >= 0 or length == 1
        at += length
    assert "".join(map(chr, points)) == data.decode("utf-8", "surrogateescape")


def test_code_points_of_all_planes_are_decoded() -> None:
    for point in [0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10FFFF, *range(1, 0x110000, 331)]:
        if 0xD800 <= point < 0xE000:
            continue
        data = chr(point).encode()
        assert decode(as_bytes(data), 0, len(data)) == (point, len(data))


# Classes


def test_all_named_ideographs_are_han_and_all_han_are_ideographs() -> None:
    classes = unit_classes()
    others = set("々〇○〻")
    for point in range(0x2E80, 0x110000):
        name = unicodedata.name(chr(point), "")
        if name.startswith(("CJK UNIFIED IDEOGRAPH-", "CJK COMPATIBILITY IDEOGRAPH-")):
            assert classes[point] == HAN, hex(point)
        elif name and chr(point) not in others:
            assert classes[point] != HAN, f"{point:x} {name}"


def test_spaces_are_those_of_str_isspace() -> None:
    spaces = {point for point in range(sys.maxunicode + 1) if chr(point).isspace()}
    assert {int(point) for point in np.flatnonzero(unit_classes() == SPACE)} == spaces


def test_letters_and_digits_are_what_unicode_calls_so() -> None:
    classes = unit_classes()
    for point in np.flatnonzero(classes == LATIN).tolist():
        assert "LATIN" in unicodedata.name(chr(point), "LATIN") and chr(point).isalpha()
    for point in np.flatnonzero(classes == DIGIT).tolist():
        assert unicodedata.category(chr(point)) == "Nd" and int(chr(point)) < 10


def test_every_unit_is_below_the_limit_of_the_tables() -> None:
    assert int(np.flatnonzero(np.isin(unit_classes(), [HAN, LATIN, DIGIT])).max()) < UNIT_LIMIT


@pytest.mark.parametrize(
    ("character", "kind"),
    [("的", HAN), ("𠮷", HAN), ("豈", HAN), ("ǖ", LATIN), ("Ｚ", LATIN), ("×", SIGN), ("Я", SIGN), ("あ", SIGN),
     ("５", DIGIT), ("٣", SIGN), ("\u3000", SPACE), ("\u200b", SIGN), ("\u0301", MARK), ("\ufe0f", MARK),
     ("—", REPEAT), ("…", REPEAT), ("，", SIGN), ("\ufeff", SIGN)],
)  # fmt: skip
def test_the_class_of(character: str, kind: int) -> None:
    assert unit_classes()[ord(character)] == kind


# Units


@given(broken, st.booleans())
@example("e\u0301a 1\u0301 \u0301b".encode(), True)
@example("3.14％5．0‰.5%%1..2 1.a 2.".encode(), True)
def test_counts_are_those_of_the_obvious_scanner(data: bytes, whole_runs: bool) -> None:
    text, invalid, first = naive.decode(data)
    expected = naive.count_ngrams(naive.segments(text, whole_runs), 1)
    units, report = counted(data, whole_runs)
    assert Counter(dict(units.items())) == Counter({unit[0]: count for unit, count in expected.items()})
    assert report == (invalid, first)
    assert units.total == sum(expected.values())


@given(broken, st.booleans())
def test_the_coded_stream_is_the_segments_of_the_obvious_scanner(data: bytes, whole_runs: bool) -> None:
    alphabet = Alphabet.from_counts(counted(data, whole_runs)[0])
    assert encoded(alphabet, data) == naive.segments(naive.decode(data)[0], whole_runs)


@given(texts, texts)
def test_what_the_alphabet_does_not_know_is_a_boundary(known: str, text: str) -> None:
    alphabet = Alphabet.from_counts(counted(known.encode(), True)[0])
    words = set(alphabet.texts)
    expected: list[list[str]] = []
    for segment in naive.segments(text):
        parts: list[list[str]] = [[]]
        for unit in segment:
            if unit in words:
                parts[-1].append(unit)
            else:
                parts.append([])
        expected += [part for part in parts if part]
    assert encoded(alphabet, text.encode()) == expected


@given(st.lists(texts, max_size=5))
def test_line_ends_of_the_stream_cut_it_where_the_lines_are_cut(lines: list[str]) -> None:
    lines = [line.replace("\n", " ") for line in lines]
    data = "".join(line + "\n" for line in lines).encode()
    alphabet = Alphabet.from_counts(counted(data, True)[0])
    stream, ends = alphabet.encode(as_bytes(data), with_lines=True)
    parts = np.split(stream, ends)[:-1] if len(lines) else []
    assert [part.tolist() for part in parts] == [alphabet.encode(as_bytes(line.encode()))[0].tolist() for line in lines]


@given(st.lists(texts, min_size=1, max_size=5), st.booleans())
def test_counts_of_parts_add_up(parts: list[str], whole_runs: bool) -> None:
    whole, _ = counted("\n".join(parts).encode(), whole_runs)
    merged = UnitCounts(whole_runs)
    for part in parts:
        merged.merge(counted(part.encode(), whole_runs)[0])
    assert dict(merged.items()) == dict(whole.items())
    assert merged.fingerprint() == whole.fingerprint()


@given(texts)
def test_ids_fall_with_the_count_then_rise_with_the_text(text: str) -> None:
    alphabet = Alphabet.from_counts(counted(text.encode(), True)[0])
    order = [(-int(count), unit) for unit, count in zip(alphabet.texts[1:], alphabet.counts[1:], strict=True)]
    assert order == sorted(order)
    assert alphabet.texts[0] == ""


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("", []),
        ("天", ["天"]),
        ("𠮷野家", ["𠮷", "野", "家"]),
        ("iPhone17手机", ["iPhone", "17", "手", "机"]),
        ("ＷＴＯ和２００１年", ["ＷＴＯ", "和", "２００１", "年"]),
        ("nǚ'ér", ["nǚ", "ér"]),
        ("e\u0301tude", ["e\u0301tude"]),
        ("天\u0301地", ["天", "地"]),
        ("\ufeff天", ["天"]),
        ("涨3.14％到１．５", ["涨", "3.14％", "到", "１．５"]),
        ("一九九○年", ["一", "九", "九", "○", "年"]),
        ("第3.章", ["第", "3", "章"]),
        ("天\0地", ["天", "地"]),
    ],
)
def test_the_units_of(text: str, units: list[str]) -> None:
    found, _ = counted(text.encode(), True)
    assert sorted(dict(found.items())) == sorted(set(units))
    assert [unit for segment in encoded(Alphabet.from_counts(found), text.encode()) for unit in segment] == units


def test_with_units_char_every_letter_and_digit_of_ascii_stands_alone() -> None:
    found, _ = counted("A股2001".encode(), False)
    assert dict(found.items()) == {"A": 1, "股": 1, "2": 1, "0": 2, "1": 1}


@pytest.mark.parametrize("run", ["a" * 10_000_000, "7" * 3_000_000, "1." * 1_000_000 + "1", "é" * 100_000 + "\u0301"])
def test_a_run_of_megabytes_is_one_unit(run: str) -> None:
    for text in (run, f"天{run}地", f"{run} 天"):
        data = text.encode()
        units, _ = counted(data, True)
        assert dict(units.items())[run] == 1
        alphabet = Alphabet.from_counts(units)
        assert run in encoded(alphabet, data)[0]


def test_many_distinct_runs_are_counted() -> None:
    data = " ".join(f"w{number:x}q" for number in range(200_000)).encode()
    units, _ = counted(data, True)
    expected = naive.count_ngrams(naive.segments(data.decode()), 1)
    assert dict(units.items()) == {unit[0]: count for unit, count in expected.items()}

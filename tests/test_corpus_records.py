"""Records: JSON Lines with plain and dotted fields, lines that are wrong, and any Python string."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minent.corpus.records
from minent.corpus.records import LeftOut, encode_text, joined_texts, record_texts, split_lines
from minent.errors import CorpusError


def texts(data: str, field: str = "text") -> list[tuple[int, str]]:
    return [(line, text.decode()) for line, text in record_texts([data.encode()], field, "a.jsonl")]


@pytest.mark.parametrize(
    ("data", "field", "found"),
    [
        ('{"text": "天气"}\n{"text": "真好"}', "text", [(1, "天气\n"), (2, "真好\n")]),
        ('{"text": "天气"}\r\n\n  \n{"text": "真好"}\r\n', "text", [(1, "天气\n"), (4, "真好\n")]),
        ('{"text": "two\\nlines"}', "text", [(1, "two\nlines\n")]),
        ('{"text": ["one", "two"]}', "text", [(1, "one\ntwo\n")]),
        ('{"text": []}\n{"text": null}\n{"text": ""}', "text", [(3, "\n")]),
        ('{"meta": {"title": "题"}}', "meta.title", [(1, "题\n")]),
        ('{"meta.title": "题", "meta": {"title": "no"}}', "meta.title", [(1, "题\n")]),
        ('{"a": {"b.c": "题"}}', "a.b.c", [(1, "题\n")]),
        ('{"text": "\\ud83d\\ude00"}', "text", [(1, "😀\n")]),
        ('{"text": "a\\ud800b"}', "text", [(1, "a\ufffdb\n")]),  # a lone surrogate survives
        ('{"text": "NUL \\u0000 in it"}', "text", [(1, "NUL \x00 in it\n")]),
        ("", "text", []),
    ],
)
def test_a_field_gives_its_text_with_the_line_of_the_record(
    data: str, field: str, found: list[tuple[int, str]]
) -> None:
    assert texts(data, field) == found


@pytest.mark.parametrize(
    ("data", "field", "message"),
    [
        ('{"text": "a"}\nplain text', "text", "a.jsonl:2: not JSON (Expecting value); JSON Lines has one object"),
        ('{"text": "a"', "text", "a.jsonl:1: not JSON"),
        ("[" * 100_000, "text", "a.jsonl:1: not JSON"),
        ("1" * 5000, "text", "a.jsonl:1: "),
        ('{"body": "a", "id": 1}', "text", "a.jsonl:1: has no field 'text'; there are 'body', 'id'"),
        ("{}", "text", "a.jsonl:1: has no field 'text'; there are none"),
        ('{"meta": {"a": 1}}', "meta.title", "a.jsonl:1: has no field 'meta.title'; there are 'a'"),
        ('{"meta": "a"}', "meta.title", "a.jsonl:1: holds a string where an object with 'title' is expected"),
        ('["a"]', "text", "a.jsonl:1: holds a list where an object with 'text' is expected"),
        ('{"text": 3}', "text", "a.jsonl:1: field 'text' holds a number, not text"),
        ('{"text": true}', "text", "a.jsonl:1: field 'text' holds a truth value, not text"),
        ('{"text": ["a", 3]}', "text", "a.jsonl:1: field 'text' holds a list, not text"),
        ('{"text": {"a": "b"}}', "text", "a.jsonl:1: field 'text' holds an object, not text"),
    ],
)
def test_a_wrong_line_is_an_error_of_one_line_with_its_place(data: str, field: str, message: str) -> None:
    with pytest.raises(CorpusError) as raised:
        texts(data, field)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


@given(st.lists(st.text(max_size=8), max_size=6), st.booleans(), st.integers(1, 9))
def test_records_cut_anywhere_give_their_texts(strings: list[str], ascii_only: bool, size: int) -> None:
    data = "\n".join(json.dumps({"id": 1, "t": text}, ensure_ascii=ascii_only) for text in strings)
    if any("\ud800" <= c <= "\udfff" for c in data):
        return
    encoded = data.encode()
    blocks = [encoded[i : i + size] for i in range(0, len(encoded), size)]
    found = [text for _, text in record_texts(blocks, "t", "a.jsonl")]
    assert found == [encode_text(text + "\n") for text in strings]


@given(st.binary(max_size=30), st.integers(1, 9))
def test_lines_are_those_of_the_whole(data: bytes, size: int) -> None:
    data = data.replace(b"\x01", b"\n")
    blocks = [data[i : i + size] for i in range(0, len(data), size)]
    expected = data.split(b"\n")
    assert list(split_lines(blocks, "a.jsonl")) == (expected if expected[-1] else expected[:-1])


@given(st.lists(st.text(st.characters(exclude_categories=[]), max_size=6), max_size=8))
def test_any_strings_become_lines_of_valid_utf8(strings: list[str]) -> None:
    data = b"".join(joined_texts(strings)).decode("utf-8")
    assert data == "".join(encode_text(text).decode() + "\n" for text in strings)


def test_what_is_not_a_string_is_refused() -> None:
    with pytest.raises(TypeError, match="a text must be a str, not int"):
        list(joined_texts(["a", 3]))  # type: ignore[list-item]


@given(st.lists(st.sampled_from(['{"text": "天"}', "", '{"no": 1}', "broken", '{"text": 7}', "[" * 3000]), max_size=12))
def test_records_without_text_are_left_out_but_for_the_first(lines: list[str]) -> None:
    left_out = LeftOut()
    blocks = [("\n".join(lines)).encode()]
    try:
        found = [number for number, _ in record_texts(blocks, "text", "a.jsonl", left_out)]
    except CorpusError as error:
        first = next(number for number, line in enumerate(lines, start=1) if line)
        assert str(error).startswith(f"a.jsonl:{first}: ") and "天" not in lines[first - 1]
        return
    assert found == [number for number, line in enumerate(lines, start=1) if "天" in line]
    assert left_out.count == sum(line != "" and "天" not in line for line in lines)


def test_a_record_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minent.corpus.records, "LONGEST_RECORD", 1 << 20)

    def blocks() -> Iterator[bytes]:
        yield b'{"text": "a"}\n{"text": "'
        while True:
            yield b"x" * (1 << 16)

    with pytest.raises(CorpusError, match=r"a.jsonl:2: a record of more than 1 MiB; JSON Lines has one object on each"):
        list(record_texts(blocks(), "text", "a.jsonl", LeftOut()))

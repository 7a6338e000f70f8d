"""The lexicon: its order, its probabilities, its file, and the lists of others that are read in its place."""

from __future__ import annotations

import bz2
import gzip
import lzma
import math
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.discovery import build_lexicon
from minent.errors import LexiconError, OutputError
from minent.lexicon import Lexicon, load_lexicon, parse_lexicon, read_words

HEAD = "#minent-lexicon 1\n#total 5\n"
word_texts = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\0"), min_size=1, max_size=4
)
counts = st.dictionaries(st.one_of(word_texts, st.text("天地aA", min_size=1, max_size=3)), st.integers(0, 10**15 - 1))


def table(*rows: str) -> bytes:
    return (HEAD + "word\tcount\tprob\n" + "".join(row + "\n" for row in rows)).encode()


# The type


@given(counts)
def test_entries_are_sorted_by_count_down_then_word_up(words: dict[str, int]) -> None:
    lexicon = Lexicon.from_counts(words)
    assert list(zip(lexicon.words, lexicon.counts.tolist(), strict=True)) == sorted(
        words.items(), key=lambda item: (-item[1], item[0])
    )
    assert lexicon == Lexicon.from_counts(reversed(words.items()))


def test_probabilities_are_shares_of_the_total() -> None:
    lexicon = Lexicon.from_counts({"的": 6, "科学": 3, "稀": 1, "无": 0})
    assert lexicon.total == 10 and len(lexicon) == 4 and list(lexicon) == ["的", "科学", "稀", "无"]
    assert "科学" in lexicon and "科" not in lexicon
    entry = lexicon["科学"]
    assert (entry.word, entry.count, entry.prob) == ("科学", 3, 0.3)
    assert entry.log_prob == pytest.approx(math.log(0.3))
    assert lexicon["无"].prob == 0 and lexicon["无"].log_prob == pytest.approx(math.log(0.1))
    with pytest.raises(KeyError):
        lexicon["没有"]


def test_an_empty_lexicon_is_a_lexicon() -> None:
    lexicon = Lexicon.from_counts({})
    assert len(lexicon) == lexicon.total == 0
    assert parse_lexicon(lexicon.to_bytes()) == lexicon == parse_lexicon(b"")


def test_totals_beyond_64_bits_are_exact() -> None:
    large = 10**15 - 1
    lexicon = parse_lexicon("".join(f"词{number} {large}\n" for number in range(10_000)).encode())
    assert lexicon.total == 10_000 * large > 2**63
    assert lexicon["词1"].prob == pytest.approx(1e-4)
    assert parse_lexicon(lexicon.to_bytes()) == lexicon


def test_the_counts_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Lexicon.from_counts({"的": 1}).counts[0] = 5


def test_a_lexicon_is_picklable_and_has_a_short_repr() -> None:
    lexicon = Lexicon.from_counts({"科学": 3, "的": 7})
    assert pickle.loads(pickle.dumps(lexicon)) == lexicon
    assert repr(lexicon) == "<Lexicon: 2 words, total 10; 科学 …>"


def test_filtering_and_marking_keep_the_columns_in_step() -> None:
    lexicon = Lexicon.from_counts({"的": 7, "科学": 3, "技术": 3}).mark_new({"的", "技术"})
    assert lexicon.columns == {"new": ["0", "0", "1"]} and lexicon.words == ["的", "技术", "科学"]
    fresh = lexicon.filter([mark == "1" for mark in lexicon.columns["new"]])
    assert (fresh.words, fresh.columns) == (["科学"], {"new": ["1"]})


@pytest.mark.parametrize("word", ["", "a\tb", "a\nb", "a\0b", "\ud800"])
def test_what_no_file_can_hold_is_no_word(word: str) -> None:
    with pytest.raises(ValueError, match="cannot be a word"):
        Lexicon.from_counts({"的": 3, word: 2})


def test_negative_and_missing_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="the count of '的' is -1; it must be at least 0"):
        Lexicon.from_counts({"的": -1})
    with pytest.raises(ValueError, match="2 words with 1 counts"):
        Lexicon(["的", "了"], [1])


# Its file


def test_the_file_is_as_documented() -> None:
    lexicon = Lexicon.from_counts({"科学": 3, "的": 6, "技术": 3}, {"recipe": "plain", "min_pmi": 2.0})
    assert lexicon.to_bytes().decode() == (
        "#minent-lexicon 1\n#total 12\n#recipe plain\n#min_pmi 2.0\n"
        "word\tcount\tprob\n的\t6\t0.5\n技术\t3\t0.25\n科学\t3\t0.25\n"
    )


@given(counts)
def test_saving_and_loading_gives_the_lexicon_back(words: dict[str, int]) -> None:
    lexicon = Lexicon.from_counts(words, {"recipe": "plain"}).mark_new(list(words)[::2])
    again = parse_lexicon(lexicon.to_bytes())
    assert again == lexicon
    assert (again.settings, again.columns) == (lexicon.settings, lexicon.columns)
    assert again.to_bytes() == lexicon.to_bytes()


@given(counts)
def test_equal_lexicons_have_equal_bytes(words: dict[str, int]) -> None:
    backwards = dict(reversed(words.items()))
    assert Lexicon.from_counts(words).to_bytes() == Lexicon.from_counts(backwards).to_bytes()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_lexicon_is_read(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "lexicon"
    path.write_bytes(pack(table("的\t3\t0.6", "<N>年\t2\t0.4")))
    lexicon = load_lexicon(path)
    assert lexicon.words == ["的", "<N>年"] and lexicon["<N>年"].count == 2


def test_a_file_that_somebody_edited_is_read(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.tsv"
    path.write_bytes(b"\xef\xbb\xbf" + table("了\t2\t0.9", "#\t1\t0", "的\t7\t").replace(b"\n", b"\r\n")[:-2])
    lexicon = load_lexicon(path)
    assert (lexicon.words, lexicon.total) == (["的", "了", "#"], 10)


def test_saving_into_a_missing_folder_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"none/x\.tsv: no such file or folder"):
        Lexicon.from_counts({"的": 1}).save(tmp_path / "none" / "x.tsv")


# The lists of others


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AT&T 3 nz\nB超 3 n\nc# 3 nz\n", {"AT&T": 3, "B超": 3, "c#": 3}),  # jieba
        ("奇怪\t1006\n意外\t  99\t\n", {"奇怪": 1006, "意外": 99}),  # THUOCL
        ("今天\n天气\n", {"今天": 1, "天气": 1}),
        ("今天 3\r\n\r\n天气 4", {"今天": 3, "天气": 4}),
        ("\ufeff今天 3\n今天 5\n", {"今天": 5}),
        ("  今天\u30007\n\n\n", {"今天": 7}),
        ("", {}),
        ("\n \n", {}),
    ],
)
def test_plain_lists_are_lexicons(text: str, expected: dict[str, int]) -> None:
    assert parse_lexicon(text.encode()) == Lexicon.from_counts(expected)


def test_words_of_several_lists_are_put_together(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("今天\n天气 3\n", encoding="utf-8")
    (tmp_path / "b").write_bytes(table("今天\t3\t0.6", "真好\t2\t0.4"))
    assert read_words([tmp_path / "a", tmp_path / "b"]) == {"今天", "天气", "真好"}
    assert read_words([]) == set()


# Bad lists: place, value, need


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("今天 3\n天气 n\n".encode(), "list.txt:2: the count 'n' is not a whole number"),
        ("今天 3\n天气 -1\n".encode(), "list.txt:2: the count '-1' is not a whole number"),
        ("今天 3.5\n".encode(), "list.txt:1: the count '3.5' is not a whole number"),
        ("今天 ３\n".encode(), "list.txt:1: the count '３' is not a whole number"),
        (f"今天 {'9' * 16}\n".encode(), f"list.txt:1: the count {'9' * 16} is too large"),
        (f"今天 1\n天 {'9' * 100_000}\n".encode(), f"list.txt:2: the count {'9' * 40} is too large"),
        (b"\xbd\xf1\xcc\xec\n", "list.txt:1: not valid UTF-8; a lexicon is a UTF-8 text file"),
        ("今天\n天气\n\n".encode() + b"\xff\n", "list.txt:4: not valid UTF-8"),
        ("今天\n天\0气\n".encode(), "list.txt:2: a word with a NUL character"),
        (b"#minent-lexicon 2\nword\tcount\n", "list.txt:1: lexicon format '2'; this minent reads format 1"),
        (b"#minent-lexicon\n", "list.txt:1: lexicon format ''"),
        (HEAD.encode(), "list.txt:3: no header"),
        (HEAD.encode() + "的\t3\n".encode(), "list.txt:3: no header"),
        (table("的\t3\t0.5", "了\t2"), "list.txt:5: 2 columns where the header has 3"),
        (table("的\t3\t0.5", "", "了\t2\t0.5"), "list.txt:5: 1 columns where the header has 3"),
        (table("的\t3\t0.5", "了\tx\t0.5"), "list.txt:5: the count 'x' is not a whole number"),
        (table("的\t3\t0.5", "\t2\t0.5"), "list.txt:5: no word"),
        (table("的\t3\t0.5", "了\t2\t0.5", "的\t1\t0.1"), "list.txt:6: the word '的' is there twice"),
        (table("的\t3\t0.5", "了\0\t2\t0.5"), "list.txt:5: a word with a NUL character"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(data)
    with pytest.raises(LexiconError) as caught:
        load_lexicon(path)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300 and str(caught.value).isprintable()


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"none\.txt: no such file or folder"):
        load_lexicon(tmp_path / "none.txt")


def test_real_dictionaries_are_read(real_text: Callable[[str], Path]) -> None:
    lexicon = load_lexicon(real_text("jieba_dict.txt"))
    assert len(lexicon) > 349_000 and lexicon["的"].count > 300_000


def test_a_word_with_spaces_stands_before_a_tab_in_a_plain_list() -> None:
    lexicon = parse_lexicon("New York\t3\n科学 5\nC++\t2\tn\n".encode())
    assert {word: lexicon[word].count for word in lexicon} == {"科学": 5, "New York": 3, "C++": 2}


def test_where_the_model_cannot_be_written_the_lexicon_of_before_stays(tmp_path: Path) -> None:
    text = ["天气真好我们去公园", "今天天气很好", "公园里的人很多"] * 30
    lexicon = build_lexicon(text)
    assert lexicon.model is not None
    path = tmp_path / "x.tsv"
    path.write_text("old\n")
    (tmp_path / "x.model.npz").mkdir()
    with pytest.raises(OutputError):
        lexicon.save(path)
    assert path.read_text() == "old\n"


def test_a_word_cannot_be_there_twice() -> None:
    with pytest.raises(ValueError, match="the word '的' is there twice"):
        Lexicon(["的", "了", "的"], [3, 2, 1])


@pytest.mark.parametrize(
    "text", ["的,5\n科学,3\n", "word,count\n的,5\n科学,3,n\n", '的;"5"\n了;3', "的, 5\n了, 2\n好\n"]
)
def test_comma_separated_values_are_told(text: str) -> None:
    with pytest.raises(
        LexiconError, match=r"lexicon:1: comma-separated values; put a tab or spaces between a word and"
    ):
        parse_lexicon(text.encode())


@pytest.mark.parametrize("text", ["a,b 5\n", "，\t7\n", "1,000\t3\n的\t2\n", "3,14\n天\n地\n"])
def test_words_may_have_commas(text: str) -> None:
    assert len(parse_lexicon(text.encode())) >= 1

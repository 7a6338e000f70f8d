"""Files of couplets: both shapes, and lines that are no pair."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

pytest.importorskip("torch")

from minent.errors import CorpusError
from minent.neural.couplet.characters import Alphabet, count_characters, is_mark
from minent.neural.couplet.learning import split_pairs
from minent.neural.couplet.pairs import Pairs, read_pairs, without_lines
from minent.neural.couplet.settings import DataSettings


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        "天对地\t雨对风\n大陆\t长空\n",
        "天对地\t雨对风\tsource.txt\n大陆\t长空\t\t\n",
        "\ufeff天 对 地 \t 雨 对 风\r\n\r\n大陆\t长空",
        "\n天对地\t雨对风\n   \n大陆\t长空\n\n",
    ],
)
def test_lines_with_tabs_are_pairs(tmp_path: Path, content: str) -> None:
    pairs = read_pairs([write(tmp_path / "pairs.tsv", content)])
    assert (pairs.upper, pairs.lower) == (["天对地", "大陆"], ["雨对风", "长空"])
    assert len(pairs) == 2


def test_two_files_are_pairs_line_by_line(tmp_path: Path) -> None:
    upper = write(tmp_path / "in.txt", "天 对 地 \n\n大 陆 \n")
    lower = write(tmp_path / "out.txt", "雨 对 风 \n\n长 空")
    pairs = read_pairs([upper], [lower])
    assert (pairs.upper, pairs.lower) == (["天对地", "大陆"], ["雨对风", "长空"])


def test_compressed_files_are_read_and_files_are_joined(tmp_path: Path) -> None:
    first = write(tmp_path / "a.tsv.gz", gzip.compress("天\t地\n".encode()))
    second = write(tmp_path / "b.tsv", "风\t雨\n")
    assert read_pairs([first, second]).upper == ["天", "风"]


WRONG = [
    ("天\t地\n天对地\n", 2, "no tab"),
    ("天对地\t雨风\n", 1, "3 characters and a lower one of 2"),
    ("天\t地\n\n\t地\n", 3, "0 characters and a lower one of 1"),
    ("天\t\n", 1, "1 characters and a lower one of 0"),
    ("天\x1b\t地风\n", 1, "U\\+001B cannot be printed"),
    ("天\t地\n" + "天" * 1025 + "\t" + "地" * 1025 + "\n", 2, "1,025 characters"),
]


@pytest.mark.parametrize(("content", "line", "problem"), WRONG)
def test_a_wrong_line_is_an_error_with_file_and_line(tmp_path: Path, content: str, line: int, problem: str) -> None:
    path = write(tmp_path / "pairs.tsv", content)
    with pytest.raises(CorpusError, match=problem) as caught:
        read_pairs([path])
    assert caught.value.place == f"{path}:{line}"
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


@pytest.mark.parametrize(("content", "line", "problem"), WRONG)
def test_wrong_lines_can_be_left_out_and_are_counted(tmp_path: Path, content: str, line: int, problem: str) -> None:
    path = write(tmp_path / "pairs.tsv", content + "风\t雨\n")
    pairs = read_pairs([path], skip_wrong=True)
    assert pairs.upper[-1] == "风"
    assert pairs.wrong.count == 1
    assert pairs.wrong.first.startswith(f"{path}:{line}: ")


def test_a_line_of_the_lower_file_is_named_where_lengths_differ(tmp_path: Path) -> None:
    upper, lower = write(tmp_path / "in.txt", "天地\n风雨\n"), write(tmp_path / "out.txt", "山水\n月\n")
    with pytest.raises(CorpusError, match="2 characters and a lower one of 1") as caught:
        read_pairs([upper], [lower])
    assert caught.value.place == f"{lower}:2"


@pytest.mark.parametrize(
    ("upper", "lower", "named"), [("天\n风\n", "地\n", "in.txt:2"), ("天\n", "地\n雨\n", "out.txt:2")]
)
def test_a_line_without_a_partner_is_named(tmp_path: Path, upper: str, lower: str, named: str) -> None:
    files = write(tmp_path / "in.txt", upper), write(tmp_path / "out.txt", lower)
    with pytest.raises(CorpusError, match="has no partner") as caught:
        read_pairs(files[:1], files[1:], skip_wrong=True)
    assert caught.value.place == str(tmp_path / named)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no pair of lines"),
        (b"\n\n", "no pair of lines"),
        ("天\t地\n".encode() + b"\xff\n", "pairs.tsv:2: not valid utf-8"),
        (b"PK\x03\x04" + bytes(60), "ZIP archive"),
        (gzip.compress("天\t地\n".encode() * 99, mtime=0)[:-20], "pairs.tsv"),
        (b"\x00" * 100, "no tab|cannot be printed"),
    ],
)
def test_a_hostile_file_is_one_line_of_error(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(CorpusError, match=problem):
        read_pairs([write(tmp_path / "pairs.tsv", content)])


def test_an_absent_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.tsv", tmp_path):
        with pytest.raises(CorpusError):
            read_pairs([path])


def test_as_many_lower_files_as_upper_ones_are_needed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 files"):
        read_pairs(["a", "b"], ["c"])


def test_pairs_with_a_line_of_a_file_are_left_out_whatever_its_punctuation(tmp_path: Path) -> None:
    pairs = Pairs(["天，对地", "大陆", "花红", "山"], ["雨，对风", "长空", "柳绿", "水"])
    known = write(tmp_path / "known.txt", "天 对 地\n\n长，空\t不相干\n，\n")
    assert without_lines(pairs, [known]).upper == ["花红", "山"]
    assert without_lines(pairs, []).upper == pairs.upper


def test_pairs_are_split_by_the_seed_without_loss() -> None:
    pairs = Pairs([chr(0x4E00 + number) for number in range(100)] + ["长" * 33], ["天"] * 100 + ["短" * 33])
    split = split_pairs(pairs, DataSettings(held_out=0.2), seed=1)
    assert len(split.held_out) == 20
    assert sorted([*split.learned.upper, *split.held_out.upper]) == sorted(pairs.upper[:100])
    assert split_pairs(pairs, DataSettings(held_out=0.2), seed=1).held_out.upper == split.held_out.upper
    assert split_pairs(pairs, DataSettings(held_out=0.2), seed=2).held_out.upper != split.held_out.upper
    with pytest.raises(CorpusError, match="at most 32 characters"):
        split_pairs(pairs.where([100]), DataSettings(), seed=1)


def test_characters_have_ids_by_their_count() -> None:
    characters = count_characters(["天天对地", "对地𠮷", "地"], min_count=2)
    assert characters == "地天对"
    alphabet = Alphabet(characters)
    assert alphabet.ids("天地𠮷对") == [2, 1, 0, 3]
    assert [alphabet.character(number) for number in (1, 2, 3)] == list(characters)
    assert len(alphabet) == 4


@pytest.mark.parametrize("character", "，。、！？：；《》“”—…·（）-.,")
def test_punctuation_is_a_mark(character: str) -> None:
    assert is_mark(character)


@pytest.mark.parametrize("character", "天○□A1兀𠮷")
def test_what_is_read_aloud_is_no_mark(character: str) -> None:
    assert not is_mark(character)


@pytest.mark.parametrize("choice", [{"longest": 0}, {"min_count": 0}, {"held_out": 1.0}, {"held_out": float("nan")}])
def test_choices_of_data_out_of_their_bounds_are_refused(choice) -> None:
    with pytest.raises(ValueError, match="must be at least"):
        DataSettings(**choice)

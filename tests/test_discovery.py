"""From text to lexicon.tsv: the same bytes however the text comes and whoever counts it; the lists of the user."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path

import naive_mining as naive
import pytest

import minent
from minent.corpus.sources import Corpus
from minent.discovery import LexiconBuilder, build_lexicon
from minent.errors import CorpusError
from minent.lexicon import Lexicon, parse_lexicon
from minent.settings import LexiconSettings

RECIPES = ["plain", "cohesion"]


@pytest.fixture(scope="module")
def text(bundled_data: Path) -> str:
    """Some chapters of a novel, with Latin, numbers, full width and a rare plane strewn in."""
    with lzma.open(bundled_data / "hongloumeng.txt.xz", "rt", encoding="utf-8") as file:
        lines = file.read(400_000).splitlines()
    for k in range(0, len(lines), 7):
        lines[k] += f" 𠮷祥 iPhone{k % 5}手机 ＷＴＯ２００１ 3.14％"
    return "\n".join(lines) + "\n"


def mine(source: object, recipe: str = "plain", jobs: int = 1, **named: object) -> bytes:
    builder = LexiconBuilder(source, LexiconSettings(recipe=recipe, **named), jobs=jobs)  # type: ignore[arg-type]
    return builder.build().to_bytes()


@pytest.fixture(scope="module")
def expected(text: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = tmp_path_factory.mktemp("corpus") / "corpus.txt"
    path.write_text(text, encoding="utf-8")
    return {recipe: mine(path, recipe) for recipe in RECIPES}


# The same bytes


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_any_number_of_workers_gives_the_same_bytes(
    tmp_path: Path, text: str, expected: dict[str, bytes], recipe: str, jobs: int
) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text(text, encoding="utf-8")
    for shard_size in (1 << 14, 99_991):
        assert mine(Corpus(path, shard_size=shard_size), recipe, jobs) == expected[recipe]


@pytest.mark.parametrize("recipe", RECIPES)
def test_forty_files_give_the_same_bytes_as_one(
    tmp_path: Path, text: str, expected: dict[str, bytes], recipe: str
) -> None:
    lines = text.splitlines(keepends=True)
    size = -(-len(lines) // 40)
    for number in range(40):
        part = "".join(lines[number * size : (number + 1) * size])
        (tmp_path / f"{number}.txt").write_bytes(part.encode())
    assert len(list(tmp_path.iterdir())) == 40
    assert mine(tmp_path, recipe, jobs=3) == expected[recipe]


@pytest.mark.parametrize("pack", [lzma.compress, gzip.compress, bz2.compress])
def test_a_packed_file_gives_the_same_bytes(
    tmp_path: Path, text: str, expected: dict[str, bytes], pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "corpus"
    path.write_bytes(pack(text.encode()))
    assert mine(path, jobs=2) == expected["plain"]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\0").encode(),
        lambda text: text.replace("\n", "\n\n\u3000\u3000").encode(),
    ],
    ids=["CRLF", "BOM", "unfinished last line", "UTF-16", "NUL", "empty lines"],
)
def test_what_is_no_unit_does_not_matter(
    tmp_path: Path, text: str, expected: dict[str, bytes], change: Callable[[str], bytes]
) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(change(text))
    assert mine(path) == expected["plain"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_line_longer_than_a_shard_is_not_cut_inside_a_unit(tmp_path: Path, packed: bool) -> None:
    """Where a long line must be cut, a plain and a packed file are cut at different places."""
    line = "今天涨了3.14％，e\u0301tude.天气好.iPhone 3.5.7和1.2.3" * 40
    path = tmp_path / "line"
    path.write_bytes(lzma.compress(line.encode()) if packed else line.encode())
    whole = mine([line], min_prob=0.001, min_pmi=0.5)
    for shard_size in (1, 13, 64, 301):
        assert mine(Corpus(path, shard_size=shard_size), min_prob=0.001, min_pmi=0.5) == whole


def test_texts_that_are_iterated_again_for_each_pass_give_the_same_bytes(text: str, expected: dict[str, bytes]) -> None:
    class Lines:
        passes = 0

        def __iter__(self) -> Iterator[str]:
            self.passes += 1
            return iter(text.splitlines())

    lines = Lines()
    assert mine(lines, jobs=2) == expected["plain"]
    assert lines.passes == 4, "one look whether it can be iterated again, then units, pairs and pieces"


def test_an_iterator_is_refused() -> None:
    with pytest.raises(ValueError, match="only once"):
        build_lexicon(line for line in ["今天天气"])


# What is in it


def test_the_head_tells_every_setting_and_the_corpus(expected: dict[str, bytes]) -> None:
    lexicon = parse_lexicon(expected["plain"])
    assert {"recipe", "units", "min_prob", "min_pmi", "redundancy", "fingerprint"} <= set(lexicon.settings)
    assert "#total " in expected["plain"].decode()
    assert "贾宝玉" in lexicon or "宝玉" in lexicon


@pytest.mark.parametrize("recipe", RECIPES)
def test_units_of_all_kinds_become_words(expected: dict[str, bytes], recipe: str) -> None:
    words = parse_lexicon(expected[recipe])
    assert words["𠮷祥"].count > 30
    assert any("手机" in word for word in words) and "3.14％" in words


def test_the_example_of_the_docstring() -> None:
    lines = ["苹果的颜色", "葡萄的味道", "苹果和葡萄", "颜色和味道"] * 9
    lexicon = minent.build_lexicon(lines, recipe="plain")
    assert isinstance(lexicon, Lexicon)
    assert lexicon.words == ["味道", "和", "的", "苹果", "葡萄", "颜色"] and set(lexicon.counts.tolist()) == {18}


def test_plain_counts_are_the_oracles(text: str) -> None:
    lines = text.splitlines()[:60]
    found = build_lexicon(lines, recipe="plain", min_prob=0.0008, min_pmi=1.5)
    segments = [segment for line in lines for segment in naive.segments(line)]
    expected = naive.plain(segments, 0.0008, 1.5)
    assert dict(zip(found.words, found.counts.tolist(), strict=True)) == {
        "".join(word): count for word, count in expected.items()
    }
    assert sum(len(word) > 1 for word in expected) > 50


def test_units_char_counts_letters_and_digits_one_by_one() -> None:
    lexicon = build_lexicon(["WTO 2001"] * 9, recipe="plain", units="char", min_pmi=9)
    assert lexicon["0"].count == 18 and lexicon["W"].count == 9 and "WTO" not in lexicon
    assert lexicon.settings["units"] == "char"


def test_full_width_runs_are_units_of_their_own() -> None:
    lexicon = build_lexicon(["ＷＴＯ，WTO，２００１"] * 9, recipe="plain")
    assert {word: lexicon[word].count for word in lexicon} == {"WTO": 9, "ＷＴＯ": 9, "２００１": 9}


# The lists of the user


LINES = ["机器学习是学习", "深度学习的机器", "学习机器学习"] * 9


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_protected_word_is_never_cut(recipe: str) -> None:
    lexicon = build_lexicon(LINES, recipe=recipe, min_pmi=9, protect=["机器学习", "深度"])
    assert lexicon["机器学习"].count == 18 and lexicon["深度"].count == 9


@pytest.mark.parametrize("recipe", RECIPES)
def test_of_two_protected_words_at_one_place_the_longer_one_is_there(recipe: str) -> None:
    lexicon = build_lexicon(LINES, recipe=recipe, min_pmi=9, min_count=1, protect=["机器", "机器学习", "学习机"])
    assert (lexicon["机器学习"].count, lexicon["机器"].count, lexicon["学习机"].count) == (9, 9, 9)


@pytest.mark.parametrize("recipe", RECIPES)
def test_protected_words_are_always_written(recipe: str) -> None:
    protect = ["量子", "C++", "学", "机器学习是学习", "<N>年"]
    lexicon = build_lexicon(LINES, recipe=recipe, protect=protect, max_length=2, min_length=2, min_count=2)
    assert all(word in lexicon for word in protect)
    assert lexicon["量子"].count == 0 == lexicon["C++"].count
    assert lexicon["机器学习是学习"].count == 9


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_banned_word_is_not_written_and_gives_its_count_to_its_parts(recipe: str) -> None:
    free = build_lexicon(LINES, recipe=recipe, min_pmi=0.5, min_count=1)
    word = next(word for word in free if len(word) > 1)
    lexicon = build_lexicon(LINES, recipe=recipe, min_pmi=0.5, min_count=1, ban=[word, "是"])
    assert word not in lexicon and "是" not in lexicon
    units = sum(len(w) * lexicon[w].count for w in lexicon)
    assert units == sum(len(w) * free[w].count for w in free) - (free["是"].count if "是" in free else 0)


def test_protection_wins_over_a_ban() -> None:
    assert "学习" in build_lexicon(LINES, recipe="plain", protect=["学习"], ban=["学习"])


@pytest.mark.parametrize("recipe", RECIPES)
def test_lengths_are_in_units_and_longer_words_are_cut(recipe: str) -> None:
    lines = ["iPhone手机", "维生素C片"] * 9
    lexicon = build_lexicon(lines, recipe=recipe, min_pmi=0.5, max_length=2)
    assert all(len(naive.segments(word)[0]) <= 2 for word in lexicon)
    longer = build_lexicon(lines, recipe=recipe, min_pmi=0.5, min_length=2)
    assert all(len(naive.segments(word)[0]) >= 2 for word in longer)


def test_min_count_bounds_what_is_written() -> None:
    lexicon = build_lexicon(LINES, recipe="plain", min_count=20)
    assert lexicon.counts.min() >= 20


# Errors


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("text", ["", "，。！", " \n\t", "あいう"])
def test_a_corpus_without_units_is_an_error(recipe: str, text: str) -> None:
    with pytest.raises(CorpusError, match="<texts>: no Han character, Latin letter or digit in it"):
        build_lexicon([text], recipe=recipe)


def test_bytes_that_are_no_text_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "gbk.txt"
    path.write_bytes("今天天气真好，aa\n".encode("gbk") * 3)
    builder = LexiconBuilder(path, LexiconSettings(recipe="plain"))
    builder.build()
    assert builder.invalid is not None and builder.invalid.first_place == f"{path}:1"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"recipe": "magic"}, "recipe is 'magic'; it must be one of default, plain, cohesion"),
        ({"units": "word"}, "units is 'word'; it must be one of run, char"),
        ({"redundancy": ""}, "redundancy is ''; it must be one of length, article"),
        ({"min_count": 0}, "min_count is 0; it must be at least 1"),
        ({"min_prob": 1.0}, "min_prob is 1.0; it must be at least 0 and below 1"),
        ({"min_prob": float("nan")}, "min_prob is nan; it must be at least 0 and below 1"),
        ({"min_pmi": float("nan")}, "min_pmi is nan; it must be a finite number"),
        ({"order": 1}, "order is 1; it must be from 2 to 8"),
        ({"max_length": 2, "min_length": 3}, "max_length is 2; it must be at least 3"),
        ({"seed": -1}, "seed is -1; it must be from 0"),
    ],
)
def test_impossible_settings_are_a_value_error(named: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        build_lexicon(["今天"], **named)
    assert message in str(caught.value)


def test_an_unknown_option_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="min_pim"):
        build_lexicon(["今天"], min_pim=1)


# Agreement with nlp-zero


@pytest.mark.slow
def test_the_plain_recipe_agrees_with_nlp_zero(real_text: Callable[[str], Path]) -> None:
    """Words of two characters or more, Jaccard ≥ 0.95. nlp-zero also joins letters across what it deletes, and judges
    words of equal length one after the other, so that each sees what the ones before it left."""
    import collections
    import collections.abc

    collections.Iterable = collections.abc.Iterable  # type: ignore[attr-defined]  # nlp-zero is older than Python 3.10
    nlp_zero = pytest.importorskip("nlp_zero")
    path = real_text("people_daily_199801.txt")
    finder = nlp_zero.Word_Finder(min_proba=5e-6, min_pmi=2)
    lines = path.read_text(encoding="utf-8").split("\n")
    finder.train(lines)
    finder.find(lines)
    theirs = {word for word in finder.words if len(word) > 1}
    lexicon = build_lexicon(path, recipe="plain", units="char", min_prob=5e-6, min_pmi=2.0)
    ours = {word for word in lexicon if len(word) > 1}
    assert len(theirs) > 10_000
    assert len(ours & theirs) / len(ours | theirs) >= 0.95


@pytest.mark.parametrize("recipe", ["plain", "cohesion", "default"])
def test_a_protected_word_that_no_recipe_can_count_has_its_occurrences(recipe: str) -> None:
    text = ["我学C++和C，C++！ABC++不是C+++，New York 的C++14", "天地玄黄，C++"]
    protect = ["C++", "New York", "天地玄黄", "没有", "R&D"]
    lexicon = build_lexicon(text * 20, recipe=recipe, min_pmi=9 if recipe != "default" else None, protect=protect)
    counts = {word: lexicon[word].count for word in protect}
    assert counts == {"C++": 100, "New York": 20, "天地玄黄": 20, "没有": 0, "R&D": 0}

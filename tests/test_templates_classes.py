"""Word classes: mined with them is what the text with their names in it gives; their file; how they are made."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import naive_templates as naive
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from test_templates_memory import Small

from minent.cli.templates import command
from minent.corpus.sources import Corpus
from minent.errors import OutputError
from minent.grammar.text import Text
from minent.memory import Memory
from minent.templates import (
    CLASS,
    ClassEntry,
    ClassError,
    ClassSettings,
    Filler,
    MinedTemplate,
    Template,
    TemplateFinder,
    TemplateSet,
    TemplateSettings,
    WordClass,
    WordClasses,
    find_templates,
    load_classes,
)
from minent.templates.article import ArticleParser
from minent.templates.classes import classes_path, parse_classes
from minent.templates.clusters import known_shares
from minent.templates.template_set import parse_templates

NAMES = {"甲": "一", "乙": "一", "丙": "二", "<一>": "二"}
WORDS = st.sampled_from(["甲", "乙", "丙", "丁", "戊", "<一>"])
SENTENCES = st.lists(st.lists(WORDS, min_size=1, max_size=12), min_size=1, max_size=12)
STANDS_FOR = {"一": "CLASS1", "二": "CLASS2"}  # words that take the place of classes in the text that is compared


def as_words(template: Template | Filler) -> tuple[str | None, ...]:
    return tuple(STANDS_FOR[word.name] if isinstance(word, WordClass) else word for word in template.words)


@given(SENTENCES, st.integers(1, 4), st.sampled_from([-9.0, 0.0, 0.5]), st.sampled_from([1, 2]))
def test_mining_with_classes_is_mining_text_with_their_names(
    sentences: list[list[str]], min_count: int, min_pmi: float, jobs: int
) -> None:
    classes = WordClasses.of(NAMES)
    options: dict[str, Any] = {"min_count": min_count, "min_pmi": min_pmi, "fillers": 3}
    corpus = Corpus.from_texts([" ".join(words) for words in sentences], shard_size=64)
    finder = TemplateFinder(corpus, None, TemplateSettings(**options), pretokenized=True, classes=classes, jobs=jobs)
    found = finder.find()
    replaced = [" ".join(STANDS_FOR[NAMES[word]] if word in NAMES else word for word in words) for words in sentences]
    expected = find_templates(replaced, pretokenized=True, **options)
    with_classes = {
        entry.template.words: entry for entry in expected if set(STANDS_FOR.values()) & set(entry.template.words)
    }
    mined = {as_words(entry.template): entry for entry in found if entry.source == CLASS}
    assert {words: entry.count for words, entry in mined.items()} == {w: e.count for w, e in with_classes.items()}
    for words, entry in mined.items():
        counts = [[(f.count, len(f.words)) for f in slot] for slot in entry.fillers]
        assert counts == [[(f.count, len(f.words)) for f in slot] for slot in with_classes[words].fillers] or any(
            len({f.count for f in slot}) < len(slot) for slot in entry.fillers
        )
    plain = find_templates([" ".join(words) for words in sentences], pretokenized=True, **options)
    assert found.of_source("skipgram").entries == plain.entries
    assert parse_templates(found.to_bytes()) == found
    assert finder.classes is not None
    assert sum(entry.count for entry in finder.classes) == sum(word in NAMES for words in sentences for word in words)


def test_classes_of_a_text_are_those_of_words_that_stand_for_one_another() -> None:
    text = template_text(3000)
    settings = ClassSettings(literals=5, clusters=5, min_count=5)
    finder = TemplateFinder(
        text, None, TemplateSettings(clustering=settings, min_pmi=0.0, min_count=5), pretokenized=True, classes=True
    )
    found = finder.find()
    assert finder.classes is not None
    members = {frozenset(word for word, _ in entry.members) for entry in finder.classes}
    assert frozenset(CITIES) in members and frozenset(FRUIT) in members
    cities = next(entry for entry in finder.classes if entry.members[0][0] in CITIES)
    assert cities.name.name == "、".join(word for word, _ in cities.members[:3])
    assert f"从 {cities.name} 到 {cities.name}" in found
    assert Template.parse(f"从 {cities.name} 到 {cities.name}") in [template for template, _ in cities.templates]
    assert f"买 <N> 斤 {next(e.name for e in finder.classes if e.members[0][0] in FRUIT)} 吗" in found
    numbers = next(entry for entry in finder.classes if entry.name == WordClass("N"))
    assert {word for word, _ in numbers.members} == {str(n) for n in range(10, 40)}


CITIES = ("北京", "上海", "广州", "深圳", "天津")
FRUIT = ("苹果", "香蕉", "荔枝", "雪梨")


def template_text(lines: int) -> list[str]:
    draw = random.Random(1)
    text = []
    for _ in range(lines):
        text.append(f"从 {draw.choice(CITIES)} 到 {draw.choice(CITIES)}")
        text.append(f"买 {draw.randrange(10, 40)} 斤 {draw.choice(FRUIT)} 吗")
    return text


def test_neither_workers_nor_files_change_a_byte(tmp_path: Path) -> None:
    text = template_text(2000)
    (tmp_path / "whole.txt").write_text("\n".join(text) + "\n", encoding="utf-8")
    parts = []
    for k in range(3):
        parts.append(tmp_path / f"part{k}.txt")
        parts[-1].write_text("\n".join(text[k * 1500 : (k + 1) * 1500]) + "\n", encoding="utf-8")

    def mined(corpus: Any, jobs: int, memory: Memory | None = None) -> tuple[bytes, bytes]:
        settings = TemplateSettings(clustering=ClassSettings(literals=5, clusters=5, most_words=10_000))
        finder = TemplateFinder(corpus, None, settings, pretokenized=True, classes=True, jobs=jobs, memory=memory)
        found = finder.find()
        assert finder.classes is not None
        return found.to_bytes(), finder.classes.to_bytes()

    one = mined(tmp_path / "whole.txt", 1)
    assert mined(tmp_path / "whole.txt", 2) == one
    assert mined(tmp_path / "whole.txt", 5) == one
    assert mined(Corpus(parts, shard_size=1 << 14), 2) == one
    assert mined(tmp_path / "whole.txt", 2, Small(1 << 30)) == one


@given(SENTENCES, st.lists(st.integers(2, 4), min_size=6, max_size=6), st.sampled_from([0.5, 5.0]))
def test_shares_are_those_of_counting_neighbours(sentences: list[list[str]], numbers: list[int], prior: float) -> None:
    vocabulary = ["甲", "乙", "丙", "丁", "戊", "<一>"]
    clusters = dict(zip(vocabulary, numbers, strict=True))
    ids = [0]
    for words in sentences:
        ids += [*(vocabulary.index(word) + 2 for word in words), 0]
    text = Text(np.array(ids, dtype=np.int32), tuple(vocabulary), np.bincount(ids, minlength=8).astype(np.int64))
    shares = known_shares(text, np.array([0, 1, *numbers], dtype=np.int32), prior)
    for k, word in enumerate(vocabulary, start=2):
        if k in ids:
            told, whole = naive.known_share(sentences, clusters, word, prior)
            assert shares[k] * whole == pytest.approx(told, abs=1e-9)


# the file

NAME_TEXT = st.text(alphabet="甲乙 \\[]X<>:,|、\t\n\r#", min_size=1, max_size=5)
ROWS = st.dictionaries(NAME_TEXT, NAME_TEXT, min_size=1, max_size=8)


@given(ROWS, st.integers(0, 1 << 60))
def test_classes_are_read_as_they_were_written(labels: dict[str, str], count: int) -> None:
    classes = WordClasses.of(labels, dict.fromkeys(labels, count), {"how": "by hand"})
    template = Template((None, WordClass("甲,乙:|"), "[X]", "<甲>", "a:b"))
    shown = WordClasses(
        [ClassEntry(e.name, e.members, (("<甲>", 3), ("b,c", 2)), ((template, 4),)) for e in classes], classes.settings
    )
    for some in (classes, shown):
        again = parse_classes(some.to_bytes())
        assert again == some and again.settings == {"how": "by hand"}
        assert again.to_bytes() == some.to_bytes()


def test_a_plain_table_is_taken_from_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "clusters.txt"
    path.write_bytes("\ufeff个\t量词\r\n位\t量词\tx\r\n\r\n北京\t17\r\nNew York\t17\r\n上海\t17\r\n".encode())
    classes = load_classes(path)
    assert {word: entry.name.name for entry in classes for word, _ in entry.members} == {
        "个": "量词",
        "位": "量词",
        "北京": "New York、上海、北京",
        "上海": "New York、上海、北京",
        "New York": "New York、上海、北京",
    }
    assert parse_classes("甲 1\n乙 1\n".encode()).names().keys() == {"甲", "乙"}


def test_names_are_readable_and_different() -> None:
    labels = {"a": "1", "b": "1", "a、b": "2", "x": "a、b"}
    assert [entry.name.name for entry in WordClasses.of(labels)] == ["a、b", "a、b#2", "a、b#3"]


HEAD = "#minent-classes 1\nclass\tcount\ttemplates\tmembers\tkept\n"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "t: no word in it"),
        (b"\n\n", "t: no word in it"),
        ("甲\n".encode(), "t:1: '甲' is no word with its class"),
        ("甲\t\n".encode(), "t:1: .* is no word with its class"),
        ("甲\t1\n甲\t2\n".encode(), "t:2: the word '甲' is in two classes"),
        (b"\xff\t1\n", "t:1: not valid UTF-8"),
        (b"#minent-classes 2\n", "t:1: format '2'"),
        (b"#minent-classes 1\nclass\tmembers\n", "t:2: no header"),
        (b"#minent-classes 1\nclass\tcount\n", "t:2: no column of members"),
        ((HEAD + "<a>\t1\n").encode(), "t:3: 2 columns where the header has 5"),
        ((HEAD + "a\t1\t\tx:1\t\n").encode(), "t:3: 'a' is no class"),
        ((HEAD + "\\<a>\t1\t\tx:1\t\n").encode(), "t:3: .* is no class"),
        ((HEAD + "<a>\t1\t\t\t\n").encode(), "t:3: the class <a> has no members"),
        ((HEAD + "<a>\t1\t\tx\t\n").encode(), "t:3: 'x' has no count"),
        ((HEAD + "<a>\t1\t\tx:-1\t\n").encode(), "t:3: the count '-1'"),
        ((HEAD + "<a>\t1\t\t<x>:1\t\n").encode(), "t:3: '<x>' is a class where a word is expected"),
        ((HEAD + "<a>\t1\t[X]:1\tx:1\t\n").encode(), "t:3: .* is no template"),
        ((HEAD + "<a>\t1\t\tx:1,x:2\t\n").encode(), "t:3: a word twice"),
        ((HEAD + "<a>\t1\t\tx:1\t\n<a>\t1\t\ty:1\t\n").encode(), "t:4: the class '<a>' of line 3 again"),
        ((HEAD + "<a>\t1\t\tx:1\t\n<b>\t1\t\tx:1\t\n").encode(), "t:4: the word 'x' of line 3 again"),
    ],
)
def test_a_broken_file_is_named_with_its_line(content: bytes, complaint: str) -> None:
    with pytest.raises(ClassError, match=complaint):
        parse_classes(content, "t")


def test_a_word_that_looks_like_a_class_stays_a_word() -> None:
    text = ["买 <N> 斤 <a b> 吗", "[X] 和 <甲、乙> 和 甲"] * 9
    found = find_templates(
        [*text, "买 乙 斤 甲"] * 2,
        pretokenized=True,
        min_count=2,
        min_pmi=-9,
        classes=WordClasses.of({"甲": "N", "乙": "N"}),
    )
    again = parse_templates(found.to_bytes())
    assert again == found
    assert Template(("买", "<N>", "斤", "<a", "b>", "吗")) in again
    assert "买 \\<N> 斤 <a b> 吗" in again and "\\[X] 和 \\<甲、乙> 和 <N>" in again
    assert again["买 <N> 斤 <N>"].template.classes == (WordClass("N"), WordClass("N"))


def test_the_articles_score_passes_classes_over() -> None:
    rows = [("[X] 的 [X]", 3, "skipgram"), ("[X] <N>", 9, CLASS), ("[X] 的", 5, "parse"), ("[X] [X] 吗", 2, "parse")]
    entries = [MinedTemplate(Template.parse(text), count, (), source) for text, count, source in rows]
    assert [str(t) for t in ArticleParser(TemplateSet(entries)).templates] == ["[X] 的 [X]"]
    assert ArticleParser(TemplateSet(entries)).total == 3
    parsed = ArticleParser(TemplateSet(entries[1:]))
    assert parsed.total == 7
    assert parsed.parse(["甲", "乙", "丙", "吗"]).root.show(["甲", "乙", "丙", "吗"]) in (
        "(甲)(乙丙)吗",
        "(甲乙)(丙)吗",
    )
    templates = TemplateSet(entries)
    assert templates.log_prob(templates["[X] 的"]) == pytest.approx(np.log(5 / 7))


# the command


def run(*args: object) -> Any:
    return CliRunner().invoke(command, [str(arg) for arg in args])


def test_the_command_writes_classes_beside_templates_and_takes_them_again(tmp_path: Path) -> None:
    text, output = tmp_path / "text.txt", tmp_path / "templates.tsv"
    text.write_text("\n".join(template_text(500)), encoding="utf-8")
    table = tmp_path / "table.tsv"
    table.write_text("".join(f"{word}\t城市\n" for word in CITIES), encoding="utf-8")
    result = run(text, "--pretokenized", "--min-pmi", 0, "--classes", table, "-o", output)
    assert result.exit_code == 0, result.output
    assert "1 classes for 5 words" in result.stderr and "从 <城市> 到 <城市>" in result.stderr
    beside = tmp_path / "templates.classes.tsv"
    (entry,) = load_classes(beside)
    assert entry.count == 1000 and (Template.parse("从 <城市> 到 <城市>"), 500) in entry.templates
    again = run(text, "--pretokenized", "--min-pmi", 0, "--classes", beside, "-o", tmp_path / "again.tsv")
    assert again.exit_code == 0
    assert (tmp_path / "again.tsv").read_bytes() == output.read_bytes()
    assert (tmp_path / "again.classes.tsv").read_bytes() == beside.read_bytes()
    assert isinstance(run(text, "--pretokenized", "--classes", beside, "-o", output).exception, OutputError)
    assert run(text, "--pretokenized", "--classes", "-o", output).exit_code == 0
    stdout = run(text, "--pretokenized", "--min-pmi", 0, "--classes", table, "-o", "-", "-q")
    assert stdout.exit_code == 0 and "从 <城市> 到 <城市>\t500" in stdout.stdout
    assert classes_path("-") is None and classes_path("/dev/null") is None


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--source", "parse"], "there is no ./grammar.npz"),
        (["--source", "skipgram", "-g", "x.npz"], "needs no --grammar"),
        (["--source", "trees"], "Invalid value"),
    ],
)
def test_wrong_usage_is_told(tmp_path: Path, monkeypatch: Any, options: list[str], complaint: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("甲 乙", encoding="utf-8")
    result = run("text.txt", "--pretokenized", *options)
    assert result.exit_code == 2 and complaint in result.stderr


def test_a_corpus_in_the_place_of_the_classes_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("今天天气\n", encoding="utf-8")
    result = run("--classes", tmp_path / "text.txt")
    assert isinstance(result.exception, ClassError) and "no word with its class" in str(result.exception)

"""Main templates of blocks are those that one reads off the trees."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import naive_templates as naive
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from test_templates_memory import Small

from minent import Lexicon, Parser, Segmenter, train_grammar
from minent.cli.parse import command as parse_command
from minent.cli.templates import command as templates_command
from minent.corpus.sources import Corpus
from minent.errors import CorpusError
from minent.grammar import Grammar, GrammarSettings, Piece, save_grammar
from minent.grammar.marks import Kind, token_kind
from minent.grammar.settings import DmvSettings
from minent.memory import Memory
from minent.parsing import ParseTree
from minent.parsing.tree import build_tree
from minent.templates import PARSE, TemplateFinder, TemplateSet, TemplateSettings, find_templates, load_templates
from minent.templates.parsed import _Blocks, _code
from minent.templates.template_set import parse_templates

LINES = [
    "雪梨 和 苹果 的 颜色 是 什么 ？",
    "他 说 ： “ 苹果 很 好 ， 我 喜欢 ” 。",
    "（ 荔枝 ） 的 味道 、 颜色 、 大小",
    "",
    "   ",
    "苹果 和 荔枝 的 味道 很 好",
    "[X] 的 <个、名> 是 （ a|b:c ） 的 颜色 ， 我 \\ 说",
    "好",
    "１２ 个 苹果 的 颜色 很 好 ， 雪梨 和 荔枝 的 味道 很 好 。",
] * 4


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    settings = GrammarSettings(
        min_count=1, sweeps=2, constituent_iterations=2, models=(DmvSettings(classes=4, own_words=5, iterations=3),)
    )
    return train_grammar([Piece("\n".join(LINES), "text")], settings)


def is_word(token: str) -> bool:
    return token_kind(token) == Kind.WORD


def read_off(trees: Sequence[ParseTree]) -> tuple[Counter[naive.Template], dict[Any, Counter[tuple[str, ...]]]]:
    counts: Counter[naive.Template] = Counter()
    fillers: dict[Any, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for tree in trees:
        for template, filled in naive.main_templates(tree, is_word):
            counts[template] += 1
            for slot, words in enumerate(filled):
                fillers[template, slot][words] += 1
    return counts, fillers


def check_against_trees(found: TemplateSet, trees: Sequence[ParseTree], least: int, top: int, longest: int) -> None:
    counts, fillers = read_off(trees)
    assert {e.template.words: e.count for e in found} == {t: n for t, n in counts.items() if n >= least}
    for entry in found:
        expected = []
        for slot in range(entry.template.slots):
            seen = fillers[entry.template.words, slot]
            often = sorted((-n, words) for words, n in seen.items() if n > 1 and len(words) <= longest)
            expected.append([(words, -n) for n, words in often[:top]])
        assert [[(f.words, f.count) for f in slot] for slot in entry.fillers] == (expected if any(expected) else [])
        assert entry.source == PARSE


@pytest.mark.parametrize(("least", "top", "longest"), [(1, 8, 5), (1, 2, 1), (5, 3, 2)])
def test_counts_and_fillers_are_those_of_the_trees(grammar: Grammar, least: int, top: int, longest: int) -> None:
    parser = Parser(grammar)
    found = find_templates(
        LINES, pretokenized=True, grammar=grammar, sources=["parse"],
        min_count=least, fillers=top, filler_length=longest,
    )  # fmt: skip
    assert len(found) > 3
    check_against_trees(found, [parser.parse(line.split()) for line in LINES], least, top, longest)


def test_raw_text_is_parsed_as_by_the_parser(grammar: Grammar) -> None:
    segmenter = Segmenter(
        Lexicon.from_counts(dict.fromkeys(["雪梨", "苹果", "荔枝", "颜色", "味道", "什么", "喜欢"], 9))
    )
    text = ["".join(line.split()) for line in LINES]
    found = find_templates(text, segmenter, grammar=grammar, sources=["parse"], min_count=1)
    parser = Parser(grammar, segmenter)
    check_against_trees(found, [parser.parse(line) for line in text], 1, 8, 5)


@st.composite
def trees(draw: st.DrawFn) -> ParseTree:
    tokens = draw(st.lists(st.sampled_from(["甲", "乙", "丙", "，", "（"]), min_size=1, max_size=9))
    places = st.integers(0, len(tokens))
    spans: list[tuple[int, int]] = []
    for start, end in draw(st.lists(st.tuples(places, places), max_size=6)):
        if all(end <= a or b <= start or (a <= start and end <= b) or (start <= a and b <= end) for a, b in spans):
            spans.append((start, end))
    return build_tree(tokens, [span for span in spans if span[0] < span[1]], literals=["甲", "，", "（"])


@given(st.lists(trees(), max_size=6))
def test_the_kernel_lists_the_blocks_of_any_trees(some: list[ParseTree]) -> None:
    coded = _code(some)
    blocks = _Blocks.read(coded.stream, np.array([0, *coded.kinds], dtype=np.uint8))
    start, filler, found = 0, 0, Counter[Any]()
    for end in blocks.entries[:, 1].tolist():
        words = tuple(coded.words[n - 1] if n else None for n in blocks.content[start:end].tolist())
        filled = []
        for _ in range(words.count(None)):
            a, b = blocks.fillers[filler].tolist()
            filled.append(tuple(coded.words[n - 1] for n in blocks.words[a:b].tolist()))
            filler += 1
        found[words, tuple(filled)] += 1
        start = end
    assert found == Counter(pair for tree in some for pair in naive.main_templates(tree, is_word))
    assert blocks.slots().sum() == len(blocks.fillers)
    nodes = sum(1 for tree in some for node in tree.nodes() if node.children)
    assert (len(blocks.entries) + blocks.bare, blocks.trees) == (nodes, len([tree for tree in some if tree.children]))


def finder_of(source: Any, grammar: Grammar, jobs: int, memory: Memory | None = None) -> TemplateFinder:
    settings = TemplateSettings(min_count=2, min_pmi=0.0)
    return TemplateFinder(source, None, settings, pretokenized=True, grammar=grammar, jobs=jobs, memory=memory)


def test_neither_workers_nor_files_change_a_byte(grammar: Grammar, tmp_path: Path) -> None:
    lines = LINES * 40
    (tmp_path / "whole.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    parts = []
    for k in range(3):
        parts.append(tmp_path / f"part{k}.txt")
        share = lines[k * len(lines) // 3 : (k + 1) * len(lines) // 3]
        parts[-1].write_text("\n".join(share) + "\n", encoding="utf-8")
    one = finder_of(tmp_path / "whole.txt", grammar, 1).find().to_bytes()
    assert b"\tparse\n" in one and b"\tskipgram\n" in one
    for jobs in (2, 5):
        assert finder_of(tmp_path / "whole.txt", grammar, jobs).find().to_bytes() == one
    assert finder_of(Corpus(parts), grammar, 1).find().to_bytes() == one
    assert finder_of(tmp_path / "whole.txt", grammar, 2, Small(1 << 30)).find().to_bytes() == one


def test_what_is_kept_can_be_chosen(grammar: Grammar) -> None:
    def find(**options: Any) -> TemplateSet:
        return find_templates(LINES, pretokenized=True, grammar=grammar, min_count=1, min_pmi=0.0, **options)

    both = find()
    for source in ("skipgram", "parse"):
        alone = find(sources=[source])
        assert alone.entries == both.of_source(source).entries
        assert find(top=3).of_source(source).entries == alone.entries[:3]
    assert not any(entry.template.is_trivial for entry in find(trivial=False))
    assert all("的" in entry.template.words for entry in find(contains=("的",)))
    assert all(entry.template.length >= 2 for entry in find(min_length=2))


def test_the_least_count_is_chosen_from_the_number_of_blocks(grammar: Grammar) -> None:
    finder = TemplateFinder(LINES, None, pretokenized=True, grammar=grammar, sources=["parse"])
    found = finder.find()
    assert finder.parse_report is not None and finder.report is None
    assert finder.parse_report.least_count == 5 and min(entry.count for entry in found) >= 5
    assert finder.parse_report.trees == sum(1 for line in LINES if line.strip())
    assert TemplateSettings().least_blocks(100_000_000) == 100
    assert TemplateSettings(min_prob=0.001).least_blocks(10_000) == 11


def test_bytes_that_are_no_text_are_told_and_written_as_such(grammar: Grammar, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xe8\x8b\xb9\xe6\x9e\x9c \xff\xff \xe7\x9a\x84 x\xfe\n" * 3)
    finder = TemplateFinder(
        path, None, TemplateSettings(min_count=1), pretokenized=True, grammar=grammar, sources=["parse"]
    )
    assert "�" in finder.find().to_bytes().decode()
    assert finder.invalid is not None
    assert finder.invalid.count == 9 and finder.invalid.first_place.endswith("text.txt:1")
    with pytest.raises(CorpusError, match="not valid UTF-8 at byte 8"):
        TemplateFinder(
            Corpus([path], errors="strict"), None, pretokenized=True, grammar=grammar, sources=["parse"]
        ).find()
    empty = tmp_path / "empty.txt"
    empty.write_text("\n\n")
    with pytest.raises(CorpusError, match="no word in it"):
        TemplateFinder(empty, None, pretokenized=True, grammar=grammar, sources=["parse"]).find()


def test_a_source_needs_its_grammar_and_a_known_name(grammar: Grammar) -> None:
    with pytest.raises(ValueError, match="need a grammar"):
        TemplateFinder(LINES, None, pretokenized=True, sources=["parse"])
    with pytest.raises(ValueError, match="'trees' is none of skipgram, parse"):
        TemplateFinder(LINES, None, pretokenized=True, grammar=grammar, sources=["trees"])


def test_the_command_writes_both_sources_and_the_articles_score_reads_them(grammar: Grammar, tmp_path: Path) -> None:
    text, model, output = tmp_path / "text.txt", tmp_path / "g.npz", tmp_path / "templates.tsv"
    text.write_text("\n".join(LINES), encoding="utf-8")
    save_grammar(grammar, model)
    options = ["--pretokenized", "--min-count", "2", "--min-pmi", "0", "-j", "1"]
    result = CliRunner().invoke(templates_command, [str(text), *options, "-g", str(model), "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert "28 trees, " in result.stderr and "most frequent in parses: " in result.stderr
    both = load_templates(output)
    assert both.settings["block_min_count"] == "2"
    assert both == find_templates(LINES, pretokenized=True, grammar=grammar, min_count=2, min_pmi=0.0)
    alone = CliRunner().invoke(
        templates_command, [str(text), *options, "-g", str(model), "--source", "parse", "-o", "-", "-q"]
    )
    assert parse_templates(alone.stdout_bytes) == both.of_source("parse")

    def parsed(templates: Path) -> Any:
        options = ["--pretokenized", "--score", "article", "-t", str(templates), "--format", "brackets"]
        return CliRunner().invoke(parse_command, [str(text), *options])

    both.of_source("skipgram").save(tmp_path / "skipgram.tsv")
    both.of_source("parse").save(tmp_path / "parse.tsv")
    assert parsed(output).exit_code == 0
    assert parsed(output).stdout == parsed(tmp_path / "skipgram.tsv").stdout
    assert parsed(tmp_path / "parse.tsv").stdout.count("\n") == len(LINES)

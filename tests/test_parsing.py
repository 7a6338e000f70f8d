"""The decoder against brute force, blocks and brackets, trees and their forms, and the two commands."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from minent.cli.grammar import command as grammar_command
from minent.cli.parse import command as parse_command
from minent.evaluation.trees import read_brackets
from minent.grammar import save_grammar
from minent.kernels.chart import best_spans, score_spans
from minent.parsing import Parser, ParseTree
from minent.parsing.blocks import LONGEST_BLOCK, lay_out
from minent.parsing.nbest import best_sums, block_trees
from minent.parsing.svg import trees_svg
from minent.parsing.tree import build_tree
from minent.templates import MinedTemplate, Template, TemplateSet
from minent.templates.article import ArticleParser
from tests import naive_trees as naive
from tests.test_grammar import grammar, sentences  # noqa: F401

TOKENS = [
    "雪梨",
    "苹果",
    "的",
    "是",
    "喜欢",
    "荔枝",
    "１２",
    "，",
    "。",
    "、",
    "“",
    "”",
    "（",
    "）",
    "——",
    "(",
    "[X]",
    "℃",
]


@pytest.fixture(scope="module")
def parser(grammar):  # noqa: F811
    return Parser(grammar)


# decoder


def total(spans, scores, threshold):
    return sum(scores[a, b] - threshold for a, b in spans)


def decode(scores, n, threshold):
    starts, ends = np.empty(n, np.int64), np.empty(n, np.int64)
    size = best_spans(n, scores, threshold, np.empty((n + 1, n + 1)), np.empty((n + 1, n + 1), np.int64), starts, ends)
    return list(zip(starts[:size].tolist(), ends[:size].tolist(), strict=True))


@given(st.integers(1, 6), st.integers(0, 50), st.sampled_from([-0.5, 0.0, 0.3]))
def test_the_decoder_finds_the_best_nested_set(n, seed, threshold):
    scores = np.random.default_rng(seed).normal(size=(n + 1, n + 1)).round(1)
    found = decode(scores, n, threshold)
    assert all(scores[a, b] > threshold for a, b in found)
    assert not any(naive.crosses(one, other) for one in found for other in found)
    best = max(total(spans, scores, threshold) for spans in naive.nested_sets(n))
    assert total(found, scores, threshold) == pytest.approx(best)


@given(st.integers(2, 5), st.integers(0, 50), st.integers(1, 12))
def test_the_best_trees_are_those_of_brute_force(n, seed, k):
    gains = np.random.default_rng(seed).normal(size=(n + 1, n + 1))
    found = block_trees(gains, n, k)
    every = sorted((total(spans, gains, 0) for spans in naive.nested_sets(n)), reverse=True)
    assert [score for score, _ in found] == pytest.approx(every[:k])
    assert len({frozenset(spans) for _, spans in found}) == len(found)
    for score, spans in found:
        assert total(spans, gains, 0) == pytest.approx(score)


@given(st.lists(st.floats(-5, 5), max_size=6), st.lists(st.floats(-5, 5), max_size=6), st.integers(1, 10))
def test_best_sums(left, right, k):
    left, right = sorted(left, reverse=True), sorted(right, reverse=True)
    found = [left[i] + right[j] for i, j in best_sums(left, right, k)]
    assert found == pytest.approx(sorted((a + b for a in left for b in right), reverse=True)[:k])


@given(st.integers(2, 6), st.integers(0, 50), st.integers(0, 3))
def test_scores_are_the_formula_written_out(n, seed, models):
    rng = np.random.default_rng(seed)
    yields, constituents = rng.uniform(size=(models, n + 1, n + 1)), rng.uniform(size=(n + 1, n + 1))
    gaps = rng.normal(size=(4, n + 1))
    weights, found = rng.normal(size=12), np.zeros((n + 1, n + 1))
    score_spans(n, yields, constituents, *gaps, np.zeros((0, 2), np.int64), weights, found)
    for a in range(n):
        for b in range(a + 2, n + 1):
            wanted = naive.span_score(a, b, n, yields, constituents, *gaps, weights)
            assert found[a, b] == pytest.approx(wanted)


def test_a_certain_span_beats_all_that_cross_it():
    n = 4
    scores, zero = np.zeros((n + 1, n + 1)), np.zeros((n + 1, n + 1))
    weights = np.zeros(12)
    weights[0] = 5.0
    score_spans(n, zero[None], zero, *np.zeros((4, n + 1)), np.array([[1, 3]]), weights, scores)
    assert scores[1, 3] > 1.9
    assert scores[0, 2] < -7
    assert 0.9 < scores[0, 3] < 1


# blocks


@pytest.mark.parametrize(
    ("line", "blocks", "outer"),
    [
        ("", [], []),
        ("。", [], []),
        ("他 来 了", [(0, 1, 2)], []),
        ("他 ， 来", [(0,), (2,)], []),
        ("他 、 来", [(0, 2)], []),
        ("他 说 ： “ 好 ， 走 ” 。", [(0, 1), (4,), (6,)], [(4, 7)]),
        ("看 《 红楼梦 》 的 人", [(0, 2, 4, 5)], []),
        ("（ 好 ， 走", [(1,), (3,)], []),
        ("） 他 （", [(1,)], []),
    ],
)
def test_blocks_of_a_line(line, blocks, outer):
    layout = lay_out(line.split())
    assert [block.places for block in layout.blocks] == blocks
    assert list(layout.outer) == outer


@pytest.mark.parametrize(
    ("line", "forced"),
    [
        ("他 的 “ 新 书 ” 好", [(2, 4)]),
        ("一 、 二 三 、 四", [(1, 3)]),
        ("一 、 （ 二 、 三 四 ） 五 、 六", [(1, 4), (1, 5)]),
        ("一 、 “ 二 三 、 四 ” 五", [(1, 4)]),
        ("“ 新 书 ”", []),
    ],
)
def test_certain_spans(line, forced):
    assert list(lay_out(line.split()).blocks[0].forced) == forced


def test_long_blocks_are_cut_behind_marks():
    tokens = ["字"] * 50 + ["、"] + ["字"] * 50 + ["字"] * 100
    assert [len(block.places) for block in lay_out(tokens).blocks] == [50, 64, 64, 22]


# trees


@given(st.lists(st.sampled_from(TOKENS), max_size=40))
def test_any_line_becomes_a_tree_over_all_its_tokens(parser, tokens):
    tree = parser.parse(tokens)
    assert tree.words == tokens
    words, spans = read_brackets(tree.brackets())
    assert words == [token.replace("(", "(") for token in tokens]
    assert sorted(spans) == sorted(tree.spans())
    assert len(set(spans)) == len(spans)
    for node in tree.nodes():
        if node.children:
            assert (node.children[0].start, node.children[-1].end) == (node.start, node.end)
            assert node is tree or len(node.children) > 1
    json.dumps(tree.to_json(scores=True))
    ElementTree.fromstring(trees_svg([tree]))


@given(st.lists(st.sampled_from(TOKENS), max_size=12), st.integers(1, 4))
def test_the_first_of_the_best_trees_is_the_best(parser, tokens, k):
    found = parser.nbest(tokens, k)
    assert 1 <= len(found) <= k
    assert [score for score, _ in found] == sorted((score for score, _ in found), reverse=True)
    best = parser.parse(tokens)
    if len(found) < 2 or found[0][0] > found[1][0] + 1e-9:
        assert found[0][1].brackets() == best.brackets()
    assert len({tree.brackets() for _, tree in found}) == len(found)


@pytest.mark.parametrize(
    ("line", "brackets"),
    [
        ("", ""),
        ("。", "。"),
        ("他", "他"),
        ("他 来", "他 来"),
        ("他 来 。", "(他 来) 。"),
        ("他 来 ， 我 去", "(他 来) ， (我 去)"),
        ("( 他 来 ) 我", "-LRB- (他 来) -RRB- 我"),
        ("说 ： “ 他 来 ， 我 去 ” 。", "说 ： “ ((他 来) ， (我 去)) ” 。"),
    ],
)
def test_small_trees(parser, line, brackets):
    assert parser.parse(line.split()).brackets() == brackets


def test_brackets_belong_to_the_span_that_holds_more():
    from minent.parsing.parser import _with_brackets

    tokens = ["《", "书", "》", "的", "人", "来"]
    assert _with_brackets({(1, 5): 0.5}, lay_out(tokens), tokens) == {(0, 5): 0.5}
    tokens = ["他", "“", "好", "人", "”", "的"]
    assert _with_brackets({(2, 4): 0.5, (0, 4): 0.3}, lay_out(tokens), tokens) == {(2, 4): 0.5, (0, 5): 0.3}


def test_crossing_spans_are_refused():
    with pytest.raises(ValueError, match="cross"):
        build_tree(["一", "二", "三"], [(0, 2), (1, 3)])


def test_templates_and_fillers():
    tree = build_tree(["雪梨", "和", "苹果", "的", "[X]"], [(0, 3)], literals={"和", "的", "[X]"})
    assert tree.template == "[X] 的 \\[X]"
    assert [filler.text for filler in tree.fillers] == ["雪梨和苹果"]
    assert tree.children[0].template == "[X] 和 [X]"
    assert tree.drawing() == "(雪梨和苹果)的[X]\n└─ (雪梨)和(苹果)"
    assert tree.to_json()["children"][0]["span"] == [0, 3]
    assert isinstance(tree, ParseTree)


def test_nested_brackets_without_end_and_long_lines_end_soon(parser):
    began = time.monotonic()
    deep = ["（"] * 3000 + ["雪梨", "是"] + ["）"] * 3000
    assert parser.parse(deep).words == deep
    rng = random.Random(0)
    long = [rng.choice(["雪梨", "的", "是", "荔枝"]) for _ in range(10_000)]
    assert parser.parse(long).words == long
    listed = [token for word in long[:5000] for token in (word, "、")]
    assert parser.parse(listed).words == listed
    assert max(len(block.places) for block in lay_out(long).blocks) <= LONGEST_BLOCK
    assert time.monotonic() - began < 60  # a bound for a busy machine, no benchmark


def test_raw_text_needs_a_segmenter(parser):
    with pytest.raises(ValueError, match="segmenter"):
        parser.parse("雪梨")


def test_raw_text_is_cut_at_numbers(grammar):  # noqa: F811
    class Cutter:
        def cut(self, text):
            return text.split()

    assert Parser(grammar, Cutter()).parse("雪梨 8月1日").words == ["雪梨", "8", "月", "1", "日"]


# the article's score


@pytest.fixture(scope="module")
def article():
    texts = ("[X] 的 [X]", "[X] 和 [X]", "[X] 是 [X]", "[X] ( [X]", "\\[X] 的 [X]")
    return Parser(TemplateSet([MinedTemplate(Template.parse(text), 10) for text in texts]))


@given(st.lists(st.sampled_from(TOKENS), max_size=30))
def test_any_line_becomes_a_tree_by_the_articles_score(article, tokens):
    tree = article.parse(tokens)
    assert tree.words == tokens
    words, spans = read_brackets(tree.brackets())
    assert words == tokens
    assert sorted(spans) == sorted(tree.spans())
    ElementTree.fromstring(trees_svg([tree]))


def test_the_articles_tree_has_its_templates(article):
    tree = article.parse(["雪梨", "和", "苹果", "的", "颜色", "，", "是", "[X]", "的", "花"])
    assert tree.children[0].template == "[X] 的 [X]"
    assert tree.children[0].fillers[0].template == "[X] 和 [X]"
    assert tree.brackets() == "((雪梨 和 苹果) 的 颜色) ， ((是 [X]) 的 花)"


def blocks_of(block):
    yield block
    for child in block.children:
        yield from blocks_of(child)


@given(st.lists(st.sampled_from(["我", "的", "是", "什么", "书"]), min_size=2, max_size=9))
def test_every_block_shows_the_template_that_it_was_parsed_by(words):
    texts = ("[X] 的 [X]", "[X] 是 [X]", "什么 [X]", "[X] 是 什么", "的")
    templates = TemplateSet([MinedTemplate(Template.parse(text), 10) for text in texts])
    shown = {(node.start, node.end): node.template for node in Parser(templates).parse(words).nodes()}
    for block in blocks_of(ArticleParser(templates).parse(words).root):
        if block.end - block.start > 1 and block.template is not None:
            assert shown[block.start, block.end] == str(block.template)


def test_a_word_is_literal_where_a_template_has_it_only():
    templates = TemplateSet([MinedTemplate(Template.parse(text), 10) for text in ("[X] 是 [X]", "什么 [X]")])
    tree = Parser(templates).parse(["什么", "书", "是", "什么"])
    assert (tree.template, tree.fillers[0].template) == ("[X] 是 [X]", "什么 [X]")


def test_the_articles_score_gives_one_tree_only(article):
    with pytest.raises(ValueError, match="more than one tree"):
        article.nbest(["雪梨"], 2)


# commands


def run(command, *args, text=""):
    return CliRunner().invoke(command, [*map(str, args), "-q"], input=text, catch_exceptions=False)


@pytest.fixture(scope="module")
def grammar_path(grammar, tmp_path_factory):  # noqa: F811
    path = tmp_path_factory.mktemp("grammar") / "g.npz"
    save_grammar(grammar, path)
    return path


@pytest.mark.parametrize("form", ["tree", "brackets", "json", "svg"])
def test_parse_writes_a_tree_for_each_line(grammar_path, form):
    text = "雪梨 的 颜色 是 什么 。\n\n我们 去 ( 学校 )"
    result = run(parse_command, "--pretokenized", "-g", grammar_path, "--format", form, text=text)
    assert result.exit_code == 0
    if form == "brackets":
        assert len(result.stdout.split("\n")) == 4
        assert "".join(read_brackets(result.stdout.split("\n")[2])[0]) == "我们去(学校)"
    elif form == "json":
        trees = [json.loads(line) for line in result.stdout.splitlines()]
        assert [tree["span"] for tree in trees] == [[0, 6], [0, 0], [0, 5]]
    elif form == "svg":
        assert "颜色" in "".join(ElementTree.fromstring(result.stdout).itertext())


def test_parse_keeps_bytes_that_are_no_text(grammar_path):
    result = CliRunner().invoke(
        parse_command, ["--pretokenized", "-g", str(grammar_path), "--format", "brackets"], input=b"\xff \xe9\x9b\xaa\n"
    )
    assert result.stdout_bytes == b"\xff \xe9\x9b\xaa\n"
    assert "1 bytes were not valid text" in result.stderr


def test_parse_numbers_the_best_trees(grammar_path):
    text = "雪梨 的 颜色 是 苹果\n我们 去\n"
    result = run(parse_command, "--pretokenized", "-g", grammar_path, "--format", "brackets", "--nbest", 3, text=text)
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[0] for row in rows] == ["1", "1", "1", "2"]
    assert float(rows[0][1]) >= float(rows[1][1]) >= float(rows[2][1])


@pytest.mark.parametrize("options", [["--scores", "--format", "brackets"], ["--nbest", "2", "--format", "svg"]])
def test_options_that_do_not_go_together(grammar_path, options):
    assert run(parse_command, "-g", grammar_path, *options).exit_code == 2


def test_a_grammar_made_by_the_command_parses(tmp_path):
    (tmp_path / "text.txt").write_text("\n".join(sentences(200)), encoding="utf-8")
    result = run(grammar_command, tmp_path / "text.txt", "--pretokenized", "--models", 1, "-o", tmp_path / "g.npz")
    assert result.exit_code == 0
    result = run(
        parse_command, "--pretokenized", "-g", tmp_path / "g.npz", "--format", "brackets", text="雪梨 的 颜色 。"
    )
    assert read_brackets(result.stdout)[0] == ["雪梨", "的", "颜色", "。"]


def test_any_number_of_workers_writes_the_same(grammar_path, monkeypatch):
    monkeypatch.setattr("minent.cli.parse.BATCH", 3)
    monkeypatch.setattr("minent.cli.parse.ALONE", 2)
    lines = [" ".join(random.Random(seed).choices(TOKENS, k=seed % 9)) for seed in range(20)]
    options = ["--pretokenized", "-g", grammar_path, "--nbest", 2, "--format", "json", "--scores"]
    found = [run(parse_command, *options, "-j", jobs, text="\n".join(lines)).stdout for jobs in (1, 2)]
    assert found[0] == found[1]
    assert [json.loads(line)["line"] for line in found[0].splitlines()][-1] == 20


def test_the_article_score_of_the_command_and_empty_lines(tmp_path):
    templates = TemplateSet([MinedTemplate(Template.parse("[X] 的 [X]"), 10)])
    templates.save(tmp_path / "t.tsv")
    options = ["--pretokenized", "--score", "article", "-t", tmp_path / "t.tsv", "--format", "brackets"]
    result = run(parse_command, *options, text="\n雪梨 的 颜色 ， “ 我 的 书\n\n( [X]\n")
    assert result.stdout == "\n(雪梨 的 颜色) ， “ (我 的 书)\n\n-LRB- [X]\n"


def test_json_of_a_blank_line_and_of_bytes_that_are_no_text(grammar_path, tmp_path):
    (tmp_path / "text").write_bytes(b"\n\xff\xfe ?\n")
    found = run(parse_command, tmp_path / "text", "--pretokenized", "-g", grammar_path, "--format", "json").stdout
    blank, other = (json.loads(line) for line in found.splitlines())
    assert (blank["template"], blank["children"]) == ("", [])
    assert [child["word"] for child in other["children"]] == ["\ufffd\ufffd", "?"]


@pytest.mark.parametrize("score", ["default", "article"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"PK\x03\x04", b"#minent-templates 1\n[X]\n", b"not a model"])
def test_a_broken_model_ends_the_command_with_one_line(tmp_path, score, content):
    (tmp_path / "model").write_bytes(content)
    arguments = ["parse", "--score", score, "-g" if score == "default" else "-t", str(tmp_path / "model"), "-q"]
    finished = subprocess.run(
        [sys.executable, "-m", "minent", *arguments, "--pretokenized"], input="雪梨", capture_output=True, text=True
    )
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert finished.stderr.startswith("minent: ")
    assert finished.stderr.count("\n") == 1
    assert "internal error" not in finished.stderr

"""Parsing with the article's score gives what trying every analysis gives."""

from __future__ import annotations

import math

import naive_templates as naive
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.templates import MinedTemplate, Template, TemplateSet
from minent.templates.article import ArticleParser, Block

WORDS = st.sampled_from(["甲", "乙", "丙"])
SHAPES = st.lists(st.one_of(WORDS, st.none()), min_size=1, max_size=5).map(tuple).filter(any)
SENTENCE = st.lists(st.sampled_from(["甲", "乙", "丙", "丁"]), min_size=1, max_size=8)
TEMPLATES = st.dictionaries(SHAPES, st.integers(1, 50), min_size=1, max_size=12)


def parser_of(counts: dict[naive.Template, int], null_score: float = -20.0) -> ArticleParser:
    return ArticleParser(TemplateSet(MinedTemplate(Template(words), n) for words, n in counts.items()), null_score)


def tree_score(block: Block, counts: dict[naive.Template, int], null_score: float) -> float:
    if block.template is None:
        return null_score * (block.end - block.start - 1)
    share = math.log(counts[block.template.words]) - math.log(sum(counts.values()))
    return share + sum(tree_score(child, counts, null_score) for child in block.children)


@given(
    TEMPLATES,
    st.lists(st.sampled_from(["甲", "乙", "丙", "丁"]), min_size=1, max_size=8),
    st.sampled_from([-20.0, -1.0]),
)
def test_the_score_is_that_of_trying_every_analysis(
    counts: dict[naive.Template, int], words: list[str], null_score: float
) -> None:
    score, root = parser_of(counts, null_score).parse(words)
    assert score == pytest.approx(naive.best_score(words, counts, null_score))
    assert tree_score(root, counts, null_score) == pytest.approx(score)


@given(TEMPLATES, st.lists(WORDS, min_size=1, max_size=8))
def test_every_block_is_made_of_its_template(counts: dict[naive.Template, int], words: list[str]) -> None:
    def check(block: Block) -> None:
        assert "".join(words[block.start : block.end]) == block.show(words).replace("(", "").replace(")", "")
        at = block.start
        children = iter(block.children)
        for word in block.template.words if block.template else ():
            if word is None:
                child = next(children)
                assert child.start == at < child.end
                check(child)
                at = child.end
            else:
                assert words[at] == word
                at += 1
        assert block.template is None or at == block.end

    check(parser_of(counts).parse(words).root)

"""Trees compared with a treebank."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.errors import CorpusError
from minent.evaluation.trees import GoldTree, evaluate_trees, gold_spans, read_brackets, read_trees
from tests import naive_trees as naive


def conllu(*sentences):
    """Sentences as (word, head counted from 1, 0 the root); ， and 。 are punctuation."""
    lines = []
    for sentence in sentences:
        lines.append("# text = " + "".join(word for word, _ in sentence))
        for number, (word, head) in enumerate(sentence, 1):
            lines.append(f"{number}\t{word}\t_\t{'PUNCT' if word in '，。' else 'X'}\t_\t_\t{head}\t_\t_\t_")
        lines.append("")
    return lines


PEAR = [("雪梨", 3), ("的", 1), ("颜色", 4), ("好", 0), ("。", 4)]  # 雪梨 的 | 雪梨 的 颜色


def test_gold_spans_are_yields_of_subtrees():
    (tree,) = read_trees(conllu(PEAR))
    assert gold_spans(tree) == {(0, 2), (0, 3)}


def test_punctuation_does_not_break_a_yield():
    (tree,) = read_trees(conllu([("一", 3), ("，", 3), ("二", 4), ("三", 0)]))
    assert gold_spans(tree) == {(0, 2)}


def test_yields_with_a_hole_do_not_count():
    assert gold_spans(GoldTree(("一", "二", "三", "四"), (2, 3, 3, -1), (False,) * 4)) == set()


@given(st.integers(1, 5))
def test_gold_spans_are_those_of_all_projective_trees(n):
    for heads in naive.dependency_trees(n):
        wanted = {(min(s), max(s) + 1) for s in naive.subtrees(heads) if 2 <= len(s) < n}
        assert gold_spans(GoldTree(tuple("一" * n), heads, (False,) * n)) == wanted


def test_figures_of_one_sentence():
    scores = evaluate_trees(conllu(PEAR), ["(雪梨 的) (颜色 好) 。"], samples=50)
    found = scores.predicted
    assert (found.true_spans, found.test_spans, found.correct) == (2, 2, 1)
    assert (found.precision, found.recall, found.f1, found.sentence_f1) == (0.5, 0.5, 0.5, 0.5)
    assert scores.baselines["left-branching"].correct == 2
    assert scores.baselines["best binary tree"].f1 == 1
    assert (scores.sentences, scores.words, scores.same_words) == (1, 4, 4)


def test_the_whole_sentence_single_words_and_repeats_do_not_count():
    found = evaluate_trees(conllu(PEAR), ["((雪梨) ((雪梨 的 颜色 好) 。))".replace("(雪梨) ", "", 1)]).predicted
    assert found.test_spans == 0
    found = evaluate_trees(conllu(PEAR), ["(((雪梨 的))) 颜色 好 。"]).predicted
    assert (found.test_spans, found.correct) == (1, 1)


def test_other_words_are_compared_by_their_characters():
    found = evaluate_trees(conllu(PEAR), ["((雪 梨的) 颜色) 好 。"])
    assert (found.predicted.test_spans, found.predicted.correct) == (2, 2)
    assert found.same_words == 2
    found = evaluate_trees(conllu(PEAR), ["(雪 梨) 的 颜色 好。"]).predicted
    assert (found.test_spans, found.correct) == (1, 0)


def test_multiword_tokens_and_empty_nodes_are_passed_over():
    lines = conllu(PEAR)
    lines.insert(1, "1-2\t雪梨的\t_\t_\t_\t_\t_\t_\t_\t_")
    lines.insert(4, "2.1\t空\t_\t_\t_\t_\t_\t_\t_\t_")
    assert next(read_trees(lines)).words == ("雪梨", "的", "颜色", "好", "。")


@pytest.mark.parametrize(
    ("gold", "predicted", "complaint"),
    [
        (conllu(PEAR), ["雪梨 的 颜色 坏 。"], "predicted:1: text differs from the sentence at gold:2"),
        (conllu(PEAR), [], "fewer trees"),
        (conllu(PEAR), ["雪梨 的 颜色 好 。", "多"], "more trees"),
        (conllu(PEAR), ["(雪梨 的 颜色 好 。"], "not closed"),
        (conllu(PEAR), ["雪梨 的) 颜色 好 。"], "was not opened"),
        (["1\t雪梨"], [""], "gold:1: fewer than 7 columns"),
        (["1\t雪梨\t_\tX\t_\t_\tx"], [""], "no number and head"),
        (["1\t雪梨\t_\tX\t_\t_\t2", "2\t的\t_\tX\t_\t_\t1"], ["雪梨 的"], "no tree"),
        (["1\t雪梨\t_\tX\t_\t_\t9"], ["雪梨"], "no tree"),
        ([], [], "no sentences"),
    ],
)
def test_what_cannot_be_compared_is_told(gold, predicted, complaint):
    with pytest.raises(CorpusError) as caught:
        evaluate_trees(gold, predicted)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_brackets_in_words():
    assert read_brackets("(a -LRB- b) x-RRB-y") == (["a", "(", "b", "x)y"], [(0, 3)])


def test_baselines_of_a_real_treebank(real_text):
    path: Path = real_text("zh_gsdsimp-ud-dev.conllu")
    lines = path.read_text(encoding="utf-8").split("\n")
    flat = [" ".join("".join(word.split()) for word in tree.words) for tree in read_trees(lines)]
    scores = evaluate_trees(lines, flat, samples=0)
    f1 = {name: round(100 * figures.f1, 1) for name, figures in scores.baselines.items()}
    assert f1["left-branching"] == 7.0
    assert f1["right-branching"] == 8.5
    assert f1["balanced"] == 16.0
    assert f1["best binary tree"] == 60.5
    assert abs(f1["random"] - 12.2) < 0.5

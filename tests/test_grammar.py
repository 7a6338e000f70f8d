"""Training text, training, and the grammar's file."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import random
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.grammar import (
    DmvSettings,
    GrammarError,
    GrammarSettings,
    Piece,
    load_grammar,
    save_grammar,
    train_grammar,
)
from minent.grammar.marks import DEEPEST, Kind, paired_brackets, token_kind
from minent.grammar.text import normal_form, read_text, split_numbers
from minent.grammar.training import TooLittleText

SMALL = GrammarSettings(
    models=(DmvSettings(4, 5, iterations=3), DmvSettings(3, 2, iterations=2, tilt=0.2, seed=1)),
    min_count=1,
    constituent_classes=4,
)


def sentences(count, seed=0):
    rng = random.Random(seed)
    nouns, verbs = ["雪梨", "苹果", "香蕉", "颜色", "我们", "学校"], ["是", "有", "喜欢", "去"]

    def phrase(depth=0):
        return ([*phrase(depth + 1), "的"] if depth < 2 and rng.random() < 0.4 else []) + [rng.choice(nouns)]

    return [" ".join([*phrase(), rng.choice(verbs), *phrase(), "。"]) for _ in range(count)]


@pytest.fixture(scope="session")
def grammar():
    return train_grammar([Piece("\n".join(sentences(300)) + "\n")], SMALL)


def saved(grammar, path):
    save_grammar(grammar, path)
    return path.read_bytes()


# text


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("１９９８", "<N>"), ("3.14％", "<N>"), ("1,000", "<N>"), ("25亿", "<N>"), ("十二", "<N>"),
        ("第一", "第一"), ("𠮷", "𠮷"),
        ("第二十", "<N>"), ("一", "一"), ("iPhone", "<L>"), ("A股", "A股"), ("1998年", "年"), ("中国", "中国"),
    ],
)  # fmt: skip
def test_normal_forms(word, form):
    assert normal_form(word) == form


@given(st.text(alphabet="1２.,％年月A一万", min_size=1, max_size=12))
def test_splitting_at_numbers_loses_nothing(word):
    assert "".join(split_numbers(word)) == word
    assert all(split_numbers(word))


def test_marks_and_line_ends_are_boundaries_and_runs_of_them_one():
    text = read_text([Piece("我 来 ， 。\n\n她\r\n")], 100, 10, 1)
    assert text.words == ("她", "我", "来")
    assert text.ids.tolist() == [0, 3, 4, 0, 2, 0]
    assert text.counts.tolist() == [3, 0, 1, 1, 1]


def test_a_rare_word_is_1_and_numbers_are_cut_off():
    text = read_text([Piece("8年 9年 书\n")], 100, 10, 2)
    assert text.words == ("<N>", "年")
    assert text.ids.tolist() == [0, 2, 3, 2, 3, 1, 0]


def test_a_large_source_is_thinned_and_a_small_one_kept_whole():
    pieces = [Piece("大 河\n" * 500, "large")] * 4 + [Piece("小 溪\n" * 50, "small")]
    text = read_text(pieces, 1000, 10, 1)
    counts = dict(zip(text.words, text.counts[2:].tolist(), strict=True))
    assert counts["小"] == 50
    assert 100 < counts["大"] < 400
    assert len(text.ids) <= 1001
    assert np.array_equal(read_text(pieces, 1000, 10, 1).ids, text.ids)


def test_fragments_are_whole_short_and_in_order():
    text = read_text([Piece("一些 书 ， 好 ， 我 们 都 来 了 。\n" * 20)], 1000, 20, 1)
    starts, lengths = text.fragments(2, 4, 1000, 0)
    assert lengths.tolist() == [2] * 20
    assert (text.ids[starts - 1] == 0).all()
    some, _ = text.fragments(2, 4, 7, 3)
    assert len(some) == 7
    assert (np.diff(some) > 0).all()


@pytest.mark.parametrize(
    ("token", "kind"),
    [("中", Kind.WORD), ("３", Kind.WORD), ("。", Kind.CLAUSE_END), ("……", Kind.CLAUSE_END), ("、", Kind.ENUMERATION),
     ("《", Kind.BRACKET), ("℃", Kind.OTHER), ("——", Kind.OTHER), ("(", Kind.BRACKET)],
)  # fmt: skip
def test_kinds_of_tokens(token, kind):
    assert token_kind(token) == kind


@given(st.lists(st.sampled_from('“”（）"《》他'), max_size=30))
def test_pairs_of_brackets_are_nested(tokens):
    pairs = paired_brackets(tokens)
    assert len({place for pair in pairs for place in pair}) == 2 * len(pairs)
    for a, b in pairs:
        assert a < b
        assert not any(a < c < b < d for c, d in pairs)


def test_brackets_are_not_followed_down_without_end():
    pairs = paired_brackets(["（"] * 5000 + ["他"] + ["）"] * 5000)
    assert len(pairs) <= DEEPEST


# training


def test_training_does_not_depend_on_the_workers_and_its_file_neither(grammar, tmp_path):
    again = train_grammar([Piece("\n".join(sentences(300)) + "\n")], SMALL, jobs=3)
    assert saved(grammar, tmp_path / "a.npz") == saved(again, tmp_path / "b.npz")


def test_each_iteration_fits_the_text_better():
    values = []
    model = GrammarSettings(models=(DmvSettings(4, 5, iterations=8),), min_count=1, smoothing=1e-6, stop_smoothing=1e-6)
    train_grammar(
        [Piece("\n".join(sentences(300)))], model, progress=lambda p: values.append(p.value) if p.value else None
    )
    assert len(values) == 8
    assert all(later <= earlier + 1e-4 for earlier, later in itertools.pairwise(values))


def test_parameters_are_probabilities(grammar):
    for dmv in grammar.dmvs:
        assert dmv.root.sum() == pytest.approx(1)
        np.testing.assert_allclose(dmv.attach.sum(axis=-1), 1)
        assert ((dmv.stop > 0) & (dmv.stop < 1)).all()


@pytest.mark.parametrize("text", ["", "\n\n", "。 ，\n", "书\n", "书 。 书\n"])
def test_too_little_text_is_told(text):
    with pytest.raises(TooLittleText, match="no clause of two words"):
        train_grammar([Piece(text)], SMALL)


def test_unknown_words_have_stand_ins_of_their_shape(grammar):
    ids = grammar.ids(["雪梨", "学校", "荔枝", "１２", "z"])
    assert (ids[:2] > 0).all()
    assert (ids[2:] < 0).all()
    assert (np.abs(ids) < len(grammar.counts)).all()
    assert grammar.ids(["飞梨"])[0] == -grammar.ids(["雪梨"])[0]


# file


def test_a_grammar_comes_back_from_its_file(grammar, tmp_path):
    save_grammar(grammar, tmp_path / "g.npz")
    back = load_grammar(tmp_path / "g.npz")
    assert back.words == grammar.words
    for mine, its in zip(grammar.dmvs, back.dmvs, strict=True):
        np.testing.assert_array_equal(mine.symbols, its.symbols)
        np.testing.assert_allclose(mine.attach, its.attach, rtol=1e-6)
    np.testing.assert_array_equal(grammar.ccm.yields, back.ccm.yields)
    np.testing.assert_array_equal(grammar.bonds.keys, back.bonds.keys)
    assert back.about["words"] == grammar.about["words"]


def rewritten(path, target, **changes):
    with np.load(path) as archive:
        arrays = {**archive, **changes}
    np.savez(target, **{k: v for k, v in arrays.items() if v is not None})
    return target


def header(**changes):
    text = json.dumps({"format": "minent-grammar", "version": 1, "models": 2, "about": {}, **changes})
    return np.frombuffer(text.encode(), dtype=np.uint8)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"counts": None}, "counts is missing"),
        ({"counts": np.zeros(3, np.int64)}, "counts is int64"),
        ({"dmv0_root": np.zeros(3)}, "dmv0_root is float64"),
        ({"dmv1_frequency": np.array([0.5])}, "symbol without parameters"),
        ({"ccm_contexts": np.full((2, 2), np.nan)}, "ccm_contexts is"),
        ({"words": np.frombuffer(b"a\na\n", np.uint8)}, "distinct"),
        ({"words": np.frombuffer(b"\xff\n", np.uint8)}, "not UTF-8"),
        ({"bond_keys": np.array([5, 4], np.int64), "bond_counts": np.ones(2, np.int32)}, "do not rise"),
        ({"header": header(version=2)}, "has format 2"),
        ({"header": header(format="x")}, "is no grammar"),
        ({"header": header(models=10**9)}, "incomplete"),
        ({"header": np.frombuffer(b"{", np.uint8)}, "no JSON"),
        ({"words": np.array(["a", {}], dtype=object)}, "is no grammar, or a damaged one"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(grammar, tmp_path, changes, complaint):
    save_grammar(grammar, tmp_path / "g.npz")
    with pytest.raises(GrammarError) as caught:
        load_grammar(rewritten(tmp_path / "g.npz", tmp_path / "bad.npz", **changes))
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_values_out_of_range_are_refused(grammar, tmp_path):
    save_grammar(grammar, tmp_path / "g.npz")
    for value in (np.nan, np.inf, 0.0, 2.0):
        stop = grammar.dmvs[0].stop.astype(np.float32)
        stop[0, 0, 0] = value
        with pytest.raises(GrammarError, match="out of range"):
            load_grammar(rewritten(tmp_path / "g.npz", tmp_path / "bad.npz", dmv0_stop=stop))


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_a_file_with_a_byte_changed_is_read_or_refused(grammar, tmp_path_factory, place, byte):
    path = tmp_path_factory.mktemp("file") / "g.npz"
    data = bytearray(saved(grammar, path))
    data[place % len(data)] = byte
    path.write_bytes(data)
    try:
        load_grammar(path)
    except GrammarError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("data", [b"", b"PK", b"#minent-lexicon 1\n", b"\x93NUMPY"])
def test_another_file_is_refused(tmp_path, data):
    (tmp_path / "g.npz").write_bytes(data)
    with pytest.raises(GrammarError, match="is no grammar"):
        load_grammar(tmp_path / "g.npz")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(GrammarError, match="no such file"):
        load_grammar(tmp_path / "none.npz")


def test_a_file_that_would_fill_the_memory_is_refused(tmp_path):
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    with zipfile.ZipFile(tmp_path / "g.npz", "w") as archive:
        archive.writestr("counts.npy", member.getvalue())
    with pytest.raises(GrammarError):
        load_grammar(tmp_path / "g.npz")


def test_settings_are_kept_in_the_file(grammar):
    assert grammar.about["settings"]["models"][0]["classes"] == 4
    assert json.loads(json.dumps(grammar.about)) == json.loads(json.dumps(dataclasses.replace(grammar).about))

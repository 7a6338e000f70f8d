"""Explanations are true: the decision rebuilt from what they print is what the recipe did."""

from __future__ import annotations

import json
import lzma
import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_mining import segments

import minent
from minent import Lexicon, LexiconSettings, build_lexicon
from minent.concordance import printable
from minent.decisions import Decision, Decisions
from minent.errors import CorpusError, LexiconError
from minent.explanation import Explanation, explain, rendered
from minent.explanation.spelling import other_widths, units_of
from minent.explanation.steps import Joining
from minent.kept_words import with_kept_counts
from minent.recipes.default import DefaultSettings

Told = dict[str, Any]

# a text of this size is learned from by kinds
BY_KINDS = DefaultSettings(whole_text=1_000, large_text=3_000, kind_text=500, kind_sample=6_000, samples=20_000)


def rebuilt(told: Told) -> tuple[bool, int]:
    """Whether the recipe writes the word, and with which count: from the numbers of the steps, by their rules."""
    kept, count = True, 0
    for step in told["steps"]:
        kept, count = RULES[step["name"]](step, kept), step.get("count", 0)
    return kept, count


def is_joined(step: Told, pair: Told, above: str = "above") -> bool:
    strong = pair["count"] > step[above] and pair["pmi"] is not None and pair["pmi"] > step["min_pmi"]
    return strong or pair["protected"]


def is_redundant(step: Told) -> bool:
    """By the counts alone: ln p(word) − Σ ln p(part) against the threshold."""
    total = step["total"]
    parts = [max(part["count"], 1) / total for part in step["parts"]]
    gain = math.log(step["count"] / total) - sum(map(math.log, parts))
    assert gain == pytest.approx(step["pmi"])
    return step["threshold"] is None or gain < step["threshold"] - 1e-9


def is_listed(step: Told, kept: bool) -> bool:
    if step["count"] >= step["least"]:
        return True
    return (
        step["rare_pmi"] is not None
        and step["count"] > 0
        and all(pair["pmi"] >= step["rare_pmi"] for pair in step["pairs"])
    )


def bond(step: Told, cut: Told) -> float | None:
    """The PMI of two words, by their counts; None where they are no words or never together."""
    if cut["problem"] or not cut["together"]:
        return None
    strength = math.log(cut["together"] * step["total"] / (cut["left_count"] * cut["right_count"]))
    assert strength == pytest.approx(cut["pmi"])
    return strength


def is_split(step: Told) -> bool:
    strengths = [(bond(step, cut), cut["threshold"]) for cut in step["cuts"]]
    return any(strength is not None and strength < threshold for strength, threshold in strengths)


def is_inseparable(step: Told, cut: Told) -> bool:
    return bool(cut["beside"] >= step["inseparable"] * max(cut["left_count"], cut["right_count"]))


def is_bonded(step: Told, kept: bool) -> bool:
    for cut in step["cuts"]:
        strength = bond(step, cut)
        bound = step["is_only_way"] and is_inseparable(step, cut)
        if cut["beside"] >= step["least"] and strength is not None and (bound or strength > cut["threshold"]):
            return True
    if step["term"] is not None:
        assert bond(step, step["term"]) is not None and is_inseparable(step, step["term"])
        return False
    return kept and not step["is_only_way"]


def is_term(step: Told, kept: bool) -> bool:
    for term in step["terms"]:
        joined = all(is_joined(step, pair, "pairs_above") for pair in term["pairs"])
        if joined and term["count"] > step["above"] and not is_redundant(term["redundancy"]):
            return True
    return kept


def is_wished(step: Told, kept: bool) -> bool:
    fits = step["min_length"] <= step["length"] <= (step["max_length"] or step["length"])
    return step["protected"] or (kept and fits and not step["banned"] and step["count"] >= step["min_count"])


RULES: dict[str, Callable[[Told, bool], bool]] = {
    "spelling": lambda step, kept: False,
    "pairs": lambda step, kept: kept and all(is_joined(step, pair) for pair in step["pairs"]),
    "ngrams": lambda step, kept: (
        kept
        and all(
            ngram["count"] >= step["least"] and ngram["pmi"] is not None and ngram["pmi"] > ngram["threshold"]
            for ngram in step["ngrams"]
        )
    ),
    "candidate": lambda step, kept: kept and step["count"] > step["above"],
    "redundancy": lambda step, kept: kept and not is_redundant(step),
    "received": lambda step, kept: kept or step["count"] > 0,
    "kinds": lambda step, kept: kept,
    "listing": is_listed,
    "splitting": lambda step, kept: kept and not is_split(step),
    "joining": is_bonded,
    "terms": is_term,
    "wishes": is_wished,
    "places": lambda step, kept: kept,
    "conventions": lambda step, kept: step["count"] > 0,
}


def check_truth(lexicon: Lexicon, words: list[str], corpus: Any, **options: Any) -> list[Explanation]:
    """Every decision follows from what is told, and is that of the lexicon."""
    found = explain(words, lexicon, corpus, **options)
    for each in found:
        told = json.loads(json.dumps(each.to_dict(), allow_nan=False))
        kept, count = rebuilt(told)
        assert (kept, each.word) == (each.entry in lexicon, each.word), told
        assert each.kept is kept and told["steps"][-1]["in"] is kept
        if kept:
            assert (count, each.word) == (lexicon[each.entry].count, each.word)
            assert each.count == count
        assert not [note for note in each.notes if "its recipe" in note]
        assert rendered(each).startswith(printable(each.word))
    return found


def asked_words(lexicon: Lexicon, text: str, size: int, seed: int = 0) -> list[str]:
    """Words of a lexicon, and strings of the text that are mostly none."""
    chance = random.Random(seed)
    words = chance.sample(lexicon.words, min(size, len(lexicon)))
    words += sorted([word for word in lexicon.words if len(word) > 4], key=len)[-size:]
    for _ in range(2 * size):
        place = chance.randrange(len(text))
        words.append(text[place : place + chance.randint(1, 7)])
    return [word for word in dict.fromkeys(words) if word.strip()]


@pytest.fixture(scope="module")
def story(bundled_data: Path) -> str:
    """Some chapters of a novel, with numbers and Latin letters in a few lines."""
    text = lzma.decompress((bundled_data / "hongloumeng.txt.xz").read_bytes()).decode()
    return text[200_000:330_000] + "\n1998年的Ａ股和A股，２００１年的A股，维生素C。" * 25


@pytest.mark.parametrize(
    "options",
    [
        {"recipe": "plain"},
        {"recipe": "plain", "redundancy": "article", "min_pmi": 1.5, "max_length": 3},
        {"recipe": "plain", "units": "char", "min_count": 9},
        {"recipe": "cohesion"},
        {"recipe": "cohesion", "order": 3, "min_count": 3, "min_length": 2},
        {"recipe": "default"},
        {"recipe": "default", "min_count": 3, "max_length": 12},
    ],
    ids=lambda options: " ".join(map(str, options.values())),
)
def test_the_decision_follows_from_what_is_told(story: str, options: dict[str, Any]) -> None:
    lexicon = build_lexicon([story], **options)
    found = check_truth(lexicon, asked_words(lexicon, story, 150), [story])
    assert {each.kept for each in found} == {True, False}


def test_the_decision_follows_in_a_text_learned_by_kinds(story: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minent.recipes.sampled.DefaultSettings", lambda: BY_KINDS)
    lexicon = build_lexicon([story])
    found = check_truth(lexicon, asked_words(lexicon, story, 150), [story])
    kinds = [step for each in found for step in each.steps if step.name == "kinds"]
    assert any(len(step.kinds) > 1 for step in kinds)  # type: ignore[attr-defined]
    joined = [each for each in found if each.decided_by == "joining" and each.kept]
    assert joined


lines_of_text = st.lists(st.text("甲乙丙丁，A1", max_size=24), min_size=1, max_size=9).filter(
    lambda lines: any(char.isalnum() for line in lines for char in line)
)
some_words = st.lists(st.text("甲乙丙丁A1，", min_size=1, max_size=6), min_size=1, max_size=12, unique=True)


@given(lines_of_text, some_words, st.sampled_from(["plain", "cohesion"]), st.sampled_from([0.1, 0.7]))
@settings(max_examples=150)
def test_the_decision_follows_in_any_text(lines: list[str], words: list[str], recipe: str, min_pmi: float) -> None:
    chosen = LexiconSettings(recipe=recipe, min_pmi=min_pmi, min_count=1, min_prob=0.0)
    lists = {"protect": words[:1], "ban": words[1:2]}
    lexicon = build_lexicon(lines, chosen, **lists)
    check_truth(lexicon, list(dict.fromkeys([*words, *lexicon.words])), lines, **lists)


@given(lines_of_text, some_words)
@settings(max_examples=60)
def test_figures_are_those_of_the_obvious_way(lines: list[str], words: list[str]) -> None:
    text = segments("\n".join(lines))
    counts = Counter(
        tuple(run[k : k + size]) for run in text for size in range(1, len(run) + 1) for k in range(len(run) - size + 1)
    )
    total = sum(map(len, text))
    for found in explain(words, Lexicon.from_counts({"甲": 1}), lines):
        assert found.occurrences == counts[found.units] if found.units else found.cuts == ()
        assert (found.total, found.steps, found.kept, found.recipe) == (total, (), None, None)
        if not found.units or not counts[found.units]:
            assert found.cuts == () and found.left_entropy is None
            continue
        assert len(found.cuts) == len(found.units) - 1
        for place, cut in enumerate(found.cuts, start=1):
            left, right = found.units[:place], found.units[place:]
            assert (cut.left_count, cut.right_count) == (counts[left], counts[right])
            joint, first, second = (counts[each] / total for each in (found.units, left, right))
            assert cut.pmi == pytest.approx(math.log(joint / (first * second)))
            assert cut.merge_gain >= joint * (cut.pmi - 1) - 1e-12  # F_ab is not below its bound (2.15)
        if found.cuts:
            assert found.weakest is not None
            assert found.cuts[found.weakest].pmi == min(cut.pmi for cut in found.cuts)


def test_how_the_lexicon_cuts_it_now_and_where_it_stands() -> None:
    texts = ["红苹果的颜色", "绿苹果和梨", "苹果"]
    lexicon = Lexicon.from_counts({"苹果": 5, "红苹果": 5, "的": 3, "颜色": 2})
    (found,) = explain("苹果", lexicon, texts)
    assert [(way.tokens, way.count) for way in found.ways] == [(("苹果",), 2), (("红苹果",), 1)]
    assert found.cut_occurrences == found.occurrences == 3
    assert [(place.left, place.right) for place in found.contexts] == [("红", "的颜色"), ("绿", "和梨"), ("", "")]
    assert (found.count, found.rank) == (5, 1) or (found.count, found.rank) == (5, 2)
    assert found.log_prob == pytest.approx(math.log(5 / 15))
    (found,) = explain("苹果", lexicon, texts, contexts=1)
    assert [place.left for place in found.contexts] == ["绿"]


def test_a_number_is_its_class_and_another_width_is_told(story: str) -> None:
    lexicon = build_lexicon([story])
    year, share = explain(["1998年", "K线"], lexicon, [story])
    assert (year.entry, year.units, share.entry) == ("<N>年", ("<N>", "年"), "<L>线")
    assert year.occurrences == 50 and year.kept is True
    assert year.ways[0].tokens[0].startswith("1998年") and year.cut_occurrences == 25
    assert any("the lexicon writes it <N>年" in note for note in year.notes)
    plain = build_lexicon([story], recipe="plain")
    (narrow,) = explain("Ａ股", plain, [story])
    assert narrow.occurrences == 25
    assert "written A股 it is in the text 50 times" in narrow.notes


@pytest.mark.parametrize(
    ("word", "whole_runs", "units"),
    [
        ("维生素C", True, ("维", "生", "素", "C")),
        ("维生素Abc", False, ("维", "生", "素", "A", "b", "c")),
        ("<N>年<L>", True, ("<N>", "年", "<L>")),
        ("<N>年", False, ()),
        ("3.14％", True, ("3.14％",)),
        ("C++", True, ()),
        ("New York", True, ()),
        ("甲\n乙", True, ()),
        ("Ａ股", False, ()),
        ("\ud800", True, ()),
    ],
)
def test_units_of_a_word(word: str, whole_runs: bool, units: tuple[str, ...]) -> None:
    assert units_of(word, whole_runs) == units


def test_words_that_no_recipe_can_have_are_explained_too() -> None:
    texts = ["诺贝尔·奖和C++，New York" for _ in range(9)]
    words = ["C++", "New York", "诺贝尔·奖", "\ud800", "甲\n乙", "字" * 40]
    for recipe in ("plain", "default"):
        lexicon = build_lexicon(texts, recipe=recipe, protect=["C++"])
        found = check_truth(lexicon, words, texts, protect=["C++"])
        assert [each.kept for each in found] == [True, False, False, False, False, False]
        assert [each.occurrences for each in found] == [9, 9, 9, 0, 0, 0]
        assert found[0].decided_by == "wishes" and found[1].decided_by == "spelling"


def test_the_pieces_of_a_long_term_are_told_of_it() -> None:
    chance = random.Random(1)
    signs = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏"
    lines = [
        "".join([*chance.choices(signs, k=6), "，", "民主共和国家的" * (k % 3 > 0), *chance.choices(signs, k=4)])
        for k in range(300)
    ]
    lexicon = build_lexicon(lines)
    term, *pieces = check_truth(lexicon, ["共和国家的", "共和", "国家的"], lines)
    assert term.kept and "共和国家的" in lexicon
    for piece in pieces:
        joining = next(step for step in piece.steps if isinstance(step, Joining))
        assert not piece.kept and joining.term is not None
        assert "hardly occur without each other" in rendered(piece)


def test_another_text_an_edited_lexicon_and_other_lists_are_told(story: str) -> None:
    lexicon = build_lexicon([story], recipe="plain")
    word = next(word for word in lexicon.words if len(word) == 2)
    counts = dict(zip(lexicon.words, lexicon.counts.tolist(), strict=True))
    edited = Lexicon.from_counts({**counts, word: 1, "的主要": 4}, lexicon.settings)
    one, other, same = explain([word, "的主要", lexicon.words[0]], edited, [story])
    assert f"has it with the count 1, its recipe gives it the count {counts[word]:,}" in one.notes[-1]
    assert "has it with the count 4, its recipe drops it" in other.notes[-1]
    assert same.notes == () and same.same_text is True
    (elsewhere,) = explain(word, lexicon, [story[:9000]])
    assert elsewhere.same_text is False and "not the text of which the lexicon was made" in elsewhere.notes[0]
    banned = build_lexicon([story], recipe="plain", ban=[word])
    (found,) = explain(word, banned, [story])
    assert "does not have it, its recipe gives it" in found.notes[-1]
    check_truth(banned, [word], [story], ban=[word])


@pytest.mark.parametrize("recipe", ["plain", "default"])
def test_what_people_decided_is_told_and_followed(story: str, recipe: str) -> None:
    before = build_lexicon([story], recipe=recipe)
    dropped, fixed = [word for word in before.words if len(word) == 2][:2]
    decisions = Decisions(
        [
            Decision(dropped, "drop", place="d.tsv:3"),
            Decision(fixed, "fix", ("宝二爷", "笑道"), place="d.tsv:4"),
            Decision("姑娘们", "keep", place="d.tsv:5"),
        ]
    )
    lists = {"protect": decisions.kept(), "ban": decisions.banned()}
    mined = build_lexicon([story], recipe=recipe, **lists)
    lexicon = with_kept_counts(mined, minent.open_corpus([story]), decisions.kept())
    words = [dropped, fixed, "宝二爷", "笑道", "姑娘们", *asked_words(lexicon, story, 20)]
    found = check_truth(lexicon, words, [story], decisions=decisions)
    told = {each.word: (each.kept, each.decided_by, rendered(each)) for each in found}
    for word, place in ((dropped, "d.tsv:3 drops"), (fixed, "d.tsv:4 fixes")):
        kept, step, text = told[word]
        assert not kept and step == ("wishes" if recipe == "default" else "redundancy")
        assert f"; a decision drops it 人工决定: {place} {word}" in text
    for word, place in (("宝二爷", "d.tsv:4 fixes"), ("姑娘们", "d.tsv:5 keeps")):
        kept, step, text = told[word]
        assert kept
        assert f"; a decision keeps it 人工决定: {place}" in text
    assert (told["宝二爷"][1] == "wishes") == (recipe == "default")  # plain does not cut what is protected
    silent = next(each for each in found if each.word not in words[:5])
    assert "人工决定" not in rendered(silent)
    (forgotten,) = explain(dropped, lexicon, [story])
    assert "other lists (--protect, --ban, --decisions)" in forgotten.notes[-1]


def test_a_notebook_shows_the_text_and_obeys_nothing_in_it() -> None:
    texts = ["苹果<script>alert(1)</script>的颜色"] * 9
    (found,) = explain("<script>", Lexicon.from_counts({"苹果": 1}), texts)
    shown = found._repr_html_()
    assert shown.startswith("<pre>&lt;script&gt;\n") and shown.count("<") == 2
    (odd,) = explain("\ud800", Lexicon.from_counts({"苹果": 1}), texts)
    odd._repr_html_().encode()


def test_conventions_of_the_lexicon_are_the_last_step() -> None:
    texts = ["江泽民在北京", "江泽民在上海", "一九九八年一月"] * 60
    from minent.conventions import apply_conventions

    lexicon = apply_conventions(build_lexicon(texts), ["split-names", "split-suffixes"])
    found = check_truth(lexicon, [*lexicon.words, "江泽民", "泽民"], texts)
    assert all(each.steps[-1].name == "conventions" for each in found)


def test_without_a_recipe_there_are_figures_only(story: str) -> None:
    plain_list = Lexicon.from_counts({"宝玉": 3})
    (found,) = explain("宝玉", plain_list, [story])
    assert (found.kept, found.steps, found.count) == (None, (), 3)
    assert found.notes == ("the head of the lexicon names no recipe: there are no steps to tell",)
    lexicon = build_lexicon([story], recipe="plain")
    (quick,) = explain("宝玉", lexicon, [story], replay=False)
    (whole,) = explain("宝玉", lexicon, [story])
    assert quick.notes == ("the recipe was not run again: there are no steps to tell",)
    assert replace(quick, notes=(), steps=whole.steps, kept=whole.kept, recipe="plain") == replace(whole, notes=())


@pytest.mark.parametrize("recipe", ["plain", "cohesion", "default"])
def test_workers_and_a_file_between_make_no_difference(story: str, recipe: str, tmp_path: Path) -> None:
    lexicon = build_lexicon([story], recipe=recipe)
    lexicon.save(tmp_path / "lexicon.tsv")
    (tmp_path / "story.txt").write_text(story, encoding="utf-8")
    words = ["宝玉", "笑道", "A股"]
    one = explain(words, lexicon, tmp_path / "story.txt")
    assert explain(words, tmp_path / "lexicon.tsv", tmp_path / "story.txt", jobs=3) == one


def test_what_cannot_be_explained_is_an_error(tmp_path: Path) -> None:
    lexicon = build_lexicon(["苹果的颜色"] * 9, recipe="plain")
    with pytest.raises(CorpusError, match="there is nothing to explain words from"):
        explain("苹果", lexicon, ["，。"])
    with pytest.raises(ValueError, match="a word to explain is empty"):
        explain([""], lexicon, ["苹果"])
    for key, value, problem in [
        ("min_count", "three", "min_count is 'three', not a number"),
        ("recipe", "soup", "recipe is 'soup'"),
        ("conventions", "soup", "convention is 'soup'"),
        ("min_pmi", "nan", "min_pmi is nan"),
    ]:
        broken = Lexicon.from_counts({"苹果": 1}, {**lexicon.settings, key: value})
        with pytest.raises(LexiconError, match=problem):
            explain("苹果", broken, ["苹果"])


def test_other_widths_of_letters_and_digits() -> None:
    assert other_widths("维生素Ｃ") == ["维生素C"]
    assert other_widths("A股Ｂ") == ["Ａ股Ｂ", "A股B"]
    assert other_widths("<N>年") == other_widths("C++") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("people_daily_199801.txt", {"recipe": "plain"}, ["的主要", "共和国", "字节跳动", "Ａ股", "维生素Ｃ"]),
        ("people_daily_199801.txt", {"recipe": "cohesion"}, ["的主要", "共和国", "字节跳动", "Ａ股", "中华人民共和国"]),
        ("people_daily_199801.txt", {}, ["的主要", "共和国", "字节跳动", "Ａ股", "维生素Ｃ", "1998年", "天安门广场"]),
        ("questions.txt", {"recipe": "plain"}, ["的主要", "字节跳动", "维生素C", "A股", "a股"]),
    ],
)
def test_words_of_real_text(
    real_text: Callable[[str], Path], name: str, options: dict[str, Any], words: list[str]
) -> None:
    path = real_text(name)
    lexicon = build_lexicon(path, **options)
    text = path.read_text(encoding="utf-8")[:300_000]
    found = check_truth(lexicon, [*words, *asked_words(lexicon, text, 300)], path)
    assert found[0].word == "的主要" and found[0].kept is False


def test_the_names_are_where_users_look_for_them() -> None:
    assert minent.explain is explain and minent.Explanation is Explanation


def test_a_class_in_a_word_stays_the_class_and_other_widths_are_of_words_without() -> None:
    lines = ["北京在下雨，上海在下雪。"] * 20 + ["1998年下雨，１９９８年下雪。"] * 20
    lexicon = build_lexicon(lines)
    (found,) = explain("1998年", lexicon, lines)
    assert not any("１９９８年" in note for note in found.notes)
    no_numbers = build_lexicon(lines[:20])
    (absent,) = explain("<N>年", no_numbers, lines[:20])
    assert absent.entry == "<N>年" and absent.units in ((), ("<N>", "年"))

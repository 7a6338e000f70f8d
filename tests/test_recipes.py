"""The plain and the cohesion recipe against the obvious ones, over alphabets so small that ties are common."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection
from typing import Any

import naive_mining as naive
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from minent.corpus.alphabet import Alphabet
from minent.corpus.sources import Corpus
from minent.counting import CodedCorpus, Pieces, count_corpus_units
from minent.discovery import build_lexicon
from minent.recipes.cohesion import mine_cohesion
from minent.recipes.lists import WordLists
from minent.recipes.mined import words_of_pieces
from minent.recipes.plain import choose_thresholds, mine_plain
from minent.recipes.redundancy import LONGEST, remove_redundant_words
from minent.settings import LexiconSettings

texts = st.lists(st.text(alphabet="天地人a ", min_size=1, max_size=60), min_size=1, max_size=4).filter(
    lambda lines: any(line.strip() for line in lines)
)
words = st.sets(st.text(alphabet="天地人a", min_size=1, max_size=4), max_size=3)
rules = st.sampled_from(["length", "article"])
max_lengths = st.sampled_from([None, 1, 2, 3])


def segments(lines: list[str]) -> naive.Segments:
    return [segment for line in lines for segment in naive.segments(line)]


def listed(texts: set[str]) -> set[naive.Word]:
    """Words of a list as the recipes take them: one segment of two units or more."""
    cut = [naive.segments(text) for text in texts]
    return {tuple(found[0]) for found in cut if len(found) == 1 and len(found[0]) > 1}


def mined(
    miner: Any,
    lines: list[str],
    jobs: int = 1,
    protect: Collection[str] = (),
    ban: Collection[str] = (),
    **named: Any,
) -> Counter[str]:
    chosen = LexiconSettings(**named)
    corpus = Corpus.from_texts(lines, shard_size=8)
    alphabet = Alphabet.from_counts(count_corpus_units(corpus)[0])
    found = miner(CodedCorpus(corpus, alphabet, jobs), chosen, WordLists(frozenset(protect), frozenset(ban)))
    assert len(set(found.texts)) == len(found.texts)
    for text, length in zip(found.texts, found.lengths.tolist(), strict=True):
        assert [length] == [len(segment) for segment in naive.segments(text)]
    return Counter(dict(zip(found.texts, found.counts.tolist(), strict=True)))


def as_texts(counts: Counter[naive.Word]) -> Counter[str]:
    return Counter({"".join(word): count for word, count in counts.items() if count})


# The recipes as a whole


@settings(max_examples=300)
@given(
    texts, st.sampled_from([1, 3]), st.sampled_from([0.0, 0.01, 0.05, 0.15]), st.sampled_from([-0.7, 0.13, 0.6, 1.3]),
    rules, words, words, max_lengths,
)  # fmt: skip
@example(["天天天天天", "地人"], 1, 0.01, -0.7, "article", set(), set(), None)
@example(["天地人天地天地人"], 1, 0.0, 1.3, "length", {"天地", "天地人"}, set(), None)
def test_the_plain_recipe(
    lines: list[str], jobs: int, min_prob: float, min_pmi: float, rule: str, protect: set[str], ban: set[str],
    max_length: int | None,
) -> None:  # fmt: skip
    found = mined(
        mine_plain, lines, jobs, protect, ban,
        min_prob=min_prob, min_pmi=min_pmi, redundancy=rule, max_length=max_length,
    )  # fmt: skip
    expected = naive.plain(segments(lines), min_prob, min_pmi, rule, listed(protect), listed(ban - protect), max_length)
    assert found == as_texts(expected)


@settings(max_examples=300)
@given(
    texts, st.sampled_from([1, 3]), st.sampled_from([1, 2, 3]), st.sampled_from([0.05, 0.13, 0.4]),
    st.sampled_from([2, 3, 4]), words, words, max_lengths,
)  # fmt: skip
def test_the_cohesion_recipe(
    lines: list[str], jobs: int, min_count: int, min_pmi: float, order: int, protect: set[str], ban: set[str],
    max_length: int | None,
) -> None:  # fmt: skip
    found = mined(
        mine_cohesion, lines, jobs, protect, ban,
        min_count=min_count, min_pmi=min_pmi, order=order, max_length=max_length,
    )  # fmt: skip
    expected = naive.cohesion(
        segments(lines), min_count, min_pmi, order, listed(protect), listed(ban - protect), max_length
    )
    assert found == as_texts(expected)


def test_a_rare_weak_pair_inside_a_strong_word_survives_with_cohesion() -> None:
    """The example of kexue.fm/archives/6920: 和 and 国 are weak neighbours, 共和国 is a word."""
    lines = ["人民共和国", "和", "国", "和我", "国有", "外国", "暖和", "共和国"] * 5 + ["的", "是", "在", "有"] * 60
    found = mined(mine_cohesion, lines, min_count=3, min_pmi=1.0, order=4)
    assert found["共和国"] > 0


# Redundancy alone


def pieces_of(counts: dict[tuple[int, ...], int]) -> Pieces:
    """Pieces with these counts: words of unit ids."""
    pieces = Pieces(8)
    rows = [(word, count) for word, count in counts.items() if len(word) > 1]
    for word, count in counts.items():
        if len(word) == 1:
            pieces.singles[word[0]] = count
    if rows:
        longest = max(len(word) for word, _ in rows)
        units = np.array([[*word, *[0] * (longest - len(word))] for word, _ in rows], dtype=np.int32)
        lengths = np.array([len(word) for word, _ in rows], dtype=np.int64)
        pieces.words.add_rows(units, lengths, np.array([count for _, count in rows], dtype=np.int64))
    return pieces


def counts_of(pieces: Pieces) -> Counter[tuple[int, ...]]:
    found = Counter({(unit,): int(count) for unit, count in enumerate(pieces.singles) if count})
    starts = [0, *pieces.words.ends().tolist()]
    for k, count in enumerate(pieces.words.counts[: len(pieces.words)].tolist()):
        if count:
            found[tuple(pieces.words.content[starts[k] : starts[k + 1]].tolist())] = count
    return found


word_counts = st.dictionaries(
    st.lists(st.integers(1, 3), min_size=1, max_size=6).map(tuple), st.sampled_from([1, 2, 3, 5, 20, 200]), max_size=25
)


@settings(max_examples=300)
@given(word_counts, st.sampled_from(["length", "article", None]), st.integers(0, 3), st.integers(0, 3))
def test_redundant_words_go_and_their_counts_stay(
    counts: dict[tuple[int, ...], int], rule: str | None, protect_every: int, unwanted_every: int
) -> None:
    pieces = pieces_of(counts)
    order = [word for word in counts if len(word) > 1]
    protected = np.array([protect_every > 0 and k % (protect_every + 1) == 0 for k in range(len(order))], dtype=bool)
    unwanted = np.array([unwanted_every > 0 and k % (unwanted_every + 1) == 1 for k in range(len(order))], dtype=bool)
    unwanted &= ~protected
    units_before = sum(len(word) * count for word, count in counts.items())
    removed = remove_redundant_words(pieces, rule, protected, unwanted)

    keep = {tuple(map(str, word)) for word, kept in zip(order, protected, strict=True) if kept}
    drop = {tuple(map(str, word)) for word, gone in zip(order, unwanted, strict=True) if gone}
    named = {tuple(map(str, word)): count for word, count in counts.items()}
    expected = naive.remove_redundant(named, naive.RULES[rule], keep, drop.__contains__)
    found = counts_of(pieces)
    assert {tuple(map(str, word)): count for word, count in found.items()} == {w: n for w, n in expected.items() if n}
    assert sum(len(word) * count for word, count in found.items()) == units_before
    assert removed == sum(len(word) > 1 for word in counts) - sum(len(word) > 1 for word in found)


def test_the_two_rules_differ_for_long_words() -> None:
    """ln p(123) − ln p(1) p(2) p(3) = ln(8/80) − 3 ln(24/80) = 1.31: above 1, below 3 − 1."""
    counts = {(1,): 24, (2,): 24, (3,): 24, (1, 2, 3): 8}
    assert math.log(8 / 80) - 3 * math.log(24 / 80) == pytest.approx(1.309, abs=1e-3)
    for rule, expected in (("article", True), ("length", False)):
        pieces = pieces_of(counts)
        remove_redundant_words(pieces, rule, np.zeros(1, bool), np.zeros(1, bool))
        assert ((1, 2, 3) in counts_of(pieces)) is expected


def test_equally_good_cuttings_go_to_the_longer_first_word() -> None:
    counts = {(1,): 50, (2,): 50, (3,): 50, (1, 2): 40, (2, 3): 40, (1, 2, 3): 1}
    pieces = pieces_of(counts)
    remove_redundant_words(pieces, "length", np.zeros(3, bool), np.zeros(3, bool))
    assert counts_of(pieces)[1, 2] == 41 and counts_of(pieces)[3,] == 51


def test_a_word_beyond_all_bounds_is_cut_in_time_that_grows_with_its_length() -> None:
    """Text without one weak boundary is one piece; judging it by all its parts would take the square of its length."""
    cycle = "".join(chr(0x4E00 + k) for k in range(100))
    lexicon = build_lexicon([cycle * 5000], recipe="plain")
    assert max(map(len, lexicon.words)) <= LONGEST
    assert lexicon.total == 500_000


def test_a_protected_word_beyond_all_bounds_stays() -> None:
    cycle = "".join(chr(0x4E00 + k) for k in range(LONGEST + 10))
    assert build_lexicon([cycle] * 9, recipe="plain", protect=[cycle])[cycle].count == 9


def test_words_with_a_character_that_has_no_id_of_its_own_are_not_written() -> None:
    """The classes of the default recipe: ids 1–3 are any number, any rare Latin run, any rare character."""
    corpus = Corpus.from_texts(["天天天地地地人人稀", "天地罕", "稀罕", "天7"])
    alphabet = Alphabet.with_classes(count_corpus_units(corpus)[0], minimum=9, limit=6)

    def join(units: np.ndarray, joined: np.ndarray) -> None:
        joined[1:] = 1  # all but the first unit of the text

    found = words_of_pieces(CodedCorpus(corpus, alphabet).count_pieces(join).frequent(0), alphabet, {})
    assert dict(zip(found.texts, found.counts.tolist(), strict=True)) == {"天": 1, "天<N>": 1}
    assert sorted(found.lengths.tolist()) == [1, 2]


# Thresholds that are not given


@pytest.mark.parametrize("units", [*range(1, 30), 10**3, 10**6, 10**9, 10**12])
def test_chosen_thresholds_are_allowed_and_ask_for_two_occurrences(units: int) -> None:
    chosen = choose_thresholds(units, units - 1, LexiconSettings())
    assert chosen.min_prob is not None and 0 <= chosen.min_prob < 1
    if units > 10:
        assert chosen.min_prob * (units - 1) >= 1.99


def test_thresholds_that_are_given_are_kept() -> None:
    given_ = LexiconSettings(min_prob=0.25, min_pmi=0.5)
    assert choose_thresholds(1000, 999, given_) == given_


def test_a_larger_text_asks_for_more_occurrences_but_a_smaller_probability() -> None:
    probs = [choose_thresholds(units, units, LexiconSettings()).min_prob or 0 for units in (10**7, 10**8, 10**9)]
    counts = [prob * units for prob, units in zip(probs, (10**7, 10**8, 10**9), strict=True)]
    assert sorted(probs, reverse=True) == probs and sorted(counts) == counts


@pytest.mark.parametrize("text", ["好", "你好", "你好吗", "天天向上", "天天天天", "a", "1", "𠮷"])
@pytest.mark.parametrize("recipe", ["plain", "cohesion"])
def test_a_text_of_a_few_characters_is_mined_without_complaint(recipe: str, text: str) -> None:
    assert set(build_lexicon([text], recipe=recipe)) <= set(text)

"""Sampled and n-best cuttings and confidences against the enumeration of all cuttings."""

from __future__ import annotations

from collections import Counter

import naive
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.lexicon import Lexicon
from minent.segmentation import Segmenter

ALPHABET = "甲乙丙a1，"
TEXTS = st.text(ALPHABET, max_size=8)
COUNTS = st.integers(min_value=1, max_value=5)
LEXICONS = st.dictionaries(
    st.one_of(st.text("甲乙丙a1，", min_size=1, max_size=3), st.sampled_from(["<N>", "<N>甲", "<L>乙", "甲<L>"])),
    COUNTS,
    max_size=8,
)
WORDS = {"甲": 2, "乙": 1, "甲乙": 3, "乙丙": 2, "乙丙丁": 1, "丙丁": 2, "丁": 1}


def segmenter_of(counts: dict[str, int]) -> Segmenter:
    return Segmenter(Lexicon.from_counts(counts))


@given(TEXTS, LEXICONS, st.integers(min_value=1, max_value=6))
def test_nbest_is_the_top_of_all_cuttings(text: str, counts: dict[str, int], k: int) -> None:
    model = naive.UnigramModel(counts)
    elements = naive.split_text(text)
    expected = sorted(naive.all_cuttings(elements, model), key=lambda pair: -pair[0])
    found = segmenter_of(counts).nbest(text, k)
    assert [score for score, _ in found] == pytest.approx([score for score, _ in expected[:k]])
    by_words = {tuple(naive.tokens_of(elements, lengths)): score for score, lengths in expected}
    assert len({tuple(words) for _, words in found}) == len(found)
    for score, words in found:
        assert by_words[tuple(words)] == pytest.approx(score)


@given(st.text(ALPHABET, max_size=30), LEXICONS)
def test_the_first_of_nbest_is_the_best_cutting(text: str, counts: dict[str, int]) -> None:
    segmenter = segmenter_of(counts)
    ((_, words),) = segmenter.nbest(text, 1)
    runs = "".join(word if word != "，" else " " for word in words).split()
    if len(runs) < 2:  # of several runs, the scores are summed in another order, and ties may fall otherwise
        assert words == segmenter.cut(text)


@given(TEXTS, LEXICONS)
def test_confidence_is_the_share_of_the_cuttings_with_the_word(text: str, counts: dict[str, int]) -> None:
    shares = naive.posterior(naive.split_text(text), naive.UnigramModel(counts))
    found = segmenter_of(counts).confidence(text)
    elements = naive.split_text(text)
    at = 0
    for word, probability in found:
        start, end = at, at
        while "".join(elements[start:end]) != word:
            end += 1
        expected = sum(
            share
            for cuts, share in shares.items()
            if any(sum(cuts[:n]) == start and sum(cuts[: n + 1]) == end for n in range(len(cuts)))
        )
        assert probability == pytest.approx(expected)
        at = end
    assert at == len(elements)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0, 2.5])
def test_samples_follow_the_distribution(alpha: float) -> None:
    text, draws = "甲乙丙丁", 4000
    shares = naive.posterior(list(text), naive.UnigramModel(WORDS), alpha)
    segmenter = segmenter_of(WORDS)
    drawn = Counter(tuple(map(len, segmenter.sample(text, alpha, seed))) for seed in range(draws))
    assert set(drawn) <= set(shares)
    chi_square = sum((drawn[cuts] - draws * share) ** 2 / (draws * share) for cuts, share in shares.items())
    freedom = len(shares) - 1
    assert chi_square < freedom + 4 * (2 * freedom) ** 0.5  # four standard deviations above the mean


def test_places_of_one_text_are_drawn_independently() -> None:
    draws = 4000
    words = segmenter_of(WORDS).sample("甲乙丙丁，" * draws, 1.0, seed=7)
    drawn = Counter(tuple(map(len, run)) for run in " ".join(words).split(" ，") for run in [run.split()] if run)
    shares = naive.posterior(list("甲乙丙丁"), naive.UnigramModel(WORDS))
    chi_square = sum((drawn[cuts] - draws * share) ** 2 / (draws * share) for cuts, share in shares.items())
    assert chi_square < len(shares) - 1 + 4 * (2 * (len(shares) - 1)) ** 0.5


def test_a_seed_gives_the_same_sample_again_and_another_seed_another() -> None:
    segmenter = segmenter_of(WORDS)
    text = "甲乙丙丁" * 50
    assert segmenter.sample(text, 0.5, seed=3) == segmenter.sample(text, 0.5, seed=3)
    assert segmenter.sample(text, 0.5, seed=3) != segmenter.sample(text, 0.5, seed=4)


def test_a_large_alpha_gives_the_best_cutting() -> None:
    segmenter = segmenter_of({**WORDS, "甲乙丙": 40})
    assert segmenter.sample("甲乙丙丁甲乙丙", 200.0, seed=1) == segmenter.cut("甲乙丙丁甲乙丙")


def test_protected_words_are_never_cut_by_sampling() -> None:
    segmenter = Segmenter(Lexicon.from_counts(WORDS), protect=["乙丙"])
    assert all("乙丙" in segmenter.sample("甲乙丙丁", 0.0, seed) for seed in range(200))


def test_long_texts_have_a_lattice() -> None:
    segmenter = segmenter_of(WORDS)
    text = "甲乙丙丁" * 20_000
    assert segmenter.nbest(text, 1)[0][1] == segmenter.cut(text)
    assert all(0.0 <= probability <= 1.0 for _, probability in segmenter.confidence(text))

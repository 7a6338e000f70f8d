"""Words of more than four units, from the words beside each other: the plain recipe over words."""

from __future__ import annotations

from collections import Counter

import naive_mining
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minent import build_lexicon
from minent.corpus.alphabet import Alphabet, UnitCounts
from minent.corpus.sources import open_corpus
from minent.counting import CodedCorpus
from minent.recipes.long_words import MIN_PMI, add_long_words
from minent.recipes.mined import MinedWords
from minent.recipes.plain import choose_thresholds
from minent.settings import LexiconSettings

WORDS = ["甲乙", "丙丁", "戊", "己庚辛", "壬癸"]  # no unit is in two of them: a text has one cutting
SENTENCES = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5), min_size=1, max_size=12)


def mine_long(sentences: list[list[str]], longest: int, jobs: int = 1) -> dict[str, int]:
    """The words with the long ones, by count."""
    texts = ["".join(sentence) for sentence in sentences]
    counts = Counter(word for sentence in sentences for word in sentence)
    words = [word for word in WORDS if counts[word]]
    mined = MinedWords(
        words, np.array([counts[w] for w in words], np.int64), np.array([len(w) for w in words], np.int64), {}
    )
    corpus = CodedCorpus(open_corpus(texts), Alphabet.from_counts(UnitCounts(True)), jobs)
    found = add_long_words(corpus, mined, longest)
    assert [len(text) for text in found.texts] == found.lengths.tolist()
    return dict(zip(found.texts, found.counts.tolist(), strict=True))


@given(SENTENCES, st.integers(1, 60), st.integers(5, 12))
@settings(deadline=None)
def test_long_words_are_those_of_the_plain_recipe_over_words(
    sentences: list[list[str]], times: int, longest: int
) -> None:
    text = [list(sentence) for sentence in sentences for _ in range(times)]
    text += [[word] for word in WORDS] * 400  # so that neighbours can hold together
    units = sum(map(len, text))
    pairs = sum(len(sentence) - 1 for sentence in text)
    chosen = choose_thresholds(units, pairs, LexiconSettings(recipe="plain"))
    pieces = naive_mining.plain(text, chosen.min_prob or 0, MIN_PMI)
    expected = {"".join(p): n for p, n in pieces.items() if len(p) > 1 and 4 < len("".join(p)) <= longest}
    found = mine_long(text, longest)
    if all(len("".join(piece)) <= longest for piece in pieces):
        assert {word: n for word, n in found.items() if word not in WORDS} == expected
    assert max(map(len, found)) <= longest
    counts = Counter(word for sentence in text for word in sentence)
    for word in WORDS:
        inside = sum(n * part.count(word) for part, n in _parts(found).items())
        assert found[word] == max(counts[word] - inside, 1)


def _parts(found: dict[str, int]) -> dict[tuple[str, ...], int]:
    """The long words as sequences of words."""
    split = {}
    for text, count in found.items():
        parts, rest = [], text
        while rest:
            part = next(word for word in WORDS if rest.startswith(word))
            parts.append(part)
            rest = rest[len(part) :]
        if len(parts) > 1:
            split[tuple(parts)] = count
    return split


def test_the_result_does_not_depend_on_the_workers() -> None:
    text = [["甲乙", "己庚辛"]] * 50 + [["戊", "丙丁"], ["丙丁", "戊"]] * 3_000
    assert mine_long(text, 8) == mine_long(text, 8, jobs=3)
    assert mine_long(text, 8)["甲乙己庚辛"] == 50


@pytest.mark.parametrize(("longest", "found"), [(None, False), (4, False), (6, False), (8, True)])
def test_the_option_finds_long_words_and_only_the_option(longest: int | None, found: bool) -> None:
    rng = np.random.default_rng(1)
    words = [chr(0x4E00 + 2 * k) + chr(0x4E01 + 2 * k) for k in range(60)]
    term = "中华人民共和国"
    text = ["".join(rng.choice(words, 5)) for _ in range(3_000)]
    text = [
        line + (term if k % 25 == 0 else "，中华" * (k % 26 == 1) + "，人民" * (k % 28 == 1))
        for k, line in enumerate(text)
    ]
    lexicon = build_lexicon(text, max_length=longest)
    assert (term in lexicon) == found

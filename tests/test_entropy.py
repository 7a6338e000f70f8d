"""Bits per unit: values by hand, the oracle, and the article's inequality on real text."""

from __future__ import annotations

import lzma
import math
from pathlib import Path

import naive_mining as naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.corpus.alphabet import Alphabet, UnitCounts
from minent.corpus.sources import Corpus, open_corpus
from minent.counting import count_corpus_units
from minent.discovery import LexiconBuilder
from minent.entropy import (
    CODE_POINT_BITS,
    entropy_of,
    entropy_of_characters,
    entropy_of_lexicon,
    entropy_of_words,
    entropy_table,
    gamma_bits,
)
from minent.lexicon import Lexicon
from minent.settings import LexiconSettings


def alphabet_of(*lines: str) -> Alphabet:
    return Alphabet.from_counts(count_corpus_units(open_corpus(list(lines)))[0])


def test_four_equal_characters_have_two_bits_each() -> None:
    found = entropy_of_characters(alphabet_of("天地人和"))
    assert (found.types, found.tokens, found.bits_per_token, found.units_per_token) == (4, 4, 2.0, 1.0)
    assert found.bits_per_unit == 2.0 and found.corpus_bits == 8.0
    assert found.lexicon_bits == pytest.approx(4 * (CODE_POINT_BITS + 1))
    assert found.description_bits == found.corpus_bits + found.lexicon_bits


def test_words_by_hand() -> None:
    """天地 twice, 人 and 和 once: H = 1.5 bits, l = 1.5 characters, L = 1 bit."""
    alphabet = alphabet_of("天地", "天地", "人", "和")
    found = entropy_of_words(["天地", "人", "和"], np.array([2, 1, 1]), alphabet)
    assert (found.types, found.tokens) == (3, 4)
    assert (found.bits_per_token, found.units_per_token, found.bits_per_unit) == (1.5, 1.5, 1.0)
    spelling = 2 * math.log2(3) + 2 * math.log2(6)  # characters with p = 1/3, 1/3, 1/6, 1/6
    lengths = 3 + 1 + 1  # γ(2), γ(1), γ(1)
    counts = 3 + 1 + 1
    assert found.lexicon_bits == pytest.approx(spelling + lengths + counts)


def test_a_run_of_letters_is_one_unit_long() -> None:
    alphabet = alphabet_of("iPhone手机 2001年")
    found = entropy_of_words(["iPhone手机", "2001年"], np.array([1, 1]), alphabet)
    assert found.units_per_token == 2.5


def test_words_that_do_not_occur_cost_nothing() -> None:
    alphabet = alphabet_of("天地")
    some = entropy_of_words(["天", "地"], np.array([1, 1]), alphabet)
    more = entropy_of_words(["天", "地", "人间"], np.array([1, 1, 0]), alphabet)
    assert some == more


@pytest.mark.parametrize(("words", "counts"), [([], []), (["天"], [0])])
def test_no_words_have_no_entropy(words: list[str], counts: list[int]) -> None:
    found = entropy_of_words(words, np.array(counts, dtype=np.int64), alphabet_of("天"))
    assert (found.types, found.tokens, found.bits_per_unit, found.description_bits) == (0, 0, 0.0, 0.0)
    assert "0.000" in entropy_table([found])


def test_one_type_has_no_entropy() -> None:
    found = entropy_of("words", np.array([10**15]), np.array([2]), np.array([1.0]))
    assert found.bits_per_token == 0 and found.units_per_token == 2


def test_gamma_codes() -> None:
    assert gamma_bits(np.array([1, 2, 3, 4, 7, 8, 2**40 - 1, 2**40])).tolist() == [1, 3, 3, 5, 5, 7, 79, 81]


@given(
    st.dictionaries(
        st.lists(st.sampled_from("天地人"), min_size=1, max_size=4).map(tuple), st.integers(1, 50), min_size=1
    )
)
def test_words_have_the_entropy_of_the_oracle(counts: dict[naive.Word, int]) -> None:
    found = entropy_of_words(["".join(word) for word in counts], np.array(list(counts.values())), alphabet_of("天地人"))
    information, length, per_unit = naive.bits_per_unit(counts)
    assert found.bits_per_token == pytest.approx(information, abs=1e-9)
    assert found.units_per_token == pytest.approx(length)
    assert found.bits_per_unit == pytest.approx(per_unit, abs=1e-9)


def test_the_table_is_aligned_and_tells_all() -> None:
    alphabet = alphabet_of("天地", "天地", "人", "和")
    lexicon = Lexicon.from_counts({"天地": 2, "人": 1, "和": 1})
    lines = entropy_table([entropy_of_characters(alphabet), entropy_of_lexicon(lexicon, alphabet)]).split("\n")
    assert len({len(line) for line in lines}) == 1
    assert lines[1].split()[:6] == ["characters", "4", "6", "1.918", "1.000", "1.918"]
    assert lines[2].split()[:6] == ["words", "3", "4", "1.500", "1.500", "1.000"]


@pytest.mark.parametrize("name", ["hongloumeng.txt.xz", "statutes.txt.xz"])
@pytest.mark.parametrize("recipe", ["plain", "cohesion"])
def test_a_mined_lexicon_lowers_the_information_per_unit(bundled_data: Path, name: str, recipe: str) -> None:
    """Inequality (2.3): L < L₀. The lexicon pays for itself too: the description gets shorter, lexicon and all."""
    builder = LexiconBuilder(Corpus(bundled_data / name), LexiconSettings(recipe=recipe), jobs=2)
    lexicon = builder.build()
    assert builder.alphabet is not None
    characters = entropy_of_characters(builder.alphabet)
    words = entropy_of_lexicon(lexicon, builder.alphabet)
    assert characters.bits_per_unit == pytest.approx(
        naive.bits_per_unit({(unit,): int(n) for unit, n in enumerate(builder.alphabet.counts)})[2]
    )
    assert words.bits_per_unit < 0.93 * characters.bits_per_unit
    assert words.units_per_token > 1.1
    assert words.description_bits < characters.description_bits


def test_packing_and_entropy_agree_on_what_is_compressible(bundled_data: Path) -> None:
    """No outside coder beats H₀ of the characters by magic, and ours is within sight of one: a check of the scale."""
    data = lzma.decompress((bundled_data / "hongloumeng.txt.xz").read_bytes())
    builder = LexiconBuilder(Corpus(bundled_data / "hongloumeng.txt.xz"), LexiconSettings(recipe="plain"))
    lexicon = builder.build()
    assert builder.alphabet is not None
    packed_bits = 8 * len(lzma.compress(data)) / int(builder.alphabet.counts.sum())
    words = entropy_of_lexicon(lexicon, builder.alphabet)
    assert 0.6 * packed_bits < words.bits_per_unit < 1.2 * packed_bits


def test_what_a_lexicon_does_not_cover_counts_as_single_units() -> None:
    counts = UnitCounts()
    counts.add(np.frombuffer("天气天气真好".encode(), dtype=np.uint8))
    alphabet = Alphabet.from_counts(counts)
    row = entropy_of_lexicon(Lexicon.from_counts({"天气": 2}), alphabet)
    assert (row.types, row.tokens) == (3, 4)  # 天气 天气 真 好
    assert row.bits_per_token == pytest.approx(1.5)
    assert row.units_per_token == pytest.approx(1.5)

"""The double-array trie holds exactly its words, with their values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.kernels.trie import FIRST_CODE, LATIN_CODE, NUMBER_CODE, UNKNOWN, child
from minent.segmentation.model import word_log_probs
from minent.segmentation.word_trie import WordTrie

WORDS = st.lists(st.text("天地玄黄a1·", min_size=1, max_size=5), unique=True, max_size=40)


def find(trie: WordTrie, codes: list[int]) -> float | None:
    """The value of a sequence of codes; None if no word begins with it."""
    if not codes or codes[0] <= UNKNOWN:
        return None
    node = codes[0]
    for code in codes[1:]:
        node = child(trie.links, node, code)
        if node < 0:
            return None
    return float(trie.values[2 * node + 1])


def codes_of(trie: WordTrie, word: str) -> list[int]:
    return [int(trie.char_codes[ord(char)]) for char in word]


@given(WORDS, WORDS)
def test_it_holds_its_words_and_no_others(words: list[str], others: list[str]) -> None:
    values = -np.arange(1.0, len(words) + 1)
    trie = WordTrie.build(words, values, unknown=-99.0, whole_runs=False)
    for word, value in zip(words, values.tolist(), strict=True):
        assert find(trie, codes_of(trie, word)) == value
    for other in {*others, *(word + "天" for word in words)} - set(words):
        value = find(trie, codes_of(trie, other))
        is_begin = any(word.startswith(other) for word in words)
        if len(other) == 1 and other in "".join(words):
            assert value == -99.0
        else:
            assert value == (-math.inf if is_begin else None)


def test_codes_are_given_by_frequency_in_the_words() -> None:
    trie = WordTrie.build(["地天", "天", "玄天"], np.zeros(3), -1.0)
    assert codes_of(trie, "天") == [FIRST_CODE]
    assert sorted(codes_of(trie, "地玄")) == [FIRST_CODE + 1, FIRST_CODE + 2]
    assert codes_of(trie, "黄，") == [UNKNOWN, 0]


def test_runs_and_classes_are_units() -> None:
    trie = WordTrie.build(["<N>年", "A股", "3.5%", "<L>·"], np.zeros(4), -1.0)
    assert trie.has_classes and trie.longest == 2 and len(trie.run_codes) == 2
    year, dot = codes_of(trie, "年·")
    assert find(trie, [NUMBER_CODE, year]) == 0.0 and find(trie, [LATIN_CODE, dot]) == 0.0
    assert find(trie, [LATIN_CODE, year]) is None
    assert not WordTrie.build(["A股"], np.zeros(1), -1.0).has_classes


def test_words_that_no_text_can_hold_are_left_out() -> None:
    trie = WordTrie.build(["天\udc80地", "天\n地", "", "天地"], np.arange(4.0), -1.0)
    assert trie.skipped == 2  # the one that is not valid UTF-8, and the empty one
    assert find(trie, codes_of(trie, "天地")) == 3.0 and find(trie, codes_of(trie, "天\n地")) == 1.0


def test_no_words_at_all() -> None:
    trie = WordTrie.build([], np.zeros(0), -1.0)
    assert (trie.longest, trie.has_classes, codes_of(trie, "天")) == (1, False, [UNKNOWN])
    assert find(trie, [UNKNOWN]) is None and trie.values[2 * UNKNOWN + 1] == -1.0


def test_many_runs_make_their_table_grow() -> None:
    words = [f"x{'abcdefghij'[n % 10]}{n}号" for n in range(5000)] + ["y" * 100_000 + "号"]
    trie = WordTrie.build(words, np.zeros(len(words)), -1.0)
    assert len(trie.run_codes) == 10 + 5000 + 1 and trie.skipped == 0


def test_many_words_of_many_units() -> None:
    random = np.random.default_rng(1)
    words = list({"".join(map(chr, 0x4E00 + random.zipf(1.3, 3) % 3000)) for _ in range(20_000)})
    values = random.random(len(words))
    trie = WordTrie.build(words, values, -1.0)
    assert [find(trie, codes_of(trie, word)) for word in words] == values.tolist()


def test_log_probabilities_are_those_of_the_c_library() -> None:
    counts = np.array([7, 1, 0, 123_456_789, 7], dtype=np.int64)
    values, unknown = word_log_probs(counts, 60_101_967)
    assert values.tolist() == [math.log(count or 1) - math.log(60_101_967) for count in counts.tolist()]
    assert unknown == math.log(1) - math.log(60_101_967)
    assert word_log_probs(counts[:0], 0)[1] == pytest.approx(0.0)

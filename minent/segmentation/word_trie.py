"""The words of a lexicon as a double-array trie over unit codes, ready for the kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.corpus.units import DIGIT, HAN, LATIN, UNIT_LIMIT, unit_classes
from minent.kernels.trie import (
    FIRST_CODE,
    LATIN_CODE,
    NUMBER_CODE,
    UNKNOWN,
    WORD_END,
    encode_words,
    fill_nodes,
    insert_words,
    place_nodes,
)
from minent.tables import Interner


@dataclass(frozen=True)
class WordTrie:
    """Words as sequences of unit codes, each with a value. The layout is told in kernels/trie.py.

    whole_runs : a run of Latin letters or of digits is one unit, else every character
    char_codes : int32[UNIT_LIMIT] — code of each character that is a unit by itself
    runs, run_codes : the runs that occur in words, and their codes
    links, values : int32[4 n] and float64[2 n] on the same memory — the nodes
    longest : units of the longest word
    has_classes : whether `<N>` or `<L>` occurs in a word
    skipped : words that are not in it, since they hold what no unit can be
    """

    whole_runs: bool
    char_codes: NDArray[np.int32]
    runs: Interner
    run_codes: NDArray[np.int32]
    links: NDArray[np.int32]
    values: NDArray[np.float64]
    longest: int
    has_classes: bool
    skipped: int

    @classmethod
    def build(
        cls, words: Sequence[str], values: NDArray[np.float64], unknown: float, whole_runs: bool = True
    ) -> WordTrie:
        """The trie of some words.

        values : float64[words], nats;  unknown : the value of a unit that is no word
        """
        data = _joined(words)
        starts = np.flatnonzero(data == WORD_END)
        starts = np.concatenate([np.zeros(1, dtype=np.int64), starts[:-1] + 1])[: len(words)]
        runs = Interner(np.uint8)
        stream = np.empty(len(data), dtype=np.int32)
        ends = np.zeros(len(words), dtype=np.int64)
        done = 0
        while True:
            done = encode_words(
                data, starts, done, unit_classes(), whole_runs, UNIT_LIMIT, runs.runs, runs.entries, runs.state,
                stream, ends,
            )  # fmt: skip
            if done == len(words):
                break
            runs.grow(len(words[done].encode("utf-8", "surrogatepass")))
        stream = stream[: ends[-1] if len(ends) else 0]
        final, count = _final_codes(stream, UNIT_LIMIT + 2 + len(runs))
        lengths = np.diff(ends, prepend=0)
        links, node_values = build_nodes(final[stream], ends, np.asarray(values, dtype=np.float64), unknown, count)
        char_codes = final[:UNIT_LIMIT].copy()
        kinds = unit_classes()[:UNIT_LIMIT]
        units = kinds == HAN if whole_runs else (kinds == HAN) | (kinds == LATIN) | (kinds == DIGIT)
        char_codes[units & (char_codes == 0)] = UNKNOWN
        return cls(
            whole_runs,
            char_codes,
            runs,
            final[UNIT_LIMIT + 2 :],
            links,
            node_values,
            int(lengths.max(initial=1)),
            bool(whole_runs and (stream >= UNIT_LIMIT).any() and (stream[stream >= UNIT_LIMIT] < UNIT_LIMIT + 2).any()),
            int(np.count_nonzero(lengths == 0)),
        )


def _joined(words: Sequence[str]) -> NDArray[np.uint8]:
    """The words in UTF-8, each followed by WORD_END."""
    text = "\n".join(words) + "\n" if words else ""
    data = np.frombuffer(bytearray(text.encode("utf-8", "surrogatepass")), dtype=np.uint8)
    line_ends = data == 0x0A
    if int(np.count_nonzero(line_ends)) == len(words):
        data[line_ends] = WORD_END
        return data
    pieces = [word.encode("utf-8", "surrogatepass") + bytes([WORD_END]) for word in words]
    return np.frombuffer(b"".join(pieces), dtype=np.uint8)


def _final_codes(stream: NDArray[np.int32], preliminary: int) -> tuple[NDArray[np.int32], int]:
    """int32[preliminary]: final code of each preliminary one, by falling frequency, 0 for none; and their number."""
    counts = np.bincount(stream, minlength=preliminary)
    counts[UNIT_LIMIT : UNIT_LIMIT + 2] = 0  # <N> and <L> have codes of their own
    used = np.flatnonzero(counts)
    used = used[np.argsort(-counts[used], kind="stable")]
    final = np.zeros(preliminary, dtype=np.int32)
    final[used] = np.arange(FIRST_CODE, FIRST_CODE + len(used))
    final[UNIT_LIMIT : UNIT_LIMIT + 2] = NUMBER_CODE, LATIN_CODE
    return final, FIRST_CODE + len(used)


def build_nodes(
    stream: NDArray[np.int32], ends: NDArray[np.int64], values: NDArray[np.float64], unknown: float, code_count: int
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Links and values of the double array of some words: sequences of codes below `code_count`, one after another."""
    table = np.full(2 << max(10, (len(stream) * 3 // 2).bit_length()), -1, dtype=np.int64)
    parents = np.empty(len(stream) + code_count, dtype=np.int32)
    codes = np.empty(len(stream) + code_count, dtype=np.int32)
    last_nodes = np.empty(len(ends), dtype=np.int64)
    parents[0] = code_count
    nodes = insert_words(stream, ends, table, parents, codes, last_nodes)
    del table
    parents, codes = parents[:nodes], codes[:nodes]
    bases = np.empty(nodes, dtype=np.int32)
    slots = np.empty(nodes, dtype=np.int32)
    size = place_nodes(parents, codes, code_count, bases, slots)
    size = max(size, int(bases.max())) + code_count + 1  # a step may look at any base plus any code
    links = np.full(4 * size, -1, dtype=np.int32)
    node_values = links.view(np.float64)
    fill_nodes(parents, bases, slots, last_nodes, values, unknown, code_count, links, node_values)
    return links, node_values

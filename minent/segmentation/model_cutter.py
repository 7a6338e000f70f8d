"""Bytes of UTF-8 → bytes with separators by the unknown-word model of a lexicon, through the kernels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from minent.corpus.alphabet import LATIN_CLASS, NUMBER_CLASS
from minent.corpus.units import DIGIT, HAN, LATIN, UNIT_LIMIT, unit_classes
from minent.kernels.sweep import (
    DISCOUNT,
    FIRST_BASE,
    LENGTH_2,
    SHAPE_2,
    SHAPE_3,
    SHAPE_4,
    SINGLE_BASE,
    SINGLE_WEIGHT,
    TAG_BEGIN,
    TAG_END,
    TAG_MIDDLE,
    TOTAL,
    UNIGRAM,
)
from minent.kernels.trie import FIRST_CODE, UNKNOWN
from minent.kernels.unknown import (
    LATIN_UNIT,
    LONGEST,
    NUMBER_UNIT,
    RARE_UNIT,
    cut_strings,
    fill_string_arcs,
    find_steps,
    read_units,
    weigh_nodes,
    weigh_strings,
    weigh_units,
)
from minent.lexicon import Lexicon
from minent.segmentation.cuts import Bytes, Sampling
from minent.segmentation.cutter import Arcs, Cutter
from minent.segmentation.model import PROTECTION
from minent.segmentation.readable import ELEMENTS
from minent.segmentation.word_trie import WordTrie, build_nodes
from minent.unknown_model import FIRST_TEXT, UnknownModel

RARE_RUN = "\ud800"  # stands for `<L>` while a word is split: no text has it


class ModelCutter(Cutter):
    """Cuts text so that the product of the model's weights is largest, over all strings of up to four units.

    The words of the lexicon that the model does not have as words (longer ones, those with signs, those that the text
    never had) and the protected words compete with the strings. Any number of threads may use it.
    """

    def __init__(self, model: UnknownModel, lexicon: Lexicon, protect: Collection[str] = ()) -> None:
        words, values = words_beside(model, lexicon, protect)
        texts = list(model.texts[FIRST_TEXT:])  # so that each has a code; they are words of the model
        if not model.whole_runs:  # letters and digits that the text did not have are told from rare characters
            texts += map(chr, np.flatnonzero(np.isin(unit_classes()[:UNIT_LIMIT], (LATIN, DIGIT))))
        trie = WordTrie.build(
            texts + words, np.append(np.full(len(texts), -np.inf), values), -math.inf, whole_runs=model.whole_runs
        )
        super().__init__(trie, mark_runs=model.whole_runs)
        self.has_words = bool(words)
        self.model = (_code_units(model, trie), *_nodes(model), -math.log(model.scalars[TOTAL]))

    def _cut_blocks(
        self,
        data: Bytes,
        at: int,
        separator: Bytes,
        joined: int,
        sampling: Sampling,
        out: Bytes,
        size: int,
        state: NDArray[np.int64],
    ) -> tuple[int, int]:
        reached: tuple[int, int] = cut_strings(
            data, at, self.alphabet, self.nodes, self.has_words, self.model, separator, joined, sampling, out, size,
            state,
        )  # fmt: skip
        return reached

    def arcs(self, codes: NDArray[np.int32], marks: NDArray[np.uint8], count: int) -> Arcs:
        """See Cutter."""
        units, pairs = np.empty((2, count + LONGEST), dtype=np.int32)
        read_units(codes, marks, count, self.model[0], units)
        find_steps(units, count, self.model[1], pairs)
        weights = np.empty((count, LONGEST), dtype=np.float32)
        weigh_strings(units, count, self.model, pairs, np.empty(count + LONGEST, dtype=np.float32), weights)
        arc_ptr = np.empty(count + 1, dtype=np.int64)
        lengths, values = np.empty(0, dtype=np.int32), np.empty(0)
        size = fill_string_arcs((codes, marks), self.nodes, count, weights, arc_ptr, lengths, values)
        lengths, values = np.empty(size, dtype=np.int32), np.empty(size)
        fill_string_arcs((codes, marks), self.nodes, count, weights, arc_ptr, lengths, values)
        return arc_ptr, lengths, values


def words_beside(
    model: UnknownModel, lexicon: Lexicon, protect: Collection[str]
) -> tuple[list[str], NDArray[np.float64]]:
    """The words that the model does not know as such, and their values in nats.

    x(w) = (max(n, 1) − d) / N · H(w) · prod G, as for a known word but without its share of unknown ones; without
    the experts H and G too if it has a sign, or a pair of units that the text never had. A protected word has
    PROTECTION on top for each of its characters.
    """
    known = _known_words(model)
    counts = {w: n for w, n in zip(lexicon.words, lexicon.counts.tolist(), strict=True) if w not in known}
    for word in sorted(protect):
        counts.setdefault(word, 0)
    discount, total = model.scalars[[DISCOUNT, TOTAL]]
    units = {text: unit for unit, text in enumerate(model.texts) if text}
    values = [math.log(max(max(n, 1) - discount, 0.5) / total) + _experts(model, units, w) for w, n in counts.items()]
    for k, word in enumerate(counts):
        if word in protect:
            values[k] += PROTECTION * len(word)
    return list(counts), np.array(values, dtype=np.float64)


def _known_words(model: UnknownModel) -> set[str]:
    """The texts of the model's words, but those with a rare character, which is in no lexicon."""
    texts = np.array(model.texts, dtype=object)
    parts = [(model.words >> np.uint64(shift)) & np.uint64(0xFFFF) for shift in (48, 32, 16, 0)]
    named = np.logical_and.reduce([part != RARE_UNIT for part in parts])
    first, second, third, fourth = (texts[part[named]] for part in parts)
    return set(first + second + third + fourth)


def _experts(model: UnknownModel, units: dict[str, int], word: str) -> float:
    """ln of the tag and PMI experts of a word of any length."""
    plain = word.replace(LATIN_CLASS, RARE_RUN) if model.whole_runs else word
    plain = plain.replace(NUMBER_CLASS, "0") if model.whole_runs else plain
    ids = [_unit_of(element.group(), units, model.whole_runs) for element in ELEMENTS[model.whole_runs].finditer(plain)]
    if 0 in ids:
        return 0.0
    pairs = np.array([left << 16 | right for left, right in itertools.pairwise(ids)], dtype=np.uint32)
    places = np.minimum(np.searchsorted(model.pairs, pairs), len(model.pairs) - 1)
    if len(pairs) and not (len(model.pairs) and (model.pairs[places] == pairs).all()):
        return 0.0
    if len(ids) == 1:
        return _log(model.units[ids[0], SINGLE_WEIGHT])
    shapes = [model.scalars[SHAPE_2 + min(len(ids) - 2, 2)], *[_ratio(model)] * (len(ids) - LONGEST)]
    tags = [model.units[ids[0], TAG_BEGIN], *model.units[ids[1:-1], TAG_MIDDLE], model.units[ids[-1], TAG_END]]
    return sum(map(_log, [*shapes, *tags, *model.pair_factors[places, 1]]))


def _ratio(model: UnknownModel) -> float:
    """The tag expert's factor for one unit more inside a word."""
    return float(model.scalars[SHAPE_4]) / max(float(model.scalars[SHAPE_3]), 1e-300)


def _log(value: float) -> float:
    return math.log(max(float(value), 1e-300))


def _unit_of(element: str, units: dict[str, int], whole_runs: bool) -> int:
    """The unit that an element is; 0 for none."""
    if element == RARE_RUN:
        return LATIN_UNIT
    return units.get(element, 0) or _class_unit(int(unit_classes()[ord(element[0])]))


def _class_unit(kind: int) -> int:
    """The unit that characters of a class have if they have none of their own."""
    return {HAN: RARE_UNIT, LATIN: LATIN_UNIT, DIGIT: NUMBER_UNIT}.get(kind, 0)


def _code_units(model: UnknownModel, trie: WordTrie) -> NDArray[np.int32]:
    """int32[codes]: the unit of each code of a trie that has every unit of the model."""
    classes = unit_classes()
    size = int(max(trie.char_codes.max(), trie.run_codes.max(initial=0))) + 1
    code_units = np.zeros(max(size, FIRST_CODE), dtype=np.int32)
    units = {text: unit for unit, text in enumerate(model.texts) if text}
    for point in np.flatnonzero(trie.char_codes >= FIRST_CODE).tolist():
        code_units[trie.char_codes[point]] = units.get(chr(point), 0) or _class_unit(int(classes[point]))
    for run, code in zip(trie.runs.texts(), trie.run_codes.tolist(), strict=True):
        code_units[code] = units.get(run, 0) or _class_unit(int(classes[ord(run[0])]))
    code_units[UNKNOWN] = RARE_UNIT
    code_units[0] = 0
    return code_units


def _unit_factors(model: UnknownModel) -> NDArray[np.float32]:
    """`model.units`, where a unit that the text did not have is as likely as the least likely one that it had."""
    factors: NDArray[np.float32] = model.units.copy()
    columns = np.array([SINGLE_BASE, FIRST_BASE, UNIGRAM])
    present = factors[:, UNIGRAM] > 0
    present[0] = False
    if present.any():
        factors[np.ix_(~present, columns)] = factors[np.ix_(present, columns)].min(axis=0)
    return factors


def _nodes(
    model: UnknownModel,
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """links, values, unit_logs and lengths, see kernels/unknown.py."""
    words, counts, pairs = model.words, model.word_counts, model.pairs.astype(np.uint64)
    single = words < np.uint64(1 << 16)
    unit_counts = np.zeros(len(model.texts), dtype=np.int64)
    unit_counts[words[single]] = counts[single]
    unit_logs = np.empty((len(model.texts), 6), dtype=np.float32)
    factors = _unit_factors(model)
    weigh_units(factors, model.scalars, unit_counts, unit_logs)

    fours = words[words >= np.uint64(1 << 48)]
    strings = np.sort(np.concatenate([pairs, words[~single], fours >> np.uint64(16)]))
    strings = strings[np.diff(strings, prepend=np.uint64(0)) > 0]
    string_counts = np.zeros(len(strings), dtype=np.int64)
    string_counts[np.searchsorted(strings, words[~single])] = counts[~single]
    columns = np.column_stack([(strings >> np.uint64(shift)) & np.uint64(0xFFFF) for shift in (48, 32, 16, 0)])
    ends = np.cumsum((columns > 0).sum(axis=1))
    stream = columns[columns > 0].astype(np.int32)
    links, _ = build_nodes(stream, ends, np.zeros(len(strings)), 0.0, len(model.texts))
    values = links.view(np.float32)
    weigh_nodes(strings, string_counts, factors, model.scalars, model.pairs, model.pair_factors, links, values)
    lengths = np.zeros(5, dtype=np.float32)
    lengths[2:] = [_log(model.scalars[LENGTH_2 + k]) + _log(model.scalars[SHAPE_2 + k]) for k in range(3)]
    return links, values, unit_logs, lengths

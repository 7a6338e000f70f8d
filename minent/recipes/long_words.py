"""Words of more units than the default recipe cuts, from the words that stand beside each other: 国际货币基金组织.

The plain recipe (kexue.fm/archives/5476) once more, with words in the place of characters.
"""

from __future__ import annotations

import dataclasses
import re

import numpy as np
from numpy.typing import NDArray

from minent.association import pmi
from minent.corpus.alphabet import LATIN_CLASS, NUMBER_CLASS
from minent.corpus.units import unit_classes
from minent.counting import CodedCorpus, NgramLevels, split_key
from minent.kernels.packed import LONGEST
from minent.kernels.skipgram import code_words
from minent.lexicon import Lexicon
from minent.recipes.cutting import GoodPairs, Joiner
from minent.recipes.mined import MinedWords
from minent.recipes.observer import NOBODY, Observer
from minent.recipes.plain import choose_thresholds
from minent.recipes.redundancy import remove_redundant_words
from minent.segmentation import Segmenter
from minent.settings import LexiconSettings
from minent.tables import Interner

MIN_PMI = 4.0  # nats: neighbours that hold together less are not joined
CLASSES = re.compile(f"{NUMBER_CLASS}|{LATIN_CLASS}")
TOKEN_START = b"\xff"


def add_long_words(corpus: CodedCorpus, words: MinedWords, longest: int, observer: Observer = NOBODY) -> MinedWords:
    """These words, and terms of several of them, of 5 to `longest` units, that are worth a place of their own.

    The text is cut with the words; neighbours with a PMI above MIN_PMI, and a count as in the plain recipe, are kept
    together; what is then left between cuts is counted, and a term stays if its PMI against its best cutting is at
    least its number of words less one. Its tokens are taken from its parts.
    """
    coder = _WordCoder(words)
    text = dataclasses.replace(corpus, alphabet=coder, units=None, run=None)  # type: ignore[arg-type]
    counts = _word_counts(text)
    total = int(counts.sum())
    counted = text.count_ngrams(NgramLevels())
    settings = choose_thresholds(total, counted.total, LexiconSettings(recipe="plain"))
    assert settings.min_prob is not None
    pairs, least = counted.total, settings.min_prob * counted.total

    def strength(keys: NDArray[np.int64], beside: NDArray[np.int64]) -> NDArray[np.float64]:
        left, right = split_key(keys)
        return pmi(beside, counts[left], counts[right], max(total, 1), max(pairs, 1))

    def are_strong(keys: NDArray[np.int64], beside: NDArray[np.int64]) -> NDArray[np.bool_]:
        strong: NDArray[np.bool_] = (beside > least) & (strength(keys, beside) > MIN_PMI)
        return strong

    strong = []
    for keys, beside in counted.blocks(are_strong if observer is NOBODY else None):
        observer.term_pairs(coder.texts, keys, beside, strength(keys, beside), least)
        strong.append(keys[are_strong(keys, beside)])
    candidates = text.count_pieces(Joiner([GoodPairs(np.concatenate(strong), len(coder))], None))
    pieces = candidates.frequent(settings.min_prob * candidates.total)
    observer.terms(candidates, pieces, settings.min_prob * candidates.total)

    table = pieces.words
    ends = table.ends()
    units_to = np.concatenate([[0], np.cumsum(coder.lengths[table.content[: table.state[1]]])])
    starts = np.concatenate([[0], ends[:-1]])[: len(ends)]
    lengths = units_to[ends] - units_to[starts]
    never = np.zeros(len(table), dtype=np.bool_)
    remove_redundant_words(pieces, "length", never, lengths > longest, observer)
    known = dict(zip(words.texts, words.counts.tolist(), strict=True))
    more: dict[str, tuple[int, int]] = {}
    for k in np.flatnonzero((table.counts[: len(table)] > 0) & (lengths > LONGEST) & (lengths <= longest)).tolist():
        parts = [coder.texts[word] for word in table.content[starts[k] : ends[k]].tolist()]
        term, count = "".join(parts), int(table.counts[k])
        if term in known:
            continue
        more[term] = more.get(term, (0, 0))[0] + count, int(lengths[k])
        for part in parts:
            known[part] = max(known[part] - count, 1)
    return dataclasses.replace(
        words,
        texts=[*words.texts, *more],
        counts=np.array([*(known[text] for text in words.texts), *(count for count, _ in more.values())], np.int64),
        lengths=np.concatenate([words.lengths, np.array([length for _, length in more.values()], np.int64)]),
    )


def _word_counts(text: CodedCorpus) -> NDArray[np.int64]:
    """Tokens of each word, by its number; 0 has none."""

    def work(counts: NDArray[np.int64], stream: NDArray[np.int32]) -> None:
        counts += np.bincount(stream, minlength=len(counts))

    def merge(counts: NDArray[np.int64], other: NDArray[np.int64]) -> None:
        counts += other

    counts = text.fold(lambda: np.zeros(len(text.alphabet), dtype=np.int64), work, merge, "count words")
    counts[0] = 0
    return counts


class _WordCoder:
    """Text as a stream of word numbers, in the place of an `Alphabet`; what is no plain word ends a run of words.

    texts, lengths : of each number, from 1 on; lengths in units
    """

    rest = 0

    def __init__(self, words: MinedWords) -> None:
        lexicon = Lexicon(words.texts, words.counts, model=words.model)
        self.cutter = Segmenter(lexicon).cutter
        plain = [k for k, text in enumerate(words.texts) if not CLASSES.search(text)]
        self.texts = ["", *(words.texts[k] for k in plain)]
        self.lengths = np.concatenate([[0], words.lengths[plain]]).astype(np.int64)
        self._numbers = {text.encode(): number for number, text in enumerate(self.texts) if number}

    def __len__(self) -> int:
        return len(self.texts)

    def encode(self, data: NDArray[np.uint8]) -> tuple[NDArray[np.int32], None]:
        """The word stream of a shard: numbers, with one 0 behind every run of words."""
        cut = self.cutter.cut(data, TOKEN_START, every_token=True).data
        found = Interner(np.uint8)
        stream = np.empty(len(cut) + 1, dtype=np.int32)
        at = size = 0
        while True:
            at, size = code_words(
                cut, at, unit_classes(), 0, found.runs, found.entries, found.counts, found.state, stream, size
            )
            if at == len(cut):
                break
            found.grow(len(cut) - at)
        content, start, numbers = found.content.tobytes(), 0, [0]
        for end in found.ends().tolist():
            numbers.append(self._numbers.get(content[start:end], 0))
            start = end
        coded = np.array(numbers, dtype=np.int32)[stream[:size]]
        ends = coded == 0
        kept = ~ends
        kept[1:] |= ends[1:] & ~ends[:-1]
        coded = coded[kept]
        return (coded if len(coded) == 0 or coded[-1] == 0 else np.append(coded, np.int32(0))), None

"""The words of a lexicon and those that the taggers find beside them in a corpus, as a new lexicon."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator

import numpy as np

from minent.corpus.alphabet import LATIN_CLASS, NUMBER_CLASS, runs_in
from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import Corpus
from minent.corpus.units import DIGIT, HAN, LATIN, unit_classes
from minent.lexicon import Lexicon
from minent.neural.segment.cutter import Reading
from minent.neural.segment.elements import blocks, folds_of
from minent.neural.segment.lattice import arcs_of, best_starts
from minent.neural.segment.segmenter import NeuralSegmenter
from minent.segmentation.readable import ELEMENTS
from minent.segmentation.stream import Watch


def mine_words(
    segmenter: NeuralSegmenter,
    corpus: Corpus,
    below: float | None = None,
    advance: Callable[[int], object] = lambda size: None,
) -> tuple[Lexicon, InvalidBytes | None]:
    """The lexicon of a segmenter with the new words of a corpus; and what was not valid text.

    The column `boundary_odds` has for each word that the segmenter cuts out of the corpus the log-odds of a boundary
    inside (nats), by the tagger that has not learned from this string: the largest of all places, its mean over all
    occurrences. A string cut out n times that the lexicon has not is a new word if that is below `below`, or below ln n
    if there is none given. Numbers are `<N>`, Latin runs that the lexicon has not are `<L>`; the counts of the
    lexicon's own words stay. Memory: the distinct words. CorpusError: invalid bytes in a strict corpus.
    """
    lexicon = segmenter.lexicon
    counts: Counter[bytes] = Counter()
    sums: defaultdict[bytes, float] = defaultdict(float)
    watch = Watch(corpus)
    for shard in corpus.shards():
        for start, end in blocks(shard.data):
            state = np.array([1, 0, -1], dtype=np.int64)
            reading = segmenter.cutter.read(shard.data[start:end], state)
            if state[1]:
                watch.add(int(state[1]), shard.path, shard.offset + start + int(state[2]))
            for token, odds in judged_words(reading):
                counts[token] += 1
                sums[token] += odds
            advance(end - start)
    listed = set(lexicon.words)
    runs = latin_runs(listed)
    found: Counter[str] = Counter()
    odds_of: defaultdict[str, float] = defaultdict(float)
    for token, count in counts.items():
        word = word_of(token.decode("utf-8", "surrogateescape"), listed, runs)
        found[word] += count
        odds_of[word] += sums[token]
    means = {word: odds_of[word] / count for word, count in found.items()}
    new = {
        word: count
        for word, count in found.items()
        if word and word not in listed and means[word] < (math.log(count) if below is None else below)
    }
    words, numbers = [*lexicon.words, *new], [*lexicon.counts.tolist(), *new.values()]
    columns = {name: [*values, *[""] * len(new)] for name, values in lexicon.columns.items()}
    columns["boundary_odds"] = [f"{means[word]:.2f}" if word in means else "" for word in words]
    return Lexicon(words, numbers, {**lexicon.settings, "new_words": len(new)}, columns), watch.report()


def judged_words(reading: Reading) -> Iterator[tuple[bytes, float]]:
    """The words of two elements or more in the best cutting, each with the largest log-odds of a boundary inside by the
    tagger of the other fold, in nats."""
    count = len(reading.elements)
    starts = best_starts(arcs_of(reading.lattice))
    lengths = np.diff(starts, append=count)
    first, last = starts[lengths > 1], (starts + lengths)[lengths > 1]
    others = 1 - folds_of(reading.elements.ids, first, last).astype(np.int64)
    odds = np.full(len(first), -np.inf)
    for place in range(1, int((last - first).max(initial=0))):
        inside = first + place < last
        odds[inside] = np.maximum(odds[inside], reading.log_odds[others[inside], first[inside] + place])
    data, places = reading.lattice.data.tobytes(), reading.elements.starts
    for a, b, nats in zip(places[first].tolist(), places[last].tolist(), odds.tolist(), strict=True):
        yield data[a:b], nats


def latin_runs(words: Collection[str]) -> frozenset[str]:
    """The Latin runs that stand in some words of a lexicon."""
    plain = (word.replace(NUMBER_CLASS, " ").replace(LATIN_CLASS, " ") for word in words)
    return frozenset(run for run in runs_in(plain) if unit_classes()[ord(run[0])] == LATIN)


def word_of(token: str, listed: Collection[str], runs: Collection[str]) -> str:
    """A string as a word of a lexicon; empty if there is a sign in it and it is not listed. `runs`: known Latin runs.

    >>> [word_of(token, {"C++"}, {"A"}) for token in ("1998年", "A股", "iPhone", "C++", "C+")]
    ['<N>年', 'A股', '<L>', 'C++', '']
    """
    classes = unit_classes()
    parts = []
    for match in ELEMENTS[True].finditer(token):
        element = match.group()
        kind = int(classes[ord(element[0])])
        if kind == DIGIT:
            parts.append(NUMBER_CLASS)
        elif kind == LATIN:
            parts.append(element if element in runs else LATIN_CLASS)
        elif kind == HAN:
            parts.append(element)
        else:
            return token if token in listed else ""
    return "".join(parts)

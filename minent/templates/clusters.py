"""Word classes of a coded text: exchange clusters, and which of their words stand for one another."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from minent.grammar.classes import cluster_words
from minent.grammar.text import FIRST_WORD, NUMBER, UNKNOWN, Text, normal_form
from minent.templates.classes import ClassEntry, Counts, WordClasses, readable_name, sort_counts
from minent.templates.coded import CodedText
from minent.templates.settings import ClassSettings
from minent.templates.template import WordClass

NUMBERS = WordClass("N")  # as in a lexicon: any number
MOST_KEPT = 10  # words told that stay as they are
LEAST_CLUSTERS, MOST_CLUSTERS = 4, 256

Floats = NDArray[np.float64]


def find_classes(text: CodedText, settings: ClassSettings | None = None) -> WordClasses:
    """Classes of the words of a text, and which words they replace; see ClassSettings. All numbers are one class, <N>.

    The clusters are those of the grammar (Kneser, Ney 1993): a word is in the cluster whose words have the same
    neighbours as it. But not every word does as its cluster does: a word is replaced only if the neighbours of the
    *other* words of the cluster tell enough of its own.
    Deterministic. Memory: 24 bytes for each word of text that is clustered.
    """
    settings = settings or ClassSettings()
    tokens = int(text.counts.sum())
    least = settings.min_count or max(10, round(math.sqrt(tokens) / 50))
    is_number = np.array([isinstance(word, str) and normal_form(word) == NUMBER for word in text.words])
    often = np.flatnonzero((text.counts >= least) & ~is_number)[: settings.vocabulary]
    often = often[often > 0]
    ids = np.full(len(text.words), UNKNOWN, dtype=np.int32)
    ids[0] = 0
    ids[often] = FIRST_WORD + np.arange(len(often))
    has_numbers = int(text.counts[is_number].sum()) >= least
    number_id = FIRST_WORD + len(often)
    if has_numbers:
        ids[is_number] = number_id
    clusters = settings.clusters or min(MOST_CLUSTERS, max(LEAST_CLUSTERS, round(3 * math.sqrt(len(often)))))
    coded = ids[_sample(text, settings.most_words)]
    words = tuple(str(text.words[k]) for k in often.tolist()) + ((NUMBER,) if has_numbers else ())
    sample = Text(coded, words, np.bincount(coded, minlength=len(words) + FIRST_WORD).astype(np.int64))
    found = cluster_words(sample, clusters, settings.sweeps) if len(words) else np.zeros(FIRST_WORD, dtype=np.int32)
    replaced = known_shares(sample, found, settings.prior) >= settings.share
    replaced[: FIRST_WORD + settings.literals] = False
    replaced[number_id:] = False
    entries, taken = [], {NUMBERS.name}
    counts = text.counts[often].tolist()

    def listed(places: NDArray[np.int64]) -> Counts:
        return sort_counts((words[k], counts[k]) for k in (places - FIRST_WORD).tolist())

    for cluster in range(FIRST_WORD, int(found.max(initial=0)) + 1):
        inside = found == cluster
        inside[number_id:] = False
        members = listed(np.flatnonzero(inside & replaced))
        if len(members) >= settings.min_members:
            kept = listed(np.flatnonzero(inside & ~replaced))[:MOST_KEPT]
            entries.append(ClassEntry(WordClass(readable_name(members, taken)), members, kept))
    numbers = np.flatnonzero(is_number).tolist()
    if has_numbers:
        entries.append(ClassEntry(NUMBERS, sort_counts((str(text.words[k]), int(text.counts[k])) for k in numbers)))
    told = {"clusters": clusters, "min_count": least, "literals": settings.literals, "share": settings.share}
    return WordClasses(entries, told)


def _sample(text: CodedText, most: int) -> NDArray[np.int32]:
    """The word stream from a 0 on; of more than `most` numbers every k-th sentence."""
    step = -(-len(text) // most)
    kept, sentences = [np.zeros(1, dtype=np.int32)], 0
    for block in text.blocks():
        ends = block == 0
        numbers = sentences + np.cumsum(ends) - ends
        kept.append(block[numbers % step == 0])
        sentences += int(ends.sum())
    return np.concatenate(kept)


def known_shares(text: Text, clusters: NDArray[np.int32], prior: float) -> Floats:
    """How much of what a word's neighbours are the other words of its cluster tell: float64[ids].

    p(h) is how often a neighbour is in cluster h, on one side; q(h) the same beside the other words of the cluster,
    with `prior` neighbours by p added; r(h) beside the word itself, with `prior` by q. Over both sides, the share is
    Σ r ln(q/p) / Σ r ln(r/p): 1 if the word does just as the others do, below 0 if they mislead.
    """
    keys, counts = text.bigrams()
    size, kinds = len(text.counts), int(clusters.max()) + 1
    lefts, rights = keys // size, keys % size
    told, whole = np.zeros(size), np.zeros(size)
    for words, others in ((lefts, rights), (rights, lefts)):
        beside = np.bincount(words * kinds + clusters[others], counts, size * kinds).reshape(size, kinds)
        everywhere = beside.sum(axis=0) / max(float(beside.sum()), 1.0)
        of_cluster = np.zeros((kinds, kinds))
        np.add.at(of_cluster, clusters, beside)
        for word in range(FIRST_WORD, size):
            own = beside[word]
            rest = of_cluster[clusters[word]] - own
            expected = (rest + prior * everywhere) / (rest.sum() + prior)
            seen = (own + prior * expected) / (own.sum() + prior)
            used = seen > 0
            seen, expected, usual = seen[used], expected[used], everywhere[used]
            told[word] += float((seen * np.log(expected / usual)).sum())
            whole[word] += float((seen * np.log(seen / usual)).sum())
    return np.divide(told, whole, out=np.zeros(size), where=whole > 1e-12)

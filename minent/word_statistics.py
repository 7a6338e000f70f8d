"""What a corpus says of each word: occurrences, PMI at its weakest cut, branching entropies of its neighbours."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minent.association import pmi
from minent.corpus.alphabet import LATIN_CLASS, NUMBER_CLASS, Alphabet, runs_in
from minent.corpus.sources import Corpus
from minent.counting import CodedCorpus, count_corpus_units, watched
from minent.distributed.corpus import ClusterCorpus
from minent.distributed.statistics import cluster_entropies, cluster_string_counts
from minent.distributed.units import count_cluster_units
from minent.engines.rows import ClusterText
from minent.kernels.neighbours import (
    branching_entropies,
    count_strings,
    enter_parts,
    gather_neighbours,
    weakest_cuts,
)
from minent.lexicon import Lexicon
from minent.memory import Memory
from minent.passes import UNLIMITED
from minent.recipes.sampled import LATIN_COUNT, class_alphabet
from minent.tables import Counter

LONGEST = 32  # units; a longer word has no statistics: a word of n units has n (n + 1) / 2 parts to count
MOST_NEIGHBOURS = 1 << 24  # occurrences whose neighbours are kept, of all words together: 8 bytes each
SENTINEL = "一"  # any Han character: it never melts into a run beside it
CLASSES = re.compile(f"{NUMBER_CLASS}|{LATIN_CLASS}")


@dataclass(frozen=True)
class WordStatistics:
    """Figures of each word, in the order in which the words were given; logarithms are natural (nats).

    occurrences : int64[words] — as a string, inside other words too; they may overlap
    pmi : float64[words] — min over its cuts of ln p(word) / (p(left) p(right)), p being occurrences / units of the text
    cuts : int64[words] — units before that cut (the first of ties); 0 where there is none
    left_entropy, right_entropy : float64[words] — of the unit before and after it; all boundaries are one outcome

    What is not there is 0, or NaN: everything for a word that does not occur or cannot (it has more than LONGEST
    units, or a sign that is no unit inside), `pmi` and `cuts` for a word of one unit.
    """

    occurrences: NDArray[np.int64]
    pmi: NDArray[np.float64]
    cuts: NDArray[np.int64]
    left_entropy: NDArray[np.float64]
    right_entropy: NDArray[np.float64]

    def columns(self) -> dict[str, list[str]]:
        """Columns of a lexicon file, four digits each; empty where there is no figure."""
        return {name: _formatted(getattr(self, name)) for name in ("pmi", "left_entropy", "right_entropy")}


def word_statistics(
    corpus: CodedCorpus, words: Iterable[str], most_neighbours: int = MOST_NEIGHBOURS
) -> WordStatistics:
    """Figures of some words in a corpus, whether a lexicon has them or not.

    Occurrences and PMI are exact. Entropies are exact while the words have at most `most_neighbours` occurrences in
    all; beyond that the most frequent words are cut down to one same number of occurrences, evenly spread over the
    text, so that all fit: rare words stay exact. A class unit (`<N>`, `<L>`) and a run that the alphabet has in a
    class are compared as the class. Two passes; memory: 8 bytes an occurrence kept, about 50 a part of a word, and
    100 a word. The result does not depend on workers, shards or files.

    >>> from minent.counting import CodedCorpus
    >>> from minent.corpus.sources import open_corpus
    >>> corpus = coded_corpus(open_corpus(["苹果的颜色", "苹果的味道"]), ["苹果"])
    >>> found = word_statistics(corpus, ["苹果"])
    >>> int(found.occurrences[0]), round(float(found.pmi[0]), 4), float(found.right_entropy[0])     # ln 10/2
    (2, 1.6094, 0.0)
    """
    words = list(words)
    stream, starts, lengths = _coded_words(words, corpus.alphabet)
    known = np.flatnonzero(lengths)
    trie = _Trie.build(stream, starts[known], lengths[known], len(corpus.alphabet))
    counts = _count_strings(corpus, trie)
    cuts, parts = np.zeros(len(words), dtype=np.int64), np.zeros((len(words), 2), dtype=np.int64)
    some_cuts, some_parts = np.zeros(len(known), dtype=np.int64), np.zeros((len(known), 2), dtype=np.int64)
    weakest_cuts(stream, starts[known], lengths[known], trie.table, counts, some_cuts, some_parts)
    occurrences = np.zeros(len(words), dtype=np.int64)
    occurrences[known] = counts[trie.nodes]
    cuts[known], parts[known] = some_cuts, some_parts
    cuts[occurrences == 0] = 0
    cohesion = np.full(len(words), np.nan)
    cut = cuts > 0
    cohesion[cut] = pmi(occurrences[cut], parts[cut, 0], parts[cut, 1], max(int(corpus.alphabet.counts.sum()), 1))
    entropies = np.full((len(words), 2), np.nan)
    entropies[known] = _entropies(corpus, trie, counts, most_neighbours)
    return WordStatistics(occurrences, cohesion, cuts, entropies[:, 0], entropies[:, 1])


def with_statistics(
    lexicon: Lexicon,
    corpus: Corpus,
    whole_runs: bool = True,
    jobs: int = 1,
    progress: bool = False,
    memory: Memory = UNLIMITED,
    cluster: ClusterText | None = None,
) -> Lexicon:
    """The lexicon with the columns `pmi`, `left_entropy`, `right_entropy`, from its corpus; `cluster`: where it is."""
    coded = coded_corpus(
        corpus, lexicon.words, whole_runs=whole_runs, jobs=jobs, progress=progress, memory=memory, cluster=cluster
    )
    return lexicon.with_columns(word_statistics(coded, lexicon.words).columns())


def coded_corpus(
    corpus: Corpus,
    words: Iterable[str],
    *,
    whole_runs: bool = True,
    jobs: int = 1,
    progress: bool = False,
    memory: Memory = UNLIMITED,
    cluster: ClusterText | None = None,
) -> CodedCorpus:
    """A corpus in the alphabet that some words call for: with classes if one of them has a class unit.

    In a text of very many runs (`UnitCounts.kept_runs`) the rare ones that are in no word are one outcome for the
    entropies, as all of them are where there are classes.
    """
    words = list(words)
    if cluster is None:
        units, _ = count_corpus_units(corpus, whole_runs, jobs, progress, memory)
    else:
        units, _ = count_cluster_units(cluster, whole_runs)
    if whole_runs and any(CLASSES.search(word) for word in words):
        alphabet = class_alphabet(units)
    else:
        alphabet = Alphabet.from_counts(units, LATIN_COUNT, runs_in(words, whole_runs))
    if cluster is not None:
        return ClusterCorpus(corpus, alphabet, text=cluster)
    return CodedCorpus(corpus, alphabet, jobs, progress, memory)


@dataclass(frozen=True)
class _Trie:
    """All parts of some words (kernels/neighbours.py). nodes : int64[words], the node of each; size : nodes in all."""

    table: NDArray[np.int64]
    nodes: NDArray[np.int64]
    size: int

    @classmethod
    def build(
        cls, stream: NDArray[np.int32], starts: NDArray[np.int64], lengths: NDArray[np.int64], units: int
    ) -> _Trie:
        counter = Counter()
        nodes = np.empty(len(starts), dtype=np.int64)
        at = 0
        while True:
            at = enter_parts(stream, starts, lengths, at, units, counter.table, counter.used, nodes)
            if at == len(starts):
                return cls(counter.table, nodes, units + len(counter))
            counter.grow(len(counter) + int(lengths[at]) ** 2)


def _coded_words(
    words: list[str], alphabet: Alphabet
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """The words one after another in a coded stream: (stream, start of each, its units; 0 if it cannot be found).

    Each is written between two sentinels, so that a sign at its end makes a boundary inside, as one in its middle does.
    """
    if alphabet.whole_runs and NUMBER_CLASS in alphabet.texts[1:2]:
        stand_ins = {NUMBER_CLASS: "0", LATIN_CLASS: _rare_run(alphabet)}
        texts = [CLASSES.sub(lambda found: stand_ins[found.group()], word) for word in words]
    else:
        texts = words
    char_units = alphabet.char_units.copy()
    char_units[ord(SENTINEL)] = char_units[ord(SENTINEL)] or len(alphabet)
    alphabet = dataclasses.replace(alphabet, char_units=char_units)
    lines = "".join([f"{SENTINEL}{text}{SENTINEL}\n" for text in texts if "\n" not in text])
    stream, ends = alphabet.encode(np.frombuffer(lines.encode("utf-8", "replace"), dtype=np.uint8), with_lines=True)
    line_starts = np.concatenate([np.zeros(1, dtype=np.int64), ends])[:-1]
    found = ends - line_starts - 3
    # The boundary, the unit that is any rare character, and a sentinel that the alphabet does not have, are in no word.
    nameless = np.array([*(not text for text in alphabet.texts), True])
    foreign = np.concatenate([[0], np.cumsum(nameless[stream])])
    found[(found > LONGEST) | (foreign[ends - 2] > foreign[line_starts + 1])] = 0
    one_line = np.array(["\n" not in text for text in texts], dtype=np.bool_)
    starts, lengths = np.zeros(len(words), dtype=np.int64), np.zeros(len(words), dtype=np.int64)
    starts[one_line], lengths[one_line] = line_starts + 1, found
    return stream, starts, lengths


def _rare_run(alphabet: Alphabet) -> str:
    """A run of Latin letters that has no unit of its own."""
    for length in itertools.count(1):
        text = "z" * length
        if alphabet.encode(np.frombuffer(text.encode(), dtype=np.uint8))[0][0] == alphabet.texts.index(LATIN_CLASS):
            break
    return text


def _count_strings(corpus: CodedCorpus, trie: _Trie) -> NDArray[np.int64]:
    """int64[nodes]: occurrences of every string of the trie."""
    if isinstance(corpus, ClusterCorpus):
        return cluster_string_counts(corpus, trie.table, trie.size)

    def merge(counts: NDArray[np.int64], other: NDArray[np.int64]) -> None:
        counts += other

    return corpus.fold(
        lambda: np.zeros(trie.size, dtype=np.int64),
        lambda counts, units: count_strings(units, trie.table, counts),
        merge,
        "count words",
    )


def _entropies(corpus: CodedCorpus, trie: _Trie, counts: NDArray[np.int64], most: int) -> NDArray[np.float64]:
    """float64[words, 2]: left and right branching entropy of each word of the trie."""
    nodes, inverse = np.unique(trie.nodes, return_inverse=True)  # two words may be the same units
    occurrences = counts[nodes]
    quotas = np.minimum(occurrences, _quota(occurrences, most))
    if isinstance(corpus, ClusterCorpus):
        return cluster_entropies(corpus, trie.table, nodes, trie.size, occurrences, quotas)[inverse]
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(quotas)])
    takings = np.column_stack([occurrences, quotas, np.zeros_like(quotas), starts[:-1]])
    words = np.full(trie.size, -1, dtype=np.int32)
    words[nodes] = np.arange(len(nodes), dtype=np.int32)
    neighbours = np.empty((int(starts[-1]), 2), dtype=np.int32)
    # In order, by one worker: which occurrences are taken depends on what came before.
    for shard in watched(corpus.corpus, "read neighbours", corpus.progress, corpus.memory):
        gather_neighbours(corpus.alphabet.encode(shard.data)[0], trie.table, words, takings, neighbours)
    entropies = np.empty((len(nodes), 2), dtype=np.float64)
    branching_entropies(neighbours, starts, len(corpus.alphabet), entropies)
    return entropies[inverse]


def _quota(occurrences: NDArray[np.int64], most: int) -> int:
    """The largest number q for which Σ min(occurrences, q) is at most `most`, but at least 1."""
    rising = np.sort(occurrences)
    below = np.cumsum(rising) - rising  # all of the words that are rarer
    rest = np.arange(len(rising), 0, -1)
    fits = below + rising * rest <= most
    if fits.all():
        return int(rising[-1]) if len(rising) else 1
    first = int(np.argmin(fits))  # the first word that is cut down
    return max(1, (most - int(below[first])) // int(rest[first]))


def _formatted(values: NDArray[np.float64]) -> list[str]:
    return ["" if math.isnan(value) else f"{value + 0.0:.4g}" for value in values.tolist()]

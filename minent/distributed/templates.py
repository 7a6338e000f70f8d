"""Templates of a text on a cluster: its sentences are coded, linked and looked through there (templates/mining.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minent.corpus.sources import Shard
from minent.distributed.counts import (
    REPORTS,
    AtLeast,
    Chosen,
    Counts,
    Frequent,
    InvalidTally,
    Pairs,
    Question,
    Reports,
    Total,
    as_shard,
    dense_pairs,
    invalid_bytes,
    pairs_of,
)
from minent.distributed.fillers import gather_cluster_fillers
from minent.distributed.growing import grow_paths
from minent.engines.rows import INVALID, ClusterText, Row, Shared
from minent.kernels.skipgram import count_buckets, count_skip_grams
from minent.segmentation import Segmenter
from minent.tables import Counter, Interner
from minent.templates.coded import code_sentences, coding_flags
from minent.templates.edges import Edges, StrongPairs
from minent.templates.fillers import Found, Lists
from minent.templates.growing import Paths
from minent.templates.mining import Components, ComponentTable
from minent.templates.settings import TemplateSettings
from minent.templates.streams import require_words
from minent.templates.template import Element

WORDS, FACTS, INVALIDS = range(3)
ENDS, SKIP_GRAMS = range(2)  # facts of a text
PAIRS = 0
COMPONENTS, ISOLATED, TALLY = range(3)
PATHS, LEFT_OUT = range(2)  # facts of components
FEWEST_BUCKETS = 1 << 8
RARE = 1 << 62  # in the place of the count of a word that is in no strong skip-gram


class ClusterWords:
    """A text on a cluster as a word stream, in the place of a CodedText; kept there until `close`.

    Only its words come here.  Errors: CorpusError if the text cannot be read
    """

    def __init__(self, text: ClusterText, segmenter: Segmenter | None, settings: TemplateSettings) -> None:
        self.text, self.corpus = text, text.corpus
        signs_are_words = settings.boundaries == "stops"
        shared = self.shared((segmenter, coding_flags(segmenter, signs_are_words), settings.window))
        kinds = {WORDS: np.uint8, FACTS: None, INVALIDS: None}
        pieces = text.pieces(whole_lines=signs_are_words)  # where a line is cut a sentence would end
        counts = Counts(pieces, _MakeWords(shared), kinds)
        questions: dict[int, Question] = {
            WORDS: Frequent(0, Interner(np.uint8, 1)), FACTS: Chosen(), INVALIDS: Chosen(), REPORTS: Reports(),
        }  # fmt: skip
        found = counts.ask(questions)
        counts.release()
        self.invalid = invalid_bytes(text.corpus, found[INVALIDS], found[REPORTS])
        facts = dict(zip(*map(np.ndarray.tolist, found[FACTS]), strict=True))
        self.skip_grams = facts.get(SKIP_GRAMS, 0)
        table = found[WORDS]
        content, start, numbers = table.content.tobytes(), 0, []
        for end, count in zip(table.ends().tolist(), table.counts.tolist(), strict=False):
            numbers.append((-count, content[start:end]))
            start = end
        numbers.sort()
        self.words: list[Element] = ["", *(word.decode() for _, word in numbers)]
        self.counts = np.array([0, *(-negative for negative, _ in numbers)], dtype=np.int64)
        self._size: int = int(self.counts.sum()) + facts.get(ENDS, 0)
        vocabulary = Interner(np.uint8)
        for _, word in numbers:
            vocabulary.add_bytes(word)
        self.streams = pieces.map(_Code(self.shared((vocabulary, *shared.value[:2])))).kept()

    def __enter__(self) -> ClusterWords:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __len__(self) -> int:
        return self._size

    def close(self) -> None:
        """Remove the coded sentences."""
        self.streams.release()

    def check_words(self) -> None:
        """CorpusError if there is not one word."""
        require_words(self.corpus, self.words, self.invalid)

    def shared(self, value: Any) -> Shared[Any]:
        """Something that every task can read."""
        shared: Shared[Any] = self.text.cluster.share(value)
        return shared

    # the passes of mining (templates.mining.Passes)

    def find_edges(self, settings: TemplateSettings) -> Edges:
        settings = settings.with_chosen(self.skip_grams)
        least = settings.least_count(self.skip_grams)
        frequent = self.counts * settings.window >= least  # a word has at most so many skip-grams with another
        weights = np.where(frequent, 1, RARE)
        counts = Counts(self.streams, _MakePairs(self.shared((weights, settings.window))), {PAIRS: None}, read_streams)
        strong = StrongPairs.of(self.counts, self.skip_grams, settings)
        keys, pairs = counts.ask({PAIRS: Chosen(strong)})[PAIRS]
        counts.release()
        return Edges(keys, pairs, self.skip_grams, settings)

    def find_components(self, edges: Edges, limit: int) -> Components:
        shared = self.shared((len(self.words), edges.tables(), edges.settings.window, limit))
        kinds = {COMPONENTS: np.int32, ISOLATED: None, TALLY: None}
        return ClusterComponents(Counts(self.streams, _MakeComponents(shared), kinds, read_streams), self.shared)

    def gather_fillers(self, found: Found, expected: float, top: int) -> Lists:
        return gather_cluster_fillers(self.streams, read_streams, self.shared, found, self.words, top)


def read_streams(rows: Iterator[Row]) -> Iterator[NDArray[np.int32]]:
    """The word streams of a task."""
    for row in rows:
        yield np.frombuffer(bytes(row.data), dtype=np.int32)


@dataclass(frozen=True)
class _MakeWords:
    shared: Shared[Any]

    def __call__(self) -> _WordTally:
        return _WordTally(*self.shared.value)


class _WordTally:
    """Words, sentences and skip-grams."""

    def __init__(self, segmenter: Segmenter | None, flags: int, window: int) -> None:
        self._segmenter, self._flags, self._window = segmenter, flags, window
        self._words, self._facts = Interner(np.uint8), np.zeros(2, dtype=np.int64)
        self._invalid = InvalidTally()
        self._buckets = np.zeros(FEWEST_BUCKETS, dtype=np.uint32)

    def add(self, shard: Shard) -> None:
        stream, invalid, first = code_sentences(shard.data, self._segmenter, self._flags, self._words)
        self._invalid.note(shard, invalid, first)
        self._facts[ENDS] += np.count_nonzero(stream == 0)
        self._facts[SKIP_GRAMS] += count_buckets(stream, self._window, self._buckets)

    def size(self) -> int:
        return self._words.nbytes

    def take(self) -> Iterator[tuple[int, Pairs | Interner]]:
        yield WORDS, self._words
        yield FACTS, dense_pairs(self._facts)
        yield INVALIDS, self._invalid.pairs()
        self._words, self._facts = Interner(np.uint8), np.zeros(2, dtype=np.int64)


@dataclass(frozen=True)
class _Code:
    """From pieces to their word streams."""

    shared: Shared[Any]

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        vocabulary, segmenter, flags = self.shared.value
        for row in rows:
            if row.key != INVALID:
                stream, _, _ = code_sentences(as_shard(row).data, segmenter, flags, vocabulary)
                yield Row(0, row.place, stream.tobytes())


@dataclass(frozen=True)
class _MakePairs:
    shared: Shared[Any]

    def __call__(self) -> _PairTally:
        return _PairTally(*self.shared.value)


class _PairTally:
    """Skip-grams of words that are frequent enough."""

    def __init__(self, weights: NDArray[np.int64], window: int) -> None:
        self._weights, self._window = weights, window
        self._buckets = np.ones(FEWEST_BUCKETS, dtype=np.uint32)
        self._counter = Counter()

    def add(self, stream: NDArray[np.int32]) -> None:
        counter, at = self._counter, 0
        while at < len(stream):
            # counts a pair if 1 > weight · weight / 2
            at = count_skip_grams(
                stream, at, self._window, self._buckets, self._weights, 1, 0.5, counter.table, counter.used
            )
            if at < len(stream):
                counter.grow(2 * len(counter))

    def size(self) -> int:
        return self._counter.table.nbytes

    def take(self) -> Iterator[tuple[int, Pairs]]:
        yield PAIRS, pairs_of(self._counter)
        self._counter = Counter()


@dataclass(frozen=True)
class _MakeComponents:
    shared: Shared[Any]

    def __call__(self) -> _ComponentTally:
        return _ComponentTally(*self.shared.value)


class _ComponentTally:
    def __init__(self, words: int, strong: Any, window: int, limit: int) -> None:
        self._found, self._options = ComponentTable(words), (window, strong, limit)

    def add(self, stream: NDArray[np.int32]) -> None:
        self._found.add(stream, *self._options)

    def size(self) -> int:
        return self._found.table.nbytes

    def take(self) -> Iterator[tuple[int, Pairs | Interner]]:
        found, self._found = self._found, ComponentTable(len(self._found.isolated))
        yield COMPONENTS, found.table
        yield ISOLATED, dense_pairs(found.isolated.ravel())
        yield TALLY, dense_pairs(np.array([found.paths, found.left_out]))


class ClusterComponents:
    """Components that stay on the cluster; see `templates.mining.Components`."""

    def __init__(self, counts: Counts, share: Callable[[Any], Shared[Any]]) -> None:
        self._counts, self._share = counts, share
        found = counts.ask({COMPONENTS: _Distinct(), ISOLATED: Total(), TALLY: Chosen()})
        facts = dict(zip(*map(np.ndarray.tolist, found[TALLY]), strict=True))
        self.distinct: int = found[COMPONENTS]
        self.left_out: int = facts.get(LEFT_OUT, 0)
        self.total: int = facts.get(PATHS, 0) + found[ISOLATED]

    def singles(self, place: int, least: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        keys, counts = self._counts.ask({ISOLATED: Chosen(AtLeast(least))})[ISOLATED]
        here = keys % 4 == place
        return keys[here] // 4, counts[here]

    def grow(self, least: int, least_places: int) -> Paths:
        return grow_paths(self._counts.rows, self._counts.reader(COMPONENTS), self._share, least, least_places)


class _Distinct(Question):
    """How many sequences there are."""

    narrows = True

    def __call__(self, table: Interner) -> int:
        return len(table)

    def together(self, answers: list[int]) -> int:
        return sum(answers)

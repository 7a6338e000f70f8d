"""Strong skip-grams of a corpus: the edges of which templates are made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from minent.kernels.patterns import fill_screen
from minent.kernels.skipgram import count_buckets, count_skip_grams
from minent.spill import SpillingCounter
from minent.tables import Counter
from minent.templates.coded import CodedText
from minent.templates.settings import TemplateSettings

FEWEST_BUCKETS, MOST_BUCKETS = 1 << 16, 1 << 25  # for all workers together
BUCKET = 4  # bytes
EDGE = 120  # bytes of a strong skip-gram, with its places in the screen and the table
SLACK = 1 - 1e-9  # for the rounding of a bound
SCREEN_BITS = 16  # places of the screen for one strong skip-gram


@dataclass(frozen=True)
class Edges:
    """The strong skip-grams. keys : int64[n], first << 32 | second, sorted;  total : skip-grams of the corpus."""

    keys: NDArray[np.int64]
    counts: NDArray[np.int64]
    total: int
    settings: TemplateSettings

    def tables(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """A screen and a table of their keys, for `link_words` (kernels/patterns.py)."""
        screen = np.zeros(1 << max(16, (SCREEN_BITS * len(self.keys)).bit_length()), dtype=np.uint8)
        fill_screen(self.keys, screen)
        return screen, Counter.from_items(self.keys, np.ones(len(self.keys), dtype=np.int64)).table


def find_edges(text: CodedText, settings: TemplateSettings) -> Edges:
    """Count the skip-grams of a text and keep the strong ones (kexue.fm/archives/5577).

    a → b is strong if its count reaches min_count, ln p_ab > ln min_prob and ln p_ab − ln p_a − ln p_b > min_pmi, p_ab
    being its share of all skip-grams, p_a that of a among all words. What is not given is chosen (TemplateSettings).
    Two passes; memory: the buckets, at most 128 MiB, and 26 bytes for each skip-gram that may be strong. With a limit
    the buckets take a quarter of it at most, and the rest spills.
    """
    buckets, total = _count_buckets(text, settings)
    settings = settings.with_chosen(total)
    least, min_pmi = settings.least_count(total), settings.min_pmi
    assert min_pmi is not None
    words = int(text.counts.sum())
    ratio = math.exp(min_pmi) * SLACK * total / max(words, 1) ** 2
    window, counts, memory = settings.window, text.counts, text.memory
    share = memory.share(text.jobs)
    if share is not None:
        share -= buckets.nbytes // text.jobs

    def work(counter: SpillingCounter, stream: NDArray[np.int32]) -> None:
        at = 0
        while at < len(stream):
            at = count_skip_grams(stream, at, window, buckets, counts, least, ratio, counter.table, counter.used)
            if at < len(stream):
                counter.grow(len(counter) + window + 1)

    found = text.fold(lambda: SpillingCounter(share, memory.temp_dir), work, SpillingCounter.merge, "count skip-grams")
    strong = list(found.blocks(StrongPairs.of(counts, total, settings)))
    keys, pairs = (np.concatenate(column) for column in zip(*strong, strict=True))
    order = np.argsort(keys)
    return Edges(keys[order], pairs[order], total, settings)


@dataclass(frozen=True)
class StrongPairs:
    """From skip-grams and their counts: bool[n], which are strong. Can be pickled.

    counts : int64[words + 1];  total : skip-grams of the corpus
    """

    counts: NDArray[np.int64]
    total: int
    least: int
    min_pmi: float

    @classmethod
    def of(cls, counts: NDArray[np.int64], total: int, settings: TemplateSettings) -> StrongPairs:
        """By settings whose thresholds are chosen."""
        assert settings.min_pmi is not None
        return cls(counts, total, settings.least_count(total), settings.min_pmi)

    def __call__(self, keys: NDArray[np.int64], pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
        strong: NDArray[np.bool_] = pairs >= self.least
        strong[strong] = self._pmi(keys[strong], pairs[strong]) > self.min_pmi
        return strong

    def _pmi(self, keys: NDArray[np.int64], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
        """ln p_ab − ln p_a − ln p_b, in the order of operations of the article's implementation."""
        if not len(keys):
            return np.empty(0)
        log_pairs = _logarithms(pairs) - math.log(self.total)
        result: NDArray[np.float64] = log_pairs - self._log_words[keys >> 32] - self._log_words[keys & 0xFFFFFFFF]
        return result

    @cached_property
    def _log_words(self) -> NDArray[np.float64]:
        """ln p of each word."""
        log_probs = np.zeros(len(self.counts))
        log_probs[1:] = _logarithms(self.counts[1:]) - math.log(int(self.counts.sum()))
        return log_probs


def _count_buckets(text: CodedText, settings: TemplateSettings) -> tuple[NDArray[np.uint32], int]:
    """Upper bounds of the counts of all skip-grams, by bucket, and how many there are."""
    wanted = len(text) * settings.window // max(text.jobs, 1)
    most = MOST_BUCKETS // max(text.jobs, 1)
    share = text.memory.share(text.jobs)
    if share is not None:
        most = min(most, share // 4 // BUCKET)
    size = FEWEST_BUCKETS
    while size < wanted and 2 * size <= most:
        size *= 2

    class Buckets:
        def __init__(self) -> None:
            self.buckets = np.zeros(size, dtype=np.uint32)
            self.total = 0

        def add(self, stream: NDArray[np.int32]) -> None:
            self.total += count_buckets(stream, settings.window, self.buckets)

        def merge(self, other: Buckets) -> None:
            room = np.iinfo(np.uint32).max - self.buckets
            self.buckets += np.minimum(room, other.buckets)
            self.total += other.total

    found = text.fold(Buckets, Buckets.add, Buckets.merge, "bound skip-grams")
    return found.buckets, int(found.total)


def _logarithms(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Natural logarithms as the C library has them: NumPy's may differ in the last bit."""
    distinct, places = np.unique(counts, return_inverse=True)
    return np.array([math.log(count) for count in distinct.tolist()], dtype=np.float64)[places]

"""A few sentences of a corpus to show parses of: of middle length, from all over it."""

from __future__ import annotations

import re

import numpy as np

from minent.corpus.sources import Corpus
from minent.corpus.units import HAN_RANGES
from minent.progress import progress_bar

PROBES = 64  # places of a shard that are looked at
REACH = 1200  # bytes that are looked at in each
SHORTEST, LONGEST = 9, 26  # characters

HAN = "".join(f"{chr(first)}-{chr(last)}" for first, last in HAN_RANGES)
SENTENCE = f"([{HAN}][{HAN}，、]{{{SHORTEST - 2},{LONGEST - 2}}}[{HAN}]"
MARKED = re.compile(f"(?:^|[。！？；…”])[\\s　]*{SENTENCE}[。！？；])")
LINE = re.compile(f"(?:^|\\n)[ 　]*{SENTENCE})\\r?\\n")


def example_sentences(corpus: Corpus, number: int, progress: bool = False) -> list[str]:
    """At most `number` sentences of Han characters and commas, no two the same: with marks at their ends if there
    are as many, else lines too.

    They do not depend on chance. One pass, a shard in memory.
    """
    marked: dict[str, None] = {}
    unmarked: dict[str, None] = {}
    with progress_bar(corpus.size(), "B", "choose examples", progress) as advance:
        for shard in corpus.shards():
            step = max(len(shard.data) // PROBES, REACH)
            for start in range(0, len(shard.data), step):
                text = shard.data[start : start + REACH].tobytes().decode("utf-8", "ignore")
                text = text if start == 0 else "," + text  # what is not the start of a shard starts no sentence
                for found, pattern in ((marked, MARKED), (unmarked, LINE)):
                    match = pattern.search(text)
                    if match:
                        found[match[1]] = None
            advance(len(shard.data))
    sentences = list(marked if len(marked) >= number else {**marked, **unmarked})
    if len(sentences) <= number:
        return sentences
    return [sentences[k] for k in np.linspace(0, len(sentences) - 1, number).round().astype(int).tolist()]

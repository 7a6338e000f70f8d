"""The default recipe over a corpus: its alphabet with classes, its stream with line ends, its words as pieces."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from minent.corpus.alphabet import Alphabet, UnitCounts
from minent.corpus.sources import Shard
from minent.counting import CodedCorpus, Pieces
from minent.distributed.corpus import ClusterCorpus
from minent.kernels.packed import LONGEST
from minent.progress import status_line
from minent.recipes.cutting import unwanted_words
from minent.recipes.default import DefaultSettings, Progress, mine
from minent.recipes.default.passes import Passes, StreamPasses
from minent.recipes.default.stream import Chunk
from minent.recipes.default.unknown import model_arrays
from minent.recipes.lists import WordLists
from minent.recipes.long_words import add_long_words
from minent.recipes.mined import MinedWords, words_of_pieces
from minent.recipes.observer import NOBODY, Observer
from minent.recipes.redundancy import remove_redundant_words
from minent.settings import LexiconSettings
from minent.unknown_model import UnknownModel

MODEL_TEXT = 4_000_000  # units: from here on the words alone segment as well as with the unknown-word model
CLASSES = 3  # the first ids of the alphabet: any number, any rare Latin run, any rare character
LATIN_COUNT = 20  # a run of Latin letters that occurs this often is a unit of its own; the others are one class


def class_alphabet(units: UnitCounts) -> Alphabet:
    """Any number is one unit, any rare Latin run another: 1998年 and 2001年 are the word <N>年."""
    return Alphabet.with_classes(units, LATIN_COUNT)


def coded_chunk(alphabet: Alphabet, shard: Shard) -> Chunk:
    """A shard as a piece of the coded stream."""
    units, line_ends = alphabet.encode(shard.data, with_lines=True)
    return units, np.append(0, line_ends) if shard.offset == 0 else line_ends  # a new file is a new line


def describe(now: Progress) -> str:
    """One line that tells where a run is."""
    return f"{now.phase}: sweep {now.sweep} of {now.sweeps}, {now.words:,} words, {now.seconds_left:.0f} s left"


def mine_sampled(
    corpus: CodedCorpus,
    settings: LexiconSettings,
    lists: WordLists,
    observer: Observer = NOBODY,
    recipe: DefaultSettings | None = None,
) -> MinedWords:
    """Mine words with the default recipe; `recipe` are its inner constants."""
    recipe = recipe or DefaultSettings()
    if settings.min_count is not None:
        recipe = dataclasses.replace(recipe, min_count=settings.min_count)

    def chunks() -> Iterator[Chunk]:
        return (coded_chunk(corpus.alphabet, shard) for shard in corpus.shards())

    with status_line(corpus.progress) as show:

        def tell(now: Progress) -> None:
            show(describe(now))

        passes = (recipe, corpus.jobs, settings.seed, corpus.memory, corpus.run)
        source: Passes = StreamPasses(chunks, *passes)
        if isinstance(corpus, ClusterCorpus):
            from minent.distributed.sampled import cluster_passes  # which imports this module

            source = cluster_passes(corpus, recipe, settings.seed)
        options = (recipe, corpus.jobs, tell, settings.seed, CLASSES, observer, corpus.run)
        found = mine(source, len(corpus.alphabet) - 1, *options)
    corpus.memory.require_words(len(found.counts))
    pieces = Pieces(len(corpus.alphabet))
    single = found.lengths == 1
    pieces.singles[found.units[single, 0]] = found.counts[single]
    pieces.words.add_rows(found.units[~single], found.lengths[~single].astype(np.int64), found.counts[~single])
    protected = lists.protected_mask(pieces.words, corpus.alphabet)
    unwanted = unwanted_words(pieces, corpus, settings, lists)
    if unwanted.any():
        remove_redundant_words(pieces, None, protected, unwanted)
    words = words_of_pieces(pieces, corpus.alphabet, {})
    texts = (corpus.alphabet.text(row[:length]) for row, length in zip(found.units, found.lengths, strict=True))
    words = dataclasses.replace(words, weights=dict(zip(texts, found.weights.tolist(), strict=True)))
    if found.model is not None and found.total < MODEL_TEXT:
        arrays = model_arrays(found.model)
        del arrays["version"]
        model = UnknownModel(corpus.alphabet.whole_runs, corpus.alphabet.texts, **arrays)  # type: ignore[arg-type]
        words = dataclasses.replace(words, model=model)
    if settings.max_length is not None and settings.max_length > LONGEST:
        words = add_long_words(corpus, words, settings.max_length, observer)
    return words

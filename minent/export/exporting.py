"""Lexicons → files of other tools: what is chosen, what they cannot hold, what is written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from minent.errors import LexiconError
from minent.export.format import find_format
from minent.export.text import LARGEST_COUNT
from minent.files import atomic_open
from minent.lexicon import Lexicon

CLASSES = ("split", "drop", "keep")
CLASS = re.compile("<[NL]>")


@dataclass(frozen=True)
class Exported:
    """What became of the words of a lexicon.

    words : written
    class_words : those with `<N>` or `<L>`, before they were split, dropped or kept
    classes : `split`, `drop` or `keep`
    left_out : words that the format cannot hold, or that its tool would never find
    """

    words: int
    class_words: int
    classes: str
    left_out: tuple[str, ...]


def export_lexicon(
    lexicon: Lexicon,
    format: str,
    path: str | os.PathLike[str],
    *,
    min_count: int = 0,
    known: Iterable[str] | None = None,
    new_only: bool = False,
    classes: str | None = None,
    total: int | None = None,
) -> Exported:
    """Write a lexicon for another tool; the file appears whole or not at all, `-` is stdout.

    format : jieba, hanlp, ik, sentencepiece, tokenizers, rime, jsonl or words
    min_count : the least count of a word
    known, new_only : leave out these words and those that the column `new` of the lexicon calls known
    classes : what becomes of a word with `<N>` or `<L>` (any number, any Latin run), which the other tools have not:
        `split` gives its count to what is left without them (`<N>年` to 年), `drop` leaves it out, `keep` writes it
        as it is; None is the custom of the format
    total : scale the counts so that they add up to about this

    Errors: ValueError for a format or classes that there are not, for new_only without a list or column, and for a
    total where no counts are written; LexiconError where no word is left; OutputError.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = export_lexicon(Lexicon.from_counts({"的": 7, "科学": 3}), "jieba", f"{folder}/userdict.txt")
    ...     found.words, open(f"{folder}/userdict.txt", encoding="utf-8").read()
    (2, '的 7\\n科学 3\\n')
    """
    target = find_format(format)
    classes = classes or ("keep" if target.keeps_classes else "split")
    if classes not in CLASSES:
        raise ValueError(f"classes is {classes!r}; it must be one of {', '.join(CLASSES)}")
    if total is not None and not target.has_counts:
        raise ValueError(f"{format} has no counts that could add up to a total")
    if total is not None and not 1 <= total <= LARGEST_COUNT:
        raise ValueError(f"total is {total}; it must be from 1 to {LARGEST_COUNT}")
    if new_only and known is None and "new" not in lexicon.columns:
        raise ValueError("new_only needs a list of known words, or a lexicon with the column new")
    known_words = set(known or ())
    if new_only and "new" in lexicon.columns:
        marks = zip(lexicon, lexicon.columns["new"], strict=True)
        known_words.update(word for word, mark in marks if mark == "0")
    if known is not None:
        lexicon = lexicon.mark_new(known_words)
    lexicon = lexicon.filter((lexicon.counts >= min_count).tolist())
    class_words = sum(CLASS.search(word) is not None for word in lexicon)
    if class_words and classes != "keep":
        lexicon = _without_classes(lexicon, split=classes == "split")
    if new_only:
        lexicon = lexicon.filter([word not in known_words for word in lexicon])
    left_out = tuple(word for word in lexicon if target.unwritable.search(word))
    if left_out:
        lexicon = lexicon.filter([not target.unwritable.search(word) for word in lexicon])
    if target.regular is not None:
        lexicon = _regular(lexicon, target.regular)
    if not len(lexicon):
        raise LexiconError("the lexicon", "has no word that can be written", "a lower least count may help")
    if total is not None:
        lexicon = _scaled(lexicon, total)
    with atomic_open(path) as file:
        file.write(target.write(lexicon, os.path.basename(os.fspath(path))))
    return Exported(len(lexicon), class_words, classes, left_out)


def _without_classes(lexicon: Lexicon, split: bool) -> Lexicon:
    """The words without `<N>` and `<L>`; with `split`, what is left of the others counts as often as they did."""
    places = {word: place for place, word in enumerate(lexicon) if not CLASS.search(word)}
    counts = {word: int(lexicon.counts[place]) for word, place in places.items()}
    if split:
        for word, count in zip(lexicon, lexicon.counts.tolist(), strict=True):
            for part in CLASS.split(word) if word not in places else ():
                if part.strip():
                    counts[part.strip()] = min(counts.get(part.strip(), 0) + count, LARGEST_COUNT)
    columns = {
        name: [values[places[word]] if word in places else "" for word in counts]
        for name, values in lexicon.columns.items()
    }
    return Lexicon(list(counts), list(counts.values()), lexicon.settings, columns)


def _regular(lexicon: Lexicon, table: Mapping[int, int]) -> Lexicon:
    """The words as a tool sees them in a text; those that become equal count together."""
    counts: dict[str, int] = {}
    for word, count in zip(lexicon, lexicon.counts.tolist(), strict=True):
        seen = word.translate(table)
        counts[seen] = min(counts.get(seen, 0) + count, LARGEST_COUNT)
    return Lexicon.from_counts(counts)


def _scaled(lexicon: Lexicon, total: int) -> Lexicon:
    """The same words with counts of at least 1 that add up to about `total`."""
    shares = lexicon.counts / max(lexicon.total, 1)
    counts = np.maximum(np.rint(shares * total), 1).astype(np.int64)
    return Lexicon(lexicon.words, counts, lexicon.settings, lexicon.columns)

"""Lines of a corpus → lines of output other than plain words: spans, JSON, best cuttings, confidences."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from minent.corpus.encodings import InvalidBytes
from minent.corpus.sources import Corpus
from minent.segmentation.cuts import BEST, Sampling
from minent.segmentation.segmenter import Segmenter, word_spans
from minent.segmentation.stream import Line, Watch, lines

FORMATS = ("words", "spans", "jsonl")


LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class LineFormat:
    """What is told of each line.

    format : `words`, `spans` (half-open, in characters: 0-2 2-3) or `jsonl` (one object a line)
    nbest : this many best cuttings; 0 for the best alone, without its probability
    confidence : the probability of every word
    sampling : how to draw the cutting that is told; with neither of the two before
    """

    format: str = "words"
    nbest: int = 0
    confidence: bool = False
    sampling: Sampling = BEST


def write_lines(
    segmenter: Segmenter,
    corpus: Corpus,
    write: Callable[[bytes], object],
    form: LineFormat,
    *,
    once: bool = False,
    advance: Callable[[int], object] | None = None,
) -> InvalidBytes | None:
    """Write every line of a corpus in this format. Returns what was not valid text; CorpusError if it is strict.

    Invalid bytes are characters of their own, written as they are, and in JSON as U+FFFD.
    """
    watch = Watch(corpus)
    for number, line in enumerate(lines(corpus, once), start=1):
        text = line.data.tobytes().decode("utf-8", "surrogateescape")
        if not text.isascii() and (invalid := sum("\udc80" <= char <= "\udcff" for char in text)):
            start = next(at for at, char in enumerate(text) if "\udc80" <= char <= "\udcff")
            watch.add(invalid, line.path, line.offset + len(text[:start].encode()))
        for output in line_outputs(segmenter, line, number, form):
            write(output.encode("utf-8", "surrogateescape") + b"\n")
        if advance is not None:
            advance(len(line.data) + 1)
    return watch.report()


def line_outputs(segmenter: Segmenter, line: Line, number: int, form: LineFormat) -> Iterator[str]:
    """What is told of a line, which has this number, from 1 on: a line or more, without their ends."""
    if form.nbest:
        cuttings = [(score, _decoded(words)) for score, words in segmenter.nbest_bytes(line.data, form.nbest)]
        if form.format == "jsonl":
            yield _json({"cuttings": [{"log_prob": round(score, 6), "words": words} for score, words in cuttings]})
        else:
            yield from (f"{number}\t{score:.4f}\t{' '.join(words)}" for score, words in cuttings)
        return
    if form.confidence:
        pairs = segmenter.confidence_bytes(line.data)
        words, shares = _decoded([word for word, _ in pairs]), [share for _, share in pairs]
        if form.format == "jsonl":
            spans = _located(words, line.data.tobytes().decode("utf-8", "surrogateescape"))
            yield _json({"words": words, "spans": spans, "confidence": [round(share, 6) for share in shares]})
        else:
            yield " ".join(f"{word}/{share:.3f}" for word, share in zip(words, shares, strict=True))
        return
    tokens = _decoded(segmenter.cutter.tokens(line.data, form.sampling._replace(offset=line.position)))
    spans = word_spans(tokens)
    if form.format == "jsonl":
        yield _json({"words": [token for token in tokens if not token.isspace()], "spans": spans})
    else:
        yield " ".join(f"{start}-{end}" for start, end in spans)


def _located(words: list[str], text: str) -> list[tuple[int, int]]:
    """The spans of words that follow each other in a text with nothing but whitespace between them."""
    spans, end = [], 0
    for word in words:
        start = text.index(word, end)
        end = start + len(word)
        spans.append((start, end))
    return spans


def _json(record: dict[str, Any]) -> str:
    return LONE_SURROGATE.sub("\ufffd", json.dumps(record, ensure_ascii=False))


def _decoded(words: list[bytes]) -> list[str]:
    return [word.decode("utf-8", "surrogateescape") for word in words]

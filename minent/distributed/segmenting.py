"""Text on a cluster, cut into words there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minent.corpus.encodings import InvalidBytes
from minent.distributed.counts import InvalidTally, Reports, as_shard, invalid_bytes
from minent.engines.rows import INVALID, ClusterText, Row, Rows, Shared
from minent.segmentation import Segmenter
from minent.segmentation.formats import LineFormat, line_outputs
from minent.segmentation.stream import BYTE_ORDER_MARK, Line


def cut_cluster_text(text: ClusterText, segmenter: Segmenter, separator: bytes, form: LineFormat | None) -> Rows:
    """The text of a cluster in words: pieces of whole lines, by the places of those of the text.

    form : None for words with separators between them, as `segmentation.stream.cut_corpus` writes them
    """
    shared: Shared[Any] = text.cluster.share((segmenter, separator, form))
    return text.pieces(whole_lines=True).map(_Cut(shared))


def find_invalid(text: ClusterText, segmenter: Segmenter) -> InvalidBytes | None:
    """What is not valid text. Errors: CorpusError if the corpus is strict."""
    shared: Shared[Any] = text.cluster.share(segmenter)
    rows = text.pieces().map(_Invalid(shared)).collect()
    pairs = np.concatenate(
        [np.empty(0, np.int64), *(np.frombuffer(r.data, np.int64) for r in rows if r.key != INVALID)]
    )
    reports = Reports().together([Reports()(bytes(row.data)) for row in rows if row.key == INVALID])
    order = np.argsort(pairs[::2])
    return invalid_bytes(text.corpus, (pairs[::2][order], pairs[1::2][order]), reports)


@dataclass(frozen=True)
class _Invalid:
    """From pieces to what is invalid in those of a task: the first place, and how many bytes."""

    segmenter: Shared[Segmenter]

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        tally = InvalidTally()
        for row in rows:
            if row.key == INVALID:
                yield row
                continue
            try:
                str(row.data, "utf-8")
            except UnicodeDecodeError:
                shard = as_shard(row)
                found = self.segmenter.value.cutter.cut(shard.data, b" ")
                tally.note(shard, found.invalid, found.first_invalid)
        pairs = tally.pairs()
        if len(pairs):
            yield Row(0, 0, pairs.tobytes())


@dataclass(frozen=True)
class _Cut:
    """From pieces of whole lines to their words."""

    shared: Shared[Any]

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        segmenter, separator, form = self.shared.value
        for row in rows:
            if row.key == INVALID:
                continue
            shard = as_shard(row)
            mark = shard.offset == 0 and bytes(row.data[:3]) == BYTE_ORDER_MARK
            text = shard.data[3:] if mark else shard.data
            if form is None:
                words = segmenter.cutter.cut(text, separator).data.tobytes()
                yield Row(0, row.place, BYTE_ORDER_MARK + words if mark else words)
            else:
                yield Row(0, row.place, _lines(segmenter, text.tobytes(), form))


def _lines(segmenter: Segmenter, text: bytes, form: LineFormat) -> bytes:
    lines = text.removesuffix(b"\n").split(b"\n")
    told = []
    for data in lines:
        line = Line(np.frombuffer(data, dtype=np.uint8), 0, "", 0)
        told += [output.encode("utf-8", "surrogateescape") for output in line_outputs(segmenter, line, 0, form)]
    return b"\n".join(told) + b"\n"

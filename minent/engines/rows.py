"""What a cluster offers to a pass over a corpus: rows of bytes that are mapped, exchanged by key, and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Protocol, TypeVar

from minent.corpus.sources import Corpus

Value = TypeVar("Value", covariant=True)
Other = TypeVar("Other")


class Row(NamedTuple):
    """Some bytes with a key, which decides where they go, and a place, which decides their order there. Both int64."""

    key: int
    place: int
    data: bytes | memoryview


RowMap = Callable[[Iterator[Row]], Iterable[Row]]
"""From the rows of one task to other rows. Is pickled, with all that it holds; large things go into `Shared`."""


class Shared(Protocol[Value]):
    """Something that every task can read; it is sent to each machine once."""

    @property
    def value(self) -> Value:
        """What was shared."""


class Rows(Protocol):
    """Rows on the machines of a cluster. Nothing is computed before `collect`."""

    def map(self, work: RowMap) -> Rows:
        """What `work` makes of the rows of each task."""

    def exchanged(self, ordered: bool = False) -> Rows:
        """The same rows, those of one key in one task; with `ordered` by rising key and place."""

    def kept(self) -> Rows:
        """The same rows, which are kept on the disks of the machines when they are first computed, until `release`."""

    def release(self) -> None:
        """Remove what was kept."""

    def collect(self) -> list[Row]:
        """All rows, in no particular order, here."""


class Cluster(Protocol):
    """Machines that work for us."""

    def share(self, value: Other) -> Shared[Other]:
        """Send something to every machine."""


class ClusterText(Protocol):
    """A corpus on a cluster.

    corpus : tells of its files and settings;  cluster : where it is read
    """

    corpus: Corpus
    cluster: Any

    def pieces(self, whole_lines: bool = False) -> Rows:
        """The text, in pieces whose places rise in the order of the text: the number of the file << 40 | the offset.

        key : PIECE, MID_LINE for one that starts inside a line (never with `whole_lines`), or INVALID for a FileReport
        as JSON
        """


class FileReport(NamedTuple):
    """What of a file, the number of which is `file`, could not be decoded, and which records were left out of it."""

    file: int
    invalid: int
    first_invalid: str
    left_out: int
    first_left_out: str


PIECE, MID_LINE, INVALID = range(3)
PLACE_BITS = 40  # of an offset in a file

"""Passes over a corpus: shards folded into a state by workers, and saved in a run directory from time to time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from minent.corpus.sources import Corpus, Shard
from minent.engines.local import fold
from minent.memory import SHARD, Memory
from minent.progress import progress_bar
from minent.runs import RunDirectory
from minent.stages import Stage, StageWriter

State = TypeVar("State")
Item = TypeVar("Item")
UNLIMITED = Memory()
LONG_PASS = 600.0  # seconds


@dataclass(frozen=True)
class Saved(Generic[State]):
    """How the state of a pass is kept in a run directory, as the stage `name`.

    store : write a state, which may be empty afterwards;  load : add what was written to a state
    earlier : for an update, gives the state of the text that it adds to; None where that text must be read again
    """

    run: RunDirectory
    name: str
    store: Callable[[State, StageWriter], None]
    load: Callable[[State, Stage], None]
    earlier: Callable[[], State] | None = None


@dataclass(frozen=True)
class Reading:
    """How a corpus is read: with a bar; in shards that suit the memory, or always the same ones for a run directory."""

    corpus: Corpus
    progress: bool = False
    memory: Memory = UNLIMITED
    run: RunDirectory | None = None

    def shards(self, label: str, skip: int = 0) -> Iterator[Shard]:
        """The shards from number `skip` on."""
        corpus = self.corpus
        size = corpus.shard_size
        if self.memory.size is not None or self.run is not None:
            size = min(size, SHARD)
        files, number = earlier_part(self.run)
        if skip < number or not number:
            files = number = 0
        with progress_bar(corpus.size(), "B", label, self.progress) as advance:
            for shard in corpus.shards(size, first_file=files, first_number=number):
                if shard.number >= skip:
                    yield shard
                advance(len(shard.data))


def earlier_part(run: RunDirectory | None) -> tuple[int, int]:
    """How many files, and how many shards, an update does not need to count again."""
    if run is None or run.base is None:
        return 0, 0
    parts = run.base.parts("units")
    return len(run.base.description.get("inputs", [])), parts[-1][1] if parts else 0


def fold_pass(
    shards: Callable[[int], Iterator[Item]],
    make: Callable[[], State],
    work: Callable[[State, Item], None],
    merge: Callable[[State, State], None],
    jobs: int = 1,
    saved: Saved[State] | None = None,
) -> State:
    """Fold the shards of a text (engines/local.py); `shards(n)` gives those from number n on.

    With `saved`, what was counted is written to the run directory every 30 seconds, less often in a pass that takes
    longer than LONG_PASS, and a pass that was cut off goes on behind what is there.
    """
    if saved is None:
        return fold(shards(0), make, work, merge, jobs)
    run, name = saved.run, saved.name
    parts = run.parts(name)
    if not parts and saved.earlier is not None:
        with run.write(name, 0, earlier_part(run)[1], last=False) as stage:
            saved.store(saved.earlier(), stage)
        parts = run.parts(name)
    at, whole = (parts[-1][1], parts[-1][2]) if parts else (0, False)
    if not whole:
        group = _Group(shards(at), run.seconds)
        while not group.ended:
            state = fold(group.take(), make, work, merge, jobs)
            with run.write(name, at, at + group.taken, last=group.ended) as stage:
                saved.store(state, stage)
            at += group.taken
    total = make()
    for _ in range(jobs - 1):
        merge(total, make())  # the shares of all workers
    for _, _, _, path in run.parts(name):
        saved.load(total, Stage(path))
    return total


class _Group(Generic[Item]):
    """The shards of some seconds at a time; of more when much is done, so that there are not too many parts."""

    def __init__(self, shards: Iterator[Item], seconds: float) -> None:
        self._shards, self._seconds = shards, seconds
        self._began = time.monotonic()
        self._next = list(islice(shards, 1))
        self.taken = 0
        self.ended = False  # whether there are no more

    def take(self) -> Iterator[Item]:
        """The shards of the next seconds, one at least."""
        self.taken = 0
        now = time.monotonic()
        stop = now + self._seconds * max(1.0, (now - self._began) / LONG_PASS)
        while self._next:
            shard = self._next[0]
            self._next = list(islice(self._shards, 1))
            self.taken += 1
            yield shard
            if time.monotonic() > stop and self._next:
                return
        self.ended = True

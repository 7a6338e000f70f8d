"""Map and reduce over shards with threads: kernels run without the GIL, so threads are workers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from itertools import chain, islice
from typing import TypeVar

Shard = TypeVar("Shard")
State = TypeVar("State")

MOST_WORKERS = 256  # kernels keep a core busy each: more threads than that only cost memory


def fold(
    shards: Iterable[Shard],
    make: Callable[[], State],
    work: Callable[[State, Shard], None],
    merge: Callable[[State, State], None],
    jobs: int = 1,
) -> State:
    """Fold every shard into a state: `make` one a worker, `work` a shard into it, `merge` the second into the first.

    Which worker gets which shard is chance, so `work` and `merge` must commute (sums of integers do). More than
    MOST_WORKERS are not started, and a worker that finds no shard has no state.
    """
    if jobs == 1:
        state = make()
        for shard in shards:
            work(state, shard)
        return state
    # Taken here: reading the first shard may wait for standard input, and only the main thread hears Ctrl-C.
    source = iter(shards)
    source = chain(list(islice(source, 1)), source)
    lock = threading.Lock()
    stop = threading.Event()
    states: list[State] = []
    failures: list[BaseException] = []

    def run() -> None:
        state: State | None = None
        try:
            while not stop.is_set():
                with lock:
                    shard = next(source, None)
                if shard is None:
                    return
                if state is None:
                    state = make()
                    states.append(state)
                work(state, shard)
        except BaseException as failure:
            failures.append(failure)
            stop.set()

    threads = [threading.Thread(target=run, daemon=True) for _ in range(min(jobs, MOST_WORKERS))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        stop.set()  # on Ctrl-C the workers end with the shard in hand
    if failures:
        raise failures[0]
    total = states[0] if states else make()
    for state in states[1:]:
        merge(total, state)
    return total

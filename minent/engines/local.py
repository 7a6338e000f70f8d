"""Map and reduce over shards with threads: kernels run without the GIL, so threads are workers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

Shard = TypeVar("Shard")
State = TypeVar("State")


def fold(
    shards: Iterable[Shard],
    make: Callable[[], State],
    work: Callable[[State, Shard], None],
    merge: Callable[[State, State], None],
    jobs: int = 1,
) -> State:
    """Fold every shard into a state: `make` one a worker, `work` a shard into it, `merge` the second into the first.

    Which worker gets which shard is chance, so `work` and `merge` must commute (sums of integers do).
    """
    if jobs == 1:
        state = make()
        for shard in shards:
            work(state, shard)
        return state
    source = iter(shards)
    lock = threading.Lock()
    stop = threading.Event()
    states: list[State] = [make() for _ in range(jobs)]
    failures: list[BaseException] = []

    def run(state: State) -> None:
        try:
            while not stop.is_set():
                with lock:
                    shard = next(source, None)
                if shard is None:
                    return
                work(state, shard)
        except BaseException as failure:
            failures.append(failure)
            stop.set()

    threads = [threading.Thread(target=run, args=(state,), daemon=True) for state in states]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        stop.set()  # on Ctrl-C the workers end with the shard in hand
    if failures:
        raise failures[0]
    for state in states[1:]:
        merge(states[0], state)
    return states[0]

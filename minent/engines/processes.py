"""Map over items with processes, in order: for work that is Python's own, which its lock keeps from threads."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any, TypeVar

from minent.engines.local import MOST_WORKERS
from minent.errors import MinentError

Item = TypeVar("Item")
Result = TypeVar("Result")

WAITING = 2  # items a process that are worked at, or done and not yet asked for

_work: Callable[[Any], Any] | None = None  # of a child process, what its `make` gave


class WorkerLost(MinentError):
    """A process of ours has ended before its work was done."""

    def __init__(self) -> None:
        super().__init__("a worker process was killed, perhaps for want of memory; try -j 1")


def map_in_processes(
    work: Callable[[Item], Result],
    make: Callable[[], Callable[[Item], Result]],
    items: Iterable[Item],
    jobs: int,
    alone: int = 1,
) -> Generator[Result, None, None]:
    """What `work` makes of every item, in the order of the items.

    work : used in this process, for the first `alone` items, and for all with one job: a short input starts no process
    make : gives each other process its own `work`; it, items and results are pickled
    Memory: 2 · jobs items or results.  Errors: those of `work`; WorkerLost.
    """
    source = iter(items)
    for item in source if jobs == 1 else islice(source, alone):
        yield work(item)
    following = next(source, None)
    if following is None:
        return
    waiting: deque[Future[Result]] = deque()
    context = multiprocessing.get_context("spawn")  # a fork would take locks of our threads with it
    pool = ProcessPoolExecutor(min(jobs, MOST_WORKERS), context, _start, (make,))
    try:
        while following is not None:
            waiting.append(pool.submit(_call, following))
            if len(waiting) == WAITING * jobs:
                yield waiting.popleft().result()
            following = next(source, None)
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise WorkerLost from error
    finally:
        pool.shutdown(cancel_futures=True)


def _start(make: Callable[[], Callable[[Any], Any]]) -> None:
    """Prepare a child: Ctrl-C is the parent's affair, and the child ends with it."""
    global _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _work = make()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _call(item: Any) -> Any:
    assert _work is not None
    return _work(item)

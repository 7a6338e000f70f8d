"""How much memory counters may fill before they go to temporary files, and how it is divided."""

from __future__ import annotations

import ctypes
import os
import re
from contextlib import suppress
from dataclasses import dataclass, replace

from minent.errors import MemoryBudgetError

MIB = 1 << 20
READING = 64 * MIB  # the text that is mapped, the alphabet, tables of what was found
SHARD = MIB  # text that a worker holds at once
WORKER = 24 * MIB  # a shard, coded and marked
LEAST_SHARE = 8 * MIB  # of one worker's counters
FOUND = 8 * MIB  # of what is found and stays; more of it is taken from the counters
WORD = 600  # bytes of a word of the result, while a lexicon is made of it

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # of malloc.h
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|(%)|b)?", re.IGNORECASE)
CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True)
class Memory:
    """The memory of one run, beside that of the program itself (docs/memory-and-runs.md).

    size : bytes; None: no limit, nothing is spilled
    temp_dir : where counters spill; None: the system's temporary folder
    held : bytes of the limit that are taken already, and not in `size` (see `without`)
    """

    size: int | None = None
    temp_dir: str | None = None
    held: int = 0

    def counters(self, jobs: int) -> int | None:
        """Bytes for the counters of all workers together: what reading and coding leave."""
        return None if self.size is None else max(self.size - READING - jobs * WORKER, jobs * LEAST_SHARE)

    def share(self, jobs: int) -> int | None:
        """Bytes for the counters of one worker: an equal part of `counters`."""
        counters = self.counters(jobs)
        return None if counters is None else counters // jobs

    def require(self, need: int, purpose: str, hint: str = "") -> None:
        """Raise MemoryBudgetError where `need` bytes are more than there are."""
        if self.size is not None and need > self.size:
            raise MemoryBudgetError(purpose, need + self.held, self.size + self.held, hint)

    def without(self, held: int, jobs: int, purpose: str, hint: str = "") -> Memory:
        """What is left beside `held` bytes that stay. MemoryBudgetError where that is too little for the workers."""
        if self.size is None or held <= FOUND:
            return self
        self.require(held - FOUND + least_memory(jobs), purpose, hint)
        taken = held - FOUND
        return replace(self, size=self.size - taken, held=self.held + taken)

    def require_words(self, words: int) -> None:
        """Raise MemoryBudgetError where a result of so many words does not fit: WORD bytes for each."""
        self.require(words * WORD, f"a lexicon of {words:,} words", "a higher --min-count or --min-prob keeps fewer")


def give_back_freed() -> None:
    """Have the C library hand freed arrays of a MiB or more back to the system at once, where it is glibc's.

    Otherwise it keeps up to 32 MiB of each kind for later, and in every thread: what is freed would still count.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, MIB)
        mallopt(M_ARENA_MAX, 2)


def least_memory(jobs: int) -> int:
    """Bytes that counting with so many workers needs at least."""
    return READING + jobs * (WORKER + LEAST_SHARE)


def parse_memory(text: str) -> int:
    """Bytes from `512M`, `4G`, `1.5G`, `50%` (of the memory of this machine). ValueError for anything else.

    >>> parse_memory("512M"), parse_memory("1.5 GiB")
    (536870912, 1610612736)
    """
    found = SIZE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no size: it is written like 512M, 4G or 50%")
    number, suffix, percent = float(found[1]), found[2], found[3]
    if percent:
        if not 0 < number <= 100:
            raise ValueError(f"{text!r} must be above 0% and at most 100%")
        return int(physical_memory() * number / 100)
    size = number * (1 << 10 * (" kmgt".index(suffix.lower()) if suffix else 0))
    if size >= 1 << 60:
        raise ValueError(f"{text[:20]!r} is too large a size")
    return int(size)


def physical_memory() -> int:
    """Bytes of memory of this machine, or of the container that we are in. ValueError where it is not known."""
    sizes = []
    if hasattr(os, "sysconf"):
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for path in CGROUP_LIMITS:
        try:
            with open(path, encoding="ascii") as file:
                sizes.append(int(file.read()))
        except (OSError, ValueError):  # there is none, or it is `max`
            pass
    if not sizes:
        raise ValueError("the memory of this machine is not known: give a size, not a percentage")
    return min(sizes)

"""Mapping with processes: order, short inputs, errors, children that are killed."""

from __future__ import annotations

import os
import signal
import time
from functools import partial

import pytest

from minent.engines.processes import WorkerLost, map_in_processes


def double(item):
    return os.getpid(), 2 * item


def make():
    return double


def make_failing():
    return fail


def fail(item):
    raise ValueError(f"item {item}")


def make_killed():
    return partial(os.kill, os.getpid())


def make_slow_first():
    return slow_first


def slow_first(item):
    if item == 1:
        time.sleep(0.5)
    return item


def test_results_come_in_order_and_from_other_processes():
    found = list(map_in_processes(double, make, range(20), 2))
    assert [value for _, value in found] == [2 * item for item in range(20)]
    assert found[0][0] == os.getpid()
    assert os.getpid() not in {process for process, _ in found[1:]}


def test_a_slow_item_holds_back_what_follows():
    assert list(map_in_processes(slow_first, make_slow_first, range(6), 2)) == list(range(6))


@pytest.mark.parametrize(("items", "jobs"), [([], 2), ([7], 2), (range(5), 1)])
def test_one_job_or_one_item_starts_no_process(items, jobs):
    found = list(map_in_processes(double, None, items, jobs))
    assert found == [(os.getpid(), 2 * item) for item in items]


def test_the_first_items_are_done_here():
    found = list(map_in_processes(double, make, range(5), 2, alone=3))
    assert [process == os.getpid() for process, _ in found] == [True] * 3 + [False] * 2


def test_an_error_in_a_child_is_raised_here():
    with pytest.raises(ValueError, match="item 1"):
        list(map_in_processes(double, make_failing, range(4), 2))


def test_a_killed_child_is_told_in_one_line():
    with pytest.raises(WorkerLost, match="try -j 1"):
        list(map_in_processes(double, make_killed, [1, signal.SIGKILL], 2))


def test_items_are_taken_as_they_are_needed():
    taken = []

    def items():
        for item in range(100):
            taken.append(item)
            yield item

    results = map_in_processes(double, make, items(), 2)
    for _ in range(3):
        next(results)
    assert len(taken) <= 8
    results.close()

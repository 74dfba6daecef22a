"""Calls in the background: side by side, their results in order."""

from __future__ import annotations

import threading

import pytest

from statpipe.api import Unavailable
from statpipe.engine.stages.background import background, each_in_turn


def test_results_come_in_the_order_of_the_calls():
    """The first call takes longest: it waits for the last."""
    last, taken = threading.Event(), []

    def call(number):
        if number == 0:
            assert last.wait(60)
        elif number == 3:
            last.set()
        return number

    with background(taken.append, 8) as calls:
        for number in range(4):
            calls.call(call, number)
        calls.finish()
    assert taken == [0, 1, 2, 3]


def test_the_number_of_parallel_calls_is_limited():
    taken = []
    with background(taken.append, 2) as calls:
        for number in range(20):
            calls.call(int, number)
            assert len(taken) >= number - 1
        calls.finish()
    assert len(taken) == 20


def fails(number):
    if number == 1:
        raise Unavailable("no room")
    return number


def test_a_failure_is_raised_soon():
    with background(print, 1) as calls:
        calls.call(fails, 1)
        with pytest.raises(Unavailable, match="no room"):
            calls.call(fails, 0)


def test_successful_calls_count_even_if_one_fails():
    taken = []
    with background(taken.append, 8) as calls:
        for number in range(4):
            calls.call(fails, number)
        calls.give_up()
    assert taken == [0, 2, 3]


def test_all_calls_have_ended_when_the_error_is_raised():
    ended = threading.Event()

    def leave():
        with background(print, 2) as calls:
            calls.call(threading.Timer(0.05, ended.set).run)
            raise Unavailable("the agency is down")

    with pytest.raises(Unavailable):
        leave()
    assert ended.is_set()


@pytest.mark.parametrize("at_once", [1, 2, 8])
def test_turns_are_taken_in_order_also_by_failures(at_once):
    calls = each_in_turn(fails, [0, 2, 1, 3], at_once)
    assert [next(calls), next(calls)] == [0, 2]
    with pytest.raises(Unavailable, match="no room"):
        next(calls)


def test_parallel_calls_run_at_the_same_time():
    together = threading.Barrier(3, timeout=60)

    def call(number):
        together.wait()
        return number

    assert list(each_in_turn(call, range(6), 3)) == list(range(6))


def test_calls_after_a_failure_are_not_started():
    begun = []

    def call(number):
        begun.append(number)
        return fails(number)

    with pytest.raises(Unavailable):
        list(each_in_turn(call, [1, 2, 3], 1))
    assert begun == [1]

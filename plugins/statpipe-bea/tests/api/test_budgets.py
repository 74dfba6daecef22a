"""Three budgets a minute: requests, bytes and errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api import Unavailable
from statpipe_bea.api.budgets import Budgets, Limits, Window


@pytest.fixture
def budgets(time):
    limits = Limits(requests=3, bytes=1000, errors=2)
    return Budgets(limits, clock=time.clock, sleep=time.sleep)


def test_requests_within_the_limit_do_not_wait(budgets, time):
    for _ in range(3):
        budgets.wait_for_room()
    assert time.slept == []


def test_one_request_more_waits_until_the_first_is_a_minute_old(budgets, time):
    for _ in range(3):
        budgets.wait_for_room()
        time.seconds += 10
    budgets.wait_for_room()
    assert time.slept == [30]


def test_bytes_wait_for_room_for_another_answer_as_large_as_the_largest(budgets, time):
    budgets.received(100)
    time.seconds = 20
    budgets.received(600)
    budgets.wait_for_room()
    assert time.slept == [60], "100 + 600 + 600 is too much until the 600 are a minute old"


def test_bytes_that_leave_room_do_not_wait(budgets, time):
    budgets.received(500)
    budgets.wait_for_room()
    assert time.slept == []


def test_errors_wait_before_they_lock_the_key(budgets, time):
    budgets.failed()
    time.seconds = 5
    budgets.failed()
    budgets.wait_for_room()
    assert time.slept == [55]


def test_a_lock_out_is_waited_for(budgets, time):
    budgets.lock_out(90)
    budgets.lock_out(30)
    budgets.wait_for_room()
    assert time.slept == [90]


def test_a_long_lock_out_is_not_waited_for(budgets, time):
    budgets.lock_out(3600)
    time.seconds = 600
    with pytest.raises(Unavailable, match="locked the key out for another 3000 s") as error:
        budgets.wait_for_room()
    assert error.value.retry_after == 3000
    assert time.slept == []


def test_an_answer_larger_than_the_budget_waits_for_an_empty_window_and_no_longer(budgets, time):
    budgets.received(5000)
    budgets.wait_for_room()
    assert time.slept == [60]


def test_waiting_is_told_in_the_log(budgets, caplog):
    caplog.set_level("INFO")
    budgets.lock_out(12)
    budgets.wait_for_room()
    assert "waiting 12.0 s for BEA's limits a minute" in caplog.text


def test_the_defaults_stay_below_beas_limits():
    limits = Limits()
    assert (limits.requests, limits.bytes, limits.errors) < (100, 100_000_000, 30)
    assert limits.seconds == 60


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 4)), max_size=40))
def test_no_minute_ever_holds_more_than_the_limit(steps):
    window, now, spent = Window(4, 60), 0.0, []
    for pause, amount in steps:
        now += pause
        now += window.wait(amount, now)
        window.spend(amount, now)
        spent.append((now, amount))
    for start, _ in spent:
        assert sum(amount for when, amount in spent if start <= when < start + 60) <= 4


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 4)), min_size=1, max_size=20))
def test_no_wait_is_longer_than_it_must_be(steps):
    window, now, spent = Window(4, 60), 0.0, []
    for pause, amount in steps:
        now += pause
        wait = window.wait(amount, now)
        if wait:
            a_little_earlier = now + wait - 0.5
            held = sum(a for when, a in spent if when + 60 > a_little_earlier)
            assert held + amount > 4
        now += wait
        window.spend(amount, now)
        spent.append((now, amount))

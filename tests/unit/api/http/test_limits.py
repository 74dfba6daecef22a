"""Three budgets a minute: requests, bytes and errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api import Unavailable
from statpipe.api.http.limits import Budgets, Limits, Window
from statpipe.api.http.spending import Spending


@pytest.fixture
def budgets(time):
    return opened(time, Limits(requests=3, bytes=1000, errors=2))


def opened(time, *limits, spending=None):
    return Budgets(
        limits,
        who="agency.example",
        longest_wait=120,
        clock=time.clock,
        sleep=time.sleep,
        spending=spending,
    )


def test_requests_within_the_limit_do_not_wait(budgets, time):
    for _ in range(3):
        budgets.wait_for_room()
    assert time.slept == []


def test_a_request_above_the_limit_waits_until_the_first_is_a_minute_old(budgets, time):
    for _ in range(3):
        budgets.wait_for_room()
        time.seconds += 10
    budgets.wait_for_room()
    assert time.slept == [30]


def test_requests_wait_for_room_for_the_largest_answer(budgets, time):
    budgets.received(100)
    time.seconds = 20
    budgets.received(600)
    budgets.wait_for_room()
    assert time.slept == [60], "100 + 600 + 600 is too much until the 600 are a minute old"


def test_requests_with_room_for_bytes_do_not_wait(budgets, time):
    budgets.received(500)
    budgets.wait_for_room()
    assert time.slept == []


def test_requests_wait_before_errors_lock_the_key(budgets, time):
    budgets.failed()
    time.seconds = 5
    budgets.failed()
    budgets.wait_for_room()
    assert time.slept == [55]


def test_requests_wait_for_the_end_of_a_lock_out(budgets, time):
    budgets.lock_out(90)
    budgets.lock_out(30)
    budgets.wait_for_room()
    assert time.slept == [90]


def test_requests_do_not_wait_for_a_long_lock_out(budgets, time):
    budgets.lock_out(3600)
    time.seconds = 600
    with pytest.raises(
        Unavailable, match=r"agency\.example has locked us out for another 3000 s"
    ) as error:
        budgets.wait_for_room()
    assert error.value.retry_after == 3000
    assert time.slept == []


def test_an_answer_larger_than_the_budget_waits_for_an_empty_window_and_no_longer(budgets, time):
    budgets.received(5000)
    budgets.wait_for_room()
    assert time.slept == [60]


def test_waiting_is_logged(budgets, caplog):
    caplog.set_level("INFO")
    budgets.lock_out(12)
    budgets.wait_for_room()
    assert "waiting 12.0 s for the limits of agency.example" in caplog.text


def test_limits_per_minute_and_per_day_both_hold(time):
    budgets = opened(time, Limits(requests=2), Limits(requests=3, seconds=86_400))
    for _ in range(3):
        budgets.wait_for_room()
    assert time.slept == [60]
    with pytest.raises(Unavailable) as error:
        budgets.wait_for_room()
    assert str(error.value) == (
        "agency.example allows no more requests for 86340 s because its limit is used up; run again after that"
    )
    assert error.value.retry_after == 86_340


class TestEarlierRuns:
    """A limit a day outlasts a run."""

    @pytest.fixture
    def file(self, tmp_path):
        return tmp_path / "limits" / "agency.example.jsonl"

    @pytest.fixture
    def run(self, time, file):
        day = Limits(requests=3, bytes=1000, seconds=86_400)
        start = 1_795_000_000.0
        return lambda: opened(time, day, spending=Spending(file, lambda: start + time.seconds))

    def test_requests_of_earlier_runs_count(self, run, time):
        for _ in range(3):
            run().wait_for_room()
            time.seconds += 3600
        with pytest.raises(Unavailable, match="no more requests for 75600 s"):
            run().wait_for_room()

    def test_requests_older_than_the_limit_do_not_count(self, run, time):
        for _ in range(3):
            run().wait_for_room()
        time.seconds += 86_400
        run().wait_for_room()
        assert time.slept == []

    def test_a_damaged_file_is_read_up_to_the_damage(self, run, file):
        run().wait_for_room()
        file.write_text(
            '[1, "visits", 2]\nnonsense\n{}\n[]\n[null, "requests", 1]\n' + file.read_text()
        )
        run().wait_for_room()
        run().wait_for_room()
        with pytest.raises(Unavailable):
            run().wait_for_room()

    def test_an_unwritable_folder_does_not_stop_a_run(self, time, tmp_path):
        (tmp_path / "limits").write_text("a file")
        spending = Spending(tmp_path / "limits" / "a.jsonl", lambda: 0.0)
        opened(time, Limits(requests=1), spending=spending).wait_for_room()

    def test_a_file_that_is_too_long_is_rewritten_without_old_entries(self, run, file):
        file.parent.mkdir()
        file.write_text('[1.0, "requests", 1]\n' * 60_000)
        run().wait_for_room()
        assert len(file.read_text().splitlines()) == 1


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
def test_no_wait_is_longer_than_necessary(steps):
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

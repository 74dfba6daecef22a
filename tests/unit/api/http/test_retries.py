"""Asking again: what, how often, and for how long."""

from __future__ import annotations

import pytest
import stamina

from statpipe.api import ContentError, Payload, Rejected, Unavailable
from statpipe.api.http.retries import Passing, Patience, persist


def attempts(time, *outcomes, takes=0.0):
    """Return a function with these outcomes, and what it was called."""
    left, calls = list(outcomes), []

    def attempt():
        calls.append(time.seconds)
        time.seconds += takes
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return attempt, calls


def run(attempt, time, **patience):
    patient = Patience(**{"first_wait": 0, "jitter": 0, **patience})
    return persist(attempt, patience=patient, clock=time.clock, sleep=time.sleep)


def passing(text="down", **options):
    return Passing(Unavailable(text, retry_after=options.get("wait")), **options)


def test_temporary_errors_are_retried(time):
    attempt, calls = attempts(time, passing(), passing(), "answer")
    assert run(attempt, time) == "answer"
    assert len(calls) == 3


def test_an_error_that_persists_names_the_number_of_tries(time):
    attempt, calls = attempts(time, *[passing()] * 9)
    with pytest.raises(Unavailable, match=r"^down \(tried 5 times\)$") as error:
        run(attempt, time)
    assert len(calls) == 5
    assert error.value.__context__ is None


def test_a_failure_may_allow_fewer_tries(time):
    attempt, calls = attempts(time, *[passing(tries=2)] * 9)
    with pytest.raises(Unavailable, match="tried 2 times"):
        run(attempt, time)
    assert len(calls) == 2


def test_other_failures_do_not_count_towards_a_failure_with_few_tries(time):
    attempt, calls = attempts(time, passing(), passing(tries=2), passing(), "answer")
    assert run(attempt, time) == "answer"
    assert len(calls) == 4


def test_the_number_of_tries_is_always_limited(time):
    attempt, calls = attempts(time, *[passing(), passing(tries=4)] * 5)
    with pytest.raises(Unavailable, match="tried 5 times"):
        run(attempt, time)
    assert len(calls) == 5


def test_permanent_errors_are_not_retried(time):
    attempt, calls = attempts(time, Rejected("bad key"))
    with pytest.raises(Rejected, match=r"^bad key$"):
        run(attempt, time)
    assert len(calls) == 1


def test_the_payload_stays_with_the_error(time):
    payload = Payload(name="a", body=b"<html>")
    attempt, _ = attempts(time, *[Passing(ContentError("odd", payload=payload), tries=2)] * 2)
    with pytest.raises(ContentError, match=r"odd \(tried 2 times\)") as error:
        run(attempt, time)
    assert error.value.payload is payload


def test_retries_end_after_a_total_time(time):
    attempt, calls = attempts(time, *[passing()] * 9, takes=100)
    with pytest.raises(Unavailable):
        run(attempt, time, seconds=150)
    assert calls == [0, 100]


def test_a_wait_beyond_that_time_is_not_started(time):
    attempt, calls = attempts(time, passing(wait=100), takes=100)
    with pytest.raises(Unavailable) as error:
        run(attempt, time, seconds=150)
    assert len(calls) == 1
    assert error.value.retry_after == 100


def test_a_wait_that_is_too_long_is_left_to_the_next_run(time):
    attempt, calls = attempts(time, passing(wait=121))
    with pytest.raises(Unavailable) as error:
        run(attempt, time)
    assert len(calls) == 1
    assert error.value.retry_after == 121


def test_the_waits_between_tries_grow_up_to_a_limit(time, monkeypatch):
    waits = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waits.append)
    attempt, _ = attempts(time, *[passing()] * 5)
    with pytest.raises(Unavailable):
        run(attempt, time, first_wait=1, longest_wait=5)
    assert waits == [1, 2, 4, 5]


def test_each_retry_calls_staminas_hooks(time):
    told = []
    stamina.instrumentation.set_on_retry_hooks([told.append])
    attempt, _ = attempts(time, passing("a"), passing("b"), "answer")
    run(attempt, time)
    assert [str(details.caused_by) for details in told] == ["a", "b"]


def test_retries_wait_exactly_as_long_as_the_agency_asks(time):
    attempt, calls = attempts(time, passing(wait=7), passing(), passing(wait=20.5), "answer")
    assert run(attempt, time) == "answer"
    assert time.slept == [7, 20.5]
    assert calls == [0, 7, 7, 27.5]

"""When an agency is asked, by the days on which it said that it will publish."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.domain.release_calendar import ReleaseCalendar

START = date(2026, 1, 1)
DAYS = st.integers(0, 40).map(lambda number: START + timedelta(number))
CALENDARS = st.builds(
    ReleaseCalendar,
    days=st.sets(DAYS, max_size=6),
    patience=st.integers(0, 5),
    every=st.integers(1, 10),
)


def day(text):
    return date.fromisoformat(text)


def runs_of(calendar, releases, days):
    """What each run held before it, when it had asked last, whether it asked, and what it held then."""
    held, asked, told = START, START, []
    for today in sorted(days):
        before = (held, asked)
        asks = calendar.asks(today, held, asked)
        if asks:
            held = max((one for one in releases if one <= today), default=held)
            asked = today
        told.append((today, *before, asks, held))
    return told


@given(CALENDARS, st.sets(DAYS), st.sets(DAYS, min_size=1))
def test_a_release_is_loaded_when_due_or_after_the_interval(calendar, releases, days):
    """Announced: by the first run on or after its day. Unannounced: once the interval is over."""
    for today, before, asked, _, held in runs_of(calendar, releases, days):
        shown = max((one for one in releases if one <= today), default=START)
        unseen = [one for one in releases if before < one <= today]
        if any(one in calendar.days for one in unseen) or (today - asked).days >= calendar.every:
            assert held == shown


@given(CALENDARS, st.sets(DAYS, min_size=1), st.integers(0, 9))
def test_a_late_release_is_loaded_by_the_next_run(calendar, days, delay):
    for due in calendar.days:
        came = due + timedelta(delay)
        for today, before, _, _, held in runs_of(calendar, {came}, days):
            if today >= came and before < due:
                assert held == max(came, before)


@given(CALENDARS, DAYS, DAYS, DAYS)
def test_requests_are_only_skipped_between_release_days(calendar, today, newest, asked):
    if not calendar.asks(today, newest, asked):
        assert calendar.after(today) is not None
        assert asked <= today < asked + timedelta(calendar.every)
        assert not any(newest < one <= today or asked <= one <= today for one in calendar.days)


@pytest.mark.parametrize(
    ("today", "newest", "asked", "asks"),
    [
        ("2026-12-10", "2026-11-20", "2026-12-08", False),
        ("2026-12-15", "2026-11-20", "2026-12-08", True),  # the interval is over
        ("2026-12-18", "2026-11-20", "2026-12-17", True),  # due
        ("2026-12-20", "2026-11-20", "2026-12-19", True),  # due, and has not come
        ("2026-12-18", "2026-12-18", "2026-12-18", True),  # there may be more of it today
        ("2026-12-19", "2026-12-18", "2026-12-18", True),
        ("2026-12-20", "2026-12-18", "2026-12-19", False),
        ("2026-12-10", "2026-11-20", "2026-12-11", True),  # a clock that was set back
        ("2027-01-20", "2027-01-18", "2027-01-19", True),  # no day to come is known
    ],
)
def test_each_case_says_whether_to_ask(today, newest, asked, asks):
    calendar = ReleaseCalendar(days=(day("2027-01-18"), day("2026-12-18"), day("2026-11-20")))
    assert calendar.asks(day(today), day(newest), day(asked)) is asks


def test_missing_and_new_datasets_are_requested():
    calendar = ReleaseCalendar(days=(day("2026-12-18"),))
    assert calendar.asks(day("2026-12-01"), None, day("2026-12-01"))
    assert calendar.asks(day("2026-12-01"), day("2026-11-20"), None)


def test_a_release_is_late_after_the_patience():
    calendar = ReleaseCalendar(days=(day("2026-12-18"), day("2027-01-18")), patience=2)
    assert calendar.late(day("2026-12-20"), day("2026-11-20")) is None
    assert calendar.late(day("2026-12-21"), day("2026-11-20")) == day("2026-12-18")
    assert calendar.late(day("2027-02-01"), day("2026-11-20")) == day("2026-12-18")
    assert calendar.late(day("2026-12-21"), day("2026-12-18")) is None
    assert calendar.late(day("2026-12-21"), None) is None

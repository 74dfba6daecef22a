"""Names of runs sort as the runs took their turns."""

import re
from datetime import UTC, datetime, timedelta

from statpipe.engine.record import run_id
from statpipe.engine.record.run_id import new_run_id


class Clock(datetime):
    """A clock that goes as a test says."""

    times: list[datetime] = []  # noqa: RUF012 - set by the test

    @classmethod
    def now(cls, tz=None):
        return cls.times.pop(0)


def test_an_id_contains_the_time_and_is_unique():
    one, two = new_run_id(), new_run_id()
    assert re.fullmatch(r"[0-9]{8}T[0-9]{12}Z-[0-9a-f]{4}", one)
    assert one != two


def test_ids_sort_even_if_the_clock_stops_or_goes_back(monkeypatch):
    now = datetime(2024, 3, 1, 12, tzinfo=UTC)
    ticks = (0, 0, -3600, -3599, 1, -86400, 0)
    Clock.times = [now + timedelta(seconds=s) for s in ticks]
    monkeypatch.setattr(run_id, "datetime", Clock)
    ids = [new_run_id()]
    while Clock.times:
        ids.append(new_run_id(ids[-1]))
    assert ids == sorted(ids)
    assert len({i.split("-")[0] for i in ids}) == len(ids)


def test_runs_of_a_lake_sort_even_if_the_clock_went_back(office):
    first = office.run()
    future = first.run_id.replace("20", "29", 1)
    office.lake.runs["tea_prices", future] = office.lake.runs.pop(("tea_prices", first.run_id))
    second = office.run()
    assert second.run_id > future
    assert office.lake.run_ids("tea_prices")[-1][1] == second.run_id

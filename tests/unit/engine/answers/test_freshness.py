"""The state of a source."""

from datetime import date

import pytest

from statpipe.engine.answers.freshness import freshness
from support.tea import SOURCE, prices


@pytest.fixture
def standing(office):
    def standing(day):
        site = office.site()
        (found,) = freshness(site, [SOURCE], date.fromisoformat(day))
        site.close()
        return found

    return standing


def test_a_source_that_never_ran_says_so(standing):
    assert standing("2024-03-02").standing == "never run"


def test_a_release_is_late_when_it_took_longer_than_ever(office, standing):
    office.run()
    assert (standing("2034-01-01").standing, standing("2034-01-01").usual) == ("current", None)
    for number, day in enumerate(("2024-04-01", "2024-05-02"), 2):
        office.agency.publish("black", day, prices(number))
        office.run()
    found = standing("2024-06-02")
    assert (found.age, found.usual, found.longest, found.standing) == (31, 31, 31, "current")
    assert standing("2024-06-03").standing == "late"
    assert found.vintage == "2024-05-02"


def test_a_failure_is_shown_with_the_last_success(office, standing):
    office.run()
    before = standing("2024-03-02").last_success
    office.agency.down_at = 0
    office.run()
    found = standing("2024-03-02")
    assert (found.standing, found.last_success) == ("failed", before)
    assert found.last_run > before
    assert found.released == date(2024, 3, 1)

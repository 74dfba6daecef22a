"""Who dates a vintage, and that nobody is told what nobody could have known."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.engine.conftest import Office

from statpipe.engine.gold.computed import connected
from statpipe.engine.gold.source_history import source_history
from statpipe.engine.record.records import held_of
from support.tea import SOURCE, prices

BLACK = "black"


def held(office):
    return [one for one in held_of(office.lake, SOURCE) if one.dataset == BLACK]


def published(office, today, released, start, **more):
    office.agency.today = today
    office.agency.releases = [r for r in office.agency.releases if r.dataset != BLACK]
    office.agency.publish(BLACK, released, prices(start))
    return office.run(**more)


def test_a_silent_change_is_dated_by_the_day_on_which_it_was_first_seen(office):
    published(office, "2024-05-02", "2024-05-02", 1)
    published(office, "2024-05-10", "2024-05-02", 1, full=True)
    published(office, "2024-05-20", "2024-05-02", 30)
    first, second = held(office)
    assert (first.vintage.id, first.basis) == ("2024-05-02", "agency")
    assert (second.vintage.id, second.basis) == ("2024-05-20", "observed")
    assert (second.seen_before, second.under) == (date(2024, 5, 10), date(2024, 5, 2))


def test_what_is_seen_again_is_the_same_vintage(office):
    published(office, "2024-05-02", "2024-05-02", 1)
    published(office, "2024-05-20", "2024-05-02", 30)
    assert published(office, "2024-05-25", "2024-05-02", 30).outcome == "unchanged"
    manifest = published(office, "2024-05-28", "2024-05-02", 30, full=True)
    assert manifest.outcome == "unchanged"
    assert [one.vintage.id for one in held(office)] == ["2024-05-02", "2024-05-20"]
    assert held(office)[-1].looked == date(2024, 5, 28)


def test_the_next_release_of_the_day_comes_after_what_was_seen_before_it(office):
    published(office, "2024-05-02", "2024-05-02", 1)
    published(office, "2024-05-20", "2024-05-02", 30)
    published(office, "2024-05-20", "2024-05-20", 60)
    assert [(h.vintage.id, h.basis) for h in held(office)] == [
        ("2024-05-02", "agency"),
        ("2024-05-20", "observed"),
        ("2024-05-20.02", "agency"),
    ]


def test_an_agency_without_dates_has_a_vintage_for_each_day_on_which_figures_were_new(office):
    office.agency.undated = True
    for today, start in (("2024-05-02", 1), ("2024-05-03", 1), ("2024-05-09", 30)):
        published(office, today, today, start)
    assert [(h.vintage.id, h.basis, h.seen_before) for h in held(office)] == [
        ("2024-05-02", "observed", None),
        ("2024-05-09", "observed", date(2024, 5, 3)),
    ]


def test_a_date_that_comes_to_light_replaces_the_day_of_the_first_look(office):
    office.agency.undated = True
    published(office, "2024-05-02", "2024-05-02", 1)
    published(office, "2024-05-20", "2024-05-20", 30)
    office.agency.undated = False
    manifest = published(office, "2024-05-21", "2024-05-15", 30)
    assert manifest.exit_code == 0
    assert [(h.vintage.id, h.basis, h.seen_before) for h in held(office)] == [
        ("2024-05-02", "observed", None),
        ("2024-05-15", "agency", None),
    ]
    assert published(office, "2024-05-22", "2024-05-15", 30).outcome == "unchanged"


def test_a_date_on_which_we_looked_in_vain_does_not(office):
    office.agency.undated = True
    published(office, "2024-05-10", "2024-05-10", 1)
    published(office, "2024-05-20", "2024-05-20", 30)
    office.agency.undated = False
    published(office, "2024-05-21", "2024-05-08", 30)
    assert ("2024-05-20", "observed") in {(h.vintage.id, h.basis) for h in held(office)}


@pytest.mark.parametrize("today", ["2024-05-19", "2023-01-01"])
def test_a_clock_that_runs_behind_dates_nothing(office, today):
    published(office, "2024-05-02", "2024-05-02", 1)
    published(office, "2024-05-20", "2024-05-02", 30)
    manifest = published(office, today, "2024-05-02", 60)
    assert (manifest.outcome, manifest.exit_code) == ("failed", 4)
    assert manifest.message == (
        "dataset black: its figures differ from those of 2024-05-20 and would be dated by the clock, "
        f"which says {today}, before 2024-05-20, when the lake last saw them; set the clock of this "
        "machine right, and run again"
    )
    assert len(held(office)) == 2


class TestAClockBehindAnAgencyWithoutDates:
    """What is shown now is held against the newest vintage, whatever day the clock says."""

    @pytest.fixture(autouse=True)
    def _two_vintages(self, office):
        office.agency.undated = True
        published(office, "2024-05-01", "2024-05-01", 1)
        published(office, "2024-05-04", "2024-05-04", 30)

    def test_the_same_figures_are_unchanged(self, office):
        assert published(office, "2024-05-03", "2024-05-03", 30).outcome == "unchanged"
        assert published(office, "2024-05-03", "2024-05-03", 30, full=True).outcome == "unchanged"
        assert [one.vintage.id for one in held(office)] == ["2024-05-01", "2024-05-04"]

    def test_the_figures_of_an_older_vintage_are_news_that_cannot_be_dated(self, office):
        manifest = published(office, "2024-05-03", "2024-05-03", 1)
        assert (manifest.outcome, manifest.exit_code) == ("failed", 4)
        assert "its figures differ from those of 2024-05-04" in manifest.message


def test_an_agency_whose_day_has_begun_before_ours_is_no_clock_that_runs_behind(office):
    published(office, "2024-05-01", "2024-05-02", 1)
    published(office, "2024-05-01", "2024-05-02", 30)
    assert [h.vintage.id for h in held(office)] == ["2024-05-02", "2024-05-02.02"]


def history_in(office):
    with connected() as connection:
        table = source_history(office.lake, SOURCE, held(office), "tests", connection)
    return [
        r for r in table.to_pylist() if (r["ref_area"], r["category"], r["time_period"]) == FIRST
    ]


FIRST = ("CAL", "fine", "2024-01")
DAYS = [f"2024-05-{day:02d}" for day in range(2, 12)]


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1]), st.sampled_from([0, 1]), st.sampled_from([1, 30, 60])),
        min_size=1,
        max_size=len(DAYS),
    )
)
def test_no_day_is_answered_with_figures_that_came_later(steps):
    """Each day the agency prints a new date or not, and changes its figures or not."""
    with TemporaryDirectory() as home:
        office = Office(Path(home))
        released, start, came = DAYS[0], 1, []
        for today, (new_date, changes, other) in zip(DAYS, steps, strict=False):
            released = today if new_date else released
            start = other if changes else start
            published(office, today, released, start)
            came.append(start)
        intervals = [
            (
                row["realtime_start"].isoformat(),
                row["realtime_end"].isoformat(),
                int(row["obs_value"]),
            )
            for row in history_in(office)
        ]
        for day, wanted in zip(DAYS, came, strict=False):
            # A run a day sees each change on its day: as-of answers with what came on that day.
            assert [v for first, last, v in intervals if first <= day <= last] == [wanted]


def test_other_figures_under_an_earlier_date_than_the_last_are_dated_by_the_day_they_were_seen(
    office,
):
    """Such as those of a service that lags behind its own archive."""
    published(office, "2024-05-02", "2024-05-02", 1)
    published(office, "2024-05-10", "2024-05-10", 30)
    published(office, "2024-05-20", "2024-05-02", 60)
    assert [(h.vintage.id, h.basis, h.under) for h in held(office)] == [
        ("2024-05-02", "agency", None),
        ("2024-05-10", "agency", None),
        ("2024-05-20", "observed", date(2024, 5, 2)),
    ]
    assert published(office, "2024-05-21", "2024-05-02", 60).outcome == "unchanged"

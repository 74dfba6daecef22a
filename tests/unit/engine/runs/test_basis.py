"""Who dates a vintage; and no day shows figures that could not be known then."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.engine.conftest import Office

from statpipe.engine.gold.source_history import source_history
from statpipe.engine.record.records import held_of
from statpipe.engine.stages.options import INGEST, TRANSFORM
from support.tea import SOURCE, prices

BLACK = "black"


def held(office):
    return [one for one in held_of(office.lake, SOURCE) if one.dataset == BLACK]


def published(office, today, released, start, **more):
    office.agency.today = today
    office.agency.releases = [r for r in office.agency.releases if r.dataset != BLACK]
    office.agency.publish(BLACK, released, prices(start))
    return office.run(**more)


def test_a_silent_change_is_dated_by_the_day_it_was_first_seen(office):
    published(office, "2024-05-02", "2024-05-02", 1)
    published(office, "2024-05-10", "2024-05-02", 1, full=True)
    published(office, "2024-05-20", "2024-05-02", 30)
    first, second = held(office)
    assert (first.vintage.id, first.basis) == ("2024-05-02", "agency")
    assert (second.vintage.id, second.basis) == ("2024-05-20", "observed")
    assert (second.seen_before, second.under) == (date(2024, 5, 10), date(2024, 5, 2))


def test_figures_seen_again_are_the_same_vintage(office):
    published(office, "2024-05-02", "2024-05-02", 1)
    published(office, "2024-05-20", "2024-05-02", 30)
    assert published(office, "2024-05-25", "2024-05-02", 30).outcome == "unchanged"
    manifest = published(office, "2024-05-28", "2024-05-02", 30, full=True)
    assert manifest.outcome == "unchanged"
    assert [one.vintage.id for one in held(office)] == ["2024-05-02", "2024-05-20"]
    assert held(office)[-1].looked == date(2024, 5, 28)


def test_the_next_release_of_a_day_sorts_after_earlier_ones(office):
    published(office, "2024-05-02", "2024-05-02", 1)
    published(office, "2024-05-20", "2024-05-02", 30)
    published(office, "2024-05-20", "2024-05-20", 60)
    assert [(h.vintage.id, h.basis) for h in held(office)] == [
        ("2024-05-02", "agency"),
        ("2024-05-20", "observed"),
        ("2024-05-20.02", "agency"),
    ]


def test_an_agency_without_dates_has_a_vintage_per_day_with_new_figures(office):
    office.agency.undated = True
    for today, start in (("2024-05-02", 1), ("2024-05-03", 1), ("2024-05-09", 30)):
        published(office, today, today, start)
    assert [(h.vintage.id, h.basis, h.seen_before) for h in held(office)] == [
        ("2024-05-02", "observed", None),
        ("2024-05-09", "observed", date(2024, 5, 3)),
    ]


def test_a_date_published_later_replaces_the_day_first_seen(office):
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


def test_a_date_before_a_run_without_these_figures_is_not_used(office):
    office.agency.undated = True
    published(office, "2024-05-10", "2024-05-10", 1)
    published(office, "2024-05-20", "2024-05-20", 30)
    office.agency.undated = False
    published(office, "2024-05-21", "2024-05-08", 30)
    assert ("2024-05-20", "observed") in {(h.vintage.id, h.basis) for h in held(office)}


@pytest.mark.parametrize("today", ["2024-05-19", "2023-01-01"])
def test_a_slow_clock_dates_nothing(office, today):
    published(office, "2024-05-02", "2024-05-02", 1)
    published(office, "2024-05-20", "2024-05-02", 30)
    manifest = published(office, today, "2024-05-02", 60)
    assert (manifest.outcome, manifest.exit_code) == ("failed", 4)
    assert manifest.message == (
        "dataset black: its figures changed since 2024-05-20, but this machine's clock says "
        f"{today}, which is before the last run on 2024-05-20; correct the clock and run again"
    )
    assert len(held(office)) == 2


class TestAClockBehindAnAgencyWithoutDates:
    """What is shown now is compared with the newest vintage, whatever day the clock says."""

    @pytest.fixture(autouse=True)
    def _two_vintages(self, office):
        office.agency.undated = True
        published(office, "2024-05-01", "2024-05-01", 1)
        published(office, "2024-05-04", "2024-05-04", 30)

    def test_the_same_figures_are_unchanged(self, office):
        assert published(office, "2024-05-03", "2024-05-03", 30).outcome == "unchanged"
        assert published(office, "2024-05-03", "2024-05-03", 30, full=True).outcome == "unchanged"
        assert [one.vintage.id for one in held(office)] == ["2024-05-01", "2024-05-04"]

    def test_figures_of_an_older_vintage_cannot_be_dated(self, office):
        manifest = published(office, "2024-05-03", "2024-05-03", 1)
        assert (manifest.outcome, manifest.exit_code) == ("failed", 4)
        assert "its figures changed since 2024-05-04" in manifest.message


def test_an_agency_in_a_time_zone_ahead_of_ours_is_not_a_slow_clock(office):
    published(office, "2024-05-01", "2024-05-02", 1)
    published(office, "2024-05-01", "2024-05-02", 30)
    assert [h.vintage.id for h in held(office)] == ["2024-05-02", "2024-05-02.02"]


def history_in(office):
    table = source_history(office.lake, SOURCE, held(office), "tests")
    return [
        r for r in table.to_pylist() if (r["ref_area"], r["category"], r["time_period"]) == FIRST
    ]


FIRST = ("CAL", "fine", "2024-01")
DAYS = [f"2024-05-{day:02d}" for day in range(2, 12)]


STEP = st.tuples(
    st.sampled_from(["stays", "next date", "goes back"]),
    st.booleans(),
    st.sampled_from([1, 30, 60]),
    st.integers(0, len(DAYS)),
)
"""What the agency does on a day: prints the date of the day, or an earlier one again, with its old figures
or others."""


@settings(deadline=None, max_examples=30)
@given(st.lists(STEP, min_size=1, max_size=len(DAYS)))
def test_no_day_has_figures_that_were_published_later(steps):
    """Each day the agency prints a new date or not, takes releases back, and changes figures or not."""
    with TemporaryDirectory() as home:
        office = Office(Path(home))
        released, came = DAYS[0], []
        printed = {released: 1}
        for today, (date_does, changes, other, which) in zip(DAYS, steps, strict=False):
            start = printed[released]
            if date_does == "next date":
                released = today
            elif date_does == "goes back":
                released = sorted(printed)[which % len(printed)]
                start = printed[released]
            printed[released] = other if changes else start
            published(office, today, released, printed[released])
            came.append(printed[released])
        assert published(office, today, released, printed[released]).outcome == "unchanged"
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


def test_other_figures_under_an_earlier_date_are_dated_by_the_day_seen(
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


def dates_of(office):
    return [(h.vintage.id, h.basis, h.under and h.under.isoformat()) for h in held(office)]


class TestAReleaseThatIsTakenBack:
    """The agency printed the 2nd, then the 10th, and prints the 2nd again with its old figures."""

    @pytest.fixture(autouse=True)
    def _two_releases(self, office):
        published(office, "2024-05-02", "2024-05-02", 1)
        published(office, "2024-05-10", "2024-05-10", 30)

    TAKEN_BACK = (
        ("2024-05-02", "agency", None),
        ("2024-05-10", "agency", None),
        ("2024-05-15", "observed", "2024-05-02"),
    )

    @pytest.mark.parametrize("full", [False, True])
    def test_withdrawal_makes_the_current_figures_a_vintage(self, office, full):
        manifest = published(office, "2024-05-15", "2024-05-02", 1, full=full)
        assert manifest.outcome == "loaded"
        assert dates_of(office) == [*self.TAKEN_BACK]
        assert [(str(r["realtime_start"]), int(r["obs_value"])) for r in history_in(office)] == [
            ("2024-05-02", 1),
            ("2024-05-10", 30),
            ("2024-05-15", 1),
        ]

    def test_a_release_is_withdrawn_once(self, office):
        published(office, "2024-05-15", "2024-05-02", 1)
        assert published(office, "2024-05-16", "2024-05-02", 1).outcome == "unchanged"
        assert published(office, "2024-05-17", "2024-05-02", 1, full=True).outcome == "unchanged"
        assert dates_of(office) == [*self.TAKEN_BACK]

    def test_a_withdrawn_release_may_return(self, office):
        published(office, "2024-05-15", "2024-05-02", 1)
        published(office, "2024-05-20", "2024-05-10", 30)
        assert published(office, "2024-05-21", "2024-05-10", 30).outcome == "unchanged"
        published(office, "2024-05-24", "2024-05-24", 60)
        assert dates_of(office) == [
            *self.TAKEN_BACK,
            ("2024-05-20", "observed", "2024-05-10"),
            ("2024-05-24", "agency", None),
        ]

    def test_a_release_may_be_withdrawn_and_return_within_a_day(self, office):
        published(office, "2024-05-10", "2024-05-02", 1)
        published(office, "2024-05-10", "2024-05-10", 30)
        assert published(office, "2024-05-10", "2024-05-10", 30).outcome == "unchanged"
        assert dates_of(office)[1:] == [
            ("2024-05-10", "agency", None),
            ("2024-05-10.02", "observed", "2024-05-02"),
            ("2024-05-10.03", "observed", "2024-05-10"),
        ]

    def test_an_unseen_earlier_release_may_follow_a_withdrawal(self, office):
        published(office, "2024-05-15", "2024-05-06", 60)
        assert dates_of(office)[2:] == [("2024-05-15", "observed", "2024-05-06")]
        assert published(office, "2024-05-16", "2024-05-06", 60).outcome == "unchanged"

    def test_a_withdrawal_is_found_by_separate_ingest_and_transform_runs(self, office):
        published(office, "2024-05-15", "2024-05-02", 1, stages=frozenset({INGEST}))
        office.run(stages=frozenset({TRANSFORM}))
        assert dates_of(office) == [*self.TAKEN_BACK]

    def test_a_withdrawal_with_a_slow_clock_cannot_be_dated(self, office):
        manifest = published(office, "2024-05-08", "2024-05-02", 1)
        assert (manifest.outcome, manifest.exit_code) == ("failed", 4)
        assert "its figures changed since 2024-05-10" in manifest.message

    def test_a_withdrawn_release_is_rebuilt_from_bronze_under_its_name(self, office):
        published(office, "2024-05-15", "2024-05-02", 1)
        was = history_in(office)
        office.agency.version = "1b"
        assert office.run(stages=frozenset({TRANSFORM})).exit_code == 0
        assert dates_of(office) == [*self.TAKEN_BACK]
        assert [r["obs_value"] for r in history_in(office)] == [r["obs_value"] for r in was]


def from_archive(office, released, start):
    """As a backfill does it: the source of the run offers an old release beside others."""
    day = date.fromisoformat(released)
    return published(office, "2024-05-30", released, start, releases=(day,))


class TestAServiceThatLagsBehindAnArchive:
    @pytest.fixture(autouse=True)
    def _newest_from_an_archive(self, office):
        published(office, "2024-05-02", "2024-05-02", 1)
        from_archive(office, "2024-05-10", 30)

    @pytest.mark.parametrize("full", [False, True])
    def test_a_lagging_service_withdraws_nothing(self, office, full):
        assert published(office, "2024-05-31", "2024-05-02", 1, full=full).outcome == "unchanged"
        assert [h.vintage.id for h in held(office)] == ["2024-05-02", "2024-05-10"]

    def test_a_lagging_service_withdraws_nothing_after_a_rebuild(self, office):
        office.agency.version = "1b"
        office.run(stages=frozenset({TRANSFORM}))
        published(office, "2024-05-31", "2024-05-02", 1, full=True)
        assert [(h.vintage.id, str(h.looked)) for h in held(office)] == [
            ("2024-05-02", "2024-05-31"),
            ("2024-05-10", "None"),
        ]

    def test_a_lagging_service_withdraws_what_it_has_shown_since(self, office):
        assert published(office, "2024-06-01", "2024-05-10", 30).outcome == "unchanged"
        published(office, "2024-06-02", "2024-05-02", 1)
        assert dates_of(office)[2:] == [("2024-06-02", "observed", "2024-05-02")]

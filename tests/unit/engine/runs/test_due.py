"""Runs of a source with a release calendar."""

from datetime import date

import pytest

from statpipe.api import ConfigError
from statpipe.engine.answers.freshness import freshness
from statpipe.engine.runs import due
from statpipe.engine.runs.plan import plan_source
from statpipe.engine.stages.options import Options
from support.tea import DATASETS, SOURCE, prices


@pytest.fixture
def on(office, monkeypatch):
    """An office whose agency announced releases, on a day of our choice."""
    office.document["sources"] = {
        SOURCE: {
            "calendar": {"days": ["2024-03-01", date(2024, 4, 1), "2024-05-02"], "patience": 2}
        }
    }

    def on(day, **options):
        monkeypatch.setattr(due, "today", lambda: date.fromisoformat(day))
        office.agency.today = day
        return office.run(**options)

    return on


def publish(office, day, start=7):
    for name in DATASETS:
        office.agency.publish(name, day, prices(start))


def test_nothing_is_requested_while_nothing_can_be_due(office, on):
    on("2024-03-05")
    office.agency.down_at = 0  # whoever asks, fails
    quiet = on("2024-03-06")
    assert (quiet.outcome, quiet.exit_code, quiet.asked) == ("unchanged", 0, date(2024, 3, 5))
    assert quiet.calendar == "nothing is due before 2024-04-01, so no request was sent"
    for insisting in ({"force": True}, {"full": True}, {"tables": ("black",)}):
        assert on("2024-03-06", **insisting).outcome == "failed"


def test_a_release_is_loaded_on_its_day_and_an_unannounced_one_after_the_interval(office, on):
    on("2024-03-05")
    publish(office, "2024-03-08")
    assert [on(f"2024-03-{day:02}").outcome for day in (9, 11, 12)] == [
        *("unchanged", "unchanged", "loaded")
    ]
    publish(office, "2024-04-01", 30)
    assert on("2024-04-01").outcome == "loaded"
    assert on("2024-04-02").asked == date(2024, 4, 2)  # a release may come in two steps
    assert on("2024-04-03").asked == date(2024, 4, 2)


def test_the_agency_is_asked_daily_for_a_late_release(office, on):
    on("2024-03-30")
    late = [(m.asked.day, m.late) for m in map(on, ("2024-04-01", "2024-04-03", "2024-04-04"))]
    assert late == [(1, False), (3, False), (4, True)]
    assert on("2024-04-05").calendar == "late: the release due on 2024-04-01 has not appeared"
    publish(office, "2024-04-06")
    assert (on("2024-04-06").outcome, on("2024-04-07").late) == ("loaded", False)


def test_an_unchanged_undated_release_is_late_once(office, on):
    """Nobody can see it. The run that has waited long enough says so; then it counts as one that came."""
    office.agency.undated = True
    on("2024-03-30")
    waited = [on(f"2024-04-0{day}") for day in (1, 2, 3)]
    assert [(m.asked.day, m.late) for m in waited] == [(1, False), (2, False), (3, False)]
    told = on("2024-04-04")
    assert told.late
    assert told.calendar == (
        "late: the release due on 2024-04-01 has not appeared, or it changed no figure"
    )
    after = on("2024-04-05")
    assert (after.late, after.asked) == (False, date(2024, 4, 4))
    (found,) = freshness(office.site(), [SOURCE], date(2024, 4, 6))
    assert (found.standing, found.overdue) == ("current", None)
    publish(office, "2024-04-08")
    assert on("2024-04-11").outcome == "loaded"  # found by the look after `every` days


def test_a_failed_or_refused_run_is_repeated_the_next_day(office, on):
    on("2024-03-05")
    publish(office, "2024-03-11")
    office.agency.check = "error"
    assert on("2024-03-12").outcome == "refused"
    office.agency.check, office.agency.down_at = "pass", 0
    assert on("2024-03-13").outcome == "failed"
    office.agency.down_at = None
    assert on("2024-03-14").outcome == "loaded"


def test_a_larger_selection_is_requested_at_once(office, on):
    office.agency.ports = ("CAL",)
    on("2024-03-05")
    office.agency.ports = None
    assert on("2024-03-06").outcome == "loaded"


def test_a_source_with_changed_settings_is_asked_at_once(office, on):
    office.agency.notice = "BUNDLED SAMPLE"
    office.agency.ports = ("CAL",)  # what is held has no more, whatever is configured
    on("2024-03-05")
    assert on("2024-03-06").asked == date(2024, 3, 5)
    office.agency.notice = ""  # as when somebody sets a key
    assert on("2024-03-07").asked == date(2024, 3, 7)
    office.document["sources"][SOURCE]["ports"] = ["MOM"]
    assert on("2024-03-08").asked == date(2024, 3, 8)


def test_the_plan_also_skips_requests(office, on):
    on("2024-03-05")
    on("2024-03-06")
    office.agency.down_at = 0
    site = office.site()
    steps = plan_source(site, SOURCE, Options()).steps
    assert {(s.action, s.reason) for s in steps if s.what in DATASETS} == {
        ("nothing", "nothing is due before 2024-04-01, so no request was sent")
    }


def test_the_calendar_shows_the_next_and_the_late_releases(office, on):
    on("2024-03-05")
    site = office.site()
    for day, standing, following, overdue in (
        ("2024-03-06", "current", date(2024, 4, 1), None),
        ("2024-04-04", "late", date(2024, 5, 2), date(2024, 4, 1)),
    ):
        (found,) = freshness(site, [SOURCE], date.fromisoformat(day))
        assert (found.standing, found.next_release) == (standing, following)
        assert found.overdue == overdue


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            {"days": ["2024-13-01"]},
            "calendar.days is '2024-13-01'; expected a day such as 2026-12-18",
        ),
        ({"day": []}, "unknown key 'day'"),
        ({"days": ["2024-03-01"], "every": 0}, "'every' must be >= 1"),
    ],
)
def test_a_wrong_calendar_is_named(office, declared, message):
    office.document["sources"] = {SOURCE: {"calendar": declared}}
    with pytest.raises(ConfigError, match=message):
        office.site().calendar(SOURCE)

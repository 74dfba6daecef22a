"""What a run says to a person at a terminal."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from statpipe.api import CheckResult, Manifest, VintageRecord
from statpipe.cli.brief import MOST_LINES, brief_lines, tell_briefly
from statpipe.domain.revision import Movement, Revision

START = datetime(2024, 4, 1, tzinfo=UTC)


def release(number, *, first=False):
    moves = tuple(
        {"ref_area": "CA", "category": f"T:{n}", "category_name": "Tea", "time_period": "2023",
         "old": "100", "new": str(100 + n), "percent": float(n)}
        for n in (1, 30, 2, 20)
    )  # fmt: skip
    return Revision(
        dataset=f"T{number}",
        vintage="2024-04-01",
        since="" if first else "2024-03-01",
        cells=1200,
        added=0 if first else 12,
        dropped=0,
        overall=Movement(compared=1188, revised=4, median_percent=2.0, largest_percent=30.0),
        largest=() if first else moves,
    )


def manifest(releases=1, warnings=0, **more):
    vintages = [
        VintageRecord(
            dataset=f"T{n}", vintage="2024-04-01", note="", outcome="loaded", rows=1200,
            revision=release(n, first=n == 0),
        )
        for n in range(releases)
    ]  # fmt: skip
    checks = [
        CheckResult(
            check="additivity", dataset=f"T{n}", vintage="2024-04-01", severity="warning", passed=False,
            message="20 of 1,200 sums are off by more than rounding explains" * 3,
        )
        for n in range(warnings)
    ]  # fmt: skip
    values = {
        "run_id": "20240401T000000000000Z-abcd",
        "source": "tea",
        "environment": "local",
        "command": "run",
        "started": START,
        "finished": START + timedelta(seconds=2.5),
        "outcome": "loaded" if releases else "unchanged",
        "exit_code": 0,
    }
    return Manifest(vintages=tuple(vintages), checks=tuple(checks), **{**values, **more})


def lines(made, **more):
    return [text for text, _ in brief_lines(made, 80, **more)]


def test_the_release_calendar_is_one_line_and_several_runs_only_show_late_ones():
    quiet = manifest(0, calendar="nothing is due before 2026-12-18, so no request was sent")
    late = manifest(0, calendar="late: the release due on 2026-12-18 has not appeared", late=True)
    assert [f"  {quiet.calendar}"] == [line for line, _ in brief_lines(quiet, 80)][1:]
    assert len(list(brief_lines(quiet, 80, alone=False))) == 1
    assert (f"  {late.calendar}", "yellow") in brief_lines(late, 80, alone=False)


def test_a_run_shows_new_vintages_largest_revisions_and_what_to_check():
    assert lines(manifest(2, 1)) == [
        "tea: loaded 2 releases, 2,400 figures, in 2.5 s",
        "  T0 2024-04-01: first release, 1,200 figures",
        "  T1 2024-04-01: 12 new, 4 of 1,188 revised (median 2.00 %)",
        "moved most: CA T:30 2023: 100 to 130 (30.00 %)",
        "            CA T:20 2023: 100 to 120 (20.00 %)",
        "            CA T:2 2023: 100 to 102 (2.00 %)",
        "warning: additivity, T1 2024-04-01: 20 of 1,200 sums are off by more than rou...".replace("T1", "T0"),
        "details: `statpipe runs show 20240401T000000000000Z-abcd`",
    ]  # fmt: skip


@pytest.mark.parametrize(("releases", "warnings"), [(0, 0), (1, 0), (40, 0), (40, 40)])
def test_it_is_short_and_narrow_however_much_there_is(releases, warnings, capsys):
    made = manifest(releases, warnings, notice="Not current figures")
    assert all(len(line) <= 80 for line in lines(made))
    tell_briefly([made], [("lake", "/somewhere"), ("database", "postgresql://here")])
    assert len(capsys.readouterr().err.splitlines()) <= MOST_LINES


def test_what_was_not_judged_is_named():
    made = manifest(1, 2)
    checks = [attrs.evolve(one, passed=True, judged=False) for one in made.checks]
    told = lines(attrs.evolve(made, checks=tuple(checks)))
    assert told[-2:] == ["not judged: additivity", lines(made)[-1]]
    both = attrs.evolve(made, checks=(*manifest(0, 3).checks, *checks))
    assert lines(both)[-2] == "and 1 finding of checks; not judged: additivity"


def test_an_unchanged_run_is_one_line():
    assert lines(manifest(0)) == ["tea: unchanged in 2.5 s"]


def test_of_several_runs_each_is_told_in_few_lines():
    assert lines(manifest(3, 1), alone=False)[1:] == lines(manifest(3, 1))[-2:]


def forty(**first):
    made = [manifest(0, source=f"flow_{n:02}") for n in range(40)]
    return [attrs.evolve(made[0], **first), *made[1:]]


def told_of(manifests, capsys):
    tell_briefly(manifests, [("lake", "/somewhere"), ("database", "postgresql://here")])
    return capsys.readouterr().err.splitlines()


def test_many_sources_are_counted_and_what_somebody_must_look_at_comes_first(capsys):
    made = forty(outcome="failed", exit_code=5, message="the agency is down; run again later")
    made[7] = manifest(1, 2, source="flow_07")
    made[9] = attrs.evolve(made[9], late=True, calendar="late: the release due on 2024-03-01")
    assert told_of(made, capsys) == [
        "40 sources: 38 unchanged, 1 failed, 1 loaded",
        "  flow_00: the agency is down; run again later (exit 5)",
        "  flow_07: loaded 1 release, 1,200 figures, in 2.5 s; 2 findings of checks",
        "  flow_09: unchanged in 2.5 s; late: the release due on 2024-03-01",
        "lake: /somewhere",
        "database: postgresql://here",
        "details: `statpipe runs list`",
    ]


@pytest.mark.parametrize("noticed", [0, 1, 40])
def test_many_sources_take_as_few_lines_however_many_need_somebody(noticed, capsys, monkeypatch):
    monkeypatch.setattr("statpipe.cli.brief.width", lambda **_: 80)
    down = {"outcome": "failed", "exit_code": 5, "message": "the agency is down " * 9}
    made = [attrs.evolve(one, **down) for one in forty()[:39]] + [manifest(1)]
    made = [
        attrs.evolve(one, notice=f"Sample {n}") if n < noticed else one
        for n, one in enumerate(made)
    ]
    told = told_of(made, capsys)
    assert len(told) == MOST_LINES
    assert all(len(line) <= 80 for line in told)
    assert sum("  and " in line and "more such sources" in line for line in told) == 1


def test_a_failure_is_told_whole(capsys):
    message = "the agency is down; run again later " * 5
    made = attrs.evolve(manifest(0), outcome="failed", exit_code=5, message=message)
    tell_briefly([made], [("lake", "/somewhere")])
    told = capsys.readouterr().err
    assert f"statpipe: tea: {message} (exit 5)" in told
    assert "/somewhere" not in told


def test_advice_names_the_environment():
    (*_, more) = lines(manifest(1, environment="prod"))
    assert "--env prod" in more

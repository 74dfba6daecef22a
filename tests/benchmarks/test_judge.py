"""The benchmark's judge: what it lets pass, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from benchmarks.forms import SCENARIOS
from benchmarks.goals import RELEASES
from benchmarks.judge import Goal, failed, judged
from benchmarks.measure.measured import Measured
from benchmarks.report import document, measured_table, verdict_table
from benchmarks.scenarios.releases import ALL, FIRST, SOME, UNCHANGED

from benchmarks import judge

TWICE = Goal("time against bare", lambda r: r.of("load").wall / r.of("load", "bare").wall, 2.0)
STEADY = Goal(
    "CPU against bare", lambda r: r.of("load").work / r.of("load", "bare").work, steady=True
)


def row(program="statpipe", number=0, wall=1.0, cpu=1.0, server_cpu=0.0):
    return Measured(
        scenario="load", program=program, round=number, wall=wall, cpu=cpu, peak=1,
        server_cpu=server_cpu,
    )  # fmt: skip


def rounds(*walls, slower=1.0):
    """Rounds on a machine that gets busier, where the product costs *slower* times what it did."""
    rows = []
    for number, wall in enumerate(walls):
        busy = 1 + number / 10
        rows.append(row("bare", number, wall=busy, cpu=busy / 2, server_cpu=busy / 2))
        rows.append(row("statpipe", number, wall=wall * busy, cpu=slower * 3 * busy))
    return rows


@pytest.mark.parametrize(("wall", "state"), [(1.9, "ok"), (2.0, "ok"), (2.1, "MISSED")])
def test_a_ratio_is_compared_with_its_goal_on_a_busy_machine(wall, state):
    (verdict,) = judged([TWICE], rounds(wall, wall, wall), {})
    assert verdict.state == state
    assert failed([verdict]) == (state == "MISSED")


def test_one_bad_round_of_many_changes_nothing():
    (verdict,) = judged([TWICE], rounds(1.5, 9.0, 1.6), {})
    assert verdict.state == "ok"
    assert verdict.value == pytest.approx(1.6)


@pytest.mark.parametrize("slower", [1.2, 1.3, 2.0])
def test_a_regression_of_twenty_per_cent_fails_even_within_the_goal(slower):
    seen = {"CPU against bare": 3.0}
    goal = replace(STEADY, most=10.0)
    (verdict,) = judged([goal], rounds(1, 1, 1, slower=slower), seen)
    assert verdict.state == "SLOWER"
    assert failed([verdict])


SEEN_CPU = {FIRST: (2.7, 0.2), UNCHANGED: (0.9, 0.01), SOME: (2.8, 0.03), ALL: (3.1, 0.9)}
"""Seconds of CPU of the program and of the server, in each step of the short form."""


def against_before(cpu=1.0, server_cpu=1.0):
    """Verdicts on the present code, of which one step costs more than at the commit before."""
    rows = []
    for step, (client, server) in SEEN_CPU.items():
        before = replace(row("before", cpu=client, server_cpu=server), scenario=step)
        slower = step == ALL
        now = replace(
            before,
            program="statpipe",
            cpu=client * (cpu if slower else 1),
            server_cpu=server * (server_cpu if slower else 1),
        )
        rows += [before, now]
    goals = [goal for goal in RELEASES if "commit before" in goal.what]
    return [verdict for verdict in judged(goals, rows, {}, full=False) if verdict.state != "ok"]


@pytest.mark.parametrize("busy", [0.95, 1.0, 1.05])
@pytest.mark.parametrize("side", ["cpu", "server_cpu"])
def test_a_slowdown_of_twenty_per_cent_is_caught_in_a_whole_revision(side, busy):
    (verdict,) = against_before(**{side: 1.2 * busy})
    assert verdict.goal.what.startswith(ALL)
    assert not against_before(**{side: busy})


@pytest.mark.parametrize("slower", [0.5, 1.0, 1.05, 1.1])
def test_noise_between_moments_is_not_a_regression(slower):
    (verdict,) = judged([STEADY], rounds(1, 1, 1, slower=slower), {"CPU against bare": 3.0})
    assert not failed([verdict])


def test_an_unknown_measurement_cannot_be_slower():
    (verdict,) = judged([STEADY], rounds(1, slower=9.0), {})
    assert not failed([verdict])


def test_a_peer_that_is_not_installed_is_left_out():
    goal = Goal("against a peer", lambda r: r.of("load").wall / r.of("load", "dlt").wall, 0.1)
    verdicts = judged([goal], rounds(1), {})
    assert verdicts[0].value is None
    assert not failed(verdicts)
    assert "not measured" in "\n".join(verdict_table(verdicts))


def test_goals_of_full_tables_do_not_judge_small_ones():
    always = replace(TWICE, always=True)
    verdicts = judged([TWICE, always], rounds(3.0), {}, full=False)
    assert [verdict.state for verdict in verdicts] == ["", "MISSED"]


def test_later_runs_are_compared_with_kept_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(judge, "SEEN", tmp_path / "seen.json")
    judge.keep("short", judged([TWICE, STEADY], rounds(1, 1), {}))
    assert judge.seen_before("short") == {"CPU against bare": 3.0}
    assert judge.seen_before("full") == {}
    (verdict,) = judged([STEADY], rounds(1, slower=1.2), judge.seen_before("short"))
    assert verdict.state == "SLOWER"


def test_output_and_file_have_every_figure():
    rows = rounds(1.5, 1.7)
    verdicts = judged([TWICE], rows, {})
    assert "1.60" in "\n".join(measured_table(rows)) + "\n".join(verdict_table(verdicts))
    written = document("short", rows, verdicts)
    assert [one["program"] for one in written["measured"]] == ["bare", "statpipe"] * 2
    assert written["verdicts"][0]["value"] == pytest.approx(1.6)


def test_goals_have_unique_names_and_measurements_have_goals():
    names = [goal.what for scenario in SCENARIOS.values() for goal in scenario.goals]
    assert len(set(names)) == len(names) > len(RELEASES)
    steady = {g.what for scenario in SCENARIOS.values() for g in scenario.goals if g.steady}
    for form in ("short", "full"):
        assert set(judge.seen_before(form)) <= steady

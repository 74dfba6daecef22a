"""Checks are asked one by one, and what cannot be judged is not published."""

from datetime import date

import attrs
import pytest

from statpipe.api import Agreement, Check, CheckResult, PluginError, Snapshot, Unavailable, Vintage
from statpipe.engine.stages.judge import judge, overruled, siblings_of
from support.tea import tea_dataset


class Says(Check):
    def __init__(self, answer, applies=True):
        self.answer, self.applies, self.asked = answer, applies, []

    def applies_to(self, dataset):
        if isinstance(self.applies, Exception):
            raise self.applies
        return self.applies

    def check(self, current, previous):
        self.asked.append((current, previous))
        if isinstance(self.answer, Exception):
            raise self.answer
        return result(self.answer) if isinstance(self.answer, str) else self.answer


def result(name):
    return CheckResult(
        check=name,
        dataset="black",
        vintage="2024-03-01",
        severity="error",
        passed=True,
        message="",
    )


TEA = tea_dataset("black")
CURRENT = Snapshot(dataset=TEA, vintage=Vintage(released=date(2024, 3, 1)), table=None)
BEFORE = Snapshot(dataset=TEA, vintage=Vintage(released=date(2024, 2, 1)), table=None)


def test_checks_run_in_order_and_are_reported_at_once():
    told = []
    checks = {"b": Says("b"), "a": Says("a"), "not": Says("not", applies=False)}
    judge(checks, CURRENT, BEFORE, told.append)
    assert [r.check for r in told] == ["b", "a"]
    assert checks["a"].asked == [(CURRENT, BEFORE)]
    assert checks["not"].asked == []


@pytest.mark.parametrize(
    "check", [Says(KeyError("cup")), Says("a", applies=KeyError("cup"))], ids=["check", "applies"]
)
def test_a_check_that_raises_is_a_plugin_error_with_its_vintage(check):
    told = []
    checks = {"first": Says("first"), "odd": check, "last": Says("last")}
    with pytest.raises(PluginError) as raised:
        judge(checks, CURRENT, None, told.append)
    assert str(raised.value) == (
        "check 'odd' failed on black 2024-03-01 (KeyError: 'cup'); correct or uninstall its plugin"
    )
    assert [r.check for r in told] == ["first"]
    assert checks["last"].asked == []


@pytest.mark.parametrize(
    ("severity", "passed", "about_revision", "accepted"),
    [
        ("error", False, True, True),
        ("error", False, False, False),
        ("error", True, True, False),
        ("warning", False, True, False),  # it refuses nothing, so there is nothing to overrule
    ],
)
def test_accept_revisions_only_overrules_checks_of_revisions(
    severity, passed, about_revision, accepted
):
    moved = attrs.evolve(
        result("moved"), severity=severity, passed=passed, about_revision=about_revision
    )
    assert overruled([moved], accept_revision=False, accepted=dict) == [moved]
    asked = overruled([moved], accept_revision=True, accepted=dict)
    assert asked == [attrs.evolve(moved, accepted=accepted)]


@pytest.mark.parametrize(
    ("failures", "accepted", "refuses"),
    [
        (2, {"moved": 2}, False),
        (1, {"moved": 2}, False),
        (3, {"moved": 2}, True),  # more has happened since
        (2, {"other": 9}, True),
        (0, {}, True),
    ],
)
def test_an_accepted_vintage_stays_accepted(failures, accepted, refuses):
    moved = attrs.evolve(result("moved"), passed=False, about_revision=True, failures=failures)
    (found,) = overruled([moved], accept_revision=False, accepted=lambda: accepted)
    assert (found.refuses, found.accepted) == (refuses, not refuses)


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (True, "a bool"),
        (None, "a NoneType"),
        (result("other"), "a verdict of 'other' on black "),
        (attrs.evolve(result("mine"), dataset="green"), "a verdict of 'mine' on green "),
        (attrs.evolve(result("mine"), vintage="1999-01-01"), "a verdict of 'mine' on black 1999-"),
    ],
)
def test_an_invalid_or_foreign_verdict_is_refused(verdict, told):
    with pytest.raises(PluginError) as refused:
        judge({"mine": Says(verdict)}, CURRENT, None, lambda _: None)
    assert str(refused.value).startswith("check 'mine' judged black 20")
    assert f" and returned {told}" in str(refused.value)
    assert "must return a CheckResult with its own name" in str(refused.value)


def test_a_statpipe_error_passes_unchanged():
    with pytest.raises(Unavailable, match="later"):
        judge({"x": Says(Unavailable("later"))}, CURRENT, None, lambda _: None)


def test_a_run_whose_check_raises_publishes_nothing(office):
    office.agency.check = "raise"
    manifest = office.run()
    assert (manifest.exit_code, manifest.outcome) == (2, "failed")
    assert "check 'tea_check' failed on black" in manifest.message
    assert not office.lake.held
    assert {v.outcome for v in manifest.vintages} == {"failed"}
    assert office.lake.bronze


def test_siblings_are_the_available_datasets_of_agreements():
    agreements = tuple(Agreement(dataset=name, pairs=()) for name in ("green", "white"))
    dataset = attrs.evolve(TEA, agreements=agreements)
    tables = {"green": "a table", "red": "another"}
    assert siblings_of(dataset, tables.get) == {"green": "a table"}

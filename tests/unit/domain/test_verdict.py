"""A verdict refuses a vintage only where it is an error and failed."""

from datetime import date

import pyarrow as pa
import pytest

from statpipe.domain.dataset import Dataset
from statpipe.domain.verdict import CheckResult, Snapshot
from statpipe.domain.vintage import Vintage


@pytest.mark.parametrize(
    ("severity", "passed", "refuses"),
    [
        ("error", False, True),
        ("error", True, False),
        ("warning", False, False),
        ("warning", True, False),
    ],
)
def test_only_a_failed_error_refuses(severity, passed, refuses):
    result = CheckResult(
        check="c", dataset="T", vintage="v", severity=severity, passed=passed, message="m"
    )
    assert result.refuses is refuses


def test_the_repr_of_a_snapshot_shows_no_tables():
    table = pa.table({"a": ["figures"]})
    snapshot = Snapshot(
        dataset=Dataset(name="T", title="t", normalizer="n"),
        vintage=Vintage(released=date(2022, 10, 6)),
        table=table,
        siblings={"U": table},
    )
    assert "figures" not in repr(snapshot)


@pytest.mark.parametrize("severity", [None, "", "fatal"])
def test_an_unknown_severity_is_refused(severity):
    with pytest.raises(ValueError, match=r"the verdict of check .c. has the severity"):
        CheckResult(
            check="c", dataset="T1", vintage="v", severity=severity, passed=False, message="m"
        )


@pytest.mark.parametrize(
    ("fields", "outcome", "headline"),
    [
        ({}, "passed", "check c passes T1 v"),
        ({"judged": False}, "not judged", "check c did not judge T1 v"),
        ({"passed": False}, "error", "check c refuses T1 v"),
        ({"passed": False, "severity": "warning"}, "warning", "check c warns about T1 v"),
        ({"passed": False, "accepted": True}, "accepted", "check c would refuse T1 v, and"),
    ],
)
def test_each_outcome_has_a_word(fields, outcome, headline):
    usual = {"check": "c", "dataset": "T1", "vintage": "v", "severity": "error", "passed": True}
    result = CheckResult(message="m", **usual | fields)
    assert result.outcome == outcome
    assert result.headline.startswith(headline)
    assert result.in_words == ("not judged: m" if outcome == "not judged" else "m")


def test_an_unjudged_verdict_is_not_a_failure():
    with pytest.raises(ValueError, match="check 'c' failed, so it did judge"):
        CheckResult(
            check="c",
            dataset="T1",
            vintage="v",
            severity="error",
            passed=False,
            message="m",
            judged=False,
        )

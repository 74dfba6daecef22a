"""A run that ended, and words to say how."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from statpipe.api import CheckResult, Manifest, RunFinished, VintageRecord
from statpipe.domain.revision import Movement, Revision

STARTED = datetime(2022, 10, 6, 14, 17, tzinfo=UTC)
FINISHED = datetime(2022, 10, 6, 14, 18, 30, tzinfo=UTC)
RUN = "20221006T141700000000Z-3fa9"


@pytest.fixture(autouse=True)
def _no_github_and_no_account(monkeypatch):
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS", "GITHUB_RUN_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")


@pytest.fixture
def manifest():
    def make(outcome="loaded", exit_code=0, **fields):
        given = {
            "run_id": RUN,
            "source": "tea",
            "environment": "prod",
            "command": "run",
            "started": STARTED,
            "finished": FINISHED,
        }
        return Manifest(outcome=outcome, exit_code=exit_code, **{**given, **fields})

    return make


@pytest.fixture
def finished(manifest):
    """The event that a run ended so."""

    def make(*arguments, **fields):
        return RunFinished(manifest=manifest(*arguments, **fields))

    return make


@pytest.fixture
def found():
    """What a check found."""

    def make(severity="error", message="2 prices taste of dust", cells=None, **fields):
        cells = (
            ({"ref_area": "CAL", "category": "dust", "obs_value": "1.5"},)
            if cells is None
            else cells
        )
        return CheckResult(
            **{
                "check": "taste",
                "dataset": "black",
                "vintage": "2022-10-06",
                "severity": severity,
                "passed": False,
                "message": message,
                "failures": 2,
                "cells": cells,
                **fields,
            }
        )

    return make


@pytest.fixture
def vintage():
    """What a run did about a vintage that revised figures."""

    def make(title="Fine tea", **fields):
        move = {
            "ref_area": "CAL",
            "category": "fine",
            "category_name": title,
            "time_period": "2022-01",
            "old": "1.50",
            "new": "3.00",
            "percent": 100.0,
        }
        moved = Movement(
            compared=8, revised=1, median_percent=100.0, p95_percent=100.0, largest_percent=100.0
        )
        revision = Revision(
            dataset="black",
            vintage="2022-10-06",
            since="2022-09-06",
            cells=10,
            added=2,
            dropped=0,
            overall=moved,
            by_area={"CAL": moved},
            largest=(move,),
        )
        return VintageRecord(
            **{
                "dataset": "black",
                "vintage": "2022-10-06",
                "note": "",
                "outcome": "loaded",
                "reason": "a new release",
                "rows": 1200,
                "revision": revision,
                **fields,
            }
        )

    return make

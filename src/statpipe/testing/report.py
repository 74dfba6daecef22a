"""
A pytest plugin that writes the result of each test to a file, for other programs, and can leave out
slow tests. Authors may use it themselves: ``pytest -p statpipe.testing.report --quick``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from statpipe.testing.thorough import is_thorough

_ROLES = {
    "SourceContract": "source",
    "NormalizerContract": "normalizer",
    "CheckContract": "check",
    "ModelContract": "model",
    "SinkContract": "sink",
    "NotifierContract": "notifier",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    parser.addoption("--statpipe-report", help="file that gets one line of JSON for each test")
    parser.addoption(
        "--quick", action="store_true", help="leave out statpipe's tests that take long"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out slow tests, and say so."""
    if config.getoption("--quick"):
        left_out = pytest.mark.skip(reason="not tested: left out by --quick")
        for item in items:
            if is_thorough(getattr(item, "function", None)):
                item.add_marker(left_out)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Write a line for each finished test."""
    outcome: Any = yield
    report = outcome.get_result()
    path = item.config.getoption("--statpipe-report")
    if path is None or (report.when != "call" and report.passed):
        return
    bases = {base.__name__ for base in getattr(getattr(item, "cls", None), "__mro__", ())}
    line = {
        "contract": getattr(getattr(item, "cls", None), "__name__", "") or item.path.name,
        "promise": item.name.removeprefix("test_").replace("_", " "),
        "outcome": "not tested" if report.skipped else report.outcome,
        "message": _message(report, call),
        "roles": sorted(role for name, role in _ROLES.items() if name in bases),
    }
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _message(report: pytest.TestReport, call: pytest.CallInfo[None]) -> str:
    if report.passed or call.excinfo is None:
        return ""
    error = call.excinfo.value
    if isinstance(error, pytest.fail.Exception | pytest.skip.Exception):
        return str(error)
    return f"{type(error).__name__}: {error}"

"""Let a check judge, and report in plain words what it did wrong."""

from __future__ import annotations

from statpipe.api import Check, CheckResult, Snapshot
from statpipe.testing.wording import broken, foreseen


def judged(check: Check, current: Snapshot, previous: Snapshot | None) -> CheckResult:
    """
    Return the verdict; end the test if there is none.
    """
    __tracebackhide__ = True
    with foreseen(
        f"judging {current.dataset.name} {current.vintage.id} ({len(current.table)} rows, "
        f"{'nothing' if previous is None else 'a vintage'} before it)",
        "return a CheckResult for every snapshot; an exception is a bug of the check",
    ):
        result = check.check(current, previous)
    if not isinstance(result, CheckResult):
        broken(f"check returned {type(result).__name__}", "return a statpipe.api.CheckResult")
    return result

"""The base class of this plugin's checks: name, severity, and the columns they read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol

from statpipe.api import Check, CheckResult, Severity, Snapshot
from statpipe_checks.results import verdict


class HasSeverity(Protocol):
    """
    The settings that every check has.
    """

    @property
    def severity(self) -> Severity:
        """
        Whether a failure refuses the vintage.
        """


class TableCheck(Check):
    """
    A check that declares which columns of the current table it reads.

    If a column is missing, the check fails with a message and does not break the run. The check
    ``schema`` reports the column.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    about_revision: ClassVar[bool] = False
    """Whether it tests the agency's figures, and not whether they were read correctly."""

    def __init__(self, settings: HasSeverity) -> None:
        self.severity: Severity = settings.severity

    def check(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        """
        Judge *current*, if it has the columns that this check reads.
        """
        missing = [name for name in self.needs if name not in current.table.column_names]
        if missing:
            message = f"not judged: the table has no {', '.join(missing)}; see the check schema"
            return self.misread(current, message, len(missing), [{"column": n} for n in missing])
        return self.judge(current, previous)

    @abstractmethod
    def judge(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        """
        Judge *current*, which has all the columns of :attr:`needs`.
        """

    def fine(self, current: Snapshot, message: str) -> CheckResult:
        """
        Return a verdict that the check passed.
        """
        return verdict(self.name, self.severity, current, message)

    def unjudged(self, current: Snapshot, message: str) -> CheckResult:
        """
        Return a verdict that nothing could be judged, and why.
        """
        return verdict(self.name, self.severity, current, message, judged=False)

    def found(
        self,
        current: Snapshot,
        message: str,
        failures: int,
        cells: Iterable[Mapping[str, Any]],
    ) -> CheckResult:
        """
        Return a verdict with *failures* failures; *cells* are the first of them.
        """
        return verdict(
            self.name,
            self.severity,
            current,
            message,
            failures=failures,
            cells=cells,
            about_revision=self.about_revision,
        )

    def misread(
        self,
        current: Snapshot,
        message: str,
        failures: int,
        cells: Iterable[Mapping[str, Any]],
    ) -> CheckResult:
        """
        Return a verdict that the check failed because the table itself is wrong, regardless of the
        agency.
        """
        return verdict(self.name, self.severity, current, message, failures=failures, cells=cells)

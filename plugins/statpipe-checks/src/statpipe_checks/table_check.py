"""What all checks of this plugin have in common: a name, a severity, and the columns they read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol

from statpipe.api import Check, CheckResult, Severity, Snapshot
from statpipe_checks.results import verdict


class HasSeverity(Protocol):
    """
    Settings of any check.
    """

    @property
    def severity(self) -> Severity:
        """
        Whether a failure refuses the vintage.
        """


class TableCheck(Check):
    """
    A check that reads some columns of the current table and says so.

    A column that does not exist is the business of the check ``schema``; the others then fail with
    a message instead of breaking the run.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    about_revision: ClassVar[bool] = False
    """Whether it tests what the agency published, and not whether the figures were read correctly."""

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
        Say that the check passed.
        """
        return verdict(self.name, self.severity, current, message)

    def unjudged(self, current: Snapshot, message: str) -> CheckResult:
        """
        Say that there is nothing to judge by, and why.
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
        Say that the check failed *failures* times; *cells* are the first of them.
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
        Say that the check failed because the table itself is wrong, whatever the agency meant.
        """
        return verdict(self.name, self.severity, current, message, failures=failures, cells=cells)

"""What a run has done so far: it becomes the manifest, and is reported to the observers."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from attrs import define, field

from statpipe.api import (
    CheckFinished,
    CheckResult,
    PartitionWritten,
    PayloadReceived,
    Receipt,
    VintageFound,
    VintageRecord,
)
from statpipe.domain.manifest import Outcome
from statpipe.engine.site.interruption import stop_if_interrupted
from statpipe.engine.site.observers import Observers

if TYPE_CHECKING:
    from statpipe.api import Vintage


@define
class Journal:
    """
    Records events and reports them. ``asked``, ``asked_for``, ``calendar`` and ``late`` are as in
    :class:`statpipe.api.Manifest`.
    """

    run_id: str
    source: str
    observers: Observers = field(repr=False)
    vintages: list[VintageRecord] = field(factory=list)
    checks: list[CheckResult] = field(factory=list)
    receipts: list[Receipt] = field(factory=list)
    asked: date | None = None
    asked_for: str = ""
    calendar: str = ""
    late: bool = False

    @property
    def outcome(self) -> Outcome:
        """
        The outcome of a run that ended without an error.
        """
        outcomes = {record.outcome for record in self.vintages}
        if "refused" in outcomes:
            return "refused"
        if any(receipt.changed for receipt in self.receipts):
            return "loaded"
        return "ingested" if "ingested" in outcomes else "unchanged"

    def found(
        self, dataset: str, vintage: Vintage, action: str, reason: str, expected: int | None = None
    ) -> None:
        """
        A vintage was found, and the run has decided what to do with it.
        """
        self._tell(
            "statpipe_vintage_found",
            VintageFound(
                run_id=self.run_id,
                source=self.source,
                dataset=dataset,
                vintage=vintage,
                action=action,
                reason=reason,
                expected=expected,
            ),
        )

    def received(
        self, dataset: str, name: str, size: int, number: int, expected: int | None
    ) -> None:
        """
        A payload is in Bronze.
        """
        self._tell(
            "statpipe_payload_received",
            PayloadReceived(
                run_id=self.run_id,
                source=self.source,
                dataset=dataset,
                name=name,
                size=size,
                number=number,
                expected=expected,
            ),
        )

    def judged(self, result: CheckResult) -> None:
        """
        A check has finished.
        """
        self.checks.append(result)
        self._tell(
            "statpipe_check_finished",
            CheckFinished(run_id=self.run_id, source=self.source, result=result),
        )

    def written(self, receipt: Receipt) -> None:
        """
        A sink has finished; reported only if it wrote anything.
        """
        self.receipts.append(receipt)
        if receipt.changed:
            self._tell(
                "statpipe_partition_written",
                PartitionWritten(run_id=self.run_id, source=self.source, receipt=receipt),
            )

    def _tell(self, hook: str, event: object) -> None:
        self.observers.tell(hook, event)
        stop_if_interrupted()

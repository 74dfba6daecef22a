"""The check ``plausible_revision``: revisions stay within plausible limits."""

from __future__ import annotations

from statpipe.api import Check, CheckResult, Snapshot
from statpipe.domain.revision import Revision, percent
from statpipe_checks.asked import asked_for
from statpipe_checks.code_lists import still_listed
from statpipe_checks.results import NO_EARLIER, counted, verdict
from statpipe_checks.settings import RevisionSettings

_FEW = 20
"""With fewer revised cells, a median says little about a large release."""
_MUCH = 0.1
"""Fewer are enough if they are at least this share of the compared cells: then the table is
small."""


class PlausibleRevision(Check):
    """
    Judges how far a vintage revises figures. Agencies sometimes revise a complete history, so the
    operator may overrule this check.
    """

    name = "plausible_revision"

    def __init__(self, settings: RevisionSettings) -> None:
        self._settings = settings

    def check(self, current: Snapshot, previous: Snapshot | None) -> CheckResult:
        revision = current.revision
        if revision is None:
            return verdict(self.name, self._settings.severity, current, "no figure was revised")
        severity = self._settings.severity
        if not revision.since:
            return verdict(self.name, severity, current, NO_EARLIER, judged=False)
        beyond = self._beyond(revision, _withdrawn(current, previous))
        if not beyond and revision.revised > 0 and not _sizes_tell(revision):
            few = counted(revision.revised, "revised figure")
            message = (
                f"{few} of {revision.overall.compared:,} are too few to judge the size of revisions"
            )
            return verdict(self.name, severity, current, message, judged=False)
        if not beyond:
            return verdict(self.name, severity, current, revision.in_words)
        message = (
            f"{revision.in_words}: {' and '.join(beyond)}; check in the report whether the "
            "agency really made these revisions"
        )
        return verdict(
            self.name,
            severity,
            current,
            message,
            failures=revision.revised + revision.dropped,
            cells=revision.largest,
            about_revision=True,
        )

    def _beyond(self, revision: Revision, withdrawn: int) -> list[str]:
        """Return the limits that are exceeded."""
        moved, settings = revision.overall, self._settings
        found = []
        limits = [
            ("the median", moved.median_percent, settings.median_percent),
            ("the 95th percentile", moved.p95_percent, settings.p95_percent),
        ]
        if moved.revised < _FEW:  # each is a large share, so the wider limit applies to the median
            limits = [("the median", moved.median_percent, settings.p95_percent)]
        for what, size, limit in limits if _sizes_tell(revision) else ():
            if size is not None and size > limit:
                found.append(f"{what} is {percent(size)}, above the limit of {limit:g} %")
        dropped = max(revision.dropped - withdrawn, 0)
        known = moved.compared + dropped
        if dropped > known * settings.dropped_percent / 100:
            share = 100 * dropped / known
            found.append(
                f"{percent(share)} were dropped, above the limit of {settings.dropped_percent:g} %"
            )
        return found


def _sizes_tell(revision: Revision) -> bool:
    """Return whether enough figures were revised to measure how far they moved."""
    moved = revision.overall
    return moved.revised >= _FEW or moved.revised >= _MUCH * moved.compared


def _withdrawn(current: Snapshot, previous: Snapshot | None) -> int:
    """
    Count the rows whose codes were removed from the agency's lists: they are reported, but not as
    revisions.
    """
    if previous is None:
        return 0
    before = asked_for(current).rows_of(previous.table)
    return len(before) - len(still_listed(before, current.dataset))

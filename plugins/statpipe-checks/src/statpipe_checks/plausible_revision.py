"""The check ``plausible_revision``: a release does not move figures farther than releases do."""

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
"""Fewer are enough if they are at least this share of the compared cells, because the table is then
small."""


class PlausibleRevision(Check):
    """
    Judges the report on what the vintage did to the figures. An agency does revise a whole history
    once in a while, so the operator may overrule it.
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
        """Name the limits that are passed."""
        moved, settings = revision.overall, self._settings
        found = []
        limits = [
            ("the median", moved.median_percent, settings.median_percent),
            ("the 95th percentile", moved.p95_percent, settings.p95_percent),
        ]
        if (
            moved.revised < _FEW
        ):  # each is a large part of them: half of them may move as far as a twentieth
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
    """Tell whether enough was revised to say how far the release moves figures."""
    moved = revision.overall
    return moved.revised >= _FEW or moved.revised >= _MUCH * moved.compared


def _withdrawn(current: Snapshot, previous: Snapshot | None) -> int:
    """Count the rows of codes that the agency's lists no longer have: they are told, and no revision."""
    if previous is None:
        return 0
    before = asked_for(current).rows_of(previous.table)
    return len(before) - len(still_listed(before, current.dataset))

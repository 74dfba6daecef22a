"""The state of each source: its last success, its newest release, and whether the next one is
late.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from statistics import median

from attrs import frozen

from statpipe.api import Held, Manifest
from statpipe.engine.record.records import Damaged, manifest_of
from statpipe.engine.site.site import Site

_WELL = frozenset({"loaded", "unchanged", "ingested"})
_ENOUGH = 3
"""The fewest releases that have a rhythm."""


@frozen(kw_only=True)
class Freshness:
    """
    The state of a source. ``usual`` is the usual number of days between releases, ``longest`` the
    most so far; ``None`` if there are too few releases. ``next_release`` is what the release
    calendar says, and ``overdue`` the day of a release that should have come by now.
    """

    source: str
    last_outcome: str = ""
    last_run: datetime | None = None
    last_success: datetime | None = None
    vintage: str = ""
    released: date | None = None
    age: int | None = None
    usual: int | None = None
    longest: int | None = None
    next_release: date | None = None
    overdue: date | None = None

    @property
    def standing(self) -> str:
        """
        The state in a few words.
        """
        if self.last_run is None:
            return "never run"
        if self.last_outcome not in _WELL:
            return self.last_outcome
        if self.late:
            return "late"
        return "current" if self.released else "empty"

    @property
    def late(self) -> bool:
        """
        Whether a release of the calendar is overdue. Without a calendar: whether more time has
        passed since the newest release than ever between two releases.
        """
        if self.overdue or self.next_release:
            return self.overdue is not None
        return self.age is not None and self.longest is not None and self.age > self.longest


def freshness(site: Site, sources: Sequence[str], today: date) -> list[Freshness]:
    """
    Return the state of sources in the lake.
    """
    return [_of(site, name, today) for name in sources]


def _of(site: Site, source: str, today: date) -> Freshness:
    last: Manifest | None = None
    success: datetime | None = None
    for _, run_id in reversed(site.lake.run_ids(source)):
        try:
            manifest = manifest_of(site.lake, source, run_id)
        except Damaged:
            continue
        last = last or manifest
        if manifest.outcome in _WELL:
            success = manifest.finished
            break
    if last is None:
        return Freshness(source=source)
    held = [one for one in last.holds if one.fingerprint]
    newest = max(held, key=lambda one: (one.released, one.sequence), default=None)
    gaps, calendar = _gaps(held), site.calendar(source)
    # As in a run: a release must have appeared for each dataset.
    newest_of_each = {one.dataset: one for one in sorted(held, key=_released)}.values()
    return Freshness(
        source=source,
        last_outcome=last.outcome,
        last_run=last.finished,
        last_success=success,
        vintage=newest.vintage.id if newest else "",
        released=newest.released if newest else None,
        age=(today - newest.released).days if newest else None,
        usual=round(median(gaps)) if gaps else None,
        longest=max(gaps, default=None),
        next_release=calendar.after(today) if calendar else None,
        overdue=calendar.late(today, calendar.came_until(newest_of_each, last.asked))
        if calendar
        else None,
    )


def _released(held: Held) -> date:
    return held.released


def _gaps(held: Sequence[Held]) -> list[int]:
    days = sorted({one.released for one in held})
    return (
        [(after - before).days for before, after in pairwise(days)] if len(days) >= _ENOUGH else []
    )

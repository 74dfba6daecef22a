"""Whether a run sends requests, according to the release calendar of its source."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime

import structlog
from attrs import frozen

from statpipe.api import Dataset, Held, Source
from statpipe.domain.release_calendar import ReleaseCalendar
from statpipe.engine.record.journal import Journal
from statpipe.engine.record.state import State
from statpipe.engine.site.site import Site
from statpipe.engine.stages.options import Options

log = structlog.get_logger("statpipe")


def today() -> date:
    """
    Return the current day for calendars.
    """
    return datetime.now(UTC).date()


@frozen(kw_only=True)
class Due:
    """
    What the release calendar of a source means for a run. ``asked_for`` identifies the source's
    current configuration; ``asked`` is the last day on which an earlier run requested everything.
    """

    calendar: ReleaseCalendar | None
    asked_for: str
    asked: date | None
    state: State
    datasets: Sequence[Dataset]
    journal: Journal

    def is_asked(self, options: Options) -> bool:
        """
        Return whether this run asks the agency; if not, say so in the journal and the log.
        """
        if self.calendar is None or options.insists or self.journal.asked_for != self.asked_for:
            return True
        day = today()
        if self.calendar.asks(day, self._came(self.calendar), self.asked):
            return True
        following = self.calendar.after(day)
        self.journal.calendar = f"nothing is due before {following}, so no request was sent"
        log.info(self.journal.calendar, to_do="use `--force` to ask anyway")
        return False

    def begin(self) -> None:
        """
        Record that everything is requested. If the run fails, the next run asks again.
        """
        self.journal.asked, self.journal.asked_for = None, ""

    def end(self) -> None:
        """
        Record that everything was requested and published.
        """
        self.journal.asked, self.journal.asked_for = today(), self.asked_for

    def note_late(self) -> None:
        """
        Say in the journal and the log that a release is late, if one is.
        """
        if self.calendar is None:
            return
        late = self.calendar.late(today(), self._came(self.calendar))
        if late is not None:
            undated = any(one.basis == "observed" and one.released < late for one in self._newest())
            doubt = ", or it changed no figure" if undated else ""
            self.journal.late = True
            self.journal.calendar = f"late: the release due on {late} has not appeared{doubt}"
            to_do = "see the agency's page; correct the calendar if the release was moved"
            log.warning(self.journal.calendar, to_do=to_do)

    def _came(self, calendar: ReleaseCalendar) -> date | None:
        """Return the day up to which releases of all datasets came; ``None`` if one has none."""
        newest = self._newest()
        whole = len(newest) == len(self.datasets)
        return calendar.came_until(newest, self.asked) if whole else None

    def _newest(self) -> list[Held]:
        """Return the newest vintage of each dataset that has one."""
        return [one for dataset in self.datasets for one in self.state.of(dataset.name)[-1:]]


def due_in(
    site: Site, source: Source, state: State, datasets: Sequence[Dataset], journal: Journal
) -> Due:
    """
    Return what the release calendar of a journal's source says.

    :raises ConfigError: The calendar is wrong.
    """
    settings, _ = site.configuration.settings("source", journal.source, site.environment.name)
    # The notice distinguishes a bundled sample from the agency's figures: a key may have been
    # added.
    told = (source.notice, settings, [(one.name, repr(one.selection)) for one in datasets])
    text = json.dumps(told, sort_keys=True, default=str)
    return Due(
        calendar=site.calendar(journal.source),
        asked_for=hashlib.sha256(text.encode()).hexdigest()[:16],
        asked=journal.asked,
        state=state,
        datasets=datasets,
        journal=journal,
    )

"""Whether a run asks the agency, by the release calendar of its source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import structlog

from statpipe.api import Dataset
from statpipe.domain.release_calendar import ReleaseCalendar
from statpipe.engine.record.journal import Journal
from statpipe.engine.record.state import State
from statpipe.engine.stages.options import Options

log = structlog.get_logger("statpipe")


def today() -> date:
    """
    Return the day by which calendars are read.
    """
    return datetime.now(UTC).date()


def newest_of(state: State, datasets: Sequence[Dataset]) -> date | None:
    """
    Return the day up to which releases of all these datasets came; ``None`` if one lacks any, or part of what
    is selected now.
    """
    days = []
    for dataset in datasets:
        held = state.of(dataset.name)
        if not held or not held[-1].selection.covers(dataset.selection):
            return None
        days.append(held[-1].released)
    return min(days, default=None)


def is_asked(
    calendar: ReleaseCalendar | None,
    state: State,
    datasets: Sequence[Dataset],
    journal: Journal,
    options: Options,
) -> bool:
    """
    Tell whether this run asks the agency; if not, say so in the journal and the log.
    """
    if calendar is None or options.insists:
        return True
    day = today()
    if calendar.asks(day, newest_of(state, datasets), journal.asked):
        return True
    journal.calendar = f"nothing is due before {calendar.after(day)}, so nothing was asked"
    log.info(journal.calendar, to_do="`--force` asks anyway")
    return False


def note_late(
    calendar: ReleaseCalendar | None, state: State, datasets: Sequence[Dataset], journal: Journal
) -> None:
    """
    Say in the journal and the log that a release is late, if one is.
    """
    late = calendar.late(today(), newest_of(state, datasets)) if calendar else None
    if late is not None:
        journal.late = True
        journal.calendar = f"late: the release of {late} has not come"
        log.warning(
            journal.calendar, to_do="see the agency's page; correct the calendar if it moved"
        )

"""Release calendars from the configuration: ``[sources.NAME.calendar]``."""

from __future__ import annotations

from statpipe.api import Component
from statpipe.domain.release_calendar import ReleaseCalendar
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.settings import filled

CALENDAR = "calendar"


def calendar_of(
    configuration: Configuration, source: str, environment: str
) -> ReleaseCalendar | None:
    """
    Return the release calendar of a source, or ``None`` if none is declared.

    :raises ConfigError: The calendar is not valid.
    """
    of_all = configuration.table("sources", source, CALENDAR)
    own = configuration.table("environments", environment, "sources", source, CALENDAR)
    if not (of_all or own):
        return None
    place = f"sources.{source}.{CALENDAR}"
    place = f"environments.{environment}.{place}" if own else place
    component = Component(name=source, summary="", settings=ReleaseCalendar, factory=lambda it: it)
    where = configuration.environment(environment)
    return filled(component, {**of_all, **own}, place, configuration, where)  # type: ignore[no-any-return]

"""The vintage of a table: BEA's "Last updated" note."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from datetime import date

from statpipe.domain.text import holdable, stripped

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
# Listed here, because strptime depends on the locale.

_NOTE = re.compile(
    r"\blast\s+updated\s*:?\s*(?P<month>[a-z]{3,9})\.?\s+(?P<day>\d{1,2})\s*,\s*(?P<year>\d{4})\b",
    re.IGNORECASE | re.ASCII,
)


def last_updated(text: str) -> str | None:
    """
    Find the note in a text, as one line: ``Last updated: October 6, 2022-- new statistics for 2021``.

    The rest of the text belongs to the note. Characters that no sink can store are left out.
    """
    line = " ".join(holdable(text).split())
    found = _NOTE.search(line)
    return stripped(line[found.start() :]) if found else None


def other_day(notes: Sequence[str]) -> str | None:
    """
    Return the first note with another date than the first one, or ``None`` if all agree.
    """
    days = [_NOTE.search(note.lower()) for note in notes]
    named = [day and (day["month"][:3], int(day["day"]), day["year"]) for day in days]
    return next((note for note, day in zip(notes, named, strict=True) if day != named[0]), None)


def released(note: str) -> date:
    """
    Return the date of a note.

    :raises ValueError: The note has no date such as "October 6, 2022".
    """
    found = _NOTE.search(note)
    with contextlib.suppress(ValueError):  # the day or month does not exist
        if found is not None:
            return date(int(found["year"]), _month(found["month"]), int(found["day"]))
    msg = f'{note!r} is not of the form "Last updated: October 6, 2022"'
    raise ValueError(msg)


def _month(name: str) -> int:
    """Return the number of a month from its name or its first letters ("Oct", "Sept"), or 0."""
    months = enumerate(_MONTHS, 1)
    return next((number for number, month in months if month.startswith(name.lower())), 0)

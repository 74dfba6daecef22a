"""The vintage of a table: BEA's "Last updated" note."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
# Named here, since what strptime understands depends on the locale.

_NOTE = re.compile(
    r"Last updated: (?P<month>[A-Z][a-z]+) (?P<day>\d{1,2}), (?P<year>\d{4})\b[^\"\r\n<]*"
)


def last_updated(text: str) -> str | None:
    """
    Find the note in a text: ``Last updated: October 6, 2022-- new statistics for 2021; ...``.
    """
    found = _NOTE.search(text)
    return found[0].strip() if found else None


def released(note: str) -> date:
    """
    Return the date of a note.

    :raises ValueError: It holds no date such as "October 6, 2022".
    """
    found = _NOTE.search(note)
    if found is None or found["month"] not in _MONTHS:
        msg = f'{note!r} is not of the form "Last updated: October 6, 2022"'
        raise ValueError(msg)
    return date(int(found["year"]), _MONTHS.index(found["month"]) + 1, int(found["day"]))

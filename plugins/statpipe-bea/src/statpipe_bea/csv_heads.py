"""Which table a CSV file holds, and of which release, without reading its figures."""

from __future__ import annotations

from attrs import frozen

from statpipe.api import Payload
from statpipe_bea.csv_columns import place_of
from statpipe_bea.csv_records import bare, csv_text
from statpipe_bea.release import last_updated

_FOOTER = ("Last updated", "last updated", "Last Updated", "LAST UPDATED")
_LONGEST_LINE = 16_384


@frozen(kw_only=True)
class Head:
    """
    The table as the file names it (empty if there is no row), and the last update in its footer.
    """

    table: str
    note: str | None


def head_of(payload: Payload) -> Head | None:
    """
    Read the header, the first row and the footer; ``None`` if the file is not BEA's table of areas.

    :raises ContentError: It is not text, or not CSV.
    """
    text = csv_text(payload)
    records = text.records()
    header = next(records, None)
    area, table = (place_of(header, role) if header else None for role in ("area", "table"))
    if area is None or table is None:
        return None
    first = next(records, None)
    named = bare(first.cells[table]) if first and table < len(first.cells) else ""
    return Head(table=named, note=note_in(text.text))


def note_in(text: str) -> str | None:
    """
    Find the last update in the footer of a file: the last one in its text.
    """
    start = max(map(text.rfind, _FOOTER))
    line = text[start : start + _LONGEST_LINE].splitlines()[0] if start >= 0 else ""
    note = last_updated(line.partition('"')[0])
    return note.rstrip(" ,;") if note else None

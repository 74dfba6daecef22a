"""A message with all that a service has published: what was valid at each moment.

A service that is asked for ``includeHistory`` sends a data set for each of its releases, with ``validFromDate``, and often
``validToDate``; one that deletes has the time of the deletion as ``validToDate``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from statpipe_sdmx.actions import ACTION, applied, letter

if TYPE_CHECKING:
    import pyarrow as pa

AS_OF = "figures of"
"""What is written down beside a message with a history: the moment whose figures are meant."""

FROM, TO = ":from", ":to"
"""Columns of the times between which a row was valid. No identifier of SDMX has a colon."""


def releases(message: pa.Table) -> dict[datetime, pa.Table]:
    """
    Return the moments at which the figures of a message changed, oldest first, and the rows that began or ended then.
    What was deleted before the first figures is not in the message.

    :raises ValueError: A time cannot be read, or a row has none.
    """
    import pyarrow as pa

    begins, ends = _times(message)
    if None in begins:
        msg = "a data set does not say from when on it was valid; the service keeps no history"
        raise ValueError(msg)
    first = min(
        (at for at, deletes in zip(begins, _deletes(message), strict=True) if at and not deletes),
        default=datetime.max.replace(tzinfo=UTC),
    )
    moments = sorted({at for at in (*begins, *ends) if at is not None and at >= first})
    pairs = list(zip(begins, ends, strict=True))
    return {at: message.filter(pa.array([at in pair for pair in pairs])) for at in moments}


def as_of(message: pa.Table, at: datetime, key: Sequence[str], measures: Sequence[str]) -> pa.Table:
    """
    Return the figures that were valid at a moment: those of all data sets until then, one after the other.

    :raises ValueError: A time or an action cannot be read.
    """
    import pyarrow as pa

    begins, ends = _times(message)
    moments = sorted({one for one in (*begins, *ends) if one is not None and one <= at})
    until = pa.array(ends, pa.timestamp("us", "UTC"))
    rows = message.drop_columns([name for name in (FROM, TO) if name in message.column_names])
    rows = rows.append_column(TO, until.cast(pa.string()))
    now = applied(None, rows.slice(0, 0), key, measures)
    for moment in moments:
        now = _without_ended(now, moment)
        some = pa.array([begin == moment for begin in begins])
        now = applied(now, rows.filter(some), key, measures)
    return now.drop_columns([TO])


def _without_ended(now: pa.Table, moment: datetime) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = now[TO].cast(pa.string()).cast(pa.timestamp("us", "UTC"))
    over = pc.less_equal(ends, pa.scalar(moment, pa.timestamp("us", "UTC")))
    return now.filter(pc.invert(pc.fill_null(over, fill_value=False)))


def _times(message: pa.Table) -> tuple[list[datetime | None], list[datetime | None]]:
    """Give for each row when it takes effect, and when it ends. A deletion takes effect at its end."""
    begins, ends = _parsed(message, FROM), _parsed(message, TO)
    deletes = _deletes(message)
    for row in range(len(message)):
        if deletes[row]:
            begins[row], ends[row] = ends[row] or begins[row], None
    return begins, ends


def _deletes(message: pa.Table) -> list[bool]:
    if ACTION not in message.column_names:
        return [False] * len(message)
    return [letter(text) == "D" for text in message[ACTION].to_pylist()]


def _parsed(message: pa.Table, name: str) -> list[datetime | None]:
    if name not in message.column_names:
        return [None] * len(message)
    texts: list[Any] = message[name].to_pylist()
    known = {text: moment(text) for text in set(texts) if text}
    return [known.get(text) for text in texts]


def moment(text: str) -> datetime:
    """
    Return the moment that a text means, in the zone that it names, or else in UTC.

    :raises ValueError: It is none.
    """
    at = datetime.fromisoformat(text.strip())
    return at if at.tzinfo else at.replace(tzinfo=UTC)

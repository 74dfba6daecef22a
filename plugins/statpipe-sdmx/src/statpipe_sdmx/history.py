"""A message with all releases of a service: the figures that were valid at each time.

For ``includeHistory``, a service sends a data set for each of its releases, with ``validFromDate``,
and often ``validToDate``. A data set that deletes has the time of the deletion as ``validToDate``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from statpipe_sdmx.actions import ACTION, applied, letter

if TYPE_CHECKING:
    import pyarrow as pa

AS_OF = "figures of"
"""The entry in a request that says which time of a message's history is meant."""

FROM, TO, SET = ":from", ":to", ":set"
"""
Columns for the times between which a row was valid, and for the number of its data set, in a
message with such times. No identifier of SDMX has a colon.
"""


def releases(message: pa.Table) -> dict[datetime, pa.Table]:
    """
    Return the times at which the figures of a message changed, oldest first, and the rows that
    began or ended then. Deletions before the first figures are ignored.

    :raises ValueError: A time cannot be read, or a row has none.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    begins, ends = _times(message)
    if begins.null_count:
        msg = "a data set does not say since when it was valid; the service keeps no history"
        raise ValueError(msg)
    first = pc.min(begins.filter(pc.invert(_deletes(message)))).as_py()
    if first is None:
        return {}
    # A row that ends when it begins counts once.
    ends = pc.if_else(pc.equal(begins, ends), pa.scalar(None, ends.type), ends)
    began, ended = _by_moment(message, begins), _by_moment(message, ends)
    # Times keep the zone of the message, in which their date is that of the release.
    zoned = {at: at for name in (FROM, TO) for at in _moments_in(message, name)}
    return {
        zoned[at]: pa.concat_tables([rows[at] for rows in (began, ended) if at in rows])
        for at in sorted({*began, *ended})
        if at >= first
    }


class Replay:
    """
    Replays a message with a history: the data sets up to a time, one after the other.

    If the requested times increase, only the changes between them are applied. An earlier time
    starts from the beginning.

    :raises ValueError: A time or an action cannot be read.
    """

    def __init__(self, message: pa.Table, key: Sequence[str], measures: Sequence[str]) -> None:
        import pyarrow as pa

        self._key, self._measures = key, measures
        begins, ends = _times(message)
        rows = message.drop_columns([name for name in (FROM, TO) if name in message.column_names])
        self._ends = ends.null_count < len(ends)
        if self._ends:
            rows = rows.append_column(TO, ends.cast(pa.string()))
        self._begun = _by_moment(rows, begins)
        self._moments = sorted({*self._begun, *_by_moment(rows.select([]), ends)})
        none = rows.drop_columns([SET]) if SET in rows.column_names else rows
        self._nothing = applied(None, none.slice(0, 0), key, measures)
        self._now, self._done = self._nothing, 0

    def as_of(self, at: datetime) -> pa.Table:
        """
        Return the figures that were valid at a moment.

        :raises ValueError: A data set cannot be applied.
        """
        if self._done and at < self._moments[self._done - 1]:
            self._now, self._done = self._nothing, 0
        while self._done < len(self._moments) and self._moments[self._done] <= at:
            moment = self._moments[self._done]
            now = _without_ended(self._now, moment) if self._ends else self._now
            if moment in self._begun:
                for rows in _by_data_set(self._begun[moment]):
                    now = applied(now, rows, self._key, self._measures)
            self._now, self._done = now, self._done + 1
        return self._now.drop_columns([TO]) if self._ends else self._now


def _by_data_set(rows: pa.Table) -> Iterator[pa.Table]:
    """Yield the rows of each data set, in the order of the message."""
    import pyarrow.compute as pc

    if SET not in rows.column_names:
        yield rows
        return
    start, others = 0, rows.drop_columns([SET])
    for end in pc.run_end_encode(_text(rows[SET])).run_ends.to_pylist():
        yield others.slice(start, end - start)
        start = end


def _without_ended(now: pa.Table, moment: datetime) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = now[TO].cast(pa.string()).cast(pa.timestamp("us", "UTC"))
    over = pc.less_equal(ends, pa.scalar(moment, pa.timestamp("us", "UTC")))
    return now.filter(pc.invert(pc.fill_null(over, fill_value=False)))


def _by_moment(rows: pa.Table, moments: pa.Array) -> Mapping[datetime, pa.Table]:
    """
    Return the rows of each time, in the order of the message. Rows without a time are left out.
    """
    import pyarrow.compute as pc

    there = pc.indices_nonzero(moments.is_valid())
    order = there.take(pc.array_sort_indices(moments.take(there)))
    runs = pc.run_end_encode(moments.take(order))
    ordered = rows.take(order)
    found, start = {}, 0
    for at, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        found[at] = ordered.slice(start, end - start)
        start = end
    return found


def _times(message: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Return when each row takes effect and when it ends. A deletion takes effect at its end."""
    import pyarrow as pa
    import pyarrow.compute as pc

    begins, ends, deletes = _parsed(message, FROM), _parsed(message, TO), _deletes(message)
    begins = pc.if_else(deletes, pc.coalesce(ends, begins), begins)
    return begins, pc.if_else(deletes, pa.scalar(None, ends.type), ends)


def _deletes(message: pa.Table) -> pa.Array:
    import pyarrow as pa

    if ACTION not in message.column_names:
        return pa.repeat(pa.scalar(False), len(message))
    codes = _codes(message[ACTION])
    known = [letter(text) == "D" for text in codes.dictionary.to_pylist()]
    return pa.array([*known, False], pa.bool_()).take(codes.indices.fill_null(len(known)))


def _parsed(message: pa.Table, name: str) -> pa.Array:
    import pyarrow as pa

    kind = pa.timestamp("us", "UTC")
    if name not in message.column_names:
        return pa.nulls(len(message), kind)
    codes = _codes(message[name])
    texts = codes.dictionary.to_pylist()
    known = [moment(text).astimezone(UTC) if text else None for text in texts]
    return pa.array(known, kind).take(codes.indices)


def _moments_in(message: pa.Table, name: str) -> list[datetime]:
    if name not in message.column_names:
        return []
    return [moment(text) for text in _codes(message[name]).dictionary.to_pylist() if text]


def _codes(column: pa.ChunkedArray) -> Any:
    return _text(column).dictionary_encode()


def _text(column: pa.ChunkedArray) -> Any:
    import pyarrow as pa

    return column.cast(pa.string()).combine_chunks()


def moment(text: str) -> datetime:
    """
    Return the time in a text, in the zone that it names, by default in UTC. A time that its zone
    would move beyond the calendar, such as the end of a period without end, is in UTC.

    :raises ValueError: It is none.
    """
    at = datetime.fromisoformat(text.strip())
    try:
        at.astimezone(UTC)
    except OverflowError:
        return at.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)

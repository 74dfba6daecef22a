"""The content of payloads as text: columns of codes as printed, and the place of each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from statpipe.api import ContentError, Payload
from statpipe_bea.crosswalk import PrintedLine
from statpipe_bea.release import released

if TYPE_CHECKING:
    import pyarrow as pa

Where = Callable[[int], str]
"""Returns where a row was printed: the payload, and the place in it."""


@frozen(kw_only=True)
class PrintedUnit:
    """
    The unit in which a line is printed, and its place. CSV files print no power of ten, and old
    ones no unit.
    """

    line: str
    unit: str | None
    where: str
    power: str | None = None


@frozen(kw_only=True)
class Decoded:
    """
    The rows of some payloads. ``areas`` and ``lines`` are the agency's codes. ``names`` and
    ``regions`` are printed beside an area's code, if at all.

    A row may hold several figures: ``rows`` gives the row of each figure (``None``: one row per
    figure). Each figure has a period, a text, and possibly a reference to the notes. ``notes`` maps
    references to texts, separately for each payload; each mapping comes with the number of figures
    that it applies to. ``titles`` and ``units`` are those that the rows print for their lines.
    """

    releases: Sequence[tuple[Payload, str]]
    areas: pa.DictionaryArray = field(repr=False)
    lines: pa.DictionaryArray = field(repr=False)
    names: pa.ChunkedArray | pa.DictionaryArray = field(repr=False)
    regions: pa.DictionaryArray | None = field(default=None, repr=False)
    periods: pa.DictionaryArray = field(repr=False)
    texts: pa.Array = field(repr=False)
    references: pa.Array | None = field(default=None, repr=False)
    rows: pa.Array | None = field(default=None, repr=False)
    notes: Sequence[tuple[Mapping[str, str], int]] = field(repr=False)
    titles: Sequence[PrintedLine] = field(repr=False)
    units: Sequence[PrintedUnit] = field(repr=False)
    place: Where = field(repr=False)
    where: Where = field(repr=False)


def release_of(decoded: Sequence[Decoded]) -> date:
    """
    Return the release date, which must be the same for all payloads.

    :raises ContentError: The payloads are of two releases, or a note has no date.
    """
    releases = [one for part in decoded for one in part.releases]
    first, note = releases[0]
    for payload, other in releases:
        if other != note:
            msg = (
                f"payload {payload.name}: {other!r}, but payload {first.name}: {note!r}; "
                "expected payloads of the same release"
            )
            raise ContentError(msg, payload=payload)
    try:
        return released(note)
    except ValueError as error:
        msg = f"payload {first.name}: {error}; expected the note of the last update in Notes"
        raise ContentError(msg, payload=first) from error


def numbered(rows: int) -> pa.Array:
    """
    Return the row numbers, starting at 0.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.subtract(pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int32()), rows)), 1)


def combinations(columns: Mapping[str, pa.DictionaryArray]) -> list[dict[str, Any]]:
    """
    Return each distinct combination of texts, with its first row as ``row``, in the order of these
    rows.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    # Arrow's own grouping loads its query engine, which takes as long as all other work of
    # `statpipe explain`.
    number: Any = pa.scalar(0, pa.int64())
    for column in columns.values():
        none = len(column.dictionary)
        codes = column.indices.cast(pa.int64()).fill_null(none)
        number = pc.add(pc.multiply(number, none + 1), codes)
    first = pc.index_in(pc.unique(number), value_set=number).to_pylist()
    return [{"row": row} | {name: columns[name][row].as_py() for name in columns} for row in first]


def first_row(codes: pa.DictionaryArray, text: str) -> int:
    """
    Return the first row with this text.
    """
    import pyarrow.compute as pc

    place = pc.index(codes.dictionary, text).as_py()
    return int(pc.index(codes.indices, place).as_py())

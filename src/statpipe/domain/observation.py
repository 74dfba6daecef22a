"""The observation table: the form of every source's figures in Silver.

A normalizer returns the four columns of :data:`REQUIRED` and any of :data:`OPTIONAL`;
:mod:`statpipe.domain.seal` adds the others.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from attrs import frozen

from statpipe.domain.dimension import NAME, names_column
from statpipe.domain.errors import ContentError
from statpipe.domain.figure import exact
from statpipe.domain.printed import exact_type, read_double, read_figure
from statpipe.domain.text import stripped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    import pyarrow as pa

    from statpipe.domain.dimension import Dimension

KEY = ("ref_area", "category", "freq", "time_period")
"""The columns that identify a figure within its dataset, for every source."""

CELL = ("ref_area", "category", "time_period")
"""How people refer to a figure: its period shows its frequency, unless a dataset has both days and
business days."""

REQUIRED = (*CELL, "obs_value")
OPTIONAL = ("decimals", "obs_status", "source_symbol", "notes")
FREE_TEXT = ("geo_name", "category_name", "unit_measure", "source_symbol", "notes")
"""The columns with an agency's texts, apart from the names of dimensions' codes; all other texts
are codes."""

SILVER = 4
"""Version of Silver's layout. It increases when columns change; older partitions are then
rebuilt."""

NORMAL = "A"
"""SDMX CL_OBS_STATUS: a normal observation."""


def is_free_text(column: str) -> bool:
    """
    Return whether a column contains an agency's texts.
    """
    return column in FREE_TEXT or column.endswith(NAME)


@frozen
class ObservationColumn:
    """
    Name, kind (``code``, ``small``, ``date``, ``decimal``) and meaning of one Silver column.
    """

    name: str
    kind: str
    description: str
    nullable: bool = False


COLUMNS = (
    ObservationColumn("dataset", "code", "Dataset of the agency, such as a table"),
    ObservationColumn("ref_area", "code", "Area: USPS code, US, or the agency's region code"),
    ObservationColumn("geo_fips", "code", "The agency's own code for the area"),
    ObservationColumn("iso_3166", "code", "Area in ISO 3166, such as US or US-CA", True),
    ObservationColumn("geo_name", "code", "Name of the area"),
    ObservationColumn("geo_level", "code", "Kind of area: country, region or state"),
    ObservationColumn("freq", "code", "Frequency, SDMX CL_FREQ"),
    ObservationColumn(
        "time_period", "code", "Period of the figure in SDMX notation: 2023, 2023-Q1"
    ),
    ObservationColumn("period_start", "date", "First day of the period"),
    ObservationColumn("period_end", "date", "Last day of the period"),
    ObservationColumn("category", "code", "Stable identifier of what is measured"),
    ObservationColumn("category_name", "code", "The agency's title of the category"),
    ObservationColumn("parent_category", "code", "Parent category", True),
    ObservationColumn("sign", "small", "+1 or -1: added to or subtracted from the parent"),
    ObservationColumn("unit_measure", "code", "Unit as the agency prints it"),
    ObservationColumn("unit_mult", "small", "Power of ten of the unit, SDMX UNIT_MULT"),
    ObservationColumn("obs_value", "decimal", "The figure as published; empty if missing", True),
    ObservationColumn("decimals", "small", "Decimal places of the published figure", True),
    ObservationColumn("obs_status", "code", "Why a figure is special, SDMX CL_OBS_STATUS"),
    ObservationColumn("source_symbol", "code", "Marker as printed, such as (D) or (L)", True),
    ObservationColumn("notes", "code", "Text of the figure's footnotes", True),
    ObservationColumn("vintage", "code", "Release that the figure was read from"),
)


@cache
def silver_schema(dimensions: tuple[Dimension, ...] = (), *, doubles: bool = False) -> pa.Schema:
    """
    Return the Arrow schema of Silver: each of the *dimensions* has a column of codes and one of
    names. The column of figures is marked if they are *doubles* of the agency.
    """
    import pyarrow as pa

    code = pa.dictionary(pa.int32(), pa.string())
    types = {
        "code": code,
        "small": pa.int8(),
        "date": pa.date32(),
        "decimal": exact_type(),
    }
    marks = {"obs_value": {"doubles": "shortest decimal of the agency's double"}} if doubles else {}
    fields = [
        pa.field(
            c.name,
            types[c.kind],
            c.nullable,
            {"description": c.description, **marks.get(c.name, {})},
        )
        for c in COLUMNS
    ]
    for one in dimensions:
        for name, what in ((one.column, "code"), (names_column(one.column), "name")):
            fields.append(pa.field(name, code, metadata={"description": f"{one.name}: {what}"}))
    return pa.schema(fields)


def observation(
    ref_area: str,
    category: str,
    time_period: str,
    printed: str,
    missing: Mapping[str, str] = MappingProxyType({}),
    *,
    mark: str = ".",
    grouping: str = "",
    **more: Any,
) -> dict[str, Any]:
    """
    Return the row of a printed figure for :func:`observations_from_rows`: exact, or missing for a reason.

    *missing* says what the agency prints where it shows no figure, and why there is none, as a code
    of SDMX: ``{"(D)": "Q"}``. *mark* and *grouping* are those of :func:`statpipe.api.exact`; *more*
    are other columns, such as ``notes``.

    :raises TypeError: The figure is not text.
    :raises ValueError: It is neither a figure nor one of *missing*.
    """
    why = missing.get(printed)
    return {
        "ref_area": ref_area,
        "category": category,
        "time_period": time_period,
        "obs_value": None if why else exact(printed, mark=mark, grouping=grouping),
        "obs_status": why or NORMAL,
        "source_symbol": printed if why else None,
        **more,
    }


def observations_from_rows(rows: Iterable[Mapping[str, Any]], *, doubles: bool = False) -> pa.Table:
    """
    Make a normalizer's table from mappings: easy to write, and fast enough for small payloads.

    Each mapping needs ``ref_area``, ``category``, ``time_period`` and ``obs_value`` (``Decimal``,
    ``int``, text, or ``None``); any other Silver column may be given. ``decimals`` is counted.
    *doubles* says that the agency publishes binary doubles, as in a workbook: each figure, a
    ``float`` or its text, becomes the shortest decimal that reads as the same double.

    :raises ContentError: A figure is not an exact decimal number, or a column has the wrong type.
    """
    import pyarrow as pa

    listed = list(rows)
    names = [c.name for c in COLUMNS if any(c.name in row for row in listed)]
    required = names if listed else REQUIRED
    names = list(dict.fromkeys([*required, "obs_value", "decimals", *names]))
    others = dict.fromkeys(name for row in listed for name in row if name not in names)
    types = {
        "obs_value": exact_type(),
        "decimals": pa.int8(),
        "sign": pa.int8(),
        "unit_mult": pa.int8(),
        "period_start": pa.date32(),
        "period_end": pa.date32(),
    }
    figures = [_figure(row, number, doubles=doubles) for number, row in enumerate(listed)]
    columns: dict[str, Any] = {}
    for name in [*names, *others]:
        values = [row.get(name) for row in listed]
        if name == "obs_value":
            values = [value for value, _ in figures]
        elif name == "decimals":
            values = [places for _, places in figures]
        elif name not in types:
            values = _encodable(values, name)
        try:
            columns[name] = pa.array(values, types.get(name, pa.string()))
        except (pa.ArrowException, OverflowError) as error:
            msg = f"column {name} contains something other than {types.get(name, 'text')}: {error}"
            raise ContentError(msg) from error
    return pa.table(columns)


def _encodable(values: list[Any], column: str) -> list[Any]:
    """Mark half a character as lost, so that the gate removes it: Arrow cannot store it."""
    for row, value in enumerate(values):
        if isinstance(value, str) and _is_half(value):
            if not is_free_text(column):
                msg = (
                    f"column {column}, row {row:,}: {value!r} contains half a character; "
                    "expected a plain-text code"
                )
                raise ContentError(msg)
            values[row] = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return values


def _is_half(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _figure(
    row: Mapping[str, Any], number: int, *, doubles: bool
) -> tuple[Decimal | None, int | None]:
    """Return a figure and its printed decimal places."""
    value = row.get("obs_value")
    if value is None:
        return None, None
    if isinstance(value, float) and not doubles:
        reason = (
            "is a binary float, which cannot represent a published figure exactly; pass its text"
        )
    else:
        read = read_double if doubles else read_figure
        try:
            return read(stripped(str(value)))
        except ValueError as error:
            reason = str(error)
    msg = f"{value!r} {reason} (row {number:,} of the normalizer's table: {_cell(row)})"
    raise ContentError(msg)


def _cell(row: Mapping[str, Any]) -> str:
    """Return the name of a row's cell: its key, and values that may be codes of dimensions."""
    silver = {column.name for column in COLUMNS} - set(KEY)
    named = [name for name in row if name not in silver and not is_free_text(name)]
    order = sorted(named, key=lambda name: KEY.index(name) if name in KEY else 1)
    return ", ".join(f"{name} {row[name]}" for name in order)

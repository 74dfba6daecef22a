"""The columns of BEA's CSV files, found by their names and not by their position.

BEA has used these headers for tables by state:

- until 2017: ``GeoFIPS,GeoName,Region,ComponentId,ComponentName,Line,IndustryClassification,
  Description,1997,...``: the component is the table's title and implies the unit.
- 2018 and 2019: ``GeoFIPS,GeoName,Region,TableName,ComponentName,Unit,Line,IndustryClassification,
  Description,1997,...``
- since 2020: ``GeoFIPS,GeoName,Region,TableName,LineCode,IndustryClassification,Description,Unit,1997,...``
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from attrs import field, frozen

from statpipe.api import ContentError, Payload
from statpipe_bea.csv_records import Record

ROLES: Mapping[str, str] = {
    "geofips": "area",
    "geoname": "area_name",
    "region": "region",
    "table": "table",
    "tablename": "table",
    "line": "line",
    "linecode": "line",
    "componentname": "component",
    "description": "title",
    "unit": "unit",
}
"""What a column contains, by its lower-case name."""

NEEDED: Mapping[str, str] = {
    "area": "GeoFIPS",
    "table": "TableName",
    "line": "LineCode",
    "title": "Description",
    "unit": "Unit",
}
"""BEA's current name of a column, by what it contains."""

IGNORED = frozenset({"industryclassification", "industryid", "componentid"})
"""Columns of BEA that repeat what other columns say."""

_YEAR = re.compile(r"(19|20|21)[0-9]{2}")
_EXPECTED = f"expected {', '.join(NEEDED.values())} and years"


@frozen(kw_only=True)
class Columns:
    """
    The content of each column. ``width`` is the number of columns up to the last one with a name;
    ``unnamed`` lists those among them that have none.
    """

    places: Mapping[str, int] = field(repr=False)
    years: tuple[str, ...]
    width: int
    unnamed: tuple[int, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """
        The contents of the columns that are read: ``area``, ``table``, ``line``, ``title``, and
        years; ``unit``, ``area_name`` and ``region`` if the file has them.
        """
        return tuple(self.places)

    def fitted(self, record: Record, payload: Payload) -> list[str]:
        """
        Return the cells of the columns that are read, in the order of :attr:`names`.

        A spreadsheet may have added blank columns, and blank cells at the end.

        :raises ContentError: There are more cells than columns, or fewer.
        """
        cells = record.cells
        if len(cells) != self.width:
            cells = self._padding_removed(record, payload)
        for place in self.unnamed:
            if cells[place].strip():
                msg = (
                    f"payload {payload.name}, line {record.line}: {cells[place]!r} in column {place + 1}, "
                    f"which has no name; {_EXPECTED}"
                )
                raise ContentError(msg, payload=payload)
        return [cells[place] for place in self.places.values()]

    def _padding_removed(self, record: Record, payload: Payload) -> list[str]:
        more = record.cells[self.width :]
        if len(record.cells) < self.width or any(map(str.strip, more)):
            count = len(record.cells)
            msg = (
                f"payload {payload.name}, line {record.line}: {count} column{'s' * (count != 1)}; expected "
                f"{self.width} columns, as in the header"
            )
            raise ContentError(msg, payload=payload)
        return record.cells[: self.width]


def columns_of(header: Record, payload: Payload) -> Columns:
    """
    Find the columns of a file by their names.

    :raises ContentError: A required column is missing or occurs twice, or a column is unknown.
    """
    names = header.texts()
    roles: dict[str, int] = {}
    years: dict[str, int] = {}
    unknown = []
    for place, name in enumerate(names):
        known = _known(name)
        if _YEAR.fullmatch(name):
            found, what = years, name
        elif known in ROLES:
            found, what = roles, ROLES[known]
        else:
            unknown += [name] * (name != "" and known not in IGNORED)
            continue
        if what in found:
            raise ContentError(_twice(header, payload, names[found[what]], name), payload=payload)
        found[what] = place
    places = _with_table(roles)
    _refuse_missing(header, payload, NEEDED.keys() - places.keys() - _implied(roles), years)
    if unknown:
        msg = (
            f"payload {payload.name}, line {header.line}: column {unknown[0]!r} is not known; "
            f"{_EXPECTED}. If BEA has added it, statpipe-bea needs an update"
        )
        raise ContentError(msg, payload=payload)
    return Columns(
        places=places | years,
        years=tuple(years),
        width=len(names),
        unnamed=tuple(place for place, name in enumerate(names) if not name),
    )


def place_of(header: Record, role: str) -> int | None:
    """
    Return the position of the column with this role, or ``None`` if there is none.
    """
    names = enumerate(header.texts())
    roles = {ROLES[_known(name)]: place for place, name in names if _known(name) in ROLES}
    return _with_table(roles).get(role)


def _with_table(roles: Mapping[str, int]) -> dict[str, int]:
    """If no column names the table, use the component."""
    places = dict(roles)
    component = places.pop("component", None)
    if component is not None:
        places.setdefault("table", component)
    return places


def _implied(roles: Mapping[str, int]) -> set[str]:
    """Return the unit that the component implies, because such files do not print it."""
    return {"unit"} if "component" in roles and "table" not in roles else set()


def _known(name: str) -> str:
    return re.sub(r"[\s_]", "", name).casefold()


def _refuse_missing(
    header: Record, payload: Payload, lacking: Collection[str], years: Collection[str]
) -> None:
    missing = [name for role, name in NEEDED.items() if role in lacking]
    if missing or not years:
        named = ", ".join(missing) or "any year"
        msg = f"payload {payload.name}, line {header.line}: no column for {named}; {_EXPECTED}"
        raise ContentError(msg, payload=payload)


def _twice(header: Record, payload: Payload, first: str, second: str) -> str:
    what = f"a column twice ({first!r})" if first == second else f"columns {first!r} and {second!r}"
    return f"payload {payload.name}, line {header.line}: {what}; expected only one, {_EXPECTED}"

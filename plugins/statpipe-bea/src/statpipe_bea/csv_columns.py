"""The columns of BEA's CSV files, found by what they hold and not by where they stand.

BEA has used these headers for tables by state:

- until 2019: ``GeoFIPS,GeoName,Region,TableName,ComponentName,Unit,Line,IndustryClassification,
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
    "table": "table",
    "tablename": "table",
    "line": "line",
    "linecode": "line",
    "description": "title",
    "unit": "unit",
}
"""What a column holds, by its name in small letters."""

NEEDED: Mapping[str, str] = {
    "area": "GeoFIPS",
    "table": "TableName",
    "line": "LineCode",
    "title": "Description",
    "unit": "Unit",
}
"""The name that BEA uses today, by what the column holds."""

IGNORED = frozenset(
    {"region", "industryclassification", "industryid", "componentname", "componentid"}
)
"""Columns of BEA's that say nothing which the others do not."""

_YEAR = re.compile(r"(19|20|21)[0-9]{2}")
_EXPECTED = f"expected {', '.join(NEEDED.values())} and years"


@frozen(kw_only=True)
class Columns:
    """
    Which column holds what. ``width`` counts the columns that have names, ``unnamed`` lists those
    among them that have none.
    """

    places: Mapping[str, int] = field(repr=False)
    years: tuple[str, ...]
    width: int
    unnamed: tuple[int, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """
        What the columns hold that are read: ``area``, ``table``, ``line``, ``title``, ``unit``, and years;
        ``area_name`` if the file has it.
        """
        return tuple(self.places)

    def fitted(self, record: Record, payload: Payload) -> list[str]:
        """
        Return the cells that are read, in the order of :attr:`names`.

        A spreadsheet may have added blank cells at the end, and blank columns.

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

    :raises ContentError: One that is needed is missing or there twice, or one is not known.
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
    _refuse_missing(header, payload, roles, years)
    if unknown:
        msg = (
            f"payload {payload.name}, line {header.line}: column {unknown[0]!r} is not known; {_EXPECTED}. "
            "If BEA has added it, statpipe-bea must learn what it holds"
        )
        raise ContentError(msg, payload=payload)
    return Columns(
        places=roles | years,
        years=tuple(years),
        width=len(names),
        unnamed=tuple(place for place, name in enumerate(names) if not name),
    )


def place_of(header: Record, role: str) -> int | None:
    """
    Return where the column with this role is; ``None`` if there is none.
    """
    roles = [ROLES.get(_known(text)) for text in header.texts()]
    return roles.index(role) if role in roles else None


def _known(name: str) -> str:
    return re.sub(r"[\s_]", "", name).casefold()


def _refuse_missing(
    header: Record, payload: Payload, roles: Mapping[str, int], years: Collection[str]
) -> None:
    missing = [name for role, name in NEEDED.items() if role not in roles]
    if missing or not years:
        lacking = ", ".join(missing) or "any year"
        msg = f"payload {payload.name}, line {header.line}: no column for {lacking}; {_EXPECTED}"
        raise ContentError(msg, payload=payload)


def _twice(header: Record, payload: Payload, first: str, second: str) -> str:
    what = f"a column twice ({first!r})" if first == second else f"columns {first!r} and {second!r}"
    return f"payload {payload.name}, line {header.line}: {what}; expected one of them, {_EXPECTED}"

"""Facts about each survey: how its series are named, and which codes are requested by default."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from itertools import product
from typing import Any

import attrs
from attrs import frozen

from statpipe.api import Area, ContentError, Dimension
from statpipe_bls.lists import own_list

AREA = "area"
COUNTRY = "US"
_THOUSANDS = "Thousands of "


@frozen(kw_only=True)
class CodedBy:
    """
    A dimension of a survey.

    ``list`` is the name of the code list, which is an ``excerpt`` if BLS has more codes. ``key`` is
    the column of codes in BLS's file of that name, or empty if BLS has no file. ``asked`` are the
    codes that are requested by default; ``asked_without_key`` are the fewer codes that are
    requested without an API key. ``units`` maps codes to the unit of their figures.
    """

    id: str
    name: str
    list: str
    key: str = ""
    excerpt: bool = False
    asked: tuple[str, ...]
    asked_without_key: tuple[str, ...] = ()
    units: Mapping[str, str] = attrs.field(factory=dict)

    def asked_by_default(self, *, with_key: bool) -> tuple[str, ...]:
        """
        Return the codes that are requested if the configuration names none.
        """
        return self.asked if with_key else self.asked_without_key or self.asked

    @property
    def dimension(self) -> Dimension:
        """
        The dimension without codes.
        """
        return Dimension(id=self.id.upper(), name=self.name)


@attrs.define(kw_only=True, frozen=True, slots=False)
class Survey:
    """
    A survey. ``surveys.toml`` explains the fields.
    """

    code: str
    title: str
    id: tuple[tuple[str, int], ...]
    dimensions: tuple[CodedBy, ...]
    first_year: int
    state: str = ""
    country: str = ""
    area_file: str = ""
    area_key: str = ""
    area_digits: int = 0
    footnotes: str = ""
    series_file: str = ""
    unit: str = ""
    open: tuple[str, ...] = ()
    bulk_by: str = ""
    bulk: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    bulk_whole: bool = False

    @cached_property
    def pattern(self) -> str:
        """
        A regular expression of its series' identifiers, with a group for each part.
        """
        parts = [f"(?P<{name}>[A-Z0-9-]{{{size or '1,'}}})" for name, size in self.id]
        return f"^{self.code}{''.join(parts)}$"

    @cached_property
    def known_areas(self) -> Mapping[str, Area]:
        """
        The nation, the states and the areas of the survey's own list, by the survey's code.
        """
        found: dict[str, Area] = {}
        if self.area_file and not self.state:
            found |= {code: _other(code, name) for code, name in own_list(self.area_file).items()}
        if self.country or not self.has_areas:
            name = found[self.country].name if self.country in found else "United States"
            found[self.country] = Area(
                code=COUNTRY, name=name, level="country", geo_fips="00000", iso_3166=COUNTRY
            )
        if self.state:
            found |= {self.state.format(area.geo_fips[:2]): area for area in states()}
        return found

    @property
    def has_areas(self) -> bool:
        """
        Whether its series differ by area.
        """
        return any(name == AREA for name, _ in self.id)

    def area(self, code: str, name: str = "") -> Area:
        """
        Return the area with this code of the survey. The name is used if the area is not known.
        """
        return self.known_areas.get(code) or _other(code, name or code)

    def area_code(self, ref_area: str) -> str:
        """
        Return the survey's code of an area. *code* may already be the survey's own.
        """
        named = {area.code: code for code, area in self.known_areas.items()}
        return named.get(ref_area, ref_area)

    def series(self, areas: Sequence[str], codes: Mapping[str, Sequence[str]]) -> Iterator[str]:
        """
        Yield the identifiers of the series of these codes and areas, in the survey's coding.
        """
        parts = [list(areas if name == AREA else codes[name]) for name, _ in self.id]
        for chosen in product(*parts):
            yield self.code + "".join(chosen)

    def unit_of(self, dimension: CodedBy, code: str) -> tuple[str, int]:
        """
        Return the unit of figures with this code, and its power of ten.
        """
        unit = self.unit or dimension.units.get(code, "not told")
        return unit, 3 if unit.startswith(_THOUSANDS) else 0

    @property
    def measured_by(self) -> CodedBy:
        """
        The dimension that determines the unit.
        """
        return next((one for one in self.dimensions if one.units), self.dimensions[0])


def survey_named(code: str) -> Survey:
    """
    Return the survey with this code.

    :raises ContentError: The survey is unknown.
    """
    found = _surveys().get(code)
    if found is None:
        msg = f"no survey is named {code}; expected one of {', '.join(_surveys())}"
        raise ContentError(msg)
    return found


@cache
def states() -> tuple[Area, ...]:
    """
    Return the states, the District of Columbia and Puerto Rico.
    """
    return tuple(
        Area(
            code=row["code"],
            name=row["name"],
            level="territory" if row["code"] == "PR" else "state",
            geo_fips=f"{row['fips']}000",
            iso_3166=f"US-{row['code']}",
        )
        for row in _rows("states")
    )


def _other(code: str, name: str) -> Area:
    return Area(code=code, name=name, level="area", geo_fips=code)


@cache
def _surveys() -> Mapping[str, Survey]:
    text = (files(__package__) / "surveys.toml").read_text(encoding="utf-8")
    return {code: _survey(code, table) for code, table in tomllib.loads(text).items()}


def _survey(code: str, table: dict[str, Any]) -> Survey:
    told = {name: _tuples(value) for name, value in table.items() if name != "dimensions"}
    dimensions = {
        name: CodedBy(id=name, **{key: _tuples(value) for key, value in one.items()})
        for name, one in table["dimensions"].items()
    }
    order = [name for name, _ in told["id"] if name != AREA]
    return Survey(code=code, dimensions=tuple(dimensions[name] for name in order), **told)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = (files(__package__) / "data" / name).read_text(encoding="utf-8")
    head, *lines = (line.split("\t") for line in text.splitlines())
    return (dict(zip(head, line, strict=True)) for line in lines)

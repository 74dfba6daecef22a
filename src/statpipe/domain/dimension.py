"""Dimensions: what identifies figures besides area, frequency and period."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from attrs import converters, field, frozen

from statpipe.domain.errors import ContentError
from statpipe.domain.text import holdable, holdable_code

JOINS_CODES = "."
"""Separates the codes of a category, in the order of the structure: ``USD.EUR.SP00.A``."""

NAME = "_name"
"""The suffix of columns with names."""

_PREFIX = "dim_"
_LONGEST = 63 - len(NAME)
_MARK = 8
"""PostgreSQL truncates names after 63 letters, so two long names could become the same."""

RESERVED = frozenset(
    [
        "area",
        "area_name",
        "area_parent",
        "category",
        "category_depth",
        "category_name",
        "category_path",
        "dataset",
        "decimals",
        "dropped",
        "freq",
        "geo",
        "geo_fips",
        "geo_level",
        "geo_name",
        "iso_3166",
        "is_last",
        "last_day",
        "last_release",
        "last_vintage",
        "note",
        "notes",
        "obs_status",
        "obs_value",
        "parent_category",
        "period_end",
        "period_start",
        "realtime_end",
        "realtime_start",
        "recency",
        "ref_area",
        "seen_before",
        "basis",
        "sequence",
        "since",
        "sign",
        "source_symbol",
        "state_fips",
        "time_period",
        "top_category",
        "unit",
        "unit_measure",
        "unit_mult",
        "value",
        "value_float",
        "vintage",
        "year",
    ]
)
"""Columns of statpipe's own tables and of their SQL. A dimension with such a name gets another
column: see :class:`Dimension`."""


@frozen(kw_only=True)
class Code:
    """
    One entry of a code list. ``parent`` is its parent's code. It is kept with the structure, not in
    Gold: a category of several dimensions may have a parent in each of them. A normalizer that
    knows over which one figures add up returns it in ``parent_category``.

    :raises ContentError: No sink can hold the code.
    """

    code: str = field(converter=holdable_code)
    name: str = field(converter=holdable)
    parent: str | None = field(default=None, converter=converters.optional(holdable_code))


def _identifier(given: object) -> str:
    if isinstance(given, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", given):
        return given
    msg = (
        f"dimension {given!r}: expected an identifier of letters, digits, underscores and hyphens that "
        "begins with a letter, such as CURRENCY"
    )
    raise ContentError(msg)


@frozen(kw_only=True)
class Dimension:
    """
    A dimension from the agency's structure, with its code list.

    ``id`` is the agency's name of it, such as ``CURRENCY``. Its columns are ``currency``, which
    holds codes, and ``currency_name``. A hyphen becomes an underscore. If statpipe's tables or
    another dimension already have such a column, both get the prefix ``dim_``: ``dim_unit``,
    ``dim_sex_name``. Names too long for PostgreSQL (63 letters) end in a few letters of a hash.
    ``codes`` is empty if the agency gives no list.

    :raises ContentError: The identifier cannot become a column name.
    """

    id: str = field(converter=_identifier)
    name: str = field(converter=holdable)
    codes: tuple[Code, ...] = field(default=(), repr=False)

    @property
    def column(self) -> str:
        """
        The column of its codes, which a normalizer returns. The column of their names has the
        suffix ``_name``.
        """
        name = self.id.lower().replace("-", "_")
        if {name, names_column(name)} & RESERVED or name.startswith(_PREFIX) or name.endswith(NAME):
            name = f"{_PREFIX}{name}"
        if len(name) <= _LONGEST:
            return name
        mark = hashlib.sha256(name.encode()).hexdigest()[:_MARK]
        return f"{name[: _LONGEST - _MARK - 1]}_{mark}"


def names_column(column: str) -> str:
    """
    Return the column with the names of the codes in a dimension's column.
    """
    return column + NAME


def refuse_twice(where: str, what: str, names: Iterable[str]) -> None:
    """
    Refuse a structure with duplicate names.

    :raises ContentError: A name occurs twice.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            msg = (
                f"{where}: {what} {name!r} occurs twice; correct it, or ask the agency which is "
                "right"
            )
            raise ContentError(msg)
        seen.add(name)


def refuse_circle(where: str, what: str, parents: Mapping[str, str | None]) -> None:
    """
    Refuse a code list in which a code is its own parent, directly or through others.

    :raises ContentError: The code list has a cycle.
    """
    sound: set[str] = set()
    for first in parents:
        path: list[str] = []
        code: str | None = first
        while code is not None and code not in sound:
            if code in path:
                circle = " -> ".join([*path[path.index(code) :], code])
                msg = (
                    f"{where}: the {what} refers to itself: {circle}; a code cannot be its own "
                    "parent"
                )
                raise ContentError(msg)
            path.append(code)
            code = parents.get(code)
        sound.update(path)

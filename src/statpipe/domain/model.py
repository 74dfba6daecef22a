"""A Gold model: a table for analysts, declared with its grain and columns, derived by SQL."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, Literal, get_args

import attrs
from attrs import field, frozen

from statpipe.domain.dimension import names_column
from statpipe.domain.name import SMALL, must_be_name
from statpipe.domain.period import FOREVER

AS_OF = ":as_of"
"""Placeholder in a model's SQL for the requested date."""

DIMENSIONS = re.compile(r":dimensions(?:\((\w+)\))?")
"""Placeholder in a model's SQL for the columns of its source's dimensions, each preceded by a
comma."""

_LONGEST = 63
"""PostgreSQL silently truncates names after this many bytes, so two long names could become the
same."""
_FUNCTION = "_as_of"
_LATEST = f"DATE '{FOREVER.isoformat()}'"

ColumnType = Literal["text", "integer", "small", "decimal", "double", "date"]


def _fits(name: str, suffix: str = "") -> None:
    """Refuse a name that PostgreSQL would truncate."""
    most = _LONGEST - len(suffix)
    if len(name) > most:
        why = f" and the function of a model ends in {suffix}" if suffix else ""
        msg = (
            f"the name {name!r} has {len(name)} characters; choose one of at most {most}, since PostgreSQL cuts "
            f"names after {_LONGEST}{why}"
        )
        raise ValueError(msg)


def _known_type(column: Any, _attribute: Any, given: object) -> None:
    known = get_args(ColumnType)
    if given not in known:
        msg = f"column {column.name}: type is {given!r}; expected one of {', '.join(known)}"
        raise ValueError(msg)


@frozen(kw_only=True)
class Column:
    """
    One column of a Gold model. The description and unit go into Parquet and into Postgres.

    ``integer`` has 64 bits; ``small`` is for counts up to 127. ``places`` names the column with the
    printed decimal places of this column's figures, if the model has it.
    """

    name: str = field(validator=must_be_name("column", *SMALL))
    type: ColumnType = field(validator=_known_type)
    description: str
    unit: str | None = None
    nullable: bool = True
    places: str | None = None

    def __attrs_post_init__(self) -> None:
        _fits(self.name)

    @property
    def comment(self) -> str:
        """
        Description and unit in one line.
        """
        return f"{self.description} [{self.unit}]" if self.unit else self.description


@frozen(kw_only=True)
class Model:
    """
    A table for analysts.

    ``inputs`` names the relations that the SQL reads. The relation of a source is its history
    (:func:`statpipe.domain.history.history_schema`); that of a model is its result. ``grain`` lists
    the columns that identify a row. The table is sorted by them.

    ``materialized`` says how a database stores it: as a ``table`` that is loaded, or as a ``view``
    that the database derives from other models with the same SQL. ``indexes`` are additional
    indexes of a table. SQL with ``:as_of`` returns the figures that were current on that date. The
    model itself is the state as of 9999-12-31, and a database also gets a function that takes any
    date. ``measure`` is the column that a chart shows. In the SQL, ``:dimensions`` or
    ``:dimensions(alias)`` stands for the columns of the source's dimensions, and the model also has
    these columns.

    ``settled`` names the column with the day of the release that made a row final, so that no later
    release changes it. The lake stores the final rows of each year separately. (``realtime_end`` is
    the day before, and a row that is not final has 9999-12-31.) Rows that a release makes final
    must follow from the last intervals of the cells and from the intervals that began or ended in
    the year of the release. If the column is the day of a release, they must follow from the cells
    with an interval that began or ended in that year. ``standing`` says that all rows follow from
    the last intervals of all cells. Models with neither are computed from the whole history.

    If ``check`` is set, each row of the model is a failure of a check with this name, which is
    reported as a warning when the model is computed. So rules that join sources can be checked.
    """

    name: str = field(validator=must_be_name("Gold model", *SMALL))
    title: str
    inputs: tuple[str, ...]
    grain: tuple[str, ...]
    columns: tuple[Column, ...] = field(repr=False)
    sql: str = field(repr=False)
    materialized: Literal["table", "view"] = "table"
    indexes: tuple[tuple[str, ...], ...] = ()
    measure: str | None = None
    check: str | None = None
    dimensions: tuple[str, ...] = ()
    settled: str | None = None
    standing: bool = False

    def __attrs_post_init__(self) -> None:
        _fits(self.name, _FUNCTION)
        self._refuse_other_types()
        names = {column.name for column in self.columns}
        for what, wanted in (
            ("grain", self.grain),
            ("indexes", tuple(name for index in self.indexes for name in index)),
            ("measure", (self.measure,) if self.measure else ()),
            ("settled", (self.settled,) if self.settled else ()),
        ):
            unknown = [name for name in wanted if name not in names]
            if unknown:
                msg = (
                    f"model {self.name}: {what} names {unknown[0]!r}, which is not one of its "
                    "columns"
                )
                raise ValueError(msg)

    def _refuse_other_types(self) -> None:
        """Refuse a text instead of a tuple, which would be split into letters."""
        for what, given in (("inputs", self.inputs), ("grain", self.grain)):
            if not isinstance(given, tuple) or not all(isinstance(one, str) for one in given):
                msg = f"model {self.name}: {what} is {given!r}; expected a tuple of names"
                raise TypeError(msg)
        if not isinstance(self.columns, tuple) or not all(
            isinstance(one, Column) for one in self.columns
        ):
            msg = f"model {self.name}: columns is not a tuple of statpipe.api.Column"
            raise TypeError(msg)
        if self.materialized not in {"table", "view"}:
            msg = f"model {self.name}: materialized is {self.materialized!r}; expected 'table' or 'view'"
            raise ValueError(msg)
        if not self.grain:
            msg = f"model {self.name} has no grain; name the columns that identify a row"
            raise ValueError(msg)
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            msg = f"model {self.name} declares the column {twice[0]} twice; declare it once"
            raise ValueError(msg)

    @cached_property
    def version(self) -> str:
        """
        Hash of the whole declaration: any edit rebuilds the table.
        """
        declared = (
            self.title,
            self.inputs,
            self.grain,
            self.columns,
            self.sql_as_of("as_of"),
            self.materialized,
            self.indexes,
            self.dimensions,
        )
        return hashlib.sha256(repr(declared).encode()).hexdigest()

    @property
    def places(self) -> dict[str, str]:
        """
        Return for each column of printed figures the column with their decimal places.
        """
        names = {column.name for column in self.columns}
        return {c.name: c.places for c in self.columns if c.places in names}

    @property
    def takes_date(self) -> bool:
        """
        Whether the SQL can return an earlier state.
        """
        return AS_OF in self.sql

    @property
    def takes_dimensions(self) -> bool:
        """
        Whether the model has the columns of its source's dimensions.
        """
        return DIMENSIONS.search(self.sql) is not None

    def with_dimensions(self, names: Mapping[str, str]) -> Model:
        """
        Return the model with columns for these dimensions, given as names by their column of codes.
        """
        known = {column.name for column in self.columns}
        columns = [
            Column(name=name, type="text", description=f"{title}: {what}")
            for column, title in names.items()
            for name, what in ((column, "code"), (names_column(column), "name"))
            if name not in known  # it may have them already
        ]
        return attrs.evolve(self, columns=(*self.columns, *columns), dimensions=tuple(names))

    def sql_as_of(self, day: str) -> str:
        """
        Return the SQL for a date, given as an SQL expression; infinity and NULL are the latest state.
        """
        # least() skips NULL in DuckDB and in PostgreSQL.
        return self._sql.replace(AS_OF, f"least({day}, {_LATEST})")

    def at(self, day: date) -> Model:
        """
        Return the model as of a date: it reads the figures that were current then.
        """
        if not self.takes_date:
            return self
        day_of = f"least(DATE '{day.isoformat()}', {_LATEST})"
        return attrs.evolve(self, sql=self.sql.replace(AS_OF, day_of), standing=False)

    @property
    def latest_sql(self) -> str:
        """
        Return the SQL of the latest state.
        """
        return self._sql.replace(AS_OF, _LATEST)

    @property
    def _sql(self) -> str:
        """The SQL with the columns of the dimensions."""
        names = [name for column in self.dimensions for name in (column, names_column(column))]

        def columns(found: re.Match[str]) -> str:
            prefix = f"{found[1]}." if found[1] else ""
            return "".join(f', {prefix}"{name}"' for name in names)

        return DIMENSIONS.sub(columns, self.sql)


def can_take_date(models: Sequence[Model], model: Model) -> bool:
    """
    Return whether a model, or one of its inputs, can return an earlier state.
    """
    by_name = {one.name: one for one in models}
    return model.takes_date or any(
        can_take_date(models, by_name[name]) for name in model.inputs if name in by_name
    )

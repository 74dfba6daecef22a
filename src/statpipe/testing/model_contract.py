"""What every Gold model promises."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import pytest

from statpipe.api import Area, Category, Dataset, Model
from statpipe.domain.history import history_schema
from statpipe.domain.model import AS_OF, can_take_date
from statpipe.domain.period import FOREVER
from statpipe.testing.snapshots import history_of
from statpipe.testing.wording import agree, broken, missing

if TYPE_CHECKING:
    import pyarrow as pa

_KINDS = {
    "text": r"VARCHAR|ENUM.*",
    "integer": r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?",
    "small": r"TINYINT",
    "decimal": r"DECIMAL.*|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?",
    "double": r"DOUBLE|FLOAT|DECIMAL.*|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?",
    "date": r"DATE",
}
"""What DuckDB may find of the SQL, for each type that a column can declare."""

_CAST = {
    "text": "CAST(... AS VARCHAR)",
    "integer": "CAST(... AS BIGINT)",
    "small": "take it from a column of that type, or declare it integer",
    "decimal": "keep it decimal: no division, no CAST AS DOUBLE; or declare it double",
    "double": "CAST(... AS DOUBLE PRECISION)",
    "date": "CAST(... AS DATE)",
}

_CLOCKS = (
    r"\b(current_date|current_timestamp|current_time|localtimestamp|localtime|get_current_\w+"
    r"|(now|today|age|timeofday|clock_timestamp|statement_timestamp|transaction_timestamp)\s*\()"
)
_CHANCE = r"\b(random\s*\(|uuid\s*\(|gen_random_uuid\s*\(|using\s+sample|tablesample)"
_ONLY_DUCKDB: Mapping[str, str] = {
    r"\bqualify\b": "QUALIFY; use a subquery and WHERE",
    r"\bexclude\s*\(": "EXCLUDE; name the columns",
    r"\*\s*replace\s*\(": "REPLACE; name the columns",
    r"\b(group|order)\s+by\s+all\b": "BY ALL; name the columns",
    r"\b(asof|semi|anti|positional)\s+join\b": "this JOIN; use EXISTS or a lateral subquery",
    r"\b(pivot|unpivot)\b": "PIVOT; use CASE WHEN",
    r"\bifnull\s*\(": "ifnull; use coalesce",
    r"\btry_cast\s*\(": "TRY_CAST; use CASE WHEN",
    r"\b(arg_max|arg_min|max_by|min_by|first|last)\s*\(": "this aggregate; use a window function",
    r"\bmedian\s*\(": "median; use percentile_cont(0.5) WITHIN GROUP (ORDER BY ...)",
    r"\b(year|month|day|quarter)\s*\(": "this function; use EXTRACT(YEAR FROM ...)",
    r"\b(strftime|strptime|datediff|date_diff|date_add)\s*\(": "this function; use arithmetic of dates",
    r"\b(list_\w+|struct_\w+|map_\w+|unnest_\w+|len|regexp_extract)\s*\(": "this function",
    r"\bas\s+double\s*\)|::\s*double\b(?!\s+precision)": "DOUBLE; write DOUBLE PRECISION",
    r"\bas\s+hugeint\b|::\s*hugeint\b": "HUGEINT; write BIGINT or DECIMAL(38, 0)",
    r"\bread_(parquet|csv|json)\w*\s*\(": "files; name the relation in `inputs`",
    r"\bilike\s+any\b|\bglob\b": "this operator; use LIKE",
    r"//": "the operator //; use floor(a / b)",
    r"==": "the operator ==; write =",
}

_FOREVER = f"DATE '{FOREVER.isoformat()}'"
_SHOWN = 3
_MOST_DAYS = 4


class ModelContract:
    """
    A model's SQL gives just what its declaration says, from any input, in any order.

    Inherit it in a class whose name begins with ``Test`` and override a fixture::

        class TestTeaModels(ModelContract):
            @pytest.fixture
            def models(self):
                return list(statpipe_models())         # all that the plugin offers

            @pytest.fixture
            def histories(self):                       # what the SQL reads, by the source's name
                return {"tea_prices": history_of(TEA, {
                    date(2024, 3, 1): {("CAL", "fine", "2023"): "12.5", ("CAL", "fine", "2022"): "11"},
                    date(2024, 9, 1): {("CAL", "fine", "2023"): "12.7", ("CAL", "fine", "2022"): "11"},
                })}

    ``histories`` may be left out: then made-up figures of two areas stand for every source. Override
    it where the SQL wants certain codes or dimensions. The SQL is run by DuckDB, as statpipe runs it.
    For a database, views are derived by the same SQL: words that PostgreSQL does not know are told.

    - ``may_be_empty``: names of models that give no rows of ``histories``.
    - ``with_extra_columns``: names of models whose SQL may give more columns than are declared.
    """

    may_be_empty: ClassVar[frozenset[str]] = frozenset()
    with_extra_columns: ClassVar[frozenset[str]] = frozenset()

    @pytest.fixture
    def models(self) -> Sequence[Model]:
        """Override: the models of the plugin, all that read one another."""
        missing(self, "models", "a list of the plugin's models: list(statpipe_models())")

    @pytest.fixture
    def histories(self, models: Sequence[Model]) -> Mapping[str, pa.Table]:
        """Override, if you like: what the SQL reads of each source."""
        names = {model.name for model in models}
        sources = {name for model in models for name in model.inputs if name not in names}
        return {source: made_up_history() for source in sorted(sources)}

    def test_each_model_is_described(self, models: Sequence[Model]) -> None:
        """Title, columns, units, grain."""
        if not models:
            broken("there are no models", "return the plugin's models from the fixture `models`")
        names = [model.name for model in models]
        agree(len(set(names)), len(names), "the number of names", "give each model its own name")
        for model in models:
            problems_with_declaration(model)

    def test_no_rows_in_give_no_rows_and_the_declared_columns(
        self, models: Sequence[Model], histories: Mapping[str, pa.Table]
    ) -> None:
        """On the first day there is nothing to derive from."""
        empty = {name: table.slice(0, 0) for name, table in histories.items()}
        for model, columns, rows in _run(models, empty):
            if rows:
                broken(
                    f"model {model.name} gives {len(rows)} rows of nothing",
                    "let every row come from a row of the inputs (no aggregate without GROUP BY)",
                )
            has_its_columns(model, columns, more_allowed=model.name in self.with_extra_columns)

    def test_each_row_is_one_by_its_grain_and_has_what_it_must(
        self, models: Sequence[Model], histories: Mapping[str, pa.Table]
    ) -> None:
        """Rows by grain, no nulls where none are declared."""
        for model, columns, rows in _run(models, histories):
            names = [name for name, _ in columns]
            if not rows and model.name not in self.may_be_empty:
                broken(
                    f"model {model.name} gives no row of the fixture `histories`, so nothing is known "
                    "of it",
                    "override `histories` with figures that it is made for, or name it in "
                    "`may_be_empty`",
                )
            for column in model.columns:
                place = names.index(column.name)
                nulls = sum(row[place] is None for row in rows)
                if nulls and not column.nullable:
                    broken(
                        f"model {model.name}: {nulls} of {len(rows)} rows have no {column.name}, which "
                        "is declared as never null",
                        "correct the SQL (an outer join?), or declare the column nullable",
                    )
            self._finite(model, names, rows)
            places = [names.index(name) for name in model.grain]
            keys = [tuple(row[place] for place in places) for row in rows]
            twice = sorted({str(key) for key in keys if keys.count(key) > 1})
            if twice:
                broken(
                    f"model {model.name}: {len(keys) - len(set(keys))} of {len(keys)} rows repeat the "
                    f"grain {', '.join(model.grain)}, such as {', '.join(twice[:_SHOWN])}",
                    "the SQL joins too much (join on the dataset as well, and choose the interval by "
                    "realtime_end), or the grain lacks a column",
                )

    def test_what_was_believed_on_a_day_owes_nothing_to_later_releases(
        self, models: Sequence[Model], histories: Mapping[str, pa.Table]
    ) -> None:
        """As of a day, a model is what it was on that day, when nobody knew what was to come."""
        dated = {model.name for model in models if can_take_date(models, model)}
        for day in _days_of(histories) if dated else ():
            then = {name: _known_on(table, day) for name, table in histories.items()}
            latest = {m.name: _sorted(m, c, rows) for m, c, rows in _run(models, then)}
            for model, columns, rows in _run(models, histories, f"DATE '{day.isoformat()}'"):
                if model.name in dated:
                    _refuse_other(
                        model,
                        _sorted(model, columns, rows),
                        latest[model.name],
                        f"as of {day}, with what was released later in the lake as well",
                        f"take the rows with realtime_start <= {AS_OF} AND realtime_end >= {AS_OF}, "
                        "also in what is joined; or read a model that does",
                    )

    def test_the_order_of_input_rows_makes_no_difference(
        self, models: Sequence[Model], histories: Mapping[str, pa.Table]
    ) -> None:
        """The same rows in another order give the same rows."""
        wanted = {model.name: _sorted(model, c, rows) for model, c, rows in _run(models, histories)}
        shuffler = random.Random(7)  # noqa: S311 - no secret
        for _ in range(3):
            other = {}
            for name, table in histories.items():
                order = list(range(len(table)))
                shuffler.shuffle(order)
                other[name] = table.take(order)
            for model, columns, rows in _run(models, other):
                _refuse_other(
                    model,
                    _sorted(model, columns, rows),
                    wanted[model.name],
                    "with its input in another order",
                    "give window functions and aggregates of texts an ORDER BY that leaves no ties, "
                    "and use no LIMIT, first() or any_value()",
                )

    def test_it_depends_on_figures_alone(self, models: Sequence[Model]) -> None:
        """No clock and no chance."""
        for model in models:
            sql = _without_texts(model.sql)
            found = re.search(f"{_CLOCKS}|{_CHANCE}", sql, re.IGNORECASE)
            if found:
                broken(
                    f"the SQL of model {model.name} says {found.group(0)!r}",
                    f"let it depend on its inputs alone; {AS_OF} stands for the day that is asked for",
                )

    def test_a_view_is_sql_that_postgresql_understands(self, models: Sequence[Model]) -> None:
        """A database derives views itself, by the same SQL."""
        for model in models:
            if model.materialized != "view":
                continue
            sql = _without_texts(model.sql)
            for pattern, instead in _ONLY_DUCKDB.items():
                found = re.search(pattern, sql, re.IGNORECASE)
                if found:
                    broken(
                        f"the SQL of the view {model.name} says {found.group(0)!r}, and PostgreSQL "
                        f"does not know {instead}",
                        'write it otherwise, or set `materialized="table"`, which DuckDB computes for '
                        "the database too",
                    )
            if _divides_integers(sql):
                broken(
                    f"the SQL of the view {model.name} divides whole numbers: DuckDB gives a fraction, "
                    "PostgreSQL cuts it off",
                    "make one of them a double first: CAST(a AS DOUBLE PRECISION) / b",
                )

    def test_a_day_long_ago_has_no_figures(
        self, models: Sequence[Model], histories: Mapping[str, pa.Table]
    ) -> None:
        """Where the SQL can be asked for a date."""
        for model, _, rows in _run(models, histories, "DATE '1000-01-01'"):
            if model.takes_date and rows:
                broken(
                    f"model {model.name} gives {len(rows)} rows as of 1000-01-01, before any release",
                    f"take the rows with realtime_start <= {AS_OF} AND realtime_end >= {AS_OF}",
                )

    def _finite(self, model: Model, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        __tracebackhide__ = True
        for row in rows:
            for name, value in zip(names, row, strict=True):
                if isinstance(value, float) and not math.isfinite(value):
                    broken(
                        f"model {model.name} gives {value} as {name}, which is no figure: here, "
                        "DuckDB divides by zero, and PostgreSQL ends with an error",
                        "say NULLIF(..., 0) below the line, and what it means in another column",
                    )


def has_its_columns(
    model: Model, columns: Sequence[tuple[str, str]], *, more_allowed: bool = False
) -> None:
    """
    End the test if a model's SQL gives other columns than are declared, or of other types.
    """
    __tracebackhide__ = True
    kinds = dict(columns)
    for column in model.columns:
        if column.name not in kinds:
            broken(
                f"model {model.name} declares the column {column.name}, and its SQL gives "
                f"{', '.join(kinds)}",
                f"add `AS {column.name}` to the SQL, or take it out of `columns`",
            )
        if not re.fullmatch(_KINDS[column.type], kinds[column.name]):
            broken(
                f"model {model.name} declares {column.name} as {column.type}, and its SQL gives "
                f"{kinds[column.name]}, which would be converted without a word",
                _CAST[column.type],
            )
    more = [name for name in kinds if name not in {column.name for column in model.columns}]
    if more and not more_allowed:
        broken(
            f"the SQL of model {model.name} gives the column {more[0]}, which is not declared and "
            "so is nowhere",
            "declare it with a description, or leave it out of the SQL; or name the model in "
            "`with_extra_columns`",
        )


def problems_with_declaration(model: Model) -> None:
    """
    End the test if a model is not described well enough for a table that others read.
    """
    __tracebackhide__ = True
    if not model.title.strip() or "\n" in model.title:
        broken(f"the title of model {model.name} is {model.title!r}", "write one line")
    if not model.grain:
        broken(f"model {model.name} has no grain", "name the columns that tell its rows apart")
    names = [column.name for column in model.columns]
    for name in names:
        if names.count(name) > 1:
            broken(f"model {model.name} declares {name} twice", "declare each column once")
    for column in model.columns:
        if not column.description.strip():
            broken(
                f"column {column.name} of model {model.name} has no description",
                "say in one line what it means; it stands in Parquet, PostgreSQL and the docs",
            )
        if column.type in {"decimal", "double"} and not column.unit:
            broken(
                f"column {column.name} of model {model.name} is a {column.type} without a unit",
                'give its unit, such as unit="%" or unit="see unit" where a column of that name has it',
            )
        if column.name in model.grain and column.nullable:
            broken(
                f"column {column.name} of model {model.name} is part of the grain and may be null",
                "declare it with nullable=False: a row without its key cannot be found again",
            )


def made_up_history() -> pa.Table:
    """
    Return a history with revisions, a missing figure, zeros, one that is negative, two that are equal,
    a dropped cell, a parent and a part.
    """
    dataset = Dataset(
        name="T1",
        title="Made up",
        normalizer="n",
        areas=(
            Area(code="US", name="United States", level="country", geo_fips="00000"),
            *(
                Area(code=c, name=c, level="state", geo_fips=f, parent="US")
                for c, f in (("CA", "06000"), ("NY", "36000"))
            ),
        ),
        categories=(
            Category(code="T1:1", name="All", unit_measure="Dollars", unit_mult=6),
            Category(code="T1:2", name="Part", unit_measure="Dollars", unit_mult=6, parent="T1:1"),
        ),
    )
    first: dict[tuple[str, ...], str | None] = {
        (area, category, str(year)): f"{place * 100 + year - 2000}.{place}"
        for place, (area, category) in enumerate(
            [(a, c) for a in ("US", "CA", "NY") for c in ("T1:1", "T1:2")], start=1
        )
        for year in range(2015, 2023)
    }
    first["CA", "T1:2", "2018"] = None
    first["NY", "T1:2", "2019"] = "0"
    first["NY", "T1:2", "2022"] = None
    first["CA", "T1:2", "2017"] = "-12.5"
    first["CA", "T1:2", "2021"] = first["NY", "T1:2", "2021"]
    for category in ("T1:1", "T1:2"):
        first["NY", category, "2016"] = "0"
    second = dict(first) | {("CA", "T1:1", "2020"): "999.5", ("CA", "T1:2", "2018"): "7"}
    del second["NY", "T1:2", "2015"]
    return history_of(dataset, {date(2023, 10, 1): first, date(2024, 10, 1): second})


def given_columns(model: Model, inputs: Mapping[str, pa.Table]) -> Sequence[tuple[str, str]]:
    """
    Return names and types of the columns that a model's SQL gives, by DuckDB.
    """
    __tracebackhide__ = True
    with _duckdb(inputs) as connection:
        return _columns_of(_relation(connection, model, _FOREVER))


def _run(
    models: Sequence[Model], histories: Mapping[str, pa.Table], day: str = _FOREVER
) -> list[tuple[Model, list[tuple[str, str]], list[tuple[Any, ...]]]]:
    """Run all models, each after those that it reads: columns with types, and rows."""
    __tracebackhide__ = True
    with _duckdb(histories) as connection:
        done, found, waiting = set(histories), [], list(models)
        while waiting:
            ready = [model for model in waiting if set(model.inputs) <= done]
            if not ready:
                lost = sorted({n for m in waiting for n in m.inputs if n not in done})
                broken(
                    f"model {waiting[0].name} reads {', '.join(lost)}, which is neither a model of the "
                    "fixture `models` nor in `histories`",
                    "name in `inputs` a source or a model; give all models that read one another",
                )
            for model in ready:
                relation = _relation(connection, model, day)
                columns = _columns_of(relation)
                table = _fetched(model, relation)
                names = [name for name, _ in columns]
                rows = list(zip(*(table[name].to_pylist() for name in names), strict=True))
                declared = [c.name for c in model.columns if c.name in names]
                connection.register(model.name, table.select(declared) if declared else table)
                found.append((model, columns, rows))
                done.add(model.name)
                waiting.remove(model)
        return found


def _days_of(histories: Mapping[str, pa.Table]) -> list[date]:
    """Give the days of the first releases, and those before the next ones."""
    starts = sorted(
        {d for table in histories.values() for d in table["realtime_start"].to_pylist()}
    )
    before = [day - timedelta(days=1) for day in starts[1:]]
    return sorted({*starts, *before})[:_MOST_DAYS]


def _known_on(table: pa.Table, day: date) -> pa.Table:
    """Give a history as it was known on a day."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = table.filter(pc.less_equal(table["realtime_start"], day))
    place = known.schema.get_field_index("realtime_end")
    ends = known["realtime_end"]
    open_ = pc.if_else(pc.greater_equal(ends, day), pa.scalar(FOREVER, ends.type), ends)
    return known.set_column(place, known.schema.field(place), open_)


@contextmanager
def _duckdb(inputs: Mapping[str, pa.Table]) -> Iterator[Any]:
    import duckdb

    connection = duckdb.connect(":memory:", config={"threads": 2})
    # Extensions would be downloaded.
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    for name, table in inputs.items():
        connection.register(name, table)
    try:
        yield connection
    finally:
        connection.close()


def _relation(connection: Any, model: Model, day: str) -> Any:
    __tracebackhide__ = True
    import duckdb

    try:
        # The SQL is a plugin's own declaration: code, not input. It may end in a comment.
        return connection.sql(f"SELECT * FROM (\n{model.sql_as_of(day)}\n) AS model")  # noqa: S608
    except duckdb.Error as error:
        _fails(model, error)


def _fetched(model: Model, relation: Any) -> pa.Table:
    __tracebackhide__ = True
    import duckdb

    try:
        return relation.to_arrow_table()
    except duckdb.Error as error:
        _fails(model, error)


def _fails(model: Model, error: Exception) -> NoReturn:
    __tracebackhide__ = True
    broken(
        f"the SQL of model {model.name} fails: {str(error).splitlines()[0]}",
        "correct it; it may read the relations in `inputs`, which have the columns of a history "
        f"({', '.join(history_schema().names)}) or those that the model declares",
    )


def _columns_of(relation: Any) -> list[tuple[str, str]]:
    return list(zip(relation.columns, map(str, relation.types), strict=True))


def _sorted(
    model: Model, columns: Sequence[tuple[str, str]], rows: Sequence[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    names = [name for name, _ in columns]
    places = [names.index(name) for name in model.grain if name in names]
    return sorted(rows, key=lambda row: [str(row[place]) for place in places])


def _refuse_other(
    model: Model,
    found: Sequence[tuple[Any, ...]],
    wanted: Sequence[tuple[Any, ...]],
    when: str,
    remedy: str,
) -> None:
    __tracebackhide__ = True
    if len(found) != len(wanted):
        broken(
            f"{when}, model {model.name} gives {len(found)} rows instead of {len(wanted)}", remedy
        )
    for row, other in zip(found, wanted, strict=True):
        if not all(map(_same, row, other)):
            broken(f"{when}, model {model.name} gives {row} instead of {other}", remedy)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12) or (math.isnan(one) and math.isnan(other))
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one == other
    return bool(one == other)


def _without_texts(sql: str) -> str:
    """Leave comments, texts and quoted names out."""
    return re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"", " ", sql, flags=re.DOTALL)


def _divides_integers(sql: str) -> bool:
    return (
        re.search(r"\bcount\s*\([^()]*\)\s*/\s*(count\s*\(|\d+\b(?!\.))", sql, re.IGNORECASE)
        is not None
    )

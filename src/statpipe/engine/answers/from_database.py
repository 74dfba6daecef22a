"""The rows of a Gold model from a database. Filters are part of the query, so indexes are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from statpipe.api import ConfigError, Database, Model
from statpipe.domain.gold_schema import gold_schema
from statpipe.engine.answers.rows import (
    NoRows,
    chosen_rows,
    exact_and_ranges,
    refuse_backward_ranges,
    refuse_other_columns,
)
from statpipe.engine.answers.words import Words

if TYPE_CHECKING:
    import pyarrow as pa


def rows_in_database(
    database: Database,
    model: Model,
    wanted: Mapping[str, Sequence[str]],
    day: date | None,
    words: Words,
) -> pa.Table:
    """
    Return the chosen rows of a model, in the order of its grain: the latest, or as of a date.

    :raises ConfigError: The database does not support dates for this model; or as
    :func:`~statpipe.engine.answers.rows.chosen_rows`.
    :raises Unavailable: The database cannot be reached.
    """
    refuse_other_columns(model, wanted)
    refuse_backward_ranges(wanted, words)
    relation = _relation(model, day, words)
    columns = [column.name for column in model.columns]
    kinds = {column.name: column.type for column in model.columns}
    order = ", ".join(
        f'"{name}" COLLATE "C"' if kinds[name] == "text" else f'"{name}"' for name in model.grain
    )
    conditions = [_condition(name, kinds[name], values) for name, values in wanted.items()]
    chosen = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    found = database.query(
        f"SELECT {_list(columns)} FROM {relation}{chosen} ORDER BY {order}"  # noqa: S608 - names are declared, values quoted
    )
    table = _table(found.rows, model, columns)
    if not wanted:
        return table
    try:
        return chosen_rows(table, model, wanted, words)
    except NoRows:
        # The reason and suggestions need the rows that were not chosen.
        named = [name for name in ("area_name", "category_name") if name in kinds]
        some = list(dict.fromkeys([*wanted, *named]))
        there = database.query(f"SELECT DISTINCT {_list(some)} FROM {relation}")  # noqa: S608 - as above
        chosen_rows(_table(there.rows, model, some), model, wanted, words)
        raise


def _relation(model: Model, day: date | None, words: Words) -> str:
    if day is None:
        return f'"{model.name}"'
    if not model.takes_date:
        msg = (
            f"the database has no function {model.name}_as_of; leave out sink to read the lake, "
            f"which supports {words.as_of} for every dated model"
        )
        raise ConfigError(msg)
    return f"\"{model.name}_as_of\"(DATE '{day.isoformat()}')"


def _list(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _condition(column: str, kind: str, values: Sequence[str]) -> str:
    exact, ranges = exact_and_ranges(column, values)
    name = f'"{column}"' if kind == "text" else f'CAST("{column}" AS text)'
    parts = [f"{name} IN ({', '.join(map(_quoted, exact))})"] if exact else []
    for first, last in (one.texts for one in ranges):  # further filters are applied afterwards
        least = f'{name} COLLATE "C" >= {_quoted(first)}'
        parts.append(least + (f' AND {name} COLLATE "C" <= {_quoted(last)}' if last else ""))
    return f"({' OR '.join(f'({part})' for part in parts)})"


def _quoted(text: str) -> str:
    if "\0" in text:
        raise ConfigError(f"{text!r} contains the character NUL, which no value contains")
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _table(rows: Sequence[tuple[object, ...]], model: Model, columns: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    declared = gold_schema(model)
    fields = [declared.field(name) for name in columns]
    plain = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in fields
    ]
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    arrays = [pa.array(column, one.type) for column, one in zip(values, plain, strict=True)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(plain))

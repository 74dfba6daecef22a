"""The rows of a Gold table that a reader asks for by code, period or any other text."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import combinations
from typing import TYPE_CHECKING, Any

from statpipe.api import ConfigError, Model
from statpipe.domain.period import in_one_form
from statpipe.engine.answers.period_range import range_of

if TYPE_CHECKING:
    import pyarrow as pa

_PERIOD = "time_period"
_NAMES = {"ref_area": "area_name", "category": "category_name"}
"""Columns of codes, and those with their names: a reader may have typed the name."""
_OPTIONS = {
    "ref_area": "--area",
    "category": "--category",
    "dataset": "--dataset",
    _PERIOD: "--period",
}
_COMPARABLE = ("text", "integer", "small", "date")
_SHOWN = 12
"""How many choices a message names."""


class NoRows(ConfigError):
    """
    What was chosen leaves no row; the message names the options at fault.
    """


def chosen_rows(table: pa.Table, model: Model, wanted: Mapping[str, Sequence[str]]) -> pa.Table:
    """
    Return the rows whose columns have one of the wanted values each.

    Of periods, ``2019:2021`` means all from the one to the other; either may be left out. They may be in
    any of the usual spellings.

    :raises ConfigError: The model has no such column, or a range of periods ends before it begins.
    :raises NoRows: A value is nowhere in its column, or no row has all of them together.
    """
    import pyarrow.compute as pc

    _refuse_other_columns(table, model, wanted)
    _refuse_backward_ranges(wanted.get(_PERIOD, ()))
    for column, values in wanted.items():
        for value in values:
            if not pc.any(_marks(table, column, [value]), min_count=0).as_py():
                raise NoRows(_nowhere(table, model, column, value))
    rows, before = table, ""
    for column, values in wanted.items():
        fewer = rows.filter(_marks(rows, column, values))
        if not len(fewer):
            what = f"{model.name} has no {column} {', '.join(values)}{before}"
            at_fault = _together(table, wanted)
            raise NoRows(f"{at_fault}: {what}{_there(rows, column, values[0])}")
        rows = fewer
        before += f"{',' if before else ' for'} {column} {', '.join(values)}"
    return rows


def _refuse_other_columns(table: pa.Table, model: Model, wanted: Iterable[str]) -> None:
    # A lake that another version of the plugin wrote may lack a column until the next run.
    types = {one.name: one.type for one in model.columns if one.name in table.column_names}
    for name in wanted:
        if name not in types:
            msg = f"model {model.name} has no column {name}; its columns are {', '.join(types)}"
            raise ConfigError(msg)
        if types[name] not in _COMPARABLE:
            there = ", ".join(one for one, kind in types.items() if kind in _COMPARABLE)
            msg = f"rows of {model.name} cannot be chosen by {name}, a {types[name]}; choose by {there}"
            raise ConfigError(msg)


def _refuse_backward_ranges(periods: Sequence[str]) -> None:
    for one in periods:
        first, last = range_of(one) or ("", "")
        if last and last < first:
            msg = f"--period {one} ends before it begins; say --period {last}:{first}"
            raise ConfigError(msg)


def in_option(column: str, values: Sequence[str]) -> str:
    """
    Return the option by which a reader chose these values of a column.
    """
    if column in _OPTIONS:
        return f"{_OPTIONS[column]} {','.join(values)}"
    return f"--where {column}={','.join(values)}"


def in_options(wanted: Mapping[str, Sequence[str]]) -> str:
    """
    Return all options by which a reader chose.
    """
    return " ".join(in_option(column, values) for column, values in wanted.items())


def _together(table: pa.Table, wanted: Mapping[str, Sequence[str]]) -> str:
    """Name the fewest options that leave no row together."""
    import pyarrow.compute as pc

    marks = {column: _marks(table, column, values) for column, values in wanted.items()}
    for size in range(2, len(wanted)):
        for some in combinations(wanted, size):
            if not pc.any(reduce(pc.and_, [marks[name] for name in some])).as_py():
                chosen = {name: wanted[name] for name in some}
                return f"no row has all of {in_options(chosen)}"
    return f"no row has all of {in_options(wanted)}"


def _marks(table: pa.Table, column: str, values: Sequence[str]) -> Any:
    """Mark the rows that have one of the values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = table[column].cast(pa.string())
    ranges, exact = [], list(values)
    if column == _PERIOD:
        ranges = [ends for ends in map(range_of, values) if ends]
        exact = [text for one in values if not range_of(one) for text in (one, in_one_form(one))]
    marks = pc.is_in(texts, value_set=pa.array(exact, pa.string()))
    for first, last in ranges:
        within = pc.greater_equal(texts, first)
        if last:
            within = pc.and_(within, pc.less_equal(texts, last))
        marks = pc.or_(marks, within)
    return marks


def _nowhere(table: pa.Table, model: Model, column: str, value: str) -> str:
    what = f"{model.name} has no {column} {value}{_there(table, column, value)}"
    return f"{in_option(column, [value])}: {what}"


def _there(table: pa.Table, column: str, value: str) -> str:
    """Say, to put behind a message, what there is instead."""
    codes = _texts(table, column)
    if not codes:
        return "; it has no row"
    if column == _PERIOD:
        return f"; it has {codes[0]} to {codes[-1]}" if len(codes) > 1 else f"; it has {codes[0]}"
    names = _names(table, column)
    by_text = {name.casefold(): code for code, name in names.items()}
    by_text |= {code.casefold(): code for code in codes}
    close = difflib.get_close_matches(value.casefold(), by_text, n=1)
    if close:
        code = by_text[close[0]]
        named = f" ({names[code]})" if code in names else ""
        return f"; did you mean {code!r}{named}?"
    more = f", and {len(codes) - _SHOWN:,} more" if len(codes) > _SHOWN else ""
    return f"; it has {', '.join(codes[:_SHOWN])}{more}"


def _names(table: pa.Table, column: str) -> dict[str, str]:
    named = _NAMES.get(column)
    if named not in table.column_names:
        return {}
    pairs = table.select([column, named]).group_by([column, named]).aggregate([])
    return dict(zip(pairs[column].to_pylist(), pairs[named].to_pylist(), strict=True))


def _texts(table: pa.Table, column: str) -> list[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.unique(table[column].cast(pa.string())).to_pylist()
    return sorted(text for text in found if text is not None)

"""The rows of a Gold table that a reader chooses by code, period or any other text."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import reduce
from itertools import combinations
from typing import TYPE_CHECKING, Any

from statpipe.api import ConfigError, Model
from statpipe.domain.period import in_one_form
from statpipe.engine.answers.period_range import PeriodRange, range_of
from statpipe.engine.answers.words import OPTIONS, Words

if TYPE_CHECKING:
    import pyarrow as pa

_PERIOD = "time_period"
_NAMES = {"ref_area": "area_name", "category": "category_name"}
"""Columns of codes, and the columns with their names, because a reader may type a name."""
_COMPARABLE = ("text", "integer", "small", "date")
_SHOWN = 12
"""How many choices a message names."""


class NoRows(ConfigError):
    """
    No row matches the choice; the message names the options at fault.
    """


def chosen_rows(
    table: pa.Table,
    model: Model,
    wanted: Mapping[str, Sequence[str]],
    words: Words = OPTIONS,
) -> pa.Table:
    """
    Return the rows whose columns each have one of the wanted values. Messages use these *words*.

    The range ``2019:2021`` means all periods from the first to the last; either may be left out.
    Periods may have any common spelling.

    :raises ConfigError: The model has no such column, or a range of periods ends before it begins.
    :raises NoRows: A value is not in its column, or no row matches all of them.
    """
    import pyarrow.compute as pc

    refuse_other_columns(model, wanted, table.column_names)
    refuse_backward_ranges(wanted, words)
    marks = []
    for column, values in wanted.items():
        of_each = [_marks(table, column, [value]) for value in values]
        for value, found in zip(values, of_each, strict=True):
            if not pc.any(found, min_count=0).as_py():
                what = f"{model.name} has no {column} {value}{_there(table, column, value)}"
                raise NoRows(f"{words.choice(column, [value])}: {what}")
        marks.append(reduce(pc.or_, of_each))
    rows = table.filter(reduce(pc.and_, marks)) if marks else table
    if not len(rows) and marks:
        raise _no_rows(table, model, wanted, words)
    return rows


def _no_rows(
    table: pa.Table, model: Model, wanted: Mapping[str, Sequence[str]], words: Words
) -> NoRows:
    """Say which choice leaves no row, of choices that each match one."""
    rows, before = table, ""
    for column, values in wanted.items():
        fewer = rows.filter(_marks(rows, column, values))
        if not len(fewer):
            what = f"{model.name} has no {column} {', '.join(values)}{before}"
            at_fault = _together(table, wanted, words)
            return NoRows(f"{at_fault}: {what}{_there(rows, column, values[0])}")
        rows = fewer
        before += f"{',' if before else ' for'} {column} {', '.join(values)}"
    return NoRows(f"no row matches all of {words.choices(wanted)}")


def refuse_other_columns(
    model: Model, wanted: Iterable[str], there: Collection[str] | None = None
) -> None:
    """
    Refuse columns that cannot choose rows. *there* are the table's columns.

    :raises ConfigError: The model has no such column, or it holds figures.
    """
    # A lake written by another version of the plugin may lack a column until the next run.
    types = {one.name: one.type for one in model.columns if there is None or one.name in there}
    for name in wanted:
        if name not in types:
            msg = f"model {model.name} has no column {name}; its columns are {', '.join(types)}"
            raise ConfigError(msg)
        if types[name] not in _COMPARABLE:
            those = ", ".join(one for one, kind in types.items() if kind in _COMPARABLE)
            msg = f"rows of {model.name} cannot be chosen by {name}, a {types[name]}; choose by {those}"
            raise ConfigError(msg)


def refuse_backward_ranges(wanted: Mapping[str, Sequence[str]], words: Words = OPTIONS) -> None:
    """
    Refuse a range of periods that ends before it begins.

    :raises ConfigError: A range ends before it begins.
    """
    for one in wanted.get(_PERIOD, ()):
        found = range_of(one)
        if found and found.is_backward:
            given, turned = (words.choice(_PERIOD, [text]) for text in (one, found.turned))
            raise ConfigError(f"{given} ends before it begins; use {turned}")


def _together(table: pa.Table, wanted: Mapping[str, Sequence[str]], words: Words) -> str:
    """Return the fewest options that together match no row."""
    import pyarrow.compute as pc

    marks = {column: _marks(table, column, values) for column, values in wanted.items()}
    for size in range(2, len(wanted)):
        for some in combinations(wanted, size):
            if not pc.any(reduce(pc.and_, [marks[name] for name in some])).as_py():
                chosen = {name: wanted[name] for name in some}
                return f"no row matches all of {words.choices(chosen)}"
    return f"no row matches all of {words.choices(wanted)}"


def exact_and_ranges(column: str, values: Sequence[str]) -> tuple[list[str], list[PeriodRange]]:
    """
    Return the wanted texts of a column, and the wanted ranges of periods.
    """
    if column != _PERIOD:
        return list(values), []
    exact = [text for one in values if not range_of(one) for text in (one, in_one_form(one))]
    return list(dict.fromkeys(exact)), [one for one in map(range_of, values) if one]


def exact_texts(wanted: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """
    Return the wanted texts of each column, without columns for which a range is wanted.
    """
    found = {column: exact_and_ranges(column, values) for column, values in wanted.items()}
    return {column: exact for column, (exact, ranges) in found.items() if not ranges}


def _marks(table: pa.Table, column: str, values: Sequence[str]) -> Any:
    """Mark the rows that have one of the values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    exact, ranges = exact_and_ranges(column, values)
    if ranges:
        there = _texts(table, column)
        exact = [*exact, *(text for one in ranges for text in one.within(there))]
    those = pa.array(exact, pa.string())

    def of_chunk(chunk: Any) -> Any:
        if pa.types.is_dictionary(chunk.type):  # look at each text once, not at each row
            return pc.is_in(chunk.dictionary, value_set=those).take(chunk.indices)
        return pc.is_in(chunk.cast(pa.string()), value_set=those)

    return pa.chunked_array(map(of_chunk, table[column].chunks), pa.bool_())


def _there(table: pa.Table, column: str, value: str) -> str:
    """Return the end of a message: the values that exist instead."""
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

"""Keys as numbers, which answer the first question of a check without SQL; for most tables that is
enough.

A DuckDB query takes some milliseconds even on a small table, and a source may have hundreds of
tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from statpipe.domain.codes import encoded, one_array
from statpipe.domain.difference import numbered

if TYPE_CHECKING:
    import pyarrow as pa


def numbers_of(table: pa.Table, names: Sequence[str]) -> pa.Array:
    """
    Return a number for each row; rows that are equal in these columns get the same number.
    """
    return numbered(_coded(table, names), names)


def repeats_a_key(table: pa.Table, key: Sequence[str]) -> bool:
    """
    Return whether two rows have the same key.
    """
    import pyarrow.compute as pc

    return bool(pc.count_distinct(numbers_of(table, key)).as_py() < len(table))


def absent(table: pa.Table, other: pa.Table, key: Sequence[str]) -> int:
    """
    Count the rows of a table whose key is not in another one.
    """
    import pyarrow.compute as pc

    own, others = numbers_across([table, other], key)
    return len(table) - (pc.sum(pc.is_in(own, value_set=others)).as_py() or 0)


def numbers_across(tables: Sequence[pa.Table], names: Sequence[str]) -> list[pa.Array]:
    """
    Number the rows of several tables, as :func:`numbers_of` does: equal rows have one number in all of them.
    """
    import pyarrow as pa

    coded = [_coded(table, names) for table in tables]
    numbers = numbered(pa.concat_tables(coded).unify_dictionaries(), names)
    ends = list(accumulate(map(len, tables), initial=0))
    return [numbers[start:end] for start, end in pairwise(ends)]


def alike_in_a_row(table: pa.Table, key: Sequence[str]) -> int:
    """
    Count the figures that equal the one before them in their series and are not zero.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    table = table.select([*key, "obs_value"]).filter(pc.is_valid(table["obs_value"]))
    series = numbers_of(table, [name for name in key if name != "time_period"])
    periods = encoded(table["time_period"])
    places = pc.rank(periods.dictionary, tiebreaker="dense").cast(pa.int64())
    order = pc.sort_indices(
        pa.table({"series": series, "period": places.take(periods.indices)}),
        sort_keys=[("series", "ascending"), ("period", "ascending")],
    )
    series, values = series.take(order), one_array(table["obs_value"]).take(order)
    alike = pc.and_(pc.equal(values[1:], values[:-1]), pc.equal(series[1:], series[:-1]))
    return pc.sum(pc.and_(alike, pc.not_equal(values[1:], 0))).as_py() or 0


def combinations(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """
    Return each combination of values in some columns once, from the first row that has it.

    A table has many rows and few areas or categories; SQL about these needs no more than this.
    """
    import pyarrow as pa

    table = table.select(list(names))
    rows = pa.table({"number": numbered(table, names), "row": pa.arange(0, len(table))})
    first = rows.group_by("number", use_threads=False).aggregate([("row", "min")])["row_min"]
    return table.take(first.sort())


def _coded(table: pa.Table, names: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    return pa.table({name: _distinct(encoded(table[name])) for name in names})


def _distinct(codes: pa.DictionaryArray) -> pa.DictionaryArray:
    """Return the array with one code per distinct text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.count_distinct(codes.dictionary).as_py() == len(codes.dictionary):
        return codes
    return codes.cast(pa.string()).dictionary_encode()

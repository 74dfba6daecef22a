"""Keys as numbers: the first question of a check needs no SQL then, and most tables need no other.

Asking DuckDB takes some thousandths of a second, however small a table is, and a source may have hundreds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from statpipe.domain.codes import encoded, one_array
from statpipe.domain.difference import numbered

if TYPE_CHECKING:
    import pyarrow as pa


def numbers_of(table: pa.Table, names: Sequence[str]) -> pa.Array:
    """
    Give rows that are equal in these columns of codes one number, and others different numbers.
    """
    import pyarrow as pa

    return numbered(pa.table({name: _distinct(encoded(table[name])) for name in names}), names)


def repeats_a_key(table: pa.Table, key: Sequence[str]) -> bool:
    """
    Tell whether two rows have one key.
    """
    import pyarrow.compute as pc

    return bool(pc.count_distinct(numbers_of(table, key)).as_py() < len(table))


def alike_in_a_row(table: pa.Table, key: Sequence[str]) -> int:
    """
    Count the figures that equal the one before them in their series.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    table = table.filter(pc.is_valid(table["obs_value"]))
    series = numbers_of(table, [name for name in key if name != "time_period"])
    periods = encoded(table["time_period"])
    places = pc.rank(periods.dictionary, tiebreaker="dense").cast(pa.int64())
    order = pc.sort_indices(
        pa.table({"series": series, "period": places.take(periods.indices)}),
        sort_keys=[("series", "ascending"), ("period", "ascending")],
    )
    series, values = series.take(order), one_array(table["obs_value"]).take(order)
    alike = pc.and_(pc.equal(values[1:], values[:-1]), pc.equal(series[1:], series[:-1]))
    return pc.sum(alike).as_py() or 0


def _distinct(codes: pa.DictionaryArray) -> pa.DictionaryArray:
    """Let each text have one code."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pc.count_distinct(codes.dictionary).as_py() == len(codes.dictionary):
        return codes
    return codes.cast(pa.string()).dictionary_encode()

"""Silver that an older version wrote, in today's columns.

The next run rebuilds it from Bronze. Silver that cannot be rebuilt, for example because its dataset
is no longer configured, is still readable, so nothing is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from statpipe.domain.codes import encoded, nothing, used_texts
from statpipe.domain.observation import silver_schema
from statpipe.domain.period import read_period
from statpipe.domain.printed import exact_type, fewest_places

if TYPE_CHECKING:
    import pyarrow as pa


def in_todays_columns(table: pa.Table) -> pa.Table:
    """
    Return Silver of any version with all of today's columns.

    Older versions did not store printed decimal places, so figures have the fewest possible.
    """
    return _with_iso(_with_decimals(_with_period_end(table)))


def _with_iso(table: pa.Table) -> pa.Table:
    if "iso_3166" in table.column_names:
        return table
    place = table.schema.get_field_index("geo_name")
    field = silver_schema().field("iso_3166")
    return table.add_column(place, field, nothing(len(table)))


def _with_decimals(table: pa.Table) -> pa.Table:
    if "decimals" in table.column_names:
        return table
    schema = silver_schema()
    place = table.schema.get_field_index("obs_value")
    values = table["obs_value"].combine_chunks().cast(exact_type())
    table = table.set_column(place, schema.field("obs_value"), values)
    return table.add_column(place + 1, schema.field("decimals"), fewest_places(values))


def _with_period_end(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    if "period_end" in table.column_names:
        return table
    # Each dataset had one frequency, and reporting years were calendar years.
    codes = encoded(table["time_period"])
    (freq,) = used_texts(encoded(table["freq"])) or ["A"]
    texts = codes.dictionary.to_pylist()
    ends = pa.array([read_period(text, freq).end for text in texts], pa.date32())
    place = table.schema.get_field_index("period_start") + 1
    return table.add_column(place, silver_schema().field("period_end"), ends.take(codes.indices))

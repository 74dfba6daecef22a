"""Silver that an older version wrote, in today's columns.

The next run makes it anew from Bronze. What it cannot make, such as a dataset that is no longer
configured, is read as it is, so that nothing of it is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from statpipe.domain.observation import silver_schema
from statpipe.domain.printed import exact_type, fewest_places

if TYPE_CHECKING:
    import pyarrow as pa


def in_todays_columns(table: pa.Table) -> pa.Table:
    """
    Return Silver, of whatever version, with all of today's columns.

    Older versions did not keep how many places a figure was printed with: it has the fewest.
    """
    if "decimals" in table.column_names:
        return table
    schema = silver_schema()
    place = table.schema.get_field_index("obs_value")
    values = table["obs_value"].combine_chunks().cast(exact_type())
    table = table.set_column(place, schema.field("obs_value"), values)
    return table.add_column(place + 1, schema.field("decimals"), fewest_places(values))

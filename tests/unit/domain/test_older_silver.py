"""Silver of older versions, read in today's columns."""

import pyarrow as pa

from statpipe.domain.older_silver import in_todays_columns
from support.observations import row, sealed

LARGEST = "99999999999999999999.99999999"


def as_before(table):
    """The same rows as a version wrote them that knew 8 places and did not count those printed."""
    place = table.schema.get_field_index("obs_value")
    values = table["obs_value"].cast(pa.decimal128(28, 8))
    table = table.set_column(place, "obs_value", values)
    return table.drop_columns(["decimals", "period_end"])


def test_silver_of_an_older_version_is_read_with_the_fewest_decimal_places():
    values = ("1.50", LARGEST, "-0.00000001", "391059.0", "0.0", None)
    rows = [
        row(category=f"T:{n}", value=value, obs_status="A" if value else "O")
        for n, value in enumerate(values)
    ]
    today = sealed(*rows)
    found = in_todays_columns(as_before(today))
    assert found.schema.equals(today.schema, check_metadata=True)
    assert found.drop_columns(["decimals"]).equals(today.drop_columns(["decimals"]))
    assert found["decimals"].to_pylist() == [1, 8, 8, 0, 0, None]
    assert in_todays_columns(today) is today

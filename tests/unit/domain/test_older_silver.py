"""Silver of older versions, read in today's columns."""

from datetime import date
from decimal import Decimal

import pyarrow as pa

from statpipe.domain.history import Published, history
from statpipe.domain.older_silver import in_todays_columns
from statpipe.domain.vintage import Vintage
from support.observations import row, sealed

LARGEST = "99999999999999999999.99999999"


def as_before(table):
    """The same rows as a version wrote them that knew 8 places and did not count those printed."""
    place = table.schema.get_field_index("obs_value")
    values = table["obs_value"].cast(pa.decimal128(28, 8))
    return table.drop_columns(["decimals"]).set_column(place, "obs_value", values)


def test_silver_of_an_older_version_has_the_fewest_places():
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


def test_old_and_new_silver_make_one_history():
    old = in_todays_columns(as_before(sealed(row(value="391059.0"))))
    new = sealed(row(value="391059.0"), row(period="2021"), vintage="2021-01-01")
    made = history(
        [
            Published(vintage=Vintage(released=date(year, 1, 1), note="", token=""), table=table)
            for year, table in ((2020, old), (2021, new))
        ]
    )
    assert made["obs_value"].to_pylist() == [Decimal(391059), Decimal("1.5")]
    assert made["decimals"].to_pylist() == [0, 1]
    assert made["vintage"].to_pylist() == ["2020-01-01", "2021-01-01"]

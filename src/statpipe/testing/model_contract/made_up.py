"""A made-up history that replaces that of any source."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from statpipe.api import Area, Category, Dataset
from statpipe.testing.snapshots import history_of

if TYPE_CHECKING:
    import pyarrow as pa


def made_up_history() -> pa.Table:
    """
    Return a history with revisions, a missing figure, zeros, a negative figure, two equal ones, a
    dropped cell, a parent and a part, and an area with figures with many digits.
    """
    dataset = Dataset(
        name="T1",
        title="Made up",
        normalizer="n",
        areas=(
            Area(code="US", name="United States", level="country", geo_fips="00000"),
            *(
                Area(code=c, name=c, level="state", geo_fips=f, parent="US")
                for c, f in (("CA", "06000"), ("NY", "36000"), ("TX", "48000"))
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
    # As many decimal places as agencies print, and more; digits that do not fit into a float.
    first["TX", "T1:1", "2019"] = "98765432109876.123456789012"
    first["TX", "T1:1", "2020"] = "98765432109876.123456789013"
    first["TX", "T1:1", "2021"] = "-0.000000000004"
    first["TX", "T1:1", "2022"] = "701.123456789"
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

"""What a selection asks for, also of a table whose area and category are made later."""

import pyarrow as pa
import pytest

from statpipe.domain.dataset import Dataset
from statpipe.domain.dimension import Code, Dimension
from statpipe.domain.errors import ContentError
from statpipe.domain.observation import observations_from_rows
from statpipe.domain.seal import seal
from statpipe.domain.selection import EVERYTHING, Selection
from statpipe.domain.whole_key import selected

CURRENCY = Dimension(
    id="CURRENCY",
    name="Currency",
    codes=(Code(code="USD", name="Dollar"), Code(code="GBP", name="Pound")),
)
TYPE = Dimension(id="EXR_TYPE", name="Type")


def rates(selection):
    return Dataset(
        name="EXR", title="Rates", normalizer="n", dimensions=(CURRENCY, TYPE), selection=selection
    )


def table(*codes):
    rows = [
        {"currency": code, "exr_type": "SP00", "time_period": year, "obs_value": 1}
        for code in codes
        for year in ("2020", "2021")
    ]
    return observations_from_rows(rows)


@pytest.mark.parametrize(
    ("selection", "rows"),
    [
        (EVERYTHING, 4),
        (Selection(areas=("_Z",)), 4),
        (Selection(areas=("US",)), 0),
        (Selection(categories=("USD.SP00",)), 2),
        (Selection(periods=("2021",)), 2),
        (Selection(where={"currency": ("GBP",)}, periods=("2021",)), 1),
    ],
)
def test_rows_are_selected_as_if_the_table_had_its_key(selection, rows):
    whole, dataset = table("USD", "GBP"), rates(selection)
    found = selected(whole, dataset)
    assert len(found) == rows
    assert found.schema == whole.schema
    asked = selection.rows_of(seal(whole, dataset, "2024-01-09"))
    assert seal(found, dataset, "2024-01-09").to_pylist() == asked.to_pylist()


def test_a_table_with_its_own_key_is_selected_by_it():
    rows = [
        {"ref_area": area, "category": "1", "time_period": "2020", "obs_value": 1}
        for area in ("CA", "NY")
    ]
    dataset = Dataset(name="T", title="t", normalizer="n", selection=Selection(areas=("NY",)))
    found = selected(observations_from_rows(rows), dataset)
    assert found["ref_area"].to_pylist() == ["NY"]


def test_a_row_without_a_category_is_refused_and_a_missing_dimension_left_to_sealing():
    asked = rates(Selection(categories=("USD.SP00",)))
    there = table("USD")
    place = there.column_names.index("currency")
    without = there.set_column(place, "currency", pa.array([None, "USD"]))
    with pytest.raises(ContentError, match="1 of 2 rows have no CURRENCY"):
        selected(without, asked)
    lacking = table("USD").drop_columns(["exr_type"])
    assert selected(lacking, asked) is lacking
    with pytest.raises(ContentError, match="lacks exr_type"):
        seal(lacking, asked, "2024-01-09")

"""The columns of Silver, and rows from a normalizer."""

from decimal import Decimal

import pytest

from statpipe.domain.dataset import Dataset
from statpipe.domain.dimension import Dimension
from statpipe.domain.errors import ContentError
from statpipe.domain.observation import COLUMNS, observation, observations_from_rows, silver_schema
from support.observations import row, sealed


def test_silver_has_every_column_with_its_description():
    table = sealed(row())
    assert table.schema.names == [column.name for column in COLUMNS]
    for column in COLUMNS:
        assert (
            table.schema.field(column.name).metadata[b"description"] == column.description.encode()
        )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "binary float"),
        ("x", "'x' is not a figure; expected digits with at most"),
        ("NaN", "is not a figure"),
        ("Infinity", "is not a figure"),
        ("1.1234567890123456789", "has 19 decimal places; expected up to 20 digits"),
        ("1,5", "is not a figure"),
        (True, "is not a figure"),
        ("9" * 21, "has 21 digits before the point"),
        ("-1e20", "has 21 digits before the point"),
    ],
)
def test_rows_only_accept_exact_figures(value, text):
    with pytest.raises(ContentError, match=text):
        observations_from_rows([row(value=value)])


@pytest.mark.parametrize(
    ("value", "figure", "places"),
    [
        ("1.1000000000000001", "1.1", 1),  # as a workbook holds 1.1
        (0.1 + 0.2, "0.30000000000000004", 17),
        ("1.2999999999999999E-5", "0.000013", 6),
        (1852.0, "1852", 0),
        ("-0", "0", 0),
        (None, None, None),
    ],
)
def test_binary_doubles_become_the_shortest_decimals_on_request(value, figure, places):
    table = observations_from_rows([row(value=value)], doubles=True)
    wanted = None if figure is None else Decimal(figure)
    assert (table["obs_value"].to_pylist(), table["decimals"].to_pylist()) == ([wanted], [places])


@pytest.mark.parametrize("value", [float("nan"), "Infinity", "1_5", "x", "1e999", True])
def test_infinite_and_undefined_doubles_are_refused(value):
    with pytest.raises(ContentError, match="is not a figure"):
        observations_from_rows([row(value=value)], doubles=True)


@pytest.mark.parametrize(
    ("wrong", "cell"),
    [
        (
            {"ref_area": "CA", "category": "T:1", "time_period": "2020"},
            "ref_area CA, category T:1, time_period 2020",
        ),
        (
            {"currency": "USD", "currency_name": "Dollar", "freq": "A", "time_period": "2020"},
            "currency USD, freq A, time_period 2020",
        ),
    ],
)
@pytest.mark.parametrize("value", ["0.1234567890123456789", "x", 1.5])
def test_the_refusal_of_a_figure_names_its_cell(wrong, cell, value):
    good = wrong | {"time_period": "2019", "obs_value": "1"}
    with pytest.raises(ContentError) as caught:
        observations_from_rows([good, wrong | {"obs_value": value, "notes": "n"}])
    assert str(caught.value).endswith(f" (row 1 of the normalizer's table: {cell})")


@pytest.mark.parametrize("more", [{"sign": 1000}, {"ref_area": 6}, {"period_start": "2020-01-01"}])
def test_a_row_with_a_value_of_the_wrong_type_names_its_column(more):
    (name,) = more
    with pytest.raises(ContentError, match=f"column {name} contains something other than"):
        observations_from_rows([row() | more])


def test_a_column_may_first_occur_in_any_row():
    dataset = Dataset(
        name="T", title="t", normalizer="n", dimensions=(Dimension(id="sex", name="Sex"),)
    )
    with pytest.raises(ContentError, match="1 of 2 rows have no sex"):
        sealed(row(), row(sex="F"), dataset=dataset)
    notes = sealed(row(), row(period="2021", notes="revised"))["notes"].to_pylist()
    assert notes == [None, "revised"]


def test_no_rows_give_an_empty_silver_table():
    made = sealed()
    assert made.num_rows == 0
    assert made.schema == silver_schema()


def test_a_printed_figure_becomes_a_row():
    """With its exact value, and other columns as they are given."""
    assert observation("CAL", "fine", "2024", "1.852,50", mark=",", grouping=".", notes="n") == {
        "ref_area": "CAL",
        "category": "fine",
        "time_period": "2024",
        "obs_value": Decimal("1852.50"),
        "obs_status": "A",
        "source_symbol": None,
        "notes": "n",
    }


def test_what_stands_in_place_of_a_figure_is_the_reason_that_there_is_none():
    row = observation("CAL", "fine", "2024", "(D)", {"(D)": "Q"})
    assert (row["obs_value"], row["obs_status"], row["source_symbol"]) == (None, "Q", "(D)")


@pytest.mark.parametrize(("printed", "error"), [("(L)", ValueError), (12.5, TypeError)])
def test_what_is_neither_is_refused(printed, error):
    with pytest.raises(error):
        observation("CAL", "fine", "2024", printed, {"(D)": "Q"})

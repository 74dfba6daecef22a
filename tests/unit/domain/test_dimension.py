"""A dimension has columns of its own, which are never those of statpipe's tables."""

import pytest

from statpipe.api.gold.columns import STANDARD
from statpipe.domain.dimension import RESERVED, Dimension, names_column
from statpipe.domain.errors import ContentError
from statpipe.domain.history import changes_schema, history_schema


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("CURRENCY", "currency"),
        ("UNIT", "dim_unit"),
        ("AREA", "dim_area"),
        ("FREQ", "dim_freq"),
        ("SEQUENCE", "dim_sequence"),
        ("AGE-GROUP", "age_group"),
        ("category", "dim_category"),
        ("SEX_NAME", "dim_sex_name"),
        ("DIM_UNIT", "dim_dim_unit"),
        ("X" * 58, "x" * 58),
        ("X" * 59, "x" * 49 + "_6e20a119"),
    ],
)
def test_the_column_of_a_dimension_is_its_lower_case_name_unless_taken(name, column):
    assert Dimension(id=name, name="x").column == column


def test_columns_of_silver_and_gold_are_never_used_for_dimensions():
    tables = {*history_schema().names, *changes_schema().names}
    latest = {
        "area_name",
        "category_name",
        "value",
        "value_float",
        "state_fips",
        "iso_3166",
        "year",
    }
    assert latest <= set(STANDARD)
    for name in {*tables, *latest}:
        one = Dimension(id=name, name="x")
        assert one.column not in STANDARD, name
        assert names_column(one.column) not in STANDARD, name
        assert name in RESERVED, name


def test_dimensions_have_distinct_columns_within_postgresqls_limit():
    long = "X" * 70
    ids = [
        "ITEM",
        "ITEM_NAME",
        "UNIT",
        "DIM_UNIT",
        "DIM_DIM_UNIT",
        long,
        f"{long}A",
        f"{long}_NAME",
    ]
    made = [Dimension(id=one, name="x").column for one in ids]
    both = [*made, *map(names_column, made)]
    assert len(set(both)) == len(both)
    assert max(map(len, both)) <= 63


@pytest.mark.parametrize("given", ["", "1ST", "EXR TYPE", "EXR\ud800", None])
def test_an_identifier_that_gives_no_column_name_is_a_content_error(given):
    with pytest.raises(ContentError, match="expected an identifier of letters, digits"):
        Dimension(id=given, name="Type")

"""Codes that a dataset does not list: added as the payload describes them, or left for sealing to refuse."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api import Area, Category, ContentError, Dataset
from statpipe.domain.new_codes import NewCode, with_new_codes

DATASET = Dataset(
    name="tea",
    title="Tea",
    normalizer="x",
    areas=(Area(code="CAL", name="Calcutta", level="port"),),
    categories=(Category(code="dust", name="Dust", unit_measure="rupees"),),
)


def table(*rows, names=True):
    columns = ("ref_area", "geo_name", "category", "category_name")
    made = pa.table({name: pa.array([row[n] for row in rows]) for n, name in enumerate(columns)})
    made = made.append_column("obs_value", pa.array(range(len(rows))))
    return made if names else made.drop_columns(["geo_name", "category_name"])


KNOWN = ("CAL", "Calcutta", "dust", "Dust")
AREA = ("COC", "Cochin", "dust", "Dust")
CATEGORY = ("CAL", "Calcutta", "leaf", "Leaf")
BOTH = ("COC", "Cochin", "leaf", "Leaf")


def test_a_dataset_whose_lists_have_all_codes_stays_as_it_is():
    assert with_new_codes(table(KNOWN), DATASET) == (DATASET, ())


def test_new_codes_are_added_under_the_names_that_are_printed():
    described, new = with_new_codes(table(AREA, KNOWN, CATEGORY, BOTH), DATASET)
    assert described.areas == (*DATASET.areas, Area(code="COC", name="Cochin", level="area"))
    assert described.categories == (
        *DATASET.categories,
        Category(code="leaf", name="Leaf", unit_measure="number"),
    )
    assert new == (
        NewCode(column="category", code="leaf", name="Leaf"),
        NewCode(column="ref_area", code="COC", name="Cochin"),
    )


def test_a_new_code_is_described_by_what_else_the_table_says():
    made = table(KNOWN, BOTH)
    for name, values in (
        ("unit_measure", ["rupees", "pence"]),
        ("unit_mult", [0, 3]),
        ("parent_category", [None, "dust"]),
        ("geo_level", ["port", "harbour"]),
        ("geo_fips", ["1", "2"]),
    ):
        made = made.append_column(name, pa.array(values))
    described, _ = with_new_codes(made, DATASET)
    assert described.areas[-1] == Area(code="COC", name="Cochin", level="harbour", geo_fips="2")
    assert described.categories[-1] == Category(
        code="leaf", name="Leaf", unit_measure="pence", unit_mult=3, parent="dust"
    )


@pytest.mark.parametrize(
    "made", [table(KNOWN, AREA, names=False), table(KNOWN, ("COC", None, "dust", "Dust"))]
)
def test_a_code_without_a_name_may_be_a_misreading_and_is_left_for_sealing_to_refuse(made):
    assert with_new_codes(made, DATASET) == (DATASET, ())


def test_a_dataset_without_code_lists_has_no_new_codes():
    plain = Dataset(name="tea", title="Tea", normalizer="x")
    assert with_new_codes(table(AREA, CATEGORY), plain) == (plain, ())


def test_a_table_of_new_codes_alone_is_refused():
    with pytest.raises(
        ContentError, match=r"none of its rows has codes .* category 'leaf' \(Leaf\)"
    ):
        with_new_codes(table(CATEGORY), DATASET)


@given(st.lists(st.sampled_from([KNOWN, AREA, CATEGORY, BOTH]), min_size=1))
def test_just_the_codes_that_are_not_listed_are_new(rows):
    described, new = with_new_codes(table(KNOWN, *rows), DATASET)
    assert {one.code for one in new} == {
        code for row in rows for code in (row[0], row[2]) if code not in {"CAL", "dust"}
    }
    listed = {one.code for one in (*described.areas, *described.categories)}
    assert listed == {"CAL", "dust", *(one.code for one in new)}

"""Codes that a dataset does not list: set aside by name, or left for sealing to refuse."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api import Area, Category, ContentError, Dataset
from statpipe.domain.new_codes import NewCode, without_new_codes

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


def test_a_table_of_listed_codes_stays_as_it_is():
    given_table = table(KNOWN)
    assert without_new_codes(given_table, DATASET) == (given_table, ())


def test_rows_of_new_codes_are_set_aside_under_the_names_that_are_printed():
    known, new = without_new_codes(table(AREA, KNOWN, CATEGORY, BOTH), DATASET)
    assert known["obs_value"].to_pylist() == [1]
    assert new == (
        NewCode(column="category", code="leaf", name="Leaf"),
        NewCode(column="ref_area", code="COC", name="Cochin"),
    )


@pytest.mark.parametrize(
    "made", [table(KNOWN, AREA, names=False), table(KNOWN, ("COC", None, "dust", "Dust"))]
)
def test_a_code_without_a_name_may_be_a_misreading_and_stays_for_sealing_to_refuse(made):
    assert without_new_codes(made, DATASET) == (made, ())


def test_a_dataset_without_code_lists_has_no_new_codes():
    plain = Dataset(name="tea", title="Tea", normalizer="x")
    made = table(AREA, CATEGORY)
    assert without_new_codes(made, plain) == (made, ())


def test_a_table_of_new_codes_alone_is_refused():
    with pytest.raises(
        ContentError, match=r"none of its rows has codes .* category 'leaf' \(Leaf\)"
    ):
        without_new_codes(table(CATEGORY), DATASET)


@given(st.lists(st.sampled_from([KNOWN, AREA, CATEGORY, BOTH]), min_size=1))
def test_what_stays_is_exactly_what_is_listed(rows):
    rows = [KNOWN, *rows]
    known, new = without_new_codes(table(*rows), DATASET)
    assert known["obs_value"].to_pylist() == [n for n, row in enumerate(rows) if row == KNOWN]
    assert {one.code for one in new} == {
        code for row in rows for code in (row[0], row[2]) if code not in {"CAL", "dust"}
    }

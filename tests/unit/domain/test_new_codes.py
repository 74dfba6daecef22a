"""Codes that a dataset does not list: added as the payload describes them, or left for sealing to refuse."""

import attrs
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api import Area, Category, Code, ContentError, Dataset, Dimension
from statpipe.domain.new_codes import NewCode, with_new_codes
from statpipe.domain.observation import observations_from_rows
from statpipe.domain.seal import seal
from statpipe.domain.selection import EVERYTHING, Selection
from statpipe.domain.whole_key import selected

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


def test_a_dataset_with_complete_lists_stays_unchanged():
    assert with_new_codes(table(KNOWN), DATASET) == (DATASET, ())


def test_new_codes_are_added_under_their_printed_names():
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


def test_a_new_code_is_described_by_other_columns_of_the_table():
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
def test_a_code_without_a_name_is_left_for_sealing_to_refuse(made):
    assert with_new_codes(made, DATASET) == (DATASET, ())


def test_a_dataset_without_code_lists_has_no_new_codes():
    plain = Dataset(name="tea", title="Tea", normalizer="x")
    assert with_new_codes(table(AREA, CATEGORY), plain) == (plain, ())


def test_a_table_with_only_new_codes_is_refused():
    with pytest.raises(
        ContentError, match=r"none of its rows has codes .* category 'leaf' \(Leaf\)"
    ):
        with_new_codes(table(CATEGORY), DATASET)


@given(st.lists(st.sampled_from([KNOWN, AREA, CATEGORY, BOTH]), min_size=1))
def test_only_unlisted_codes_are_new(rows):
    described, new = with_new_codes(table(KNOWN, *rows), DATASET)
    assert {one.code for one in new} == {
        code for row in rows for code in (row[0], row[2]) if code not in {"CAL", "dust"}
    }
    listed = {one.code for one in (*described.areas, *described.categories)}
    assert listed == {"CAL", "dust", *(one.code for one in new)}


CUBE = Dataset(
    name="tea",
    title="Tea",
    normalizer="x",
    dimensions=(
        Dimension(id="GRADE", name="Grade", codes=(Code(code="D", name="Dust"),)),
        Dimension(id="CROP", name="Crop"),
    ),
)


def cube(*rows):
    return observations_from_rows(
        [{"crop": "1", "time_period": "2020", "obs_value": 1} | row for row in rows]
    )


@pytest.mark.parametrize("printed", [{"grade_name": "Dust"}, {}])
def test_a_new_code_of_a_dimension_is_loaded_under_its_name(printed):
    made = cube({"grade": "D"} | printed, {"grade": "L", "grade_name": "Leaf"})
    described, new = with_new_codes(made, CUBE)
    assert new == (NewCode(column="grade", code="L", name="Leaf"),)
    sealed = seal(made, described, "2024-01-09").select(["category", "category_name", "grade_name"])
    assert [tuple(row.values()) for row in sealed.to_pylist()] == [
        ("D.1", "Dust, 1", "Dust"),
        ("L.1", "Leaf, 1", "Leaf"),
    ]


def test_a_selection_may_contain_a_new_code_of_a_dimension():
    made = cube({"grade": "D"}, {"grade": "L", "grade_name": "Leaf"})
    asked = attrs.evolve(CUBE, selection=Selection(where={"grade": ("L",)}))
    assert selected(made, asked)["grade"].to_pylist() == ["L"]


@pytest.mark.parametrize("selection", [EVERYTHING, Selection(categories=("L.1",))])
def test_a_category_built_from_dimensions_may_be_new(selection):
    dust = Category(code="D.1", name="Dust of 1", unit_measure="rupees")
    listing = attrs.evolve(CUBE, categories=(dust,), selection=selection)
    made = cube({"grade": "D"}, {"grade": "L", "grade_name": "Leaf", "unit_measure": "pence"})
    described, new = with_new_codes(made, listing)
    assert new == (
        NewCode(column="category", code="L.1", name="Leaf, 1"),
        NewCode(column="grade", code="L", name="Leaf"),
    )
    sealed = seal(made, described, "v").select(["category", "category_name", "unit_measure"])
    assert [tuple(row.values()) for row in sealed.to_pylist()] == [
        ("D.1", "Dust of 1", "rupees"),
        ("L.1", "Leaf, 1", "pence"),
    ]


def test_a_selection_applies_to_a_cube_with_its_own_categories():
    made = cube(
        {"grade": "D", "category": "a"}, {"grade": "E.2", "grade_name": "E", "category": "b"}
    )
    asked = attrs.evolve(CUBE, selection=Selection(categories=("b",)))
    assert selected(made, asked)["grade"].to_pylist() == ["E.2"]


def test_a_new_code_without_a_name_is_refused_with_a_remedy():
    made = cube({"grade": "D"}, {"grade": "L"}, {"grade": "M", "grade_name": "Mixed"})
    described, _ = with_new_codes(made, CUBE)
    with pytest.raises(ContentError) as caught:
        seal(made, described, "2024-01-09")
    assert str(caught.value) == (
        "dataset tea: grade 'L' is not in the code list of GRADE, which has 2; if the agency "
        "added it, give its name in the column grade_name; otherwise check whether the "
        "structure is from this release"
    )


def test_only_new_codes_need_printed_descriptions():
    rows = [
        {"ref_area": "CAL", "category": "dust"},
        {"ref_area": "COC", "category": "leaf", "geo_name": "Cochin", "category_name": "Leaf"}
        | {"unit_measure": "pence", "unit_mult": 3},
    ]
    made = observations_from_rows([row | {"time_period": "2020", "obs_value": 1} for row in rows])
    described, _ = with_new_codes(made, DATASET)
    columns = ["geo_name", "category_name", "unit_measure", "unit_mult"]
    assert [
        tuple(row.values()) for row in seal(made, described, "v").select(columns).to_pylist()
    ] == [
        ("Calcutta", "Dust", "rupees", 0),
        ("Cochin", "Leaf", "pence", 3),
    ]


@pytest.mark.parametrize(
    ("row", "names"),
    [(("COC", None, "dust", None), "geo_name"), (("CAL", None, "leaf", None), "category_name")],
)
def test_the_refusal_of_an_unnamed_code_says_where_to_name_it(row, names):
    made = table(KNOWN, row).append_column("time_period", pa.array(["2020", "2020"]))
    with pytest.raises(
        ContentError,
        match=f"code list of 1; if the agency added it, give its name in the column {names}",
    ):
        seal(made, DATASET, "2024-01-09")

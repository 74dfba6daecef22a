"""A dataset has the code lists that describe it."""

import pytest

from statpipe.domain.dataset import Area, Category, Dataset
from statpipe.domain.dimension import Code, Dimension
from statpipe.domain.errors import ContentError
from statpipe.domain.selection import EVERYTHING

CALIFORNIA = Area(code="CA", name="California", level="state", geo_fips="06000", parent="US")
DATASET = Dataset(
    name="SAPCE1",
    title="Spending",
    normalizer="bea_json",
    areas=(CALIFORNIA,),
    categories=(Category(code="SAPCE1:1", name="All", unit_measure="Dollars"),),
    dimensions=(Dimension(id="SEX", name="Sex"),),
)


def test_the_key_of_an_observation_has_the_same_form_with_any_dimensions():
    assert DATASET.key == ("ref_area", "category", "freq", "time_period")


def test_an_area_is_found_by_its_code():
    assert DATASET.area("CA") is CALIFORNIA
    assert DATASET.area("06000") is None


def test_the_repr_of_a_dataset_leaves_out_code_lists():
    assert "California" not in repr(DATASET)
    assert "SAPCE1:1" not in repr(DATASET)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "..", "_x", "a=b"])
def test_a_name_that_is_not_valid_for_a_folder_is_refused(name):
    with pytest.raises(ValueError, match="is not a valid name for a dataset"):
        Dataset(name=name, title="t", normalizer="n")


def test_a_minimal_dataset_is_annual_and_complete_and_not_additive():
    plain = Dataset(name="T", title="t", normalizer="n")
    assert (plain.freq, plain.selection, plain.additive) == ("A", EVERYTHING, frozenset())


def category(code, parent=None):
    return Category(code=code, name=code, unit_measure="u", parent=parent)


@pytest.mark.parametrize(
    ("lists", "says"),
    [
        (
            {"dimensions": (Dimension(id="SEX", name="a"), Dimension(id="SEX", name="b"))},
            "dataset T: dimension 'SEX' occurs twice; correct it, or ask the agency which is right",
        ),
        (
            {"dimensions": (Dimension(id="A-B", name="a"), Dimension(id="A_B", name="b"))},
            "dataset T: the dimensions A-B and A_B would both become the column a_b; give one "
            "of them another identifier in the source",
        ),
        (
            {"areas": (CALIFORNIA, CALIFORNIA)},
            "dataset T: in the list of areas, code 'CA' occurs twice",
        ),
        (
            {"categories": (category("a", "b"), category("b", "c"), category("c", "b"))},
            "dataset T: the list of categories refers to itself: b -> c -> b; a code cannot be "
            "its own parent",
        ),
        ({"categories": (category("a", "a"),)}, "refers to itself: a -> a"),
        (
            {
                "dimensions": (
                    Dimension(id="AGE", name="Age", codes=(Code(code="x", name="x", parent="x"),)),
                )
            },
            "dataset T: the code list of AGE refers to itself: x -> x",
        ),
    ],
)
def test_a_contradictory_structure_is_refused(lists, says):
    with pytest.raises(ContentError) as caught:
        Dataset(name="T", title="t", normalizer="n", **lists)
    assert says in str(caught.value)


def test_an_unlisted_parent_and_a_parent_of_several_children_are_accepted():
    lists = (category("a", "gone"), category("b", "a"), category("c", "a"), category("d", "c"))
    assert Dataset(name="T", title="t", normalizer="n", categories=lists).categories == lists


@pytest.mark.parametrize("additive", [{"area"}, "category", {"ref_area", "time_period"}])
def test_additivity_over_an_unknown_dimension_is_refused(additive):
    with pytest.raises(ValueError, match=r"dataset T: additive is .*'ref_area' and 'category'"):
        Dataset(name="T", title="t", normalizer="n", additive=additive)

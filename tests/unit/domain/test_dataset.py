"""A dataset brings the code lists that describe it."""

import pytest

from statpipe.domain.dataset import Area, Category, Dataset
from statpipe.domain.selection import EVERYTHING

CALIFORNIA = Area(code="CA", name="California", level="state", geo_fips="06000", parent="US")
DATASET = Dataset(
    name="SAPCE1",
    title="Spending",
    normalizer="bea_json",
    areas=(CALIFORNIA,),
    categories=(Category(code="SAPCE1:1", name="All", unit_measure="Dollars"),),
    dimensions=("sex",),
)


def test_an_observation_is_identified_by_area_category_period_and_further_dimensions():
    assert DATASET.key == ("ref_area", "category", "time_period", "sex")


def test_an_area_is_found_by_its_code():
    assert DATASET.area("CA") is CALIFORNIA
    assert DATASET.area("06000") is None


def test_its_repr_leaves_the_code_lists_out():
    assert "California" not in repr(DATASET)
    assert "SAPCE1:1" not in repr(DATASET)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "..", "_x", "a=b"])
def test_a_name_that_is_no_folder_s_is_refused(name):
    with pytest.raises(ValueError, match="'name' must match regex"):
        Dataset(name=name, title="t", normalizer="n")


def test_a_newcomer_s_dataset_is_annual_whole_and_adds_up_over_nothing():
    plain = Dataset(name="T", title="t", normalizer="n")
    assert (plain.freq, plain.selection, plain.additive) == ("A", EVERYTHING, frozenset())

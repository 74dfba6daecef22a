"""A normalizer may say what each area is printed as a part of; what contradicts the code list is named."""

import pyarrow as pa
import pytest

from statpipe.api import Area, ContentError, Dataset
from statpipe.domain.other_parents import OtherParent, other_parents

DATASET = Dataset(
    name="black",
    title="Black tea",
    normalizer="tea",
    freq="M",
    areas=(
        Area(code="KEN", name="Kenya", level="country"),
        Area(code="MOM", name="Mombasa", level="port", parent="KEN"),
        Area(code="CCU", name="Calcutta", level="port", parent="IND"),
    ),
)


def table(*rows):
    return pa.table(
        {"ref_area": [area for area, _ in rows], "area_parent": [parent for _, parent in rows]}
    )


def test_listed_or_missing_parents_are_not_reported():
    rows = table(("MOM", "KEN"), ("CCU", None), ("CCU", "IND"))
    assert other_parents(rows, DATASET) == ()
    assert other_parents(rows.drop_columns(["area_parent"]), DATASET) == ()


def test_each_area_with_another_parent_is_reported_once():
    rows = table(("MOM", "TZA"), ("CCU", "BGD"), ("MOM", "TZA"), ("KEN", "AFR"))
    assert other_parents(rows, DATASET) == (
        OtherParent(area="CCU", listed="IND", printed="BGD"),
        OtherParent(area="KEN", listed=None, printed="AFR"),
        OtherParent(area="MOM", listed="KEN", printed="TZA"),
    )


def test_an_unlisted_area_is_not_reported():
    assert other_parents(table(("COC", "IND")), DATASET) == ()


def test_a_parent_with_invalid_characters_is_refused():
    with pytest.raises(ContentError, match="area_parent"):
        other_parents(table(("MOM", "K\0N")), DATASET)

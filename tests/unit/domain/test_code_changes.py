"""Which codes came, went, or have another name."""

from datetime import date

import pytest

from statpipe.domain.code_changes import SHOWN_CODES
from statpipe.domain.dataset import Dataset
from statpipe.domain.dimension import Code, Dimension
from statpipe.domain.history import Published, believed
from statpipe.domain.observation import observations_from_rows
from statpipe.domain.revision import revision_of
from statpipe.domain.seal import seal
from statpipe.domain.selection import EVERYTHING, Selection
from statpipe.domain.vintage import Vintage

PLAIN = Dataset(name="T", title="Tea", normalizer="n")


def silver(*rows):
    """Rows of area, its name, category, its title."""
    columns = ("ref_area", "geo_name", "category", "category_name")
    found = [dict(zip(columns, row.split(), strict=True)) for row in rows]
    table = observations_from_rows([one | {"time_period": "2020", "obs_value": 1} for one in found])
    return seal(table, PLAIN, "2021-10-08")


def cube(*codes, dimensions=("CURRENCY",), **names):
    """Series by the codes of their dimensions; each code is its own name, but for *names*."""
    described = Dataset(
        name="T",
        title="Tea",
        normalizer="n",
        dimensions=tuple(
            Dimension(
                id=one,
                name=one.title(),
                codes=tuple(
                    Code(code=code, name=names.get(code, code))
                    for code in dict.fromkeys(key.split(".")[place] for key in codes)
                ),
            )
            for place, one in enumerate(dimensions)
        ),
    )
    rows = [
        {one.lower(): code for one, code in zip(dimensions, key.split("."), strict=True)}
        | {"time_period": "2020", "obs_value": 1}
        for key in codes
    ]
    return seal(observations_from_rows(rows), described, "2021-10-08")


def told(before, after, selection=EVERYTHING, since="2021-10-08"):
    vintage = Vintage(released=date(2022, 10, 6), selection=selection)
    found = revision_of(before, after, PLAIN, vintage, since)
    return [one.in_words for one in found.codes]


def test_unchanged_codes_are_not_reported():
    assert told(silver("CA California 1 Food"), silver("CA California 1 Food")) == []


def test_new_removed_and_renamed_areas_and_categories_are_reported():
    before = silver("CA California 1 Food", "PR Portorico 1 Food", "CA California 2 Drink")
    after = silver("CA California 1 Foods", "GU Guam 1 Foods", "CA California 3 Rent")
    assert told(before, after) == [
        "area: 1 added (GU Guam), 1 withdrawn (PR Portorico)",
        "category: 1 added (3 Rent), 1 renamed (1 from Food to Foods), 1 withdrawn (2 Drink)",
    ]


def test_changed_codes_of_dimensions_are_reported():
    before, after = cube("USD", "GBP"), cube("USD", "SEK", USD="Dollar")
    assert told(before, after)[1:] == [
        "currency: 1 added (SEK SEK), 1 renamed (USD from USD to Dollar), 1 withdrawn (GBP GBP)"
    ]


def test_a_new_or_removed_dimension_is_reported_as_one_change():
    short, long = cube("USD"), cube("USD.A", dimensions=("CURRENCY", "SUFFIX"))
    assert "dimension suffix added" in told(short, long)
    assert "dimension suffix withdrawn" in told(long, short)
    assert not any(text.startswith("currency") for text in told(short, long))


def test_many_codes_are_counted_and_the_first_are_named():
    after = silver("CA California 1 Food", *(f"A{n:02} Area 1 Food" for n in range(30)))
    before = silver("CA California 1 Food")
    assert told(before, after) == ["area: 30 added (A00 Area, A01 Area, A02 Area, ...)"]
    (codes,) = revision_of(
        before, after, PLAIN, Vintage(released=date(2022, 10, 6)), "2021-10-08"
    ).codes
    assert (codes.added, len(codes.shown["added"])) == (30, SHOWN_CODES)


def test_an_unrequested_code_is_not_withdrawn():
    before = silver("CA California 1 Food", "NY York 2 Drink")
    after = silver("CA California 1 Food")
    assert told(before, after, Selection(areas=("CA",))) == []
    assert told(before, silver("CA California 2 Drink"), Selection(areas=("CA",))) == [
        "category: 1 withdrawn (1 Food)"
    ]


def test_a_code_that_still_has_its_name_in_some_rows_is_not_renamed():
    """What was not requested in between stands under the name that it had then."""
    first = Vintage(released=date(2021, 10, 8))
    second = Vintage(released=date(2022, 3, 1), selection=Selection(areas=("CA",)))
    before = believed(
        [
            Published(vintage=first, table=silver("CA California 1 Food", "NY York 1 Food")),
            Published(vintage=second, table=silver("CA California 1 Foods")),
        ]
    )
    assert told(before, silver("CA California 1 Foods", "NY York 1 Foods")) == []


@pytest.mark.parametrize("before", [None, silver("CA California 1 Food")])
def test_new_codes_of_a_first_release_are_not_reported(before):
    assert told(before, silver("NY York 2 Drink"), since="") == []

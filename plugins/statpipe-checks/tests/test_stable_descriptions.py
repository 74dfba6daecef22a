from datetime import date

import attrs
import pytest

TEXT = "US 1 2019 3\nUS 2 2019 1\nCA 1 2019 3\nCA 2 2019 1"


@pytest.fixture(scope="module")
def release(observe, areas, categories):
    """Make a vintage in which one area and one category are described otherwise."""

    def make(area=None, category=None, released=date(2022, 10, 6), text=TEXT):
        us, ca = areas("US", "CA<US")
        one, two = categories("1", "2<1")
        return observe(
            text,
            released=released,
            areas=(us, attrs.evolve(ca, **(area or {}))),
            categories=(one, attrs.evolve(two, **(category or {}))),
        )

    return make


@pytest.fixture(scope="module")
def before(release):
    return release(released=date(2021, 10, 8))


def test_the_same_descriptions_pass(judge, release, before):
    result = judge("stable_descriptions", release(), before)
    assert result.passed
    assert result.message == "areas and categories have the same descriptions as in 2021-10-08"


def test_without_an_earlier_vintage_there_is_nothing_to_compare(judge, before):
    result = judge("stable_descriptions", before)
    assert result.outcome == "not judged"
    assert result.message == "there is no earlier vintage to compare with"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"area": {"name": "Kalifornien"}}, "name of area CA was 'CA' and is now 'Kalifornien'"),
        ({"area": {"level": "region"}}, "level of area CA was 'area' and is now 'region'"),
        ({"area": {"geo_fips": "06"}}, "code of the agency of area CA was 'CA' and is now '06'"),
        ({"category": {"name": "Tea"}}, "title of category 2 was 'Line 2' and is now 'Tea'"),
        ({"category": {"parent": None}}, "parent of category 2 was '1' and is now none"),
        ({"category": {"sign": -1}}, "sign of category 2 was '1' and is now '-1'"),
    ],
)
def test_every_changed_description_is_reported(changed, told, judge, release, before):
    result = judge("stable_descriptions", release(**changed), before)
    assert (result.passed, result.severity, result.failures) == (False, "warning", 1)
    assert result.message == (
        f"1 description changed since 2021-10-08: {told}; check whether sums, maps and names still "
        "mean the same"
    )
    (cell,) = result.cells
    assert {"property", "previous", "now"} < cell.keys()


def test_new_and_withdrawn_codes_are_not_compared(judge, release, before):
    fewer = release(text="US 1 2019 3", category={"name": "Tea"})
    assert judge("stable_descriptions", fewer, before).passed
    assert judge("stable_descriptions", attrs.evolve(before, vintage=fewer.vintage), fewer).passed


def test_many_changes_are_counted(judge, release, before):
    current = release(
        area={"name": "x", "level": "y"}, category={"name": "z", "parent": None, "sign": -1}
    )
    result = judge("stable_descriptions", current, before)
    assert result.failures == 5
    assert "; 2 more; check whether" in result.message

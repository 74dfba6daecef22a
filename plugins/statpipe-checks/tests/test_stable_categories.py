from datetime import date

import attrs
import pytest

from statpipe.api import Category

TEXT = "US 1 2019 1\nUS 2 2019 1"


@pytest.fixture(scope="module")
def release(observe):
    """Make a vintage whose categories have these (title, unit, multiplier)."""

    def make(*described, released=date(2022, 10, 6)):
        declared = tuple(
            Category(code=str(n), name=title, unit_measure=unit, unit_mult=power)
            for n, (title, unit, power) in enumerate(described, 1)
        )
        text = "\n".join(f"US {c.code} 2019 1" for c in declared)
        return observe(text, released=released, categories=declared)

    return make


@pytest.fixture(scope="module")
def before(release):
    return release(
        ("Real income", "Dollars", 6), ("Price parity", "Index", 0), released=date(2021, 12, 14)
    )


def test_the_same_titles_and_units_pass(judge, release, before):
    current = release(("Real income", "Dollars", 6), ("Price parity", "Index", 0))
    result = judge("stable_categories", current, before)
    assert result.passed
    assert result.message == "2 categories kept from 2021-12-14"


def test_without_an_earlier_vintage_there_is_nothing_to_compare(judge, before):
    result = judge("stable_categories", before)
    assert result.outcome == "not judged"
    assert result.message == "there is no earlier vintage to compare with"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (("Real income", "Euros", 6), "was in Dollars x 10^6 and is now in Euros x 10^6"),
        (("Real income", "Dollars", 3), "was in Dollars x 10^6 and is now in Dollars x 10^3"),
    ],
)
def test_another_unit_or_multiplier_is_refused(judge, release, before, changed, told):
    result = judge("stable_categories", release(changed, ("Price parity", "Index", 0)), before)
    assert (result.refuses, result.failures) == (True, 1)
    assert result.message == (
        f"1 of 2 categories kept from 2021-12-14 no longer measure the same, first: 1 {told}; "
        "check whether the agency changed the meaning of its codes, for example by renumbering "
        "lines, and give the new categories their own codes"
    )


def test_a_reworded_title_is_reported_and_passes(judge, release, before):
    current = release(("Real personal income", "Dollars", 6), ("Price parity", "Index", 0))
    result = judge("stable_categories", current, before)
    assert result.passed
    assert result.message == (
        "2 categories kept from 2021-12-14; 1 title reworded, first: 1 was 'Real income' and is "
        "'Real personal income'"
    )


def test_a_title_that_moved_to_another_code_is_refused_even_in_the_same_unit(judge, release):
    before = release(("Goods", "Dollars", 0), ("Services", "Dollars", 0))
    current = release(("Services", "Dollars", 0), ("Services: housing", "Dollars", 0))
    result = judge("stable_categories", current, before)
    assert result.failures == 1
    assert (
        "first: 1 was 'Goods' and is now 'Services' (formerly 2); 1 title reworded"
        in result.message
    )


def test_new_and_withdrawn_categories_are_not_compared(judge, release, before):
    current = release(("Real income", "Dollars", 6))
    assert judge("stable_categories", current, before).passed
    longer = attrs.evolve(before, vintage=current.vintage)
    assert judge("stable_categories", longer, current).passed

from datetime import date

import attrs
import pytest

from statpipe.api import Area, Dataset, Dimension
from statpipe_checks.plugin import statpipe_checks


@pytest.fixture(scope="module")
def lists(areas, categories):
    return {
        "areas": areas("US", "CA<US", "TX<US"),
        "categories": categories("1", "2<1", "46<1@US"),
    }


def cube(*, leave_out=()):
    cells = [
        f"{area} {category} {year}"
        for area in ("US", "CA", "TX")
        for category in ("1", "2", "46")
        for year in ("2019", "2020")
        if category != "46" or area == "US"
    ]
    return "\n".join(f"{c} 1" for c in cells if not any(out in f"{c} " for out in leave_out))


def test_a_full_cube_passes_without_us_only_lines_of_states(judge, observe, lists):
    result = judge("complete", observe(cube(), **lists))
    assert result.passed
    assert result.message == "3 areas, 3 categories, 2 periods: nothing is missing"


def test_a_new_code_need_not_fill_the_cube(judge, observe, areas, categories):
    lists = {"areas": areas("US", "CA<US", "MX"), "categories": categories("1", "9")}
    cells = "US 1 2019 1\nCA 1 2019 1\nUS 9 2019 1\nMX 1 2019 1"
    told = attrs.evolve(observe(cells, **lists), new_codes=frozenset({"9", "MX"}))
    assert judge("complete", told).passed
    assert not judge("complete", observe(cells, **lists)).passed


def test_a_missing_area_is_reported_once(judge, observe, lists):
    result = judge("complete", observe(cube(leave_out=["TX "]), **lists))
    assert (result.refuses, result.failures) == (True, 4)
    assert result.message == (
        "4 observations missing: area TX is missing; check whether a payload was cut off, the "
        "agency withdrew them, or the code list is out of date"
    )
    assert result.cells == ({"missing": "area", "ref_area": "TX", "observations": 4},)


def test_areas_are_reported_before_categories_and_single_cells(judge, observe, lists):
    out = ["TX ", " 46 ", "CA 2 2019"]
    result = judge("complete", observe(cube(leave_out=out), **lists))
    assert result.failures == 4 + 2 + 1
    assert (
        "area TX is missing; category 46 is missing; CA 2 has no 2019; check whether"
        in result.message
    )


def test_a_category_missing_for_one_area_is_located(judge, observe, lists):
    result = judge("complete", observe(cube(leave_out=["CA 2 "]), **lists))
    assert "category 2 is missing for CA; " in result.message
    assert result.cells == (
        {
            "missing": "category of an area",
            "ref_area": "CA",
            "category": "2",
            "observations": 2,
        },
    )


def test_the_message_shows_three_gaps_and_the_cells_show_all(judge, observe, lists):
    out = [f"{place} 2019" for place in ("CA 1", "CA 2", "TX 1", "TX 2")]
    result = judge("complete", observe(cube(leave_out=out), **lists))
    assert "CA 1 has no 2019; CA 2 has no 2019; TX 1 has no 2019; ...; check" in result.message
    assert len(result.cells) == 4


def test_unrequested_cells_are_not_missing(judge, observe, lists, only):
    wanted = only(areas=("CA", "US"))
    result = judge("complete", observe(cube(leave_out=["TX "]), selection=wanted, **lists))
    assert result.passed
    brought = only(categories=("1", "46"))
    result = judge("complete", observe(cube(leave_out=[" 2 "]), brought=brought, **lists))
    assert result.passed
    assert result.message == "3 areas, 2 categories, 2 periods: nothing is missing"


def test_a_requested_year_that_is_not_published_yet_is_not_a_gap(judge, observe, lists, only):
    wanted = only(periods=("2019", "2020", "2021"))
    assert judge("complete", observe(cube(), selection=wanted, **lists)).passed


def test_a_suppressed_figure_is_not_missing(judge, observe, lists):
    text = cube().replace("CA 1 2019 1", "CA 1 2019 -")
    assert judge("complete", observe(text, **lists)).passed


def test_without_code_lists_the_table_defines_the_cube(judge, observe):
    assert judge("complete", observe(cube())).passed
    result = judge("complete", observe(cube(leave_out=["CA 2 2019", "TX 1 "])))
    assert result.failures == 3
    assert "category 1 is missing for TX; CA 2 has no 2019" in result.message


def test_without_code_lists_a_requested_area_is_still_expected(judge, observe, only):
    result = judge("complete", observe(cube(), selection=only(areas=("US", "NY"))))
    assert "area NY is missing" in result.message


def mixed(*cells, leave_out=()):
    """Give cells such as `US 1 AM`: a figure in each period of these frequencies."""
    periods = {
        "A": ("A:2019", "A:2020"),
        "Q": tuple(f"Q:2020-Q{n}" for n in range(1, 5)),
        "M": tuple(f"M:2020-{n:02}" for n in range(1, 13)),
    }
    lines = [
        f"{area} {category} {period} 1"
        for area, category, freqs in (cell.split() for cell in cells)
        for freq in freqs
        for period in periods[freq]
    ]
    return "\n".join(line for line in lines if not any(f"{out} " in line for out in leave_out))


@pytest.mark.parametrize(
    "cells",
    [
        ("US 1 AM", "CA 1 AM"),
        ("US 1 AM", "CA 1 A"),
        ("US 1 M", "CA 1 M", "US 2 Q", "CA 2 Q"),
        ("US 1 AQM", "CA 1 M", "US 2 A", "CA 2 AQ"),
    ],
)
def test_periods_are_counted_by_frequency(cells, judge, observe):
    result = judge("complete", observe(mixed(*cells)))
    assert (result.passed, result.cells) == (True, ())


def test_a_missing_period_is_found_within_its_frequency(judge, observe):
    cells = ("US 1 AM", "CA 1 AM", "US 2 Q", "CA 2 Q")
    out = ["CA 1 M:2020-02", "US 1 A:2019", "CA 2 Q:2020-Q4"]
    result = judge("complete", observe(mixed(*cells, leave_out=out)))
    assert result.failures == 3
    assert "CA 1 has no 2020-02; CA 2 has no 2020-Q4; US 1 has no 2019; check" in result.message
    assert result.cells[0] == {
        "missing": "observation",
        "ref_area": "CA",
        "category": "1",
        "freq": "M",
        "time_period": "2020-02",
        "observations": 1,
    }


def test_a_missing_pair_lacks_the_fewest_periods_of_other_areas(judge, observe):
    cells = ("US 1 A", "CA 1 A", "US 2 AM", "TX 2 Q", "NV 1 A", "NV 2 A")
    result = judge("complete", observe(mixed(*cells)))
    assert [(c["ref_area"], c["category"], c["observations"]) for c in result.cells] == [
        ("CA", "2", 2),
        ("TX", "1", 2),
    ]


def test_a_category_in_no_area_lacks_the_shortest_frequency(judge, observe, areas, categories):
    lists = {"areas": areas("US", "CA"), "categories": categories("1", "2")}
    result = judge("complete", observe(mixed("US 1 AM", "CA 1 AM"), **lists))
    assert result.cells == ({"missing": "category", "category": "2", "observations": 4},)


def test_gaps_of_different_frequencies_are_independent(judge, observe):
    text = "\n".join(
        f"{area} 1 {freq}:{day} 1"
        for area in ("US", "CA")
        for freq in "BD"
        for day in ("2020-01-01", "2020-01-02")
    )
    before = observe(text.replace("CA 1 B:2020-01-01 1\n", ""), released=date(2021, 10, 8))
    assert judge("complete", observe(text.replace("CA 1 B:2020-01-01 1\n", "")), before).passed
    assert not judge("complete", observe(text.replace("CA 1 D:2020-01-01 1\n", "")), before).passed


def test_an_empty_table_is_not_complete(judge, observe, lists):
    current = observe(cube(), **lists)
    result = judge("complete", attrs.evolve(current, table=current.table[:0]))
    assert result.refuses
    assert result.message == "the table has no rows; check whether the agency's answer was empty"
    assert not result.about_revision


@pytest.mark.parametrize("gone", ["TX ", " 2 ", "CA 2 ", "CA 2 2019", " 2019 "])
def test_a_gap_that_the_vintage_before_had_is_not_reported_again(gone, judge, observe, lists):
    before = observe(cube(leave_out=[gone]), released=date(2021, 10, 8), **lists)
    current = observe(cube(leave_out=[gone]), **lists)
    assert judge("complete", before).passed is (gone == " 2019 ")
    result = judge("complete", current, before)
    assert (result.passed, result.cells) == (True, ())


def test_gaps_of_both_vintages_are_counted(judge, observe, lists):
    """Also in the year that is new."""
    before = observe(cube(leave_out=["TX ", "2020"]), released=date(2021, 10, 8), **lists)
    result = judge("complete", observe(cube(leave_out=["TX "]), **lists), before)
    assert result.message == (
        "2 areas, 3 categories, 2 periods: nothing is missing that 2021-10-08 had; 4 are "
        "missing in both"
    )


def test_a_new_gap_is_reported_besides_a_known_one(judge, observe, lists):
    before = observe(cube(leave_out=["TX ", "CA 2 2019"]), released=date(2021, 10, 8), **lists)
    current = observe(cube(leave_out=["TX ", "CA 2 ", "CA 1 2020"]), **lists)
    result = judge("complete", current, before)
    assert (result.passed, result.failures) == (False, 3)
    assert result.message.startswith(
        "3 observations missing: category 2 is missing for CA; CA 1 has"
    )


def test_cells_not_requested_before_are_reported_if_missing_now(judge, observe, lists, only):
    before = observe(
        cube(leave_out=["TX "]),
        released=date(2021, 10, 8),
        brought=only(areas=("US", "CA")),
        **lists,
    )
    result = judge("complete", observe(cube(leave_out=["TX "]), **lists), before)
    assert "area TX is missing" in result.message


def test_gaps_are_reported_after_an_empty_vintage(judge, observe, lists):
    full = observe(cube(), **lists)
    before = attrs.evolve(full, table=full.table[:0])
    assert not judge("complete", observe(cube(leave_out=["TX "]), **lists), before).passed


def test_series_of_a_dataset_with_dimensions_begin_and_end_independently():
    check = next(one for one in statpipe_checks() if one.name == "complete")
    made = check.factory(check.settings())
    area = Area(code="U2", name="Euro area", level="union")
    dataset = Dataset(name="EXR", title="Exchange rates", normalizer="n", areas=(area,))
    currency = Dimension(id="CURRENCY", name="Currency")
    assert made.applies_to(dataset)
    assert not made.applies_to(attrs.evolve(dataset, dimensions=(currency,)))


def test_a_dataset_without_declared_codes_is_not_judged():
    check = next(one for one in statpipe_checks() if one.name == "complete")
    made = check.factory(check.settings())
    assert not made.applies_to(Dataset(name="MD", title="Monthly data", normalizer="n"))

from datetime import date

import pytest

EARLIER = date(2021, 10, 8)
YEARS = range(2010, 2020)
AREAS = ("US", "CA", "NY", "TX")


def cube(missing=(), absent=(), areas=AREAS, categories=range(1, 21), years=YEARS):
    """A figure for each cell; `missing` ones have none, `absent` ones no row."""
    cells = [f"{area} {line} {year}" for area in areas for line in categories for year in years]
    return "\n".join(
        f"{cell} {'- O' if any(f'{part} ' in f'{cell} ' for part in missing) else 1}"
        for cell in cells
        if not any(f"{part} " in f"{cell} " for part in absent)
    )


@pytest.fixture(scope="module")
def before(observe):
    return observe(cube(), released=EARLIER)


def test_figures_that_are_still_shown_pass(judge, observe, before):
    result = judge("still_shown", observe(cube()), before)
    assert result.passed
    assert result.message == "0 of 800 figures shown in 2021-10-08 are missing now"


def test_a_line_that_is_missing_for_all_areas_at_once_is_reported(judge, observe, before):
    current = observe(cube(missing=[f"{area} 5" for area in AREAS]))
    result = judge("still_shown", current, before)
    assert (result.passed, result.severity, result.failures) == (False, "warning", 40)
    assert result.message == (
        "40 of 800 figures shown in 2021-10-08 are missing now; category 5 lost 40 of 40; "
        "first: CA 5 2010 was 1 and is O; check whether the agency intended this or the answer "
        "was incomplete"
    )
    assert len(result.cells) == 20
    assert result.cells[0] == {
        "ref_area": "CA",
        "category": "5",
        "freq": "A",
        "time_period": "2010",
        "previous": "1",
        "now": "O",
    }


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        (["NY"], "area NY lost 200 of 200"),
        ([f"{line} 2019" for line in range(1, 21)], "period 2019 lost 80 of 80"),
        (["NY 5"], "area NY category 5 lost 10 of 10"),
        ([f"{area} 5 2019" for area in AREAS], "category 5 period 2019 lost 4 of 4"),
        ([f"NY {line} 2019" for line in range(1, 16)], "area NY period 2019 lost 15 of 20"),
    ],
)
def test_a_slice_that_disappears_completely_is_named(missing, told, judge, observe, before):
    """Also where it is a small part of the table, and whether or not its rows are there."""
    for how in ({"missing": missing}, {"absent": missing}):
        result = judge("still_shown", observe(cube(**how)), before, table_percent=99)
        assert not result.passed
        assert f" are missing now; {told}; first: " in result.message


def test_a_lost_figure_without_a_row_is_reported_as_absent(judge, observe, before):
    result = judge("still_shown", observe(cube(absent=["NY"])), before)
    assert "first: NY 1 2010 was 1 and is not in the table" in result.message


def test_a_few_scattered_losses_pass_and_are_counted(judge, observe, before):
    few = ["CA 1 2019", "CA 2 2018", "NY 3 2017", "TX 9 2019"]
    result = judge("still_shown", observe(cube(missing=few)), before)
    assert result.passed
    assert result.message == "4 of 800 figures shown in 2021-10-08 are missing now"


def test_the_limits_can_be_configured(judge, observe, before):
    few = [f"NY {line} {2000 + line}" for line in range(11, 20)]
    current = observe(cube(missing=few))
    assert not judge("still_shown", current, before).passed
    assert judge("still_shown", current, before, table_percent=2).passed
    current = observe(cube(missing=[f"CA 1 {year}" for year in range(2010, 2015)]))
    assert judge("still_shown", current, before).passed
    assert not judge("still_shown", current, before, slice_percent=10).passed
    assert not judge("still_shown", current, before, table_percent=0).passed


def test_another_severity_changes_only_the_severity(judge, observe, before):
    current = observe(cube(missing=["NY"]))
    strict = judge("still_shown", current, before, severity="error")
    assert (strict.refuses, strict.about_revision) == (True, True)
    assert strict.message == judge("still_shown", current, before).message


def test_unrequested_cells_are_not_missing(judge, observe, before, only):
    wanted = only(areas=("CA",))
    assert judge("still_shown", observe(cube(areas=("CA",)), selection=wanted), before).passed
    assert judge("still_shown", observe(cube(areas=("CA",)), brought=wanted), before).passed


# --- gaps -------------------------------------------------------------------------------------


def test_a_first_vintage_without_gaps_passes(judge, observe):
    result = judge("still_shown", observe(cube()))
    assert result.passed
    assert result.message == (
        "there is no earlier vintage to compare with, and no series has a gap"
    )


@pytest.mark.parametrize("how", ["missing", "absent"])
def test_a_year_that_is_missing_for_all_is_reported_on_the_first_load(how, judge, observe, only):
    asked = only(periods=[str(year) for year in YEARS])
    hole = [f"{line} 2015" for line in range(1, 21)]
    result = judge("still_shown", observe(cube(**{how: hole}), selection=asked))
    assert (result.passed, result.failures) == (False, 80)
    assert result.message == (
        "80 figures missing between figures of the same series, first: CA 1 2015; check whether "
        "the agency intended this or the answer was incomplete"
    )


@pytest.mark.parametrize("how", ["missing", "absent"])
def test_one_gap_in_one_series_is_reported_on_the_first_load(how, judge, observe):
    result = judge("still_shown", observe(cube(**{how: ["NY 7 2015"]})))
    assert result.failures == 1
    assert "1 figure missing between figures of the same series, first: NY 7 2015" in result.message


@pytest.mark.parametrize("status", ["Q", "N", "M"])
def test_a_gap_that_the_agency_explains_is_not_reported(status, judge, observe):
    """BEA prints (L) for less than $50,000 between figures of 0.1 million."""
    explained = cube(missing=["NY 7 2015"]).replace("- O", f"- {status}")
    assert judge("still_shown", observe(explained)).passed


def test_periods_before_or_after_a_series_are_not_gaps(judge, observe):
    """A series begins later than others, or is not published yet."""
    outer = ["NY 7 2010", "NY 7 2011", "TX 3 2019"]
    assert judge("still_shown", observe(cube(missing=outer))).passed


def test_unrequested_years_are_not_gaps(judge, observe, only):
    asked = only(periods=("2010", "2015", "2019"))
    current = observe(cube(years=(2010, 2015, 2019)), selection=asked)
    assert judge("still_shown", current).passed


def test_a_gap_is_reported_once(judge, observe):
    first = observe(cube(absent=["NY 7 2015"]), released=EARLIER)
    assert not judge("still_shown", first).passed
    assert judge("still_shown", observe(cube(absent=["NY 7 2015"])), first).passed


def test_a_suppressed_last_year_is_not_a_gap_after_the_next_is_published(judge, observe):
    first = observe(cube(missing=["NY 7 2019"]), released=EARLIER)
    current = observe(cube(missing=["NY 7 2019"], years=range(2010, 2021)))
    assert judge("still_shown", current, first).passed


def test_a_year_that_is_left_out_between_old_and_new_ones_is_reported(judge, observe, before):
    current = observe(cube(years=(*YEARS, 2021)))
    result = judge("still_shown", current, before)
    assert result.failures == 80
    assert (
        "80 figures missing between figures of the same series, first: CA 1 2020" in result.message
    )


def test_a_lost_figure_is_not_also_counted_as_a_gap(judge, observe, before):
    result = judge("still_shown", observe(cube(absent=["NY 7 2015"])), before, table_percent=0)
    assert result.failures == 1
    assert "between figures" not in result.message


@pytest.mark.parametrize(
    ("freq", "periods", "gap"),
    [
        ("M", ("2019-11", "2019-12", "2020-02"), "2020-01"),
        ("Q", ("2019-Q3", "2019-Q4", "2020-Q2"), "2020-Q1"),
        ("S", ("2019-S1", "2020-S1"), "2019-S2"),
        ("W", ("2020-W52", "2021-W01"), "2020-W53"),
        ("D", ("2020-02-28", "2020-03-01"), "2020-02-29"),
        ("B", ("2024-04-26", "2024-04-30"), "2024-04-29"),
    ],
)
def test_gaps_are_found_at_every_frequency(freq, periods, gap, judge, observe):
    text = "\n".join(f"US 1 {period} 1" for period in periods)
    result = judge("still_shown", observe(text, freq=freq))
    assert f"first: US 1 {gap}; check" in result.message

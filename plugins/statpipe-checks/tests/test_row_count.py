from datetime import date

EARLIER = date(2021, 10, 8)
FULL = """
US 1 2019 1
US 1 2020 1
CA 1 2019 1
CA 1 2020 1
"""


def test_without_an_earlier_vintage_there_is_nothing_to_compare(judge, observe):
    result = judge("row_count", observe(FULL))
    assert result.outcome == "not judged"
    assert result.message == "there is no earlier vintage to compare with"


def test_more_rows_than_before_pass(judge, observe):
    result = judge("row_count", observe(FULL), observe("US 1 2019 1", released=EARLIER))
    assert result.passed
    assert result.message == "4 rows, 1 in 2021-10-08"


def test_fewer_rows_than_before_are_refused_and_located(judge, observe):
    current = observe("US 1 2019 1\nUS 1 2020 1\nCA 1 2020 1")
    result = judge("row_count", current, observe(FULL, released=EARLIER))
    assert (result.refuses, result.failures) == (True, 1)
    assert result.message == (
        "3 rows, 4 in 2021-10-08 within the same selection: 1 fewer, first: CA 1 has 1 of 2; "
        "check whether the answer was cut off or the agency withdrew figures"
    )
    assert result.cells == ({"ref_area": "CA", "category": "1", "rows": 1, "previous": 2},)


def test_dropped_early_years_count_as_fewer_rows(judge, observe):
    result = judge(
        "row_count", observe("US 1 2020 1\nUS 1 2021 1"), observe("""
            US 1 2018 1
            US 1 2019 1
            US 1 2020 1
        """, released=EARLIER),
    )  # fmt: skip
    assert not result.passed


def test_periods_outside_this_vintages_selection_are_not_counted(judge, observe, only):
    current = observe("US 1 2020 1", brought=only(periods=("2020", "2021")))
    previous = observe("US 1 2018 1\nUS 1 2019 1\nUS 1 2020 1", released=EARLIER)
    result = judge("row_count", current, previous)
    assert result.passed
    assert result.message == "1 row, 1 in 2021-10-08"


def test_cells_outside_the_configuration_are_not_counted(judge, observe, only):
    current = observe("CA 1 2020 1", selection=only(areas=("CA",)), brought=only(periods=("2020",)))
    assert judge("row_count", current, observe(FULL, released=EARLIER)).passed


def test_rows_of_a_withdrawn_code_are_reported_without_refusal(judge, observe, areas, categories):
    before = observe(FULL, released=EARLIER, areas=areas("US", "CA"), categories=categories("1"))
    now = observe("US 1 2019 1\nUS 1 2020 1", areas=areas("US"), categories=categories("1"))
    result = judge("row_count", now, before)
    assert result.passed
    assert result.message == "2 rows, 4 in 2021-10-08, 2 of them with withdrawn codes"


def test_missing_rows_of_a_listed_code_are_refused(judge, observe, areas, categories):
    listed = {"areas": areas("US", "CA"), "categories": categories("1")}
    before = observe(FULL, released=EARLIER, **listed)
    result = judge("row_count", observe("US 1 2019 1\nUS 1 2020 1", **listed), before)
    assert result.refuses
    assert "first: CA 1 has 0 of 2" in result.message

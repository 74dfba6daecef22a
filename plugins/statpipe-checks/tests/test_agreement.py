import pytest

from statpipe.api import Agreement

AGREED = (Agreement(dataset="LONG", pairs=(("1", "L1"), ("2", "L9"))),)
SHORT = """
US 1 2019 10.0
US 2 2019 4
CA 1 2019 3
CA 2 2019 -
"""
LONG = """
US L1 2019 10
US L9 2019 4.00
US L5 2019 6
CA L1 2019 3
CA L9 2019 -
"""


@pytest.fixture(scope="module")
def pair(observe, table):
    def make(short=SHORT, long=LONG):
        return observe(short, agreements=AGREED, siblings={"LONG": table(long, name="LONG")})

    return make


def test_equal_numbers_agree_however_they_are_printed(judge, pair):
    result = judge("agreement", pair())
    assert result.passed
    assert result.message == "4 cells compared with LONG"


def test_cells_that_differ_are_shown_with_both_figures(judge, pair):
    result = judge("agreement", pair(long=LONG.replace("4.00", "4.1")))
    assert (result.passed, result.refuses, result.failures) == (False, False, 1)
    assert result.message == (
        "1 of 4 cells differ, first: US 2 2019 is 4 and L9 of LONG is 4.1; 4 cells compared "
        "with LONG; check whether they belong to the same release, or ask the agency"
    )
    assert result.cells == (
        {
            "ref_area": "US",
            "category": "2",
            "freq": "A",
            "time_period": "2019",
            "obs_value": "4",
            "obs_status": "A",
            "other_category": "L9",
            "other_value": "4.1",
            "other_status": "A",
            "other_dataset": "LONG",
        },
    )


def test_a_figure_suppressed_in_one_and_printed_in_the_other_differs(judge, pair):
    result = judge("agreement", pair(short=SHORT.replace("CA 1 2019 3", "CA 1 2019 -")))
    assert result.failures == 1
    assert "CA 1 2019 is missing and L1 of LONG is 3" in result.message


def test_a_figure_with_and_without_a_number_agrees_if_the_status_is_the_same(judge, pair):
    result = judge("agreement", pair(long=LONG.replace("CA L9 2019 -", "CA L9 2019 0 Q")))
    assert result.passed


def test_two_missing_figures_agree_whatever_their_reasons(judge, pair):
    result = judge("agreement", pair(long=LONG.replace("CA L9 2019 -", "CA L9 2019 - O")))
    assert result.passed


def test_a_cell_that_only_one_of_them_holds_is_not_compared(judge, pair):
    result = judge("agreement", pair(long="US L1 2019 10\nUS L1 2018 7"))
    assert result.passed
    assert result.message == "1 cell compared with LONG"


def test_a_missing_dataset_is_not_compared(judge, observe):
    result = judge("agreement", observe(SHORT, agreements=AGREED))
    assert result.passed
    assert result.message == "not compared with LONG, which is not available"

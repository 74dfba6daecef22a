from decimal import Decimal

import attrs
import pyarrow as pa
import pytest

from statpipe.api import Agreement

BOTH = frozenset({"ref_area", "category"})


@pytest.fixture(scope="module")
def nation(areas):
    return areas("US", "W<US", "E<US", "CA<W", "NV<W", "NY<E")


# --- real figures ---


@pytest.fixture(scope="module")
def southwest(areas, categories):
    """Lines of BEA's SAPCE1, released on 2022-10-06; line 24 is a "Less:" line."""
    return {
        "areas": areas("SW", "AZ<SW", "NM<SW", "OK<SW", "TX<SW"),
        "categories": categories("1", "2<1", "13<1", "14<13", "22<13", "23<22", "24<-22"),
        "additive": BOTH,
    }


SOUTHWEST = """
SW 1 2020 1670016.2
SW 2 2020 591650.3
SW 13 2020 1078365.9
SW 14 2020 1038116.1
SW 22 2020 40249.8
SW 23 2020 157825.5
SW 24 2020 117575.7
AZ 1 2020 288818.8
AZ 2 2020 100390.2
AZ 13 2020 188428.6
AZ 14 2020 182735.0
AZ 22 2020 5693.6
AZ 23 2020 26189.8
AZ 24 2020 20496.2
NM 1 2020 74388.6
NM 2 2020 25100.4
NM 13 2020 49288.2
NM 14 2020 46397.9
NM 22 2020 2890.3
NM 23 2020 9044.1
NM 24 2020 6153.9
OK 1 2020 138003.6
OK 2 2020 50041.3
OK 13 2020 87962.2
OK 14 2020 85299.5
OK 22 2020 2662.8
OK 23 2020 15299.5
OK 24 2020 12636.7
TX 1 2020 1168805.2
TX 2 2020 416118.4
TX 13 2020 752686.8
TX 14 2020 723683.6
TX 22 2020 29003.1
TX 23 2020 107292.1
TX 24 2020 78288.9
"""


def test_published_figures_add_up_over_areas_and_over_lines_within_rounding(
    judge, observe, southwest
):
    result = judge("additivity", observe(SOUTHWEST, **southwest))
    assert result.passed
    # Seven lines of the region, and three parents in each of five areas.
    assert result.message == "22 sums checked, all correct within rounding"


def test_a_less_line_is_subtracted(judge, observe, southwest):
    negative = SOUTHWEST.replace("NM 24 2020 6153.9", "NM 24 2020 -6153.9")
    result = judge("additivity", observe(negative, **southwest))
    [over_lines] = [cell for cell in result.cells if cell["dimension"] == "category"]
    assert over_lines == {
        "dimension": "category",
        "ref_area": "NM",
        "category": "22",
        "freq": "A",
        "time_period": "2020",
        "published": "2890.3",
        "computed": "15198",
        "difference": "-12307.7",
        "allowed": "0.15",
    }


NET_TRAVEL = """
US 128 2016 -45192.0
US 129 2016 143037.2
US 130 2016 195260.7
US 131 2016 7031.5
US 128 2019 -16656.9
US 129 2019 184839.5
US 130 2019 201496.4
US 131 2019 11451.3
"""
"""BEA's SAPCE4, released on 2022-10-06: from 2017 on line 128 leaves out its child 131."""


def test_a_mistake_of_the_agency_is_reported_and_not_repaired(judge, observe, categories):
    lines = categories("128", "129<128", "130<-128", "131<128@US")
    result = judge(
        "additivity", observe(NET_TRAVEL, categories=lines, additive=frozenset({"category"}))
    )
    assert (result.passed, result.refuses, result.failures) == (False, False, 1)
    assert result.message == (
        "1 of 2 sums are off by more than rounding, largest: US 128 2019 is -16656.9, its "
        "categories add up to -5205.6 (difference -11451.3, allowed 0.2); treat these cells with "
        "care and consider reporting them to the agency"
    )


# --- over areas ---


def test_an_aggregate_is_the_sum_of_the_smallest_areas_below_it(judge, observe, nation):
    text = "US 1 2019 6\nW 1 2019 3\nE 1 2019 3\nCA 1 2019 1\nNV 1 2019 2\nNY 1 2019 4"
    result = judge("additivity", observe(text, areas=nation, additive=BOTH))
    assert result.failures == 2
    assert result.message.startswith(
        "2 of 3 sums are off by more than rounding, largest: E 1 2019 is 3, its areas add up to 4 "
        "(difference -1, allowed 0.1); "
    )


def test_figures_that_do_not_add_up_over_areas_are_not_summed_over_them(judge, observe, nation):
    text = "US 1 2019 6\nCA 1 2019 1\nNV 1 2019 2\nNY 1 2019 4"
    result = judge("additivity", observe(text, areas=nation, additive=frozenset({"category"})))
    assert (result.outcome, result.message) == ("not judged", "no sum could be checked")


@pytest.fixture(scope="module")
def abroad(areas, categories):
    """Line 46 is published for the US only; it is subtracted on its way to line 1."""
    return {
        "areas": areas("US", "CA<US", "NY<US"),
        "categories": categories("1", "39<-1", "46<39@US", "47<1"),
        "additive": frozenset({"ref_area"}),
    }


ABROAD = """
US 1 2019 20
US 39 2019 40
US 46 2019 10
US 47 2019 60
CA 1 2019 15
CA 39 2019 15
CA 47 2019 30
NY 1 2019 15
NY 39 2019 15
NY 47 2019 30
"""


def test_a_us_only_line_counts_with_its_sign_in_each_line_above_it(judge, observe, abroad):
    result = judge("additivity", observe(ABROAD, **abroad))
    assert result.message == "3 sums checked, all correct within rounding"


def test_without_code_lists_the_table_shows_which_line_is_us_only(judge, observe, abroad, table):
    current = observe(ABROAD, **abroad)
    undeclared = attrs.evolve(current, dataset=attrs.evolve(current.dataset, categories=()))
    assert judge("additivity", undeclared).message.startswith("3 sums checked, all correct")


def test_a_us_only_line_without_a_figure_leaves_the_lines_above_it_unjudged(judge, observe, abroad):
    result = judge("additivity", observe(ABROAD.replace("US 46 2019 10\n", ""), **abroad))
    assert result.message == (
        "1 sum checked, all correct within rounding; 2 not checked because a figure is missing"
    )


def test_a_line_published_for_some_parts_only_is_not_summed(judge, observe, areas, categories):
    result = judge(
        "additivity",
        observe(
            "US 1 2019 5\nCA 1 2019 1",
            areas=areas("US", "CA<US", "NY<US"),
            categories=categories("1@US,CA"),
            additive=BOTH,
        ),
    )
    assert (result.outcome, result.message) == ("not judged", "no sum could be checked")


# --- what the agency shows in another dataset only ---

SHORT = "US 1 2019 40\nCA 1 2019 15\nNY 1 2019 15"
SIBLING = """
US L39 2019 40
US L46 2019 10
CA L39 2019 15
NY L39 2019 15
"""


@pytest.fixture(scope="module")
def short(observe, table, areas, categories):
    lists = areas("US", "CA<US", "NY<US")

    def make(text=SHORT, long=SIBLING):
        siblings = {}
        if long is not None:
            lines = categories("L39", "L46<L39@US")
            siblings["LONG"] = table(long, name="LONG", areas=lists, categories=lines)
        return observe(
            text,
            areas=lists,
            additive=BOTH,
            agreements=(Agreement(dataset="LONG", pairs=(("1", "L39"),)),),
            siblings=siblings,
        )

    return make


def test_a_us_only_line_of_the_agreeing_dataset_is_counted(judge, short):
    result = judge("additivity", short())
    assert result.message == "1 sum checked, all correct within rounding"
    result = judge("additivity", short(SHORT.replace("40", "41")))
    assert result.cells[0]["difference"] == "1"


def test_without_the_agreeing_dataset_a_difference_of_the_us_proves_nothing(judge, short):
    message = (
        "no sum could be checked; 1 more differ, but the missing parts may be published in "
        "LONG, which is not available"
    )
    assert judge("additivity", short(long=None)).message == message
    # A table of fewer areas cannot tell which line is for the US only.
    assert judge("additivity", short(long="US L39 2019 40\nUS L46 2019 10")).message == message


def test_without_the_agreeing_dataset_a_difference_of_a_region_is_reported(judge, observe, areas):
    text = "US 1 2019 5\nW 1 2019 4\nCA 1 2019 3"
    agreed = (Agreement(dataset="LONG", pairs=(("1", "L1"),)),)
    result = judge(
        "additivity",
        observe(text, areas=areas("US", "W<US", "CA<W"), additive=BOTH, agreements=agreed),
    )
    assert [cell["ref_area"] for cell in result.cells] == ["W"]
    assert "1 more differ, but the missing parts may be published in LONG" in result.message


# --- rounding and suppression ---


@pytest.mark.parametrize(
    ("total", "passes"), [("3.15", True), ("2.85", True), ("3.16", False), ("2.84", False)]
)
def test_each_figure_may_be_off_by_half_a_unit_of_its_last_digit(
    total, passes, judge, observe, categories
):
    lines = categories("1", "2<1", "3<1")
    text = f"US 1 2019 {total}\nUS 2 2019 1.0\nUS 3 2019 2.0"
    assert judge("additivity", observe(text, categories=lines, additive=BOTH)).passed is passes


def test_the_precision_of_the_dataset_and_the_tolerance_add_up(judge, observe, categories):
    lines = categories("1", "2<1", "3<1")
    text = "US 1 2019 6\nUS 2 2019 1\nUS 3 2019 2"
    current = observe(text, categories=lines, additive=BOTH, precision=Decimal(1))
    assert judge("additivity", current).cells[0]["allowed"] == "1.5"
    assert not judge("additivity", current, tolerance="1.4").passed
    assert judge("additivity", current, tolerance="1.5").passed


@pytest.mark.parametrize("missing", ["US 1", "US 2", "US 3"])
def test_a_sum_with_a_suppressed_figure_is_not_judged(missing, judge, observe, categories):
    lines = categories("1", "2<1", "3<1")
    text = "US 1 2019 6\nUS 2 2019 1\nUS 3 2019 2".splitlines()
    text = [f"{missing} 2019 -" if line.startswith(missing) else line for line in text]
    result = judge("additivity", observe("\n".join(text), categories=lines, additive=BOTH))
    assert result.message == ("no sum could be checked; 1 not checked because a figure is missing")


def test_each_frequency_is_summed_separately(judge, observe, categories):
    lines = categories("1", "2<1", "3<1")
    text = "US 1 2019 3\nUS 2 2019 1\nUS 3 2019 2"
    current = observe(text, categories=lines, additive=BOTH)
    place = current.table.schema.get_field_index("freq")
    other = current.table.set_column(place, "freq", pa.array(["B"] * 3).dictionary_encode())
    both = attrs.evolve(
        current, table=pa.concat_tables([current.table, other.cast(current.table.schema)])
    )
    result = judge("additivity", both)
    assert result.message == "2 sums checked, all correct within rounding"

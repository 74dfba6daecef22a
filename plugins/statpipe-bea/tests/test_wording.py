"""A line is the category it was if its title says so."""

import pytest

from statpipe_bea import tables
from statpipe_bea.wording import ends_in_title, same_title

LINES = {c.code: c for c in tables.categories("SAPCE1")}


@pytest.mark.parametrize(
    "printed",
    ["Goods", " Goods ", "goods", "Goods 1/", "Good"],
)
def test_blanks_case_footnote_marks_and_plural_do_not_matter(printed):
    assert same_title(printed, LINES["SAPCE1:2"], {})


@pytest.mark.parametrize("printed", ["Durable goods", "Services", "", "Goods and services"])
def test_another_title_is_another_category(printed):
    assert not same_title(printed, LINES["SAPCE1:2"], {})
    assert same_title(printed, LINES["SAPCE1:2"], {"SAPCE1:2": printed}) == bool(printed)


@pytest.mark.parametrize(
    ("printed", "code", "same"),
    [
        ("Goods", "SAPCE1:2", True),
        ("[SAPCE1] Goods", "SAPCE1:2", True),
        ("Personal consumption expenditures: Goods", "SAPCE1:2", True),
        ("[SAPCE1] Goods: Durable goods: Motor vehicles and parts", "SAPCE1:4", True),
        ("[SAPCE1] Goods: Durable goods", "SAPCE1:2", False),
        ("[SAPCE1] Nondurable goods", "SAPCE1:2", False),
        ("[SAPCE1] Total personal consumption expenditures (PCE) by state", "SAPCE1:1", True),
        (
            "NPISHs: Less: Receipts from sales of goods and services by nonprofit institutions",
            "SAPCE1:24",
            True,
        ),
        ("Receipts from sales of goods and services by nonprofit institutions", "SAPCE1:24", False),
    ],
)
def test_the_api_s_wording_must_end_in_the_title(printed, code, same):
    assert ends_in_title(printed, LINES[code], {}) is same

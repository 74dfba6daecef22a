"""Figures as text."""

import math
from datetime import date
from decimal import Decimal

import pytest

from statpipe.cli.figures import at_the_point, readable
from statpipe.engine.answers.exact_value import exact
from statpipe.engine.answers.status_words import status_in_words


@pytest.mark.parametrize(
    ("value", "for_programs", "for_people"),
    [
        (Decimal("1833872.8"), "1833872.8", "1,833,872.8"),
        (Decimal("14392721.0"), "14392721.0", "14,392,721.0"),
        (Decimal(14392721), "14392721", "14,392,721"),
        (Decimal(100), "100", "100"),
        (Decimal("0E-2"), "0.00", "0.00"),
        (Decimal("0.00000001"), "0.00000001", "0.00000001"),
        (Decimal("-16656.90"), "-16656.90", "-16,656.90"),
        (Decimal("12345678901234567890.12345678"), "12345678901234567890.12345678",
         "12,345,678,901,234,567,890.12345678"),
        (1234.5678, 1234.5678, "1,234.57"),
        (-0.00001234567, -0.00001234567, "-0.0000123"),
        (0.0005, 0.0005, "0.000500"),
        (0.5234, 0.5234, "0.523"),
        (-3.14159, -3.14159, "-3.14"),
        (0.0, 0.0, "0"),
        (-0.0, -0.0, "0"),
        (-0.004, -0.004, "-0.00400"),
        (2.5e-17, 2.5e-17, "2.50e-17"),
        (math.inf, math.inf, "inf"),
        (2021, 2021, "2021"),
        (date(2021, 1, 1), "2021-01-01", "2021-01-01"),
        ("(L)", "(L)", "(L)"),
        (None, None, ""),
    ],
)  # fmt: skip
def test_decimals_keep_their_places_in_every_output(value, for_programs, for_people):
    assert exact(value) == for_programs
    assert readable(value) == for_people


def test_decimal_points_are_aligned():
    assert at_the_point(["1,234.5", "99", "0.25", "(L)", ""]) == [
        "1,234.5 ",
        "   99   ",
        "    0.25",
        "  (L)   ",
        "        ",
    ]
    assert at_the_point(["1", "22"]) == [" 1", "22"]
    assert at_the_point([]) == []


def test_statuses_are_shown_in_words():
    assert status_in_words("N") == "N: not significant"
    assert status_in_words("?") == "?: no code of SDMX's CL_OBS_STATUS"

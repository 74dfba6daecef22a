"""How a key is read and written."""

from __future__ import annotations

import pytest

from statpipe_sdmx.key import codes_in, written, written_in_3

DIMENSIONS = ("FREQ", "CURRENCY", "DENOM")


@pytest.mark.parametrize(
    ("key", "codes", "in_2", "in_3", "several"),
    [
        ("A.USD.EUR", [["A"], ["USD"], ["EUR"]], "A.USD.EUR", "A.USD.EUR", {}),
        ("A..EUR", [["A"], [], ["EUR"]], "A..EUR", "A.*.EUR", {}),
        ("A.*.EUR", [["A"], [], ["EUR"]], "A..EUR", "A.*.EUR", {}),
        ("A.USD+GBP.", [["A"], ["USD", "GBP"], []], "A.USD+GBP.", "A.*.*", {"c[CURRENCY]": "USD,GBP"}),
        ("A+M.*.*", [["A", "M"], [], []], "A+M..", "*", {"c[FREQ]": "A,M"}),
        ("..", [[], [], []], "", "*", {}),
    ],
)  # fmt: skip
def test_a_key_asks_for_the_same_in_both_versions(key, codes, in_2, in_3, several):
    assert codes_in(key) == codes
    assert written(codes) == in_2
    assert written_in_3(codes, DIMENSIONS) == (in_3, several)

"""How a key is read and written."""

from __future__ import annotations

import pytest

from statpipe.api import Code, ConfigError
from statpipe_sdmx.key import codes_in, written, written_in_3
from statpipe_sdmx.parts import halves
from statpipe_sdmx.selection import selection_of
from statpipe_sdmx.structure import Item, Structure

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
def test_a_key_requests_the_same_series_in_both_versions(key, codes, in_2, in_3, several):
    assert codes_in(key) == codes
    assert written(codes) == in_2
    assert written_in_3(codes, DIMENSIONS) == (in_3, several)


@pytest.mark.parametrize("is_partial", [False, True])
def test_a_partial_list_is_believed_in_what_it_has_and_never_split(is_partial):
    codes = tuple(Code(code=code, name=code) for code in ("A", "B", "C", "D"))
    area = Item(id="REF_AREA", name="Area", codes=codes, is_partial=is_partial)
    tea = Item(id="TEA", name="Tea", codes=codes[:2])
    structure = Structure(
        agency="T", id="DSD", version="1.0", name="", flow="T", dimensions=(area, tea)
    )
    assert halves(structure, "") == ((".A", ".B") if is_partial else ("A+B.", "C+D."))
    assert halves(structure, "A+X.A") == ("A.A", "X.A")
    if is_partial:
        assert selection_of(structure, area, "X.A").areas == ("X",)
    else:
        with pytest.raises(ConfigError, match="REF_AREA has no code 'X' among its 4"):
            selection_of(structure, area, "X.A")

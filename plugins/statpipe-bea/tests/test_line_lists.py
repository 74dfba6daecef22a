"""Lists of a table's lines: numbers and titles, and nothing else."""

from __future__ import annotations

import pytest

from statpipe.api import ContentError, Payload
from statpipe_bea.line_lists import listed_lines

from .answers import body_of


def lines_of(values):
    document = {"BEAAPI": {"Results": {"ParamValue": values}}}
    found = listed_lines(Payload(name="SAPCE1-lines", body=body_of(document)))
    return [(one.line, one.title) for one in found]


def test_lines_have_a_number_and_a_title():
    values = [{"Key": " 1", "Desc": "[SAPCE1] Goods "}, {"key": 2, "desc": "[SAPCE1] Services"}]
    assert lines_of(values) == [("1", "[SAPCE1] Goods"), ("2", "[SAPCE1] Services")]


def test_a_single_line_may_be_an_object():
    assert lines_of({"Key": "1", "Desc": "a"}) == [("1", "a")]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([], "ParamValue lists no values"),
        (["1"], "ParamValue[0] is not an object with Key and Desc"),
        ([{"Key": "1", "Desc": "a"}, {"Key": "2"}], "ParamValue[1] is not an object"),
        ([{"Key": "x", "Desc": "a"}], "its keys are ['x']; expected line numbers"),
    ],
)
def test_a_malformed_list_is_refused(values, says):
    with pytest.raises(ContentError) as error:
        lines_of(values)
    assert says in str(error.value)

"""CSV and JSON that a spreadsheet and a terminal may have."""

import csv
import io
import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.cli.exports import safe_text, write_csv
from statpipe.cli.json_text import json_text
from statpipe.cli.terminal import own_output
from statpipe.domain.visible import visible


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1+1", "'+1+1"),
        ("-1+cmd", "'-1+cmd"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", r"'\t=1"),
        ("\r=1", r"'\r=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("\u200b=1", r"\u200b=1"),
        ("-5.2", "-5.2"),
        ("+1,234.5", "+1,234.5"),
        ("-", "-"),
        ("--", "--"),
        ("", ""),
        ("Less: receipts", "Less: receipts"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\nb", "a\nb"),
        ("a = b - c", "a = b - c"),
    ],
)
def test_no_text_begins_a_formula_or_contains_control_characters(text, written):
    assert safe_text(text) == written


@given(st.text(st.characters(), max_size=20))
def test_no_escaped_text_begins_a_formula(text):
    written = safe_text(text)
    begins = written[:1] in "=+-@\t\r" and written != ""
    assert not begins or set(written) <= set("+-.,0123456789")


def test_figures_and_dates_stay_unchanged_and_texts_change_only_on_request(capsys):
    row = (Decimal("-5.20"), -5.5, date(2021, 1, 1), None, "=1", "-5.2")
    for safe, text in ((True, "'=1"), (False, "=1")):
        with own_output():
            write_csv(["=a", "b", "c", "d", "e", "f"], [row], safe=safe)
        head, cells = csv.reader(io.StringIO(capsys.readouterr().out))
        assert head[0] == ("'=a" if safe else "=a")
        assert cells == ["-5.20", "-5.5", "2021-01-01", "", text, "-5.2"]


@given(st.recursive(st.text(st.characters()), lambda inner: st.dictionaries(st.text(), inner)))
def test_json_is_read_back_unchanged_and_is_safe_to_print(document):
    for indent in (None, 1):
        text = json_text(document, indent=indent)
        assert json.loads(text) == document
        assert all(visible(line) == line for line in text.split("\n"))
        assert "##[" not in text


def test_decimals_and_dates_in_json_are_texts():
    document = {"value": Decimal("0E-2"), "day": date(2021, 1, 1)}
    assert json.loads(json_text(document)) == {"value": "0.00", "day": "2021-01-01"}

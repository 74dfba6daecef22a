"""Records in each form: found, changed in one place, multiplied."""

import csv
import json
import re

import pytest

from statpipe.api import Payload
from statpipe.testing.damage import found_figures
from statpipe.testing.records import many_years, record_of, unknown_codes

KEY = ("CAL", "fine", "2024")
BODIES = {
    "objects": b'{"rows": [{"port": "CAL", "kind": "fine", "year": 2024, "value": "18.25"}]}',
    "lists": b'[["CAL", "fine", "2024", 18.25]]',
    "csv": b'port,kind,year,value\r\nCAL,fine,2024,18.25\r\nMOM,"a, b",2024,7\r\n',
    "quoted": b'"port";"kind";"year";"value"\n"CAL";"fine";"2024";"18.25"\n',
    "xml": b'<data><o port="CAL" kind="fine" year="2024" value="18.25"/></data>',
}


def found(body, text="18.25"):
    payloads = [Payload(name="p", body=body)]
    return payloads, found_figures(payloads, {KEY: text})


@pytest.mark.parametrize("form", BODIES)
def test_a_record_is_found_with_its_texts(form):
    _, (one,) = found(BODIES[form])
    assert record_of(one).parts == ("CAL", "fine", "2024", "18.25")


@pytest.mark.parametrize("form", BODIES)
def test_codes_are_only_replaced_in_their_record(form):
    payloads, figures = found(BODIES[form])
    bent = {new: damage.payloads[0].body for _, new, damage in unknown_codes(payloads, figures)}
    assert list(bent) == ["CALqq", "fineqq"]
    for new, body in bent.items():
        assert plain(body.replace(new.encode(), new[:-2].encode())) == plain(BODIES[form])


def plain(body):
    """Without blanks and quotes, which may be written otherwise."""
    return re.sub(rb'[" ]', b"", body)


def test_a_code_above_the_records_is_replaced_in_place():
    body = b'{"port": "CAL", "rows": [{"kind": "fine", "year": "2024", "value": "18.25"}]}'
    payloads, figures = found(body)
    (first, _) = unknown_codes(payloads, figures)
    assert first[2].payloads[0].body == body.replace(b'"CAL"', b'"CALqq"')


def years(form, body):
    if form in {"objects", "lists"}:
        loaded = json.loads(body)
        rows = loaded["rows"] if form == "objects" else loaded
        return [str(row["year"] if form == "objects" else row[2]) for row in rows]
    if form == "xml":
        return re.findall(r'year="(\d+)"', body.decode())
    text = body.decode()
    rows = list(csv.reader(text.splitlines(), delimiter=";" if ";" in text else ","))[1:]
    return [row[2] for row in rows if row[0] == "CAL"]


@pytest.mark.parametrize("form", BODIES)
def test_a_record_is_multiplied_for_many_years_in_place(form):
    payloads, figures = found(BODIES[form])
    ((keys, bent),) = many_years(payloads, figures)
    assert len(keys) == 1299
    assert ("CAL", "fine", "1900") in keys
    assert KEY not in keys
    assert years(form, bent.payloads[0].body) == ["2024", *(key[2] for key in keys)]
    assert bent.what == "the record of the figure 18.25 comes for 1299 other years as well"


def test_a_table_with_years_in_its_heading_has_no_record_of_one_year():
    payloads, figures = found(b"port,kind,2023,2024\nCAL,fine,17.5,18.25\n")
    assert list(many_years(payloads, figures)) == []

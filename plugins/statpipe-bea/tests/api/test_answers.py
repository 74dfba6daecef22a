"""Reading answers in every shape in which they have been seen."""

from __future__ import annotations

import json

import pytest

from statpipe.api import ContentError, Payload
from statpipe_bea.api.answers import (
    last_updated,
    looks_whole,
    one_line,
    parameter_values,
    results,
    text_of,
)

NOTES = [{"NoteRef": " ", "NoteText": "Last updated: October 6, 2022-- new statistics for 2021."}]


def payload(document: object) -> Payload:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Payload(name="SAPCE1-line-9", body=body)


def whole(**found: object) -> dict[str, object]:
    return {"BEAAPI": {"Request": {"RequestParam": []}, "Results": found}}


def test_results_come_from_an_object_or_from_a_list_of_one():
    one = payload(whole(Notes=NOTES))
    listed = payload({"BEAAPI": {"Results": [{"Notes": NOTES}]}})
    assert results(one) == results(listed) == {"Notes": NOTES}


def test_keys_in_lower_case_come_out_in_beas_usual_spelling():
    lower = payload({"beaapi": {"results": {"notes": [{"noteref": " ", "notetext": "a"}]}}})
    assert results(lower) == {"Notes": [{"NoteRef": " ", "NoteText": "a"}]}


def test_numbers_stay_text_so_that_no_digit_is_lost():
    assert results(payload(b'{"BEAAPI":{"Results":{"Data":[391059.0,7]}}}')) == {
        "Data": ["391059.0", "7"]
    }


def test_a_number_of_thousands_of_digits_is_no_trap():
    body = b'{"BEAAPI":{"Results":{"Data":' + b"9" * 5000 + b"}}}"
    assert results(payload(body)) == {"Data": "9" * 5000}


def test_raw_control_characters_inside_of_texts_are_read():
    body = json.dumps(whole(Notes=NOTES)).replace("updated: ", "updated:\t\n").encode()
    assert last_updated(payload(body)).startswith("Last updated:\t\nOctober")


def test_a_byte_order_mark_is_no_hindrance():
    assert last_updated(payload(b"\xef\xbb\xbf" + json.dumps(whole(Notes=NOTES)).encode()))


@pytest.mark.parametrize(
    ("body", "text"),
    [(b"Espa\xc3\xb1a", "España"), (b"Espa\xf1a", "España"), (b"\xef\xbb\xbfa", "a")],
)
def test_text_is_utf_8_and_falls_back_to_latin_1(body, text):
    assert text_of(body) == text


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "byte 0 (line 1): the answer is empty"),
        (b" \r\n", "byte 0 (line 1): the answer is empty"),
        (b'{"BEAAPI":\n{"Results":{"Notes":["a', "byte 32 (line 2): no JSON from here on"),
        (b'{"BEAAPI":{"Results":{}}}\n<html>', "byte 25 (line 1): something else follows"),
        (b'{"a":"\xc3\xb1"}\n<html>', "byte 10 (line 1): something else follows"),
        (b'{"a":"\xf1"}\n<html>', "byte 9 (line 1): something else follows"),
        (b'\xef\xbb\xbf{"a":"b"}\n<html>', "byte 12 (line 1): something else follows"),
        (b"<html>Sorry</html>", "found '<html>Sorry</html>'"),
        (b"[1]", "the JSON is not an object"),
        (b"null", "the JSON is not an object"),
        (b'{"Results":{}}', "the object has no BEAAPI"),
        (b'{"BEAAPI":[]}', "the object has no BEAAPI, or it is not an object"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"BEAAPI":{}}', "BEAAPI.Results is not one object"),
        (b'{"BEAAPI":{"Results":[]}}', "BEAAPI.Results is not one object"),
        (b'{"BEAAPI":{"Results":[{},{}]}}', "BEAAPI.Results is not one object"),
        (b'{"BEAAPI":{"Results":"none"}}', "BEAAPI.Results is not one object"),
    ],
)
def test_what_is_no_answer_is_refused_with_payload_and_place(body, says):
    with pytest.raises(ContentError) as error:
        results(payload(body))
    assert says in str(error.value)
    assert "SAPCE1-line-9" in str(error.value)
    assert error.value.payload.body == body


def test_parameter_values_are_pairs_of_key_and_description():
    values = [{"Key": "1", "Desc": "[SAPCE1] Goods"}, {"key": 2, "desc": "[SAPCE1] Services"}]
    assert parameter_values(payload(whole(ParamValue=values))) == [
        ("1", "[SAPCE1] Goods"),
        ("2", "[SAPCE1] Services"),
    ]


def test_a_single_parameter_value_may_be_an_object():
    assert parameter_values(payload(whole(paramvalue={"Key": "1", "Desc": "a"}))) == [("1", "a")]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([], "ParamValue lists no values"),
        (["1"], "ParamValue[0] is not an object with Key and Desc"),
        ([{"Key": "1", "Desc": "a"}, {"Key": "2"}], "ParamValue[1] is not an object"),
    ],
)
def test_a_list_of_values_of_another_shape_is_refused(values, says):
    with pytest.raises(ContentError) as error:
        parameter_values(payload(whole(ParamValue=values)))
    assert says in str(error.value)


def test_the_last_update_is_told_in_beas_words():
    notes = [{"NoteRef": "(L)", "NoteText": "Less than $50,000."}, *NOTES]
    text = "Last updated: October 6, 2022-- new statistics for 2021."
    assert last_updated(payload(whole(Notes=notes))) == text
    assert last_updated(payload(whole(Notes=NOTES[0]))) == text


@pytest.mark.parametrize("notes", [None, [], ["Last updated: today"], [{"NoteText": "Note."}]])
def test_an_answer_without_a_last_update_is_refused(notes):
    with pytest.raises(ContentError, match='no note that starts with "Last updated"'):
        last_updated(payload(whole(Notes=notes)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"BEAAPI":{"Request":{},"Results":{"Data":[{"DataValue":"1"}',
        b'{"BEAAPI":{"Request":{},"Results":{"Data":[{"DataValue":"1"}]}}}<html>',
        b'{"BEAAPI":{"Results":{"Error":{"APIErrorCode":"1"}}}}',
        b'{"beaapi":{"results":{},"error":{"apierrorcode":"1"}}}',
        b'{"BEAAPI":{"Results":{"Error":{"Description":"Busy"}}}}',
        b'{"Results":{"Data":[]}}',
        b'{"BEAAPI":{"Request":{"RequestParam":[]}}}',
    ],
)
def test_a_look_over_an_answer_finds_what_needs_a_closer_look(body):
    assert not looks_whole(body)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_look_over_a_healthy_answer_is_enough(indent):
    assert looks_whole(json.dumps(whole(Notes=NOTES), indent=indent).encode() + b"\r\n")
    assert looks_whole(json.dumps({"BEAAPI": {"Results": [{"Notes": [{}]}]}}).encode())


def test_texts_from_outside_become_one_printable_line():
    assert one_line("a\r\n\x1b[31mb\ud800 \t c") == "a [31mb c"
    assert one_line("abcdef", 3) == "abc..."

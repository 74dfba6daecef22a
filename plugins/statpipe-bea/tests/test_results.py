"""Reading BEA's JSON in every shape in which it has been seen."""

from __future__ import annotations

import json

import pytest

from statpipe.api import ContentError, Payload
from statpipe_bea.results import results

NOTES = [{"NoteRef": " ", "NoteText": "Last updated: October 6, 2022-- new statistics for 2021."}]


def payload(document: object) -> Payload:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Payload(name="SAPCE1-line-9", body=body)


def whole(**found: object) -> dict[str, object]:
    return {"BEAAPI": {"Request": {"RequestParam": []}, "Results": found}}


def test_results_may_be_an_object_or_a_list_of_one():
    one = payload(whole(Notes=NOTES))
    listed = payload({"BEAAPI": {"Results": [{"Notes": NOTES}]}})
    assert results(one) == results(listed) == {"Notes": NOTES}


def test_keys_in_lower_case_get_beas_usual_spelling():
    lower = payload({"beaapi": {"results": {"notes": [{"noteref": " ", "notetext": "a"}]}}})
    assert results(lower) == {"Notes": [{"NoteRef": " ", "NoteText": "a"}]}


def test_numbers_stay_text_and_keep_every_digit():
    assert results(payload(b'{"BEAAPI":{"Results":{"Data":[391059.0,7]}}}')) == {
        "Data": ["391059.0", "7"]
    }


def test_a_number_with_thousands_of_digits_is_harmless():
    body = b'{"BEAAPI":{"Results":{"Data":' + b"9" * 5000 + b"}}}"
    assert results(payload(body)) == {"Data": "9" * 5000}


def test_raw_control_characters_in_texts_are_read():
    body = json.dumps(whole(Notes=NOTES)).replace("updated: ", "updated:\t\r\n\x00").encode()
    (note,) = results(payload(body))["Notes"]
    assert note["NoteText"].startswith("Last updated:\t\r\n\x00October")


def test_a_byte_order_mark_is_accepted():
    assert results(payload(b"\xef\xbb\xbf" + json.dumps(whole(Notes=NOTES)).encode()))


def test_a_key_that_occurs_twice_is_refused_in_any_spelling():
    body = b'{"BEAAPI":{"Results":{"Data":[{"DataValue":"1","datavalue":"2"}]}}}'
    with pytest.raises(ContentError, match="an object has the key 'DataValue' twice; expected"):
        results(payload(body))


def test_invalid_json_numbers_are_refused():
    with pytest.raises(ContentError, match="payload SAPCE1-line-9: NaN is not a figure; expected"):
        results(payload(b'{"BEAAPI":{"Results":{"Data":[NaN]}}}'))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "byte 0 (line 1): the answer is empty"),
        (b" \r\n", "byte 0 (line 1): the answer is empty"),
        (b'{"BEAAPI":\n{"Results":{"Notes":["a', "byte 32 (line 2): not valid JSON"),
        (b'{"BEAAPI":{"Results":{}}}\n<html>', "byte 25 (line 1): something else follows"),
        (b'{"a":"\xc3\xb1"}\n<html>', "byte 10 (line 1): something else follows"),
        (b'{"a":"\xf1"}\n<html>', "byte 9 (line 1): something else follows"),
        (b'\xef\xbb\xbf{"a":"b"}\n<html>', "byte 12 (line 1): something else follows"),
        (b"<html>Sorry</html>", "found '<html>Sorry</html>'"),
        (b"[1]", "the JSON is not an object"),
        (b"null", "the JSON is not an object"),
        (b'{"Results":{}}', "the key BEAAPI"),
        (b'{"BEAAPI":[]}', "the key BEAAPI is missing or not an object"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"BEAAPI":{}}', "BEAAPI.Results is not a single object"),
        (b'{"BEAAPI":{"Results":[]}}', "BEAAPI.Results is not a single object"),
        (b'{"BEAAPI":{"Results":[{},{}]}}', "BEAAPI.Results is not a single object"),
        (b'{"BEAAPI":{"Results":"none"}}', "BEAAPI.Results is not a single object"),
    ],
)
def test_an_invalid_answer_is_refused_with_payload_and_place(body, says):
    with pytest.raises(ContentError) as error:
        results(payload(body))
    assert says in str(error.value)
    assert "SAPCE1-line-9" in str(error.value)
    assert error.value.payload.body == body

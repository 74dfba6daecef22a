"""BEA's errors inside answers, in every place and form, and the exceptions for them."""

from __future__ import annotations

import json

import pytest

from statpipe.api import Payload, Rejected, Unavailable
from statpipe.api.http import Passing
from statpipe_bea.api.refusals import Refusal, failure, refusal_in

NODE = {"APIErrorCode": "40", "APIErrorDescription": "Missing parameter."}
FOUND = Refusal(40, "Missing parameter")
REQUEST = {"url": "https://apps.bea.gov/api/data", "TableName": "SAPCE1", "LineCode": "9"}


def payload(document: object, after: str = "") -> Payload:
    body = (json.dumps(document) + after).encode()
    return Payload(name="SAPCE1-line-9", body=body, request=REQUEST)


@pytest.mark.parametrize(
    "api",
    [
        {"Results": {"Error": NODE}},
        {"Results": {"Error": [NODE]}},
        {"Results": [{"Error": NODE}]},
        {"Error": NODE},
        {"Error": [NODE]},
        {"Results": {"Data": []}, "Error": NODE},
        {
            "results": {
                "error": {"apierrorcode": "40", "apierrordescription": NODE["APIErrorDescription"]}
            }
        },
        {"Results": {"Error": {**NODE, "APIErrorCode": 40}}},
        {"Results": {"Error": {**NODE, "APIErrorCode": " 040 "}}},
    ],
)
def test_an_error_is_found_in_every_place(api):
    assert refusal_in(payload({"BEAAPI": api})) == FOUND


def test_an_error_is_found_before_an_html_page():
    assert refusal_in(payload({"BEAAPI": {"Error": NODE}}, "<html></html>")) == FOUND


@pytest.mark.parametrize(
    ("detail", "description"),
    [
        ({"Description": "Only one geography"}, "Missing parameter. (Only one geography)"),
        ("Only one geography", "Missing parameter. (Only one geography)"),
        (["a", {"Description": "b", "X": "c"}], "Missing parameter. (a) (b; c)"),
        (None, "Missing parameter"),
    ],
)
def test_details_of_an_error_may_be_an_object_or_a_text(detail, description):
    api = {"Error": {**NODE, "ErrorDetail": detail}}
    assert refusal_in(payload({"BEAAPI": api})) == Refusal(40, description)


@pytest.mark.parametrize(
    ("node", "refusal"),
    [
        ("Server too busy", Refusal(None, "Server too busy")),
        ({}, Refusal(None, "no description")),
        ({"APIErrorCode": "x", "APIErrorDescription": "a\nb"}, Refusal(None, "a b")),
    ],
)
def test_an_error_without_a_number_is_recognized(node, refusal):
    assert refusal_in(payload({"BEAAPI": {"Results": {"Error": node}}})) == refusal


def test_an_answer_that_mentions_errors_is_not_an_error():
    api = {"Results": {"Notes": [{"NoteText": "Error"}], "Data": [{"Error": "1"}]}}
    assert refusal_in(payload({"BEAAPI": api})) is None
    assert refusal_in(payload([NODE])) is None


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (1, "set BEA_API_KEY to the 36-character key"),
        (3, "BEA does not know this key"),
        (4, "activate the key"),
    ],
)
def test_a_bad_key_is_rejected_with_the_place_to_get_one(code, says):
    error = failure(Refusal(code, "Invalid"), payload({}), wait=None)
    assert isinstance(error, Rejected)
    assert says in str(error)
    assert "https://apps.bea.gov/API/signup/" in str(error)
    assert f"error {code}: Invalid." in str(error)


@pytest.mark.parametrize("code", [20, 31, 40, 41])
def test_a_bad_request_is_rejected_with_its_parameters(code):
    error = failure(Refusal(code, "Bad"), payload({}), wait=None)
    assert isinstance(error, Rejected)
    assert str(error) == (
        f"BEA refuses SAPCE1-line-9: error {code}: Bad. Correct table, line, areas or years. "
        "Asked: TableName=SAPCE1, LineCode=9"
    )


def test_no_data_is_rejected_with_the_request():
    error = failure(Refusal(201, "No data"), payload({}), wait=None)
    assert isinstance(error, Rejected)
    assert "BEA has no data for TableName=SAPCE1, LineCode=9" in str(error)


@pytest.mark.parametrize("refusal", [Refusal(101, "Unknown error"), Refusal(None, "Busy")])
def test_an_unknown_error_is_retried_once(refusal):
    error = failure(refusal, payload({}), wait=None)
    assert isinstance(error, Passing)
    assert isinstance(error.error, Unavailable)
    assert error.tries == 2


@pytest.mark.parametrize(("wait", "seconds"), [(None, 60), (7.0, 7)])
def test_throttling_ends_after_the_given_time_or_a_minute(wait, seconds):
    error = failure(Refusal(7, "Throttled"), payload({}), wait=wait)
    assert isinstance(error, Passing)
    assert error.wait == error.error.retry_after == seconds

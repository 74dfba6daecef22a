"""The client against a server on this machine that answers as BEA does."""

from __future__ import annotations

import socket
from importlib.metadata import version

import httpcore
import httpx
import pytest
import respx

from statpipe.api import ContentError, Rejected, Secret, Unavailable
from statpipe_bea.answers import read_answer
from statpipe_bea.api import BeaClient, Limits
from statpipe_bea.line_lists import listed_lines
from statpipe_bea.results import results
from support import bea_faults as faults

from .conftest import NOON, ONE_LINE

LINES = {
    "method": "GetParameterValuesFiltered",
    "datasetname": "Regional",
    "TargetParameter": "LineCode",
    "TableName": "SAPCE1",
    "ResultFormat": "JSON",
}


def test_a_payload_contains_the_answer_and_the_request(fake, ask):
    payload = ask()
    assert results(payload)["Data"][0]["DataValue"] == "151641.2"
    assert payload.name == "SAPCE1-line-9"
    assert payload.media_type == "application/json"
    assert payload.request == {"url": fake.url, **ONE_LINE}
    assert payload.retrieved == NOON


def test_the_answer_keeps_every_byte_except_the_key(fake, ask):
    body = b'{"BEAAPI":  {"Results":{"a":"\xc3\xb1\\u00f1","key":"%s"}}}\r\n' % fake.key.encode()
    fake.faults.append(faults.body(body))
    assert ask().body == body.replace(fake.key.encode(), b"REDACTED")


def test_the_request_contains_the_key_and_all_parameters(fake, ask):
    ask()
    sent = {name.lower(): value for name, value in ONE_LINE.items()}
    assert fake.requests == [{**sent, "userid": fake.key}]


def test_the_date_and_the_lines_of_a_table_can_be_read(client, ask):
    assert read_answer(ask()).release.startswith("Last updated: October 6, 2022")
    lines = listed_lines(client.ask("SAPCE1-lines", LINES))
    assert len(lines) == 24
    assert (lines[0].line, lines[0].title) == ("1", "[SAPCE1] Personal consumption expenditures")


def test_a_repeated_request_is_not_sent_again(fake, client, ask):
    first = ask()
    again = client.ask("probe", dict(reversed(ONE_LINE.items())))
    assert (again.name, again.body, again.retrieved) == ("probe", first.body, first.retrieved)
    assert client.requests == len(fake.requests) == 1


def test_an_error_is_not_remembered(fake, client, ask):
    fake.faults.append(faults.api_error(40))
    with pytest.raises(Rejected):
        ask()
    assert ask().body
    assert client.requests == 2


def test_a_parameter_with_the_name_of_the_key_is_refused(fake, ask):
    with pytest.raises(ValueError, match="the key must not be part of a request"):
        ask(USERID="anything")
    assert fake.requests == []


@pytest.mark.parametrize(
    "fault",
    [
        faults.status(408),
        faults.status(500),
        faults.status(502),
        faults.status(503, Retry_After="1"),
        faults.status(504),
        faults.too_many("1"),
        faults.too_many(),
        faults.api_error(7),
        faults.api_error(101),
        faults.both(faults.api_error(7), lambda answer: faults.replace(answer, status=429)),
        faults.html_page(),
        faults.empty(),
        faults.truncated(0.5),
        faults.truncated(0.99),
        faults.followed_by_html(),
        faults.reset(after=0),
        faults.reset(after=50),
        faults.reset(after=400),
        faults.wrong_length(10),
        faults.wrong_length(-10),
        faults.both(faults.gzipped(), faults.truncated(0.5)),
        faults.body(b"[]"),
        faults.body(b'{"BEAAPI":{}}'),
    ],
)
def test_temporary_errors_are_retried(fake, client, ask, fault):
    fake.faults.append(fault)
    assert results(ask())["Data"]
    # A request that went out on a connection that BEA was just closing did not arrive.
    assert 2 == len(fake.requests) <= client.requests


@pytest.mark.parametrize(
    "fault",
    [
        faults.gzipped(),
        faults.control_characters(),
        faults.latin_1(),
        faults.lower_case_keys(),
        faults.results_as_list(),
        faults.one_row_as_object(),
        faults.marker_in_value(),
        faults.thousands_commas(),
        faults.shuffled(),
    ],
)
def test_unusual_but_readable_answers_are_accepted(fake, client, ask, fault):
    fake.faults.append(fault)
    assert results(ask())["Data"]
    assert client.requests == 1


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (
            faults.status(503),
            (Unavailable, "HTTP 503 Service Unavailable with the web page 'Service'; run again", 5),
        ),
        (faults.reset(), (Unavailable, "127.0.0.1 cannot be reached (ReadError", 5)),
        (faults.wrong_length(), (Unavailable, "without sending complete message body", 5)),
        (faults.api_error(7), (Unavailable, "error 7: The description", 5)),
        (faults.api_error(101), (Unavailable, "error 101: The description", 2)),
        (faults.empty(), (ContentError, "byte 0 (line 1): the answer is empty", 3)),
        (faults.html_page(), (Unavailable, "with the web page 'Service' instead of data", 3)),
        (faults.truncated(), (ContentError, "not valid JSON", 3)),
        (faults.followed_by_html(), (ContentError, "something else follows the JSON", 3)),
        (
            faults.redirect("https://a.example/b?c"),
            (ContentError, "HTTP 302 Found with the web page 'Service', to a.example.", 1),
        ),
        (
            faults.redirect("/moved"),
            (ContentError, "to 127.0.0.1. The redirect was not followed", 1),
        ),
        (
            faults.redirect("file:///etc/passwd"),
            (ContentError, "to an unusable address (", 1),
        ),
        (faults.status(204), (ContentError, "HTTP 204 No Content; expected HTTP 200", 1)),
        (faults.api_error(1), (Rejected, "error 1: The description", 1)),
        (faults.api_error(41, top=True, listed=True, lower_case=True), (Rejected, "error 41", 1)),
        (faults.api_error(201), (Rejected, "BEA has no data for method=GetData", 1)),
        (
            faults.status(403),
            (Rejected, "HTTP 403 Forbidden with the web page 'Service'; correct the request", 1),
        ),
        (faults.status(404), (Rejected, "HTTP 404 Not Found", 1)),
        (
            faults.both(faults.gzipped(), faults.body(b"no gzip")),
            (Unavailable, "is not valid gzip", 5),
        ),
    ],
)
def test_permanent_errors_are_not_retried(fake, client, ask, fault, outcome):
    error, says, requests = outcome
    fake.always = fault
    with pytest.raises(error) as raised:
        ask()
    assert says in str(raised.value)
    assert "SAPCE1-line-9" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert client.requests == len(fake.requests) == requests


def test_server_errors_are_temporary_whatever_the_body_says(fake, client, ask):
    refusal = faults.api_error(40)
    fake.faults.append(lambda answer: faults.replace(refusal(answer), status=500))
    assert ask().body
    assert client.requests == 2


def test_a_refusal_with_an_http_error_quotes_bea(fake, client, ask):
    refusal = faults.api_error(4)
    fake.always = lambda answer: faults.replace(refusal(answer), status=400)
    with pytest.raises(Rejected, match=r"error 4: The description.*activate the key"):
        ask()
    assert client.requests == 1


def test_the_error_carries_the_received_payload(fake, ask):
    fake.always = faults.html_page()
    with pytest.raises(Unavailable) as error:
        ask()
    assert error.value.payload.body == faults.HTML
    assert error.value.payload.suffix == ".html"


def test_a_wrong_key_is_rejected_at_once(fake, connect):
    client = connect(key=Secret("00000000-0000-0000-0000-000000000000"))
    with pytest.raises(Rejected, match=r"Invalid API UserId.*https://apps.bea.gov/API/signup/"):
        client.ask("SAPCE1-line-9", ONE_LINE)
    assert client.requests == 1


def test_errors_in_beas_answers_are_recognized(ask):
    with pytest.raises(Rejected, match="Only one geography"):
        ask(LineCode="ALL", GeoFips="STATE")
    with pytest.raises(Rejected, match=r"error 40: .*LineCode=999"):
        ask(LineCode="999")
    with pytest.raises(Rejected, match=r"error 201: .*Year=2099"):
        ask(Year="2099")


@pytest.mark.parametrize(
    ("header", "slept"),
    [("7", [7]), ("Mon, 23 Nov 2026 12:01:30 GMT", [90]), ("0", []), (None, [60]), ("soon", [60])],
)
def test_retry_after_is_obeyed(fake, ask, time, header, slept):
    fake.faults.append(faults.too_many(header))
    ask()
    assert time.slept == slept


def test_a_long_lock_out_ends_the_run_and_says_when_to_come_back(fake, client, ask):
    fake.faults.append(faults.too_many("3600"))
    with pytest.raises(Unavailable, match="run again in 3600 s") as error:
        ask()
    assert error.value.retry_after == 3600
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 has locked us out for another 3600 s"):
        ask(LineCode="10")
    assert client.requests == 1


def test_retries_end_after_five_minutes(fake, client, ask, time):
    fake.always = faults.too_many("110")
    with pytest.raises(Unavailable):
        ask()
    assert time.slept == [110, 110]
    assert client.requests == 3


def test_requests_above_the_limit_per_minute_wait(fake, connect, time):
    client = connect(limits=[Limits(requests=3)])
    for line in range(1, 5):
        client.ask("a", {**ONE_LINE, "LineCode": str(line)})
    assert time.slept == [60]


def test_bytes_above_the_limit_per_minute_wait(fake, connect, time):
    client = connect(limits=[Limits(bytes=4000)])
    client.ask("a", {**ONE_LINE, "LineCode": "1"})
    client.ask("a", {**ONE_LINE, "LineCode": "2"})
    client.ask("a", {**ONE_LINE, "LineCode": "3"})
    assert time.slept == [60]


def test_errors_above_the_limit_per_minute_wait_before_the_key_is_locked(fake, connect, time):
    client = connect(limits=[Limits(errors=2)])
    fake.faults += [faults.api_error(40), faults.status(503)]
    with pytest.raises(Rejected):
        client.ask("a", ONE_LINE)
    client.ask("a", ONE_LINE)
    assert time.slept == [60]


def test_an_unreachable_server_is_reported_with_its_host(connect):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = connect(url=f"http://127.0.0.1:{unused.getsockname()[1]}/api/data")
        with pytest.raises(Unavailable, match=r"127.0.0.1 cannot be reached \(ConnectError"):
            client.ask("SAPCE1-line-9", ONE_LINE)


@respx.mock
def test_the_default_url_uses_https_and_a_user_agent():
    route = respx.get(host="apps.bea.gov", scheme="https", path="/api/data").respond(
        text='{"BEAAPI":{"Results":{}}}'
    )
    client = BeaClient(key=Secret("0123456789"), url="https://apps.bea.gov/api/data")
    client.ask("SAPCE1-line-9", ONE_LINE)
    client.close()
    request = route.calls.last.request
    assert dict(request.url.params) == {**ONE_LINE, "UserID": "0123456789"}
    assert request.headers["user-agent"] == f"statpipe-bea/{version('statpipe-bea')}"
    assert request.headers["accept-encoding"] == "gzip"


@respx.mock
@pytest.mark.parametrize(
    "error",
    [
        httpcore.ConnectError,
        httpcore.ConnectTimeout,
        httpcore.ReadError,
        httpcore.RemoteProtocolError,
    ],
)
def test_network_errors_are_temporary(connect, error):
    healthy = httpx.Response(200, text='{"BEAAPI":{"Results":{}}}')
    respx.get("https://apps.bea.gov/api/data").side_effect = [error("trouble"), healthy]
    client = connect(url="https://apps.bea.gov/api/data")
    assert client.ask("SAPCE1-line-9", ONE_LINE).body
    assert client.requests == 2


def test_the_repr_shows_url_and_limits(fake, client, ask):
    ask()
    assert repr(client) == f"BeaClient(url='{fake.url}', requests=1)"

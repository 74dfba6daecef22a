"""Fetching a file: what may pass is asked again, what does not says what to do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from statpipe.api import ContentError, Rejected, Unavailable
from statpipe.api.http import Patience, fetch
from support.rude_server import reply

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAGE = b"<html><title>Down \x1b[31m</title></html>"
GOOD = reply(b"PK figures")


@pytest.fixture
def bring(transport, time):
    def bring(server):
        return fetch(
            transport,
            server.url,
            name="SAPCE.zip",
            media_type="application/zip",
            patience=Patience(first_wait=0, jitter=0),
            now=lambda: NOON,
            sleep=time.sleep,
        )

    return bring


def test_a_payload_holds_the_bytes_and_what_was_asked(serve, bring):
    server = serve(GOOD)
    payload = bring(server)
    assert (payload.name, payload.body) == ("SAPCE.zip", b"PK figures")
    assert (payload.media_type, payload.retrieved) == ("application/zip", NOON)
    assert payload.request == {"url": server.url}


@pytest.mark.parametrize(
    "first",
    [
        b"",
        reply(b"", "500 Internal Server Error"),
        reply(b"", "502 Bad Gateway"),
        reply(b"", "599 Strange"),
        reply(b"", "408 Request Timeout"),
        reply(b"", "425 Too Early"),
        reply(b"", "429 Too Many Requests"),
        reply(PAGE),
        reply(b"bad", Content_Encoding="gzip"),
        reply(b"", "503 Busy", Retry_After=b"\xfc"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
    ],
)
def test_what_may_pass_is_asked_again(serve, bring, first):
    server = serve(first, GOOD)
    assert bring(server).body == b"PK figures"
    assert len(server.heads) == 2


@pytest.mark.parametrize(
    ("value", "slept"),
    [("7", [7]), ("Mon, 23 Nov 2026 12:01:30 GMT", [90]), ("0", []), ("gr\xfcn", [])],
)
def test_retry_after_is_obeyed(serve, bring, time, value, slept):
    bring(serve(reply(b"", "503 Busy", Retry_After=value), GOOD))
    assert time.slept == slept


def test_a_long_wait_is_left_to_the_next_run(serve, bring, time):
    with pytest.raises(Unavailable, match="run again in 3600 s") as error:
        bring(serve(reply(b"", "429 Slow down", Retry_After="3600")))
    assert error.value.retry_after == 3600
    assert time.slept == []


def test_a_web_page_is_an_agency_that_is_down_and_goes_with_the_error(serve, bring):
    server = serve(reply(PAGE, Content_Type="application/zip"))
    with pytest.raises(Unavailable) as error:
        bring(server)
    assert str(error.value) == (
        f"SAPCE.zip: {server.url} answers HTTP 200 OK with the web page 'Down [31m' instead of data: the "
        "agency is down or has moved; run again later (tried 3 times)"
    )
    assert (error.value.payload.body, error.value.payload.suffix) == (PAGE, ".html")


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (
            reply(PAGE, "404 Not Found"),
            Rejected,
            "HTTP 404 Not Found with the web page 'Down [31m'; ",
        ),
        (
            reply(b"No\x1b!", "403 Forbidden"),
            Rejected,
            "HTTP 403 Forbidden and says 'No !'; correct",
        ),
        (reply(b"", "401 Unauthorized"), Rejected, "HTTP 401 Unauthorized; correct the request"),
        (reply(b"", "204 No Content"), ContentError, "HTTP 204 No Content; expected HTTP 200"),
        (reply(b"", "302 Found"), ContentError, "HTTP 302 Found without an address to go on to"),
        (reply(b"", "503 Busy"), Unavailable, "503 Service Unavailable; run again later (tried 5"),
    ],
)
def test_what_does_not_pass_says_what_to_do(serve, bring, answer, error, says):
    with pytest.raises(error) as raised:
        bring(serve(answer))
    assert says in str(raised.value)
    assert str(raised.value).startswith("SAPCE.zip: http://127.0.0.1:")

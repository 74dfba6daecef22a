"""Asking an agency: what may pass is asked again, what does not says what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from importlib.metadata import version

import pytest

from statpipe.api import ConfigError, ContentError, NoData, Rejected, Secret, Unavailable
from statpipe.api.http import Answer, Client, Credential, Limits, Patience
from statpipe.testing import LocalAgency
from support.rude_server import reply

KEY = "C0FFEE00-dead-4BAD-8bad-00CaFe00Beef"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAGE = b"<html><title>Down \x1b[31m</title></html>"
GOOD = reply(b"PK figures")


@pytest.fixture
def agency():
    with LocalAgency() as agency:
        yield agency


@pytest.fixture
def connect(time, monkeypatch):
    """Make clients that know no variables of the environment; all are closed in the end."""
    monkeypatch.setattr("os.environ", {})
    opened = []

    def connect(server, **options):
        told = {
            "agent": "statpipe-core",
            "patience": Patience(first_wait=0, jitter=0),
            "now": lambda: NOON + timedelta(seconds=time.seconds),
            "clock": time.clock,
            "sleep": time.sleep,
        }
        opened.append(Client(server.url, **(told | options)))
        return opened[-1]

    yield connect
    for client in opened:
        client.close()


@pytest.fixture
def bring(connect):
    return lambda server, **options: (
        connect(server, **options).get(name="SAPCE.zip").payload(media_type="application/zip")
    )


def test_a_payload_contains_the_bytes_and_the_request(serve, bring):
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
def test_temporary_errors_are_retried(serve, bring, first):
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


def test_a_web_page_means_the_agency_is_down_and_is_kept(serve, bring):
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
        (reply(b"", "302 Found"), ContentError, "HTTP 302 Found without a target address"),
        (reply(b"", "503 Busy"), Unavailable, "503 Service Unavailable; run again later (tried 5"),
    ],
)
def test_permanent_errors_say_what_to_do(serve, bring, answer, error, says):
    with pytest.raises(error) as raised:
        bring(serve(answer))
    assert says in str(raised.value)
    assert str(raised.value).startswith("SAPCE.zip: http://127.0.0.1:")


class TestWhatTheAgencyMeans:
    """A judge knows it; the status decides where the judge says nothing."""

    @pytest.mark.parametrize(
        ("status", "error", "says"),
        [
            (503, Unavailable, "HTTP 503"),
            (404, Rejected, "HTTP 404"),
            (200, ContentError, "not valid JSON"),
        ],
    )
    def test_the_status_decides_what_the_judge_cannot_read(
        self, agency, connect, status, error, says
    ):
        agency.answer("/data", b"Service moved", media_type="text/plain", status=status)
        with pytest.raises(error, match=says):
            connect(agency, judge=self.judged).get("data", name="LAU")

    def judged(self, answer):
        said = answer.json()["status"]
        return {
            "refused": Rejected("the agency refuses the series; correct `series`"),
            "nothing": NoData("the agency has nothing for 1913"),
            "busy": Unavailable("the agency is busy; run again later"),
            "waits": Unavailable("the agency wants to be left alone", retry_after=30),
        }.get(said)

    @pytest.fixture
    def ask(self, agency, connect):
        def ask(*said):
            answers = iter([*said, *[said[-1]] * 9])
            agency.answer_with(lambda _: json.dumps({"status": next(answers)}).encode())
            return connect(agency, judge=self.judged).get("data", name="LAU").json()["status"]

        return ask

    @pytest.mark.parametrize(("said", "error"), [("refused", Rejected), ("nothing", NoData)])
    def test_a_refusal_with_status_200_is_recognized(self, ask, agency, said, error):
        with pytest.raises(error):
            ask(said)
        assert len(agency.requests) == 1

    def test_temporary_errors_are_retried(self, ask, agency):
        assert ask("busy", "well") == "well"
        assert len(agency.requests) == 2

    def test_the_wait_that_the_judge_names_is_kept(self, ask, time):
        assert ask("waits", "well") == "well"
        assert time.slept == [30]

    def test_a_permanent_error_says_how_often_it_was_tried(self, ask):
        with pytest.raises(Unavailable, match=r"busy; run again later \(tried 5 times\)"):
            ask("busy")


def test_an_answer_that_is_not_valid_json_is_refused_and_kept(agency, connect):
    agency.answer("/data", b"Service moved", media_type="text/plain")
    with pytest.raises(ContentError, match="LAU: the response is not valid JSON") as error:
        connect(agency).get("data", name="LAU").json()
    assert error.value.payload.body == b"Service moved"


def test_the_date_of_a_file_comes_from_its_headers(agency, connect):
    agency.answer("/la.data", b"x" * 99, headers={"Last-Modified": "Fri, 20 Nov 2026 15:00:00 GMT"})
    answer = connect(agency).head("la.data")
    assert answer.last_modified == datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert (answer.body, agency.requests[0].method) == (b"", "HEAD")


@pytest.mark.parametrize("text", ["", "yesterday", "Fri, 99 Nov 2026 15:00:00 GMT"])
def test_an_unreadable_date_is_none(text):
    headers = {"last-modified": text}
    assert Answer(url="http://a/", status=200, body=b"", headers=headers).last_modified is None


@pytest.mark.parametrize(("minutes", "is_told"), [(-525_600, True), (30, True), (90, False)])
def test_a_date_ahead_of_our_clock_is_none(minutes, is_told):
    now = datetime(2026, 11, 20, 15, tzinfo=UTC)
    at = now + timedelta(minutes=minutes)
    headers = {"last-modified": format_datetime(at, usegmt=True)}
    answer = Answer(url="http://a/", status=200, headers=headers, body=b"", retrieved=now)
    assert answer.last_modified == (at if is_told else None)


class TestDocuments:
    """A JSON object that is sent, with the key inside, before it or in the address."""

    def sent(self, agency, connect, **where):
        client = connect(agency, credential=Credential(secret=Secret(KEY), **where))
        agency.answer_with(lambda request: request.body + request.everything.encode())
        return client.post("timeseries", {"seriesid": ["LAU06"]}, name="LAU")

    @pytest.mark.parametrize(
        ("where", "seen"),
        [
            ({"name": "registrationkey", "place": "document"}, f'"registrationkey": "{KEY}"'),
            ({"name": "Authorization", "place": "header", "prefix": "Bearer "}, f"Bearer {KEY}"),
            ({"name": "key", "place": "query"}, f"'key': '{KEY}'"),
        ],
    )
    def test_the_key_is_sent_and_removed_from_answers(self, agency, connect, where, seen):
        answer = self.sent(agency, connect, **where)
        (request,) = agency.requests
        assert (request.method, seen in request.everything) == ("POST", True)
        assert request.headers["content-type"] == "application/json"
        assert answer.request == {
            "url": f"{agency.url}/timeseries",
            "document": '{"seriesid": ["LAU06"]}',
        }
        assert KEY not in repr(answer) + answer.body.decode() + repr(answer.payload())
        assert b"REDACTED" in answer.body

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize("keyed", [True, False])
    def test_no_redirect_gets_the_key(self, agency, connect, status, keyed):
        agency.answer("/there", b"{}")
        agency.answer("/timeseries", b"", status=status, headers={"Location": "/there"})
        key = Credential(name="key", secret=Secret(KEY), place="document") if keyed else None
        with pytest.raises(ContentError, match="was not followed"):
            connect(agency, credential=key).post("timeseries", {"seriesid": ["LAU06"]})
        assert [request.path for request in agency.requests] == ["/timeseries"]


class TestTheKey:
    def test_without_the_key_nothing_is_requested_and_its_variable_is_named(self, agency, connect):
        key = Credential(name="key", secret=None, variable="HARBOUR_KEY")
        with pytest.raises(ConfigError) as error:
            connect(agency, credential=key).get("data")
        assert str(error.value) == (
            "the agency requires a key; set HARBOUR_KEY in the environment or in .env"
        )
        assert agency.requests == []

    def test_authors_cannot_give_the_key_as_a_parameter(self, agency, connect):
        client = connect(agency, credential=Credential(name="key", secret=Secret(KEY)))
        with pytest.raises(ValueError, match="the client adds it"):
            client.get("data", {"KEY": KEY})

    def test_the_key_is_in_no_log(self, agency, connect, caplog):
        caplog.set_level("DEBUG")
        agency.answer("/data", b"{}", headers={"X-Asked": f"/data?key={KEY}"})
        client = connect(agency, credential=Credential(name="key", secret=Secret(KEY)))
        client.get("data")
        assert caplog.records
        assert KEY not in caplog.text + repr(client)


class TestPages:
    @pytest.fixture
    def read(self, agency, connect):
        def read(following):
            agency.answer_with(lambda request: json.dumps(request.query).encode())
            pages = connect(agency).pages("data", {"page": "1"}, following, name="LAU")
            return [(page.name, page.json()["page"]) for page in pages]

        return read

    def test_pages_are_returned_in_order_each_with_its_name(self, read):
        three = {"1": {"page": "2"}, "2": {"page": "3"}, "3": None}
        found = read(lambda answer: three[answer.json()["page"]])
        assert found == [("LAU-1", "1"), ("LAU-2", "2"), ("LAU-3", "3")]

    def test_pages_that_form_a_cycle_end(self, read, agency):
        with pytest.raises(ContentError, match="LAU: page 2 leads to a page already read"):
            read(lambda answer: {"page": "2" if answer.json()["page"] == "1" else "1"})
        assert len(agency.requests) == 2


@pytest.mark.parametrize("memory", [0, 1000])
def test_a_head_request_is_not_remembered_as_the_answer(agency, connect, memory):
    agency.answer("/la.data", b"figures")
    client = connect(agency, memory=memory)
    assert client.head("la.data").body == b""
    assert client.get("la.data").body == b"figures"


def test_without_memory_an_empty_answer_is_requested_again(agency, connect):
    client = connect(agency)
    for body in (b"", b"figures"):
        agency.answer("/la.data", body)
        assert client.get("la.data").body == body


def test_a_remembered_answer_is_only_requested_again_if_forced(agency, connect):
    agency.answer("/data", b"{}")
    client = connect(agency, memory=1000)
    assert client.get("data", name="probe").name == "probe"
    assert client.get("data", name="figures").name == "figures"
    assert client.requests == 1
    client.get("data", anew=True)
    client.get("data", {"year": "2021"})
    assert client.requests == 3


def test_headers_alone_are_not_remembered_as_the_answer(agency, connect):
    agency.answer("/data", b"figures")
    client = connect(agency, memory=1000)
    client.head("data")
    assert client.get("data").body == b"figures"


def test_requests_wait_for_limits_that_earlier_runs_used_up(agency, connect, time, tmp_path):
    agency.answer("/data", b"{}")
    limits = {"limits": [Limits(requests=2)], "remembered": tmp_path}
    for _ in range(3):
        connect(agency, **limits).get("data")
    assert time.slept == [60]


def test_requests_have_a_user_agent_and_an_accept_header(agency, connect):
    agency.answer("/data", b"{}")
    connect(agency, accept="text/csv").get("data", accept="application/json")
    connect(agency, accept="text/csv").get("data")
    heard = [(one.headers["user-agent"], one.headers["accept"]) for one in agency.requests]
    agent = f"statpipe-core/{version('statpipe-core')}"
    assert heard == [(agent, "application/json"), (agent, "text/csv")]


def test_requests_have_contact_details_if_configured(agency, connect):
    agency.answer("/data", b"{}")
    connect(agency, contact="data@example.org").get("data")
    (heard,) = (one.headers["user-agent"] for one in agency.requests)
    assert heard == f"statpipe-core/{version('statpipe-core')} (data@example.org)"


def test_the_judge_decides_about_not_modified(agency, connect):
    agency.answer("/figures", b"1", headers={"ETag": '"a"'})

    def judge(answer):
        return NoData("nothing new") if answer.status == 304 else None

    client = connect(agency, judge=judge, memory=100)
    assert client.get("figures").body == b"1"
    with pytest.raises(NoData, match="nothing new"):
        client.get("figures", headers={"If-None-Match": '"a"'}, anew=True)
    assert client.get("figures", headers={"If-None-Match": '"b"'}, anew=True).body == b"1"

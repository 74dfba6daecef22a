"""A chat that answers, does not, or answers wrongly."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from statpipe.api import ConfigError, Secret
from statpipe_notify import in_time as bound
from statpipe_notify import webhook as module
from statpipe_notify.not_sent import NotSent
from statpipe_notify.settings import WebhookSettings
from statpipe_notify.webhook import Webhook
from support.ports import refusing_port

CANARY = "canary-T0-B0"


class Chat(ThreadingHTTPServer):
    """Notes what is posted. ``status`` and ``headers`` are its answer; ``slow`` seconds a byte."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.status, self.headers, self.slow, self.posted = 200, {}, 0.0, []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/{CANARY}"


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.path, json.loads(body)))
        if self.server.slow:
            for byte in b"HTTP/1.1 200 OK":
                self.wfile.write(bytes([byte]))
                time.sleep(self.server.slow)
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def do_GET(self):
        self.do_POST()

    def log_message(self, *_):
        pass


@pytest.fixture
def chat():
    with Chat() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def webhook(address, **settings):
    return Webhook(WebhookSettings(url=Secret(address), **settings))


def failure(address, event):
    with pytest.raises(NotSent) as raised:
        webhook(address).statpipe_run_finished(event)
    text = str(raised.value)
    assert CANARY not in text
    assert "127.0.0.1" not in text
    return text


def test_one_message_is_sent_per_run_with_news(chat, finished):
    hook = webhook(chat.address)
    for outcome, code in (("loaded", 0), ("refused", 3), ("failed", 5), ("unchanged", 0)):
        hook.statpipe_run_finished(finished(outcome, code))
    texts = [body["text"].splitlines()[0] for _, body in chat.posted]
    assert texts == ["tea in prod: loaded", "tea in prod: refused", "tea in prod: failed"]
    assert {path for path, _ in chat.posted} == {f"/{CANARY}"}


def test_an_unchanged_run_is_reported_if_configured(chat, finished):
    webhook(chat.address, on=("unchanged",)).statpipe_run_finished(finished("unchanged"))
    webhook(chat.address, on=("unchanged",)).statpipe_run_finished(finished("loaded"))
    assert [body["text"].splitlines()[0] for _, body in chat.posted] == ["tea in prod: unchanged"]


def test_a_late_release_is_reported_after_an_unchanged_run(chat, finished):
    says = "late: the release of 2022-10-06 has not come"
    webhook(chat.address).statpipe_run_finished(finished("unchanged", late=True, calendar=says))
    ((_, body),) = chat.posted
    assert body["text"].startswith("tea in prod: unchanged, a release is late\n")
    assert says in body["text"]


def test_nothing_is_sent_without_a_url(finished):
    Webhook(WebhookSettings()).statpipe_run_finished(finished())


def test_a_title_mentions_nobody_and_is_not_a_link(chat, finished):
    evil = "<!channel> @here & <https://evil.example|tea>"
    webhook(chat.address).statpipe_run_finished(finished("failed", 4, message=evil))
    ((_, body),) = chat.posted
    assert body["mrkdwn"] is False
    assert body["text"].splitlines()[2] == (
        "&lt;!channel&gt; @\u200bhere &amp; &lt;https://evil.example|tea&gt;"
    )


def test_the_message_links_to_the_github_run(chat, finished, monkeypatch):
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "o/r")
    monkeypatch.setenv("GITHUB_RUN_ID", "7")
    webhook(chat.address).statpipe_run_finished(finished())
    assert "https://github.com/o/r/actions/runs/7" in chat.posted[0][1]["text"]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (
            500,
            (
                "the webhook answered 500; its service is down or busy; the next run will report "
                "again"
            ),
        ),
        (
            429,
            (
                "the webhook answered 429; its service is down or busy; the next run will report "
                "again"
            ),
        ),
        (
            404,
            (
                "the webhook answered 404; check whether the URL is still valid, and correct its "
                "variable"
            ),
        ),
    ],
)
def test_an_error_answer_is_reported_and_not_retried(chat, finished, status, text):
    chat.status = status
    assert failure(chat.address, finished()) == text
    assert len(chat.posted) == 1


def test_a_redirect_to_elsewhere_is_not_followed(chat, finished):
    with Chat() as elsewhere:
        threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
        chat.status, chat.headers = 307, {"Location": elsewhere.address}
        assert failure(chat.address, finished()).startswith(
            "the webhook answered 307; check whether"
        )
        elsewhere.shutdown()
    assert not elsewhere.posted


def test_a_refused_connection_is_reported_without_the_url(finished):
    with refusing_port() as port:
        assert failure(f"http://127.0.0.1:{port}/{CANARY}", finished()) == (
            "the webhook cannot be reached: ConnectError; check whether its service is up"
        )


def test_a_silent_server_times_out(finished, monkeypatch):
    monkeypatch.setattr(module, "READ_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/{CANARY}"
        assert failure(address, finished()) == (
            "the webhook cannot be reached: ReadTimeout; check whether its service is up"
        )


def test_a_server_that_answers_byte_by_byte_times_out(chat, finished, monkeypatch):
    chat.slow = 0.15
    monkeypatch.setattr(module, "in_time", lambda work: bound.in_time(work, 0.5))
    assert failure(chat.address, finished()) == (
        "no answer within 0.5 seconds; check whether the service is up"
    )


@pytest.mark.parametrize(
    "address",
    [
        f"http://chat.example/{CANARY}",
        f"ftp://127.0.0.1/{CANARY}",
        f"//chat.example/{CANARY}",
        f"https:///{CANARY}",
        f"https://chat.example:port/{CANARY}",
        f"https://[::1/{CANARY}",
        CANARY,
    ],
)
def test_an_unencrypted_url_is_refused_and_not_shown(address):
    with pytest.raises(ConfigError) as raised:
        webhook(address)
    assert str(raised.value) == (
        "the url of the notifier webhook is not an https:// address; correct the variable that "
        "it refers to (http:// only works for this machine)"
    )


@pytest.mark.parametrize("host", ["chat.example", "chat.example:8443"])
def test_an_https_url_is_accepted(host):
    webhook(f"https://{host}/{CANARY}")


def test_a_library_error_that_quotes_the_url_is_hidden(finished):
    assert "cannot be reached" in failure(f"https://127.0.0.1:1/{CANARY}\x00", finished())

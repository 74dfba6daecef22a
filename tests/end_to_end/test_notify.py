"""A run tells those who are not there, and goes on where they cannot be told."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support.ports import refusing_port

CANARY = "canary-T0-B0-hook"
CONFIGURATION = """
[sources.bea_pce_state]
tables = ["SAPCE1"]
areas = ["US", "CA"]
[environments.local.sinks.lake]
[environments.local.notifiers.webhook]
url = "${CHAT}"
[environments.local.notifiers.cloudwatch]
metric = true
log_group = "/statpipe/local"
region = "us-east-1"
"""


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def chat():
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.posted = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def nobody():
    """An address that refuses connections."""
    with refusing_port() as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def told(home, nobody, tmp_path):
    """A home whose AWS does not exist."""
    home.configure(CONFIGURATION)
    home.environment |= {
        "AWS_ENDPOINT_URL": nobody,
        "AWS_ACCESS_KEY_ID": "AKIACANARY",
        "AWS_SECRET_ACCESS_KEY": CANARY,
        "AWS_SESSION_TOKEN": CANARY,
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    return home


def test_a_run_is_told_once_an_unchanged_one_only_in_the_summary(told, chat, tmp_path):
    told.environment["CHAT"] = f"http://127.0.0.1:{chat.server_port}/{CANARY}"
    told.run("run", "bea_pce_state")
    told.run("run", "bea_pce_state")
    (message,) = chat.posted
    assert message["text"].startswith("bea_pce_state in local: loaded\nExit 0: new figures")
    summary = (tmp_path / "summary.md").read_text()
    assert summary.count("## bea_pce_state in local: loaded") == 1
    assert summary.splitlines()[-2].startswith("bea_pce_state in local: unchanged, run")


def test_nobody_who_can_be_told_fails_no_run_and_no_canary_is_seen(told, nobody, tmp_path):
    told.environment["CHAT"] = f"{nobody}/{CANARY}"
    done = told.run("run", "bea_pce_state", "--debug", "--json")
    (manifest,) = json.loads(done.stdout)
    assert manifest["outcome"] == "loaded"
    failed = [line for line in done.stderr.splitlines() if "observer failed" in line]
    assert len(failed) == 2
    assert "plugin=webhook error=NotSent: the webhook cannot be reached: ConnectError" in failed[0]
    assert "plugin=cloudwatch error=NotSent: cloudwatch:PutMetricData on the namespace" in failed[1]
    assert "also: logs:CreateLogStream on the log group /statpipe/local failed" in failed[1]
    assert CANARY not in done.stdout + done.stderr
    for path, body in told.every_byte():
        assert CANARY.encode() not in body, path
    assert CANARY not in (tmp_path / "summary.md").read_text()


def test_a_failed_run_is_annotated_and_a_notifier_without_its_variable_is_off(told):
    done = told.run("run", "bea_pce_state", "--tables", "SAPCE9", code=None)
    assert done.returncode != 0
    lines = done.stderr.splitlines()
    (off,) = [line for line in lines if "notifier is off" in line]
    assert "environments.local.notifiers.webhook.url refers to ${CHAT}, which is not set" in off
    (error,) = [line for line in lines if line.startswith("::error ")]
    assert f"failed (exit {done.returncode})::" in error
    assert "SAPCE9" in error


def test_plugins_and_doctor_show_notifiers(told):
    shown = json.loads(told.run("plugins", "list", "--json").stdout)
    names = {row["name"] for row in shown if row["role"] == "notifier"}
    assert {"cloudwatch", "github", "sns", "webhook"} <= names
    found = json.loads(told.run("doctor", "--json", code=2).stdout)
    (off,) = [line for line in found if line["subject"] == "notifier webhook"]
    assert off["state"] == "error"
    assert off["finding"].endswith("refers to ${CHAT}, which is not set")

"""Credentials that run out, are refused, or come too late; on moto, which takes any."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto.server import ThreadedMotoServer

from support.fault_proxy import FaultProxy
from support.installed import install
from support.s3_faults import BUCKET, Place, last_line
from support.seaweed import SECRET

STS = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIATESTS</AccessKeyId>
<SecretAccessKey>C0FFEE</SecretAccessKey><SessionToken>token-{number}</SessionToken>
<Expiration>{until}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""
STS_REFUSES = """<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>
<Message>{message}</Message></Error></ErrorResponse>"""
TOLD_TO_LOG_IN = (
    "log in with `aws sso login`, set AWS_PROFILE or the setting `profile`, or run where a role "
    "is available (exit 2)"
)


@pytest.fixture(scope="module")
def any_key():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=BUCKET)
    yield f"http://{host}:{port}", client
    server.stop()


@pytest.fixture
def gate(any_key):
    with FaultProxy(any_key[0]) as proxy:
        yield proxy


@pytest.fixture
def role(plugins, releases, gate, fresh, tmp_path):
    """A place whose credentials come from a web identity, as in GitHub's workflows."""
    place = Place(tmp_path / "here", plugins, releases[0], gate.url, fresh())
    token = tmp_path / "token"
    token.write_text("a token of GitHub's")
    del place.environment["AWS_ACCESS_KEY_ID"], place.environment["AWS_SECRET_ACCESS_KEY"]
    place.environment |= {
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/statpipe",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        "AWS_ENDPOINT_URL_STS": gate.url,
    }
    return place


INTERRUPTS = """
import os, signal
from datetime import timedelta
from statpipe_lake import credentials

credentials._KEPT_FOR = timedelta(0)  # so that each request asks for them
give, asked = credentials.Credentials.__call__, []

def interrupted(self):
    asked.append(True)
    if len(asked) == int(os.environ["INTERRUPT_AT"]):
        os.kill(os.getpid(), signal.{signal})
    return give(self)

credentials.Credentials.__call__ = interrupted
"""


@pytest.mark.parametrize(
    ("name", "number"),
    [
        pytest.param("SIGINT", 1, marks=pytest.mark.slow),
        ("SIGTERM", 2),
        ("SIGINT", 5),
        pytest.param("SIGTERM", 9, marks=pytest.mark.slow),
    ],
)
def test_a_signal_during_a_credentials_callback_interrupts_the_run(
    place, corner, tmp_path, name, number
):
    module = f"interrupts_{name.lower()}"
    plugin = install(
        tmp_path / "interrupts",
        name=module,
        entry_points={module: module},
        modules={module: INTERRUPTS.replace("{signal}", name)},
    )
    undisturbed_path = place.environment["PYTHONPATH"]
    place.environment["PYTHONPATH"] = os.pathsep.join([str(plugin), undisturbed_path])
    place.environment["INTERRUPT_AT"] = str(number)
    errors = place.run("run", "tea_prices", code=130)
    assert "interrupted; run again to complete it (exit 130)" in errors
    assert "credentials" not in errors
    assert "Traceback" not in errors
    place.environment["PYTHONPATH"] = undisturbed_path
    place.run("run", "tea_prices", "--wait", "5")
    assert corner.objects("gold/")


@pytest.mark.slow
@pytest.mark.parametrize("lasts", [3600, 30], ids=["as AWS says", "short"])
def test_credentials_that_expire_during_a_run_are_renewed(role, gate, lasts):
    """Each is refused after six requests, whether botocore expects that or not."""
    used = Counter()

    def rule(exchange):
        token = exchange.headers.get("x-amz-security-token")
        used[token] += 1
        if exchange.method == "POST":
            ends = datetime.now(UTC) + timedelta(seconds=lasts)
            text = STS.format(number=used[token], until=ends.isoformat(timespec="seconds"))
            exchange.answer(200, text=text)
        elif used[token] > 6:
            exchange.answer(400, "ExpiredToken")
        else:
            exchange.pass_on()

    gate.rule = rule
    role.run("run", "tea_prices")
    assert len([token for token in used if token]) > 1


def test_expired_credentials_without_renewal_are_one_line(plugins, releases, gate, fresh, tmp_path):
    place = Place(tmp_path / "here", plugins, releases[0], gate.url, fresh())
    place.environment["AWS_SESSION_TOKEN"] = "C0FFEE"
    gate.rule = lambda exchange: (
        exchange.pass_on() if exchange.number < 10 else exchange.answer(400, "ExpiredToken")
    )
    said = place.run("run", "tea_prices", code=2)
    assert "the credentials for AWS have expired; " + TOLD_TO_LOG_IN in last_line(said)
    assert "C0FFEE" not in said
    assert SECRET not in said


@pytest.mark.slow
def test_a_role_removed_during_a_run_is_one_line(role, gate):
    asked = Counter()

    def rule(exchange):
        asked[exchange.method] += 1
        if exchange.method == "POST" and asked["POST"] == 1:
            ends = datetime.now(UTC) + timedelta(hours=1)
            exchange.answer(200, text=STS.format(number=1, until=ends.isoformat()))
        elif exchange.method == "POST":
            refused = STS_REFUSES.format(code="AccessDenied", message="Not authorized")
            exchange.answer(403, text=refused)
        elif sum(asked.values()) > 9:
            exchange.answer(400, "ExpiredToken")
        else:
            exchange.pass_on()

    gate.rule = rule
    said = role.run("run", "tea_prices", code=2)
    assert "the credentials for AWS have expired; " + TOLD_TO_LOG_IN in last_line(said)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
        pytest.param(
            400,
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            400,
            "ExpiredTokenException",
            "Token expired: current date is past its expiration",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_role_that_cannot_be_assumed_is_one_line(role, gate, status, code, message):
    text = STS_REFUSES.format(code=code, message=message)
    gate.rule = lambda exchange: exchange.answer(status, text=text)
    said = role.run("run", "tea_prices", code=2)
    assert (
        f"AWS returned no credentials ({code}: {message}); check AWS_ROLE_ARN or the profile, and the "
        "role's trust policy; or " + TOLD_TO_LOG_IN
    ) in last_line(said)
    assert "a token of GitHub's" not in said


@pytest.mark.slow
def test_a_role_without_its_token_is_one_line(role):
    role.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/nowhere/token"
    said = role.run("run", "tea_prices", code=2)
    assert "AWS returned no credentials ([Errno 2] No such file or directory: '/nowhere" in said
    assert last_line(said).endswith(TOLD_TO_LOG_IN)


def test_an_unreachable_credentials_service_is_exit_5(role, gate):
    gate.rule = lambda exchange: exchange.answer(
        503, text=STS_REFUSES.format(code="ServiceUnavailable", message="later")
    )
    role.environment["AWS_MAX_ATTEMPTS"] = "1"
    said = role.run("run", "tea_prices", code=5)
    assert (
        "AWS credentials are unavailable now (ServiceUnavailable: later); run again later (exit 5)"
    ) in last_line(said)

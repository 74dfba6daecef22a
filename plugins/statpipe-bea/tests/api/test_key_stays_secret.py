"""The key is on the wire, and nowhere else."""

from __future__ import annotations

import pickle
import traceback

import pytest
import respx

from statpipe.api import ContentError, StatpipeError
from support import bea_faults as faults

from .conftest import ONE_LINE


def held_by(exception: BaseException) -> str:
    """Everything an exception can show, the variables of its frames below this test included."""
    shown = [str(exception), repr(exception), repr(vars(exception))]
    for error in (exception, exception.__cause__, exception.__context__):
        if error is not None:
            told = traceback.TracebackException.from_exception(error, capture_locals=True)
            told.stack[:] = [frame for frame in told.stack if frame.filename != __file__]
            shown += told.format()
    if isinstance(exception, ContentError) and exception.payload is not None:
        shown += [repr(exception.payload), exception.payload.body.decode("latin-1")]
    return "\n".join(shown).lower()


def echo(fake, text="{key}"):
    """Make a body that holds the key in several forms."""
    forms = [fake.key, fake.key.upper(), fake.key.lower()]
    return " ".join(text.format(key=form) for form in forms).encode()


@pytest.fixture
def log(caplog):
    caplog.set_level("DEBUG")
    return caplog


def test_a_payload_does_not_contain_the_key(fake, ask):
    payload = ask()
    assert b'"ParameterName":"USERID","ParameterValue":"REDACTED"' in payload.body
    shown = f"{payload!r} {dict(payload.request)} {payload.body.decode()} {vars(payload)}"
    assert fake.key.lower() not in shown.lower()


def test_an_unpacked_payload_does_not_contain_the_key(fake, ask):
    fake.faults.append(faults.gzipped())
    payload = ask()
    assert b"REDACTED" in payload.body
    assert fake.key.lower().encode() not in payload.body.lower()


def test_an_echo_in_upper_case_does_not_contain_the_key(fake, ask):
    fake.faults.append(faults.body(b'{"BEAAPI":{"Results":{"a":"%s"}}}' % echo(fake)))
    assert ask().body == b'{"BEAAPI":{"Results":{"a":"REDACTED REDACTED REDACTED"}}}'


def test_no_log_contains_the_key_even_at_debug(fake, ask, log):
    fake.faults += [
        faults.too_many("1"),
        faults.api_error(101),
        faults.truncated(),
        None,
    ]
    ask()
    assert "receive_response_headers" in log.text, "httpcore logs what it gets"
    assert fake.key.lower() not in log.text.lower()


def test_no_log_or_error_contains_the_key_after_a_redirect(fake, ask, log):
    fake.always = faults.redirect(f"https://mirror.example/api?UserID={fake.key}")
    with pytest.raises(ContentError, match=r"to mirror\.example\.") as error:
        ask()
    assert "Location" in log.text, "httpcore logs the headers"
    assert fake.key.lower() not in log.text.lower()
    assert fake.key.lower() not in held_by(error.value)


@pytest.mark.parametrize(
    "fault",
    [
        faults.status(503),
        faults.status(404),
        faults.reset(),
        faults.reset(after=0),
        faults.wrong_length(),
        faults.api_error(1),
        faults.api_error(40),
        faults.api_error(101),
        faults.truncated(),
        faults.empty(),
    ],
)
def test_no_error_contains_the_key(fake, ask, log, fault):
    fake.always = fault
    with pytest.raises(StatpipeError) as error:
        ask()
    assert fake.key.lower() not in held_by(error.value)
    assert fake.key.lower() not in log.text.lower()
    assert fake.key.lower().encode() not in pickle.dumps(error.value).lower()


@pytest.mark.parametrize("code", [200, 302, 404, 429, 500])
@pytest.mark.parametrize(
    "text", ["<html>{key}</html>", '{{"BEAAPI":{{"Error":"{key}"}}}}', "{key}"]
)
def test_the_body_of_an_error_does_not_contain_the_key(fake, ask, log, code, text):
    spoilt = faults.body(echo(fake, text))
    fake.always = lambda answer: faults.replace(spoilt(answer), status=code)
    with pytest.raises(StatpipeError) as error:
        ask()
    assert fake.key.lower() not in held_by(error.value)
    assert fake.key.lower() not in log.text.lower()


def test_a_protocol_error_that_quotes_the_key_is_reported_without_it(fake, ask, log):
    fake.always = lambda answer: faults.replace(answer, headers={f"{fake.key} is": "no header"})
    with pytest.raises(StatpipeError) as error:
        ask()
    assert fake.key.lower() not in held_by(error.value)
    assert fake.key.lower() not in log.text.lower()


@respx.mock
def test_a_bug_below_the_client_is_reported_without_the_key(fake, connect, log):
    url = "https://apps.bea.gov/api/data"
    respx.get(url).side_effect = KeyError(f"no {fake.key}")
    with pytest.raises(RuntimeError, match="KeyError: 'no REDACTED'") as error:
        connect(url=url).ask("SAPCE1-line-9", ONE_LINE)
    assert fake.key.lower() not in held_by(error.value)
    assert fake.key.lower() not in log.text.lower()


def test_the_repr_of_the_client_does_not_show_the_key(fake, client, ask):
    ask()
    transport, _ = client._way
    shown = f"{client!r} {client} {vars(client)} {vars(transport)} {vars(transport._redactor)}"
    assert fake.key.lower() not in shown.lower()


def test_the_client_cannot_be_pickled_with_its_key(client):
    with pytest.raises(TypeError):
        pickle.dumps(client)

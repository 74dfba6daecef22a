"""Removing the key from answers."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api import Secret
from statpipe.api.http.redaction import LogGuard, Redactor

KEY = "C0FFEE00-dead-4BAD-8bad-00CaFe00Beef"
ODD_KEY = 'a/b+c%d"e\\f=g&h'


@pytest.mark.parametrize("form", [KEY, KEY.upper(), KEY.lower(), KEY.swapcase()])
def test_a_key_is_removed_in_any_case(form):
    body = f'{{"ParameterValue":"{form}"}} {form}{form}'.encode()
    assert Redactor(Secret(KEY)).body(body) == b'{"ParameterValue":"REDACTED"} REDACTEDREDACTED'


@pytest.mark.parametrize(
    "form",
    [
        ODD_KEY,
        "a%2Fb%2Bc%25d%22e%5Cf%3Dg%26h",
        "a%2fb%2bc%25d%22e%5cf%3dg%26h",
        'a/b+c%d\\"e\\\\f=g&h',
        'a\\/b+c%d\\"e\\\\f=g&h',
    ],
)
def test_a_key_is_removed_in_url_and_json_form(form):
    redacted = Redactor(Secret(ODD_KEY)).body(b"<" + form.encode() + b">")
    assert redacted == b"<REDACTED>"


def test_texts_without_a_key_stay_unchanged():
    body = bytes(range(256)) * 3
    assert Redactor(Secret(KEY)).body(body) is body


def test_texts_that_are_not_utf_8_stay_unchanged():
    text = b"\xf1 ".decode("utf-8", "surrogateescape")
    assert Redactor(Secret(KEY)).text(text + KEY) == text + "REDACTED"


@given(st.lists(st.sampled_from(["KEYkey88", "keyKEY88", "key", "88", "K", '"', "ñ"]), max_size=12))
def test_a_key_is_removed_in_any_context(parts):
    redacted = Redactor(Secret("KeyKey88")).body("".join(parts).encode())
    assert b"keykey88" not in redacted.lower()


def test_the_http_libraries_log_without_the_key(caplog):
    caplog.set_level("DEBUG")
    guard = LogGuard(Redactor(Secret(KEY)))
    guard.start()
    logging.getLogger("httpcore.http11").debug("headers %r", [(b"Location", KEY.encode())])
    logging.getLogger("httpx").info("nothing to hide: %d", 200)
    guard.stop()
    assert caplog.messages == ["headers [(b'Location', b'REDACTED')]", "nothing to hide: 200"]


def test_the_loggers_are_restored():
    before = list(logging.getLogger("httpx").filters)
    guard = LogGuard(Redactor(Secret(KEY)))
    guard.start()
    guard.stop()
    assert logging.getLogger("httpx").filters == before

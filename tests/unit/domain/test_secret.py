"""A secret shows itself to nobody who does not ask for it by name."""

import base64
import copy
import json
import logging
import pickle
import traceback
from urllib.parse import quote

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.domain.secret import Secret

CANARY = "canary-7f3a"


@pytest.fixture
def secret():
    return Secret(CANARY)


def test_reveal_returns_the_secret(secret):
    assert secret.reveal() == CANARY


def test_no_form_of_printing_shows_the_secret(secret):
    @attrs.frozen
    class Settings:
        key: Secret

    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        "{} %s".format(secret) % secret,  # noqa: UP032 - the old ways are tested too
        repr([secret, {"key": secret}]),
        repr(Settings(secret)),
        str(attrs.asdict(Settings(secret))),
        json.dumps({"key": secret}, default=str),
        logging.LogRecord("n", 20, "p", 1, "key %s", (secret,), None).getMessage(),
    ]
    assert not [text for text in shown if CANARY in text]
    assert all("***" in text for text in shown)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda secret: f"{secret:>10}",
        lambda secret: secret + "x",
        lambda secret: "x" in secret,
        json.dumps,
        int,
        vars,
        iter,
        len,
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
    ],
)
def test_a_misuse_fails_without_showing_the_secret_even_with_locals(secret, attempt):
    with pytest.raises(TypeError) as caught:
        attempt(secret)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert CANARY not in "".join(told.format())


def test_a_secret_cannot_be_pickled(secret):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="a Secret must not leave its process"):
            pickle.dumps({"key": secret}, protocol)


def test_secrets_only_equal_equal_secrets(secret):
    assert secret == Secret(CANARY)
    assert hash(secret) == hash(Secret(CANARY))
    assert secret != Secret("other")
    assert secret != CANARY


ODD = 'a/B+c%d"e\\f=g&Ñ'


@pytest.mark.parametrize(
    "form",
    [
        ODD,
        'A/b+c%d"e\\f=g&Ñ',
        "a%2FB%2Bc%25d%22e%5Cf%3Dg%26%C3%91",
        "a%2fb%2bc%25d%22e%5cf%3dg%26%c3%91",
        'a/B+c%d\\"e\\\\f=g&\\u00d1',
        ODD.encode().hex().upper(),
    ],
)
def test_a_secret_is_removed_from_answers_in_any_form_and_case(form):
    body = b"\xff<" + form.encode() + b">" + form.encode()
    assert Secret(ODD).removed_from(body) == b"\xff<REDACTED>REDACTED"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_secret_is_removed_from_answers_in_utf_16(encoding):
    body = f'{{"key": "{CANARY.upper()}"}}'.encode(encoding)
    redacted = Secret(CANARY).removed_from(body).decode(encoding)
    assert redacted == '{"key": "REDACTED"}'


@pytest.mark.parametrize("value", [ODD, ""])
def test_an_answer_without_the_secret_stays_unchanged(value):
    body = bytes(range(256)) * 3
    assert Secret(value).removed_from(body) is body


@given(
    secret=st.text(st.characters(codec="utf-8"), min_size=8, max_size=40),
    before=st.binary(max_size=7),
    after=st.binary(max_size=7),
    form=st.sampled_from(["standard", "for addresses", "without padding", "in JSON", "quoted"]),
)
def test_a_secret_is_removed_from_base64_in_any_context(secret, before, after, form):
    plain = before + secret.encode() + after
    encoded = base64.b64encode(plain).decode()
    text = {
        "standard": encoded,
        "for addresses": base64.urlsafe_b64encode(plain).decode(),
        "without padding": encoded.rstrip("="),
        "in JSON": encoded.replace("/", "\\/"),
        "quoted": quote(encoded, safe=""),
    }[form]
    left = Secret(secret).removed_from(f"<{text}>".encode())
    assert left.startswith(b"<")
    assert left.endswith(b">")
    assert b"REDACTED" in left
    # Of what stands around it, and not more, some signs are left.
    rest = left.replace(b"REDACTED", b"")
    for sign in (b"\\/", b"%2F", b"%2B", b"%3D"):
        rest = rest.replace(sign, b"?")
    assert len(rest) - 2 <= 4 * (len(before) + 2) // 3 + 4 * (len(after) + 2) // 3 + 4


def test_basic_authentication_and_tokens_are_removed_completely():
    header = base64.b64encode(f"user:{CANARY}".encode()).decode()
    left = Secret(CANARY).removed_from(f"Authorization: Basic {header}".encode())
    assert left == b"Authorization: Basic " + base64.b64encode(b"user:")[:6] + b"REDACTED"
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert Secret(CANARY).removed_from(encode(CANARY.encode())) == b"REDACTED"


def test_text_that_only_looks_like_base64_stays_unchanged():
    body = base64.b64encode(b"other figures of another key") + b" Zm9v YmFy"
    assert Secret(CANARY).removed_from(body) == body
    assert Secret("abc").removed_from(base64.b64encode(b"xabcx")) == base64.b64encode(b"xabcx")

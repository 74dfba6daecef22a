"""Errors in a payload name the payload."""

from __future__ import annotations

import csv
import json
from io import BytesIO
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest

from statpipe.api import ContentError, Payload, Unavailable, exact, reading

LIST = []
PAYLOAD = Payload(name="cargo", body=b'{"rows": [{"port": "NOR"}]}')


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda: json.loads(PAYLOAD.body)["row"], "'row' is missing"),
        (lambda: json.loads(b"{"), "Expecting property name enclosed in double quotes: line 1"),
        (lambda: exact("x1"), "'x1' is not a figure"),
        (lambda: exact(1), "1 is int, expected the text that the agency prints"),
        (lambda: LIST[0], "list index out of range"),
        (lambda: LIST.get("a"), "'list' object has no attribute 'get'"),
        (lambda: ZipFile(BytesIO(b"page")), "File is not a zip file"),
        (lambda: ET.fromstring("<a>"), "no element found: line 1, column 3"),
        (lambda: list(csv.reader(["a\n", '"'], strict=True)), "unexpected end of data"),
        (lambda: json.loads(b"[" * 200_000), "maximum recursion depth exceeded"),
    ],
)
def test_the_message_names_payload_error_and_expectation(read, says):
    with pytest.raises(ContentError) as raised, reading(PAYLOAD, "rows of ports"):
        read()
    text = str(raised.value)
    assert text.startswith(f"payload cargo: {says}")
    assert text.endswith("; expected rows of ports")
    assert "\n" not in text
    assert raised.value.payload is PAYLOAD


def test_the_innermost_known_place_is_reported():
    with (
        pytest.raises(
            ContentError, match=r"^payload cargo, row 3: 'port' is missing; expected a port$"
        ),
        reading(PAYLOAD, "rows"),
        reading(PAYLOAD, "a port", at="row 3"),
    ):
        {}["port"]


@pytest.mark.parametrize(
    "error", [Unavailable("down"), UnicodeDecodeError("ascii", b"a", 0, 1, "x"), OSError()]
)
def test_other_errors_pass_unchanged(error):
    with pytest.raises(type(error)) as raised, reading(PAYLOAD, "rows"):
        raise error
    assert raised.value is error

"""The header Retry-After."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from statpipe.api.http.retry_after import retry_after

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("17", 17),
        (" 3600 ", 3600),
        ("Mon, 23 Nov 2026 12:01:30 GMT", 90),
        ("Mon, 23 Nov 2026 07:01:30 -0500", 90),
        ("Mon, 23 Nov 2026 12:01:30 -0000", 90),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("9" * 5000, 31 * 86_400),
        ("Mon, 23 Nov 2066 12:01:30 GMT", 31 * 86_400),
        ("gr\xfc\xdfe", None),
        ("Mon, \xff Nov", None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("Mon, 99 Nov 99999 12:01:30 +999999", None),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(header, seconds):
    assert retry_after(header, NOON) == seconds

"""Run ids that sort in the order of the runs."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

_FORMAT = "%Y%m%dT%H%M%S%f"
_MICROSECOND = timedelta(microseconds=1)


def new_run_id(latest: str | None = None) -> str:
    """
    Return an id such as ``20261006T141502123456Z-3fa9``, later than *latest* even if the clock was
    set back.
    """
    now = datetime.now(UTC)
    if latest is not None:
        before = datetime.strptime(latest.split("Z-")[0], _FORMAT).replace(tzinfo=UTC)
        now = max(now, before + _MICROSECOND)
    return f"{now.strftime(_FORMAT)}Z-{secrets.token_hex(2)}"

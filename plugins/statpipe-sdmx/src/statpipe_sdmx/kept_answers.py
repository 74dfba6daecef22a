"""Caches structures and lists of flows for a day, because a search for a flow repeats the same
requests.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from statpipe.api import Payload

A_DAY = 86_400.0


def kept(
    question: str,
    ask: Callable[[], Payload],
    *,
    fresh: bool = False,
    now: Callable[[], float] = time.time,
) -> Payload:
    """
    Return the answer in the user's cache if it is younger than a day, otherwise the result of
    *ask*. With *fresh*, always call *ask*.

    A cache that cannot be read or written is ignored.
    """
    file = folder() / f"{hashlib.sha256(question.encode()).hexdigest()[:32]}.xml"
    with contextlib.suppress(OSError):
        if not fresh and 0 <= now() - file.stat().st_mtime < A_DAY:
            return Payload(name="kept", body=file.read_bytes(), media_type="application/xml")
    answer = ask()
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_suffix(f".{os.getpid()}")
        beside.write_bytes(answer.body)
        beside.replace(file)
    return answer


def folder() -> Path:
    """
    Return the folder of the cache: in ``XDG_CACHE_HOME``, or else in ``~/.cache``.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    cache = Path(named) if named.startswith("/") else Path.home() / ".cache"
    return cache / "statpipe" / "sdmx"

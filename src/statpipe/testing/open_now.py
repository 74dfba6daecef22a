"""What is open in this process."""

from __future__ import annotations

import gc
import threading
from contextlib import suppress
from pathlib import Path

_PLACES = (Path("/proc/self/fd"), Path("/dev/fd"))


def open_now() -> dict[str, int]:
    """
    Count open files and connections, where the system tells, and threads.
    """
    gc.collect()
    found = {"threads": threading.active_count()}
    for place in _PLACES:
        with suppress(OSError):
            found["files and connections"] = len(list(place.iterdir()))
            break
    return found

"""The processes of this machine, as Linux shows them in /proc."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def processes(are_wanted: Callable[[Path], bool]) -> list[int]:
    """Ids of the processes whose folder in /proc is as wanted; one that ends meanwhile is not."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if are_wanted(process):
                found.append(int(process.name))
    return found

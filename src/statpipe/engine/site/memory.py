"""DuckDB's memory limit, the folder for what exceeds it, and the return of free memory to the
system.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import field, frozen

from statpipe.api import ConfigError, Environment
from statpipe.engine.site.configuration import Configuration

_LIMIT = re.compile(r"[1-9][0-9]*(\.[0-9]+)?(MB|GB)")
_POOL = "ARROW_DEFAULT_MEMORY_POOL"
_ARENAS, _ARENA_MAX = "MALLOC_ARENA_MAX", -8
"""A variable of glibc, and the number of the same option in its function ``mallopt``."""
_ABANDONED = 24 * 3600.0
"""Seconds after which the process that made a folder has certainly been killed."""


def give_free_memory_back() -> None:
    """
    Let Arrow take its memory from the C library, with few arenas of glibc: both keep less of what is free.

    A run frees one table before it makes the next, but Arrow's own pool keeps nearly all of that
    memory: a quarter of the peak. Environment variables take precedence. If pyarrow is already
    loaded, its pool stays.
    """
    os.environ.setdefault(_POOL, "system")
    if _ARENAS not in os.environ:
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(_ARENA_MAX, 2)


@frozen(kw_only=True)
class Memory:
    """
    A limit such as ``1GB``, and the folder for data that exceeds it.
    """

    limit: str = "1GB"
    folder: Path = field(factory=lambda: Path(tempfile.gettempdir(), "statpipe"))

    @contextmanager
    def spilled(self) -> Iterator[Path]:
        """
        Provide a folder for data that exceeds the limit, and remove it afterwards, with those of
        killed processes.
        """
        with suppress(OSError):
            for other in self.folder.iterdir():
                if time.time() - other.stat().st_mtime > _ABANDONED:
                    shutil.rmtree(other, ignore_errors=True)
        own = self.folder / f"{os.getpid()}-{os.urandom(4).hex()}"
        with suppress(OSError):  # only an error for queries that need it
            own.mkdir(parents=True)
        try:
            yield own
        finally:
            shutil.rmtree(own, ignore_errors=True)
            with suppress(OSError):  # other processes use it
                self.folder.rmdir()


def memory_for(configuration: Configuration, environment: Environment) -> Memory:
    """
    Read ``engine.memory``. Data that exceeds it is stored below the environment's home.

    :raises ConfigError: It is not a valid amount of memory.
    """
    limit = configuration.table("engine").get("memory", Memory().limit)
    if not isinstance(limit, str) or not _LIMIT.fullmatch(limit):
        msg = f'{configuration.shown}: engine.memory is {limit!r}; expected an amount such as "1GB" or "500MB"'
        raise ConfigError(msg)
    return Memory(limit=limit, folder=environment.home / ".statpipe" / "spill")

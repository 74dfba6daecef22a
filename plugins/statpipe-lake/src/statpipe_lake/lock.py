"""A lock that the kernel frees when its holder dies, and that says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from statpipe.api import ConfigError, Locked

_PAUSE = 0.2


@contextmanager
def locked(path: Path, name: str, wait: float, run_id: Callable[[], str]) -> Iterator[str]:
    """
    Hold the lock file *path*, trying for *wait* seconds; give the run id made then.

    :raises Locked: Somebody else still holds it then.
    :raises ConfigError: The lock file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        msg = f"the lock file {path} cannot be written: {error.strerror}; give this user the right to write there"
        raise ConfigError(msg) from error
    try:
        _acquire(handle, name, wait)
        holder = {
            "run_id": run_id(),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        os.truncate(handle, 0)
        os.pwrite(handle, json.dumps(holder).encode(), 0)
        yield str(holder["run_id"])
        os.truncate(handle, 0)
    finally:
        os.close(handle)


def _acquire(handle: int, name: str, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Locked(_who_holds(handle, name)) from None
            time.sleep(_PAUSE)
        else:
            return


def _who_holds(handle: int, name: str) -> str:
    try:
        holder = json.loads(os.pread(handle, 4096, 0))
        who = (
            f"run {holder['run_id']} (process {holder['pid']} on {holder['host']}, "
            f"since {holder['since']})"
        )
    except (ValueError, KeyError, TypeError):
        who = "another run"
    return f"{name} is locked by {who}; wait for it with --wait SECONDS, or run again later"

"""A lock that the kernel frees when its holder dies, and whose file names the holder."""

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
from statpipe_lake.below import Strange, folder, opened

_PAUSE = 0.2


@contextmanager
def locked(
    root: Path, path: str, name: str, wait: float, run_id: Callable[[], str]
) -> Iterator[str]:
    """
    Hold the lock file *path* below *root*, trying for *wait* seconds. Yield the run id made then.

    :raises Locked: Another process still holds it after that time.
    :raises ConfigError: The lock file cannot be written, or is not a file.
    """
    try:
        with folder(root, path.split("/")[:-1], make=lambda _: None) as at:
            handle = opened(root, path, at, os.O_RDWR | os.O_CREAT)
    except Strange as error:
        msg = f"the lock file {root / path} cannot be written: {error}; remove it, and run again"
        raise ConfigError(msg) from error
    except OSError as error:
        msg = (
            f"the lock file {root / path} cannot be written: {error.strerror}; give this user "
            "permission to write there"
        )
        raise ConfigError(msg) from error
    try:
        _refuse_second_name(handle, root / path)
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


def _refuse_second_name(handle: int, path: Path) -> None:
    """Refuse a file with several names (hard links): writing would also change the other file."""
    if os.fstat(handle).st_nlink > 1:
        msg = f"the lock file {path} cannot be written: it is a hard link; remove it, and run again"
        raise ConfigError(msg)


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
    except (ValueError, RecursionError, KeyError, TypeError):
        who = "another run"
    return f"{name} is locked by {who}; wait for it with --wait SECONDS, or run again later"

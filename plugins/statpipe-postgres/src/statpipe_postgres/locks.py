"""Locks that the kernel frees when their holder ends in any way.

``flock`` belongs to the open file: a child that inherits the descriptor holds the lock as well,
until the last of them closes it or ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def open_lock(path: Path) -> int:
    """
    Open a lock file, and create it if it does not exist. Symbolic links are not followed.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """
    Wait for an exclusive lock, and hold it.
    """
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def shared(path: Path) -> int:
    """
    Wait for a shared lock, which only excludes exclusive locks. Return its descriptor.
    """
    descriptor = open_lock(path)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def attempt(path: Path, *, share: bool = False) -> int | None:
    """
    Take a lock if it is free now. Return its descriptor, or ``None``.
    """
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if share else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_free(path: Path) -> bool:
    """
    Return whether nobody holds the lock exclusively now. Any number of processes may test it.
    """
    descriptor = attempt(path, share=True)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True

"""Stops the server when its last user has ended, also if that one was killed.

A separate script, run as ``python -I -S janitor.py PIPE USERS_LOCK SERVER_LOCK SOCKETS STOP...``.
It sleeps in the kernel until nobody shares the first lock. Every process of the server holds the
second lock, so the work is done when it is free. Then the folder of the socket is removed.

If somebody removed the whole folder, ``STOP`` cannot find the server any more. So the janitor needs
the id of its process, and receives it through the pipe when the server is launched.
"""

import contextlib
import fcntl
import os
import signal
import sys
import time

_ATTEMPTS = 100
_LOOK_AGAIN = 0.1


def main(pipe: str, users_lock: str, server_lock: str, sockets: str, *stop: str) -> None:
    """
    Detach, wait for the last user to go, and stop the server.
    """
    users = os.open(users_lock, os.O_RDWR)
    server = os.open(server_lock, os.O_RDWR)
    if os.fork():
        os._exit(0)
    postmaster = _told(int(pipe))
    fcntl.flock(users, fcntl.LOCK_EX)
    for _ in range(_ATTEMPTS):
        # A server that was just launched cannot be stopped yet, so try several times.
        try:
            fcntl.flock(server, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if _is_at(users_lock, users):
                os.spawnv(os.P_WAIT, stop[0], stop)  # noqa: S606 - the command comes from our caller
            elif postmaster:
                _end(postmaster, users_lock)
            time.sleep(_LOOK_AGAIN)
        else:
            with contextlib.suppress(OSError):
                os.rmdir(sockets)  # noqa: PTH106 - pathlib alone would double the start-up time
            return


def _told(pipe: int) -> int:
    """
    Wait until the server is launched, and return its process id, or 0 if it was never launched.
    """
    with os.fdopen(pipe, encoding="ascii") as said:
        return int(said.read() or 0)


def _end(postmaster: int, users_lock: str) -> None:
    """End a server whose folder was removed. Somebody may be creating a new folder now."""
    # A server that ends normally removes the socket at its path, even if it is another server's. A
    # new folder exists long before its server has a socket: PostgreSQL creates its data first.
    how = signal.SIGKILL if os.path.exists(users_lock) else signal.SIGQUIT  # noqa: PTH110 - as above
    with contextlib.suppress(OSError):
        os.kill(postmaster, how)


def _is_at(path: str, descriptor: int) -> bool:
    """Return whether a path still leads to an open file."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))  # noqa: PTH116 - as above
    except OSError:
        return False


if __name__ == "__main__":
    main(*sys.argv[1:])

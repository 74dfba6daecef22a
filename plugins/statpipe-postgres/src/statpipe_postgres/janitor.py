"""Stops the server once its last user is gone, also when that one was killed.

A script of its own, run as ``python -I -S janitor.py PIPE USERS_LOCK SERVER_LOCK SOCKETS STOP...``.
It sleeps in the kernel until nobody shares the first lock. The second is held by every process of
the server, so the work is done when it is free; then the folder of the socket goes as well.

Where somebody removed the whole folder, ``STOP`` cannot find the server any more. So the janitor
knows its process, which it is told through the pipe once the server is launched.
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
        # A server that was launched a moment ago cannot be told to stop yet: hence the attempts.
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
    """Wait until the server is launched, and return its process; 0 if it never was."""
    with os.fdopen(pipe, encoding="ascii") as said:
        return int(said.read() or 0)


def _end(postmaster: int, users_lock: str) -> None:
    """End a server whose folder is gone; somebody may be making a new folder by now."""
    # A server that is allowed to tidy up removes the socket at its path, even if that is another's.
    # A new folder is there long before its server has a socket: PostgreSQL makes its data first.
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

"""Stops the server once its last user is gone, also when that one was killed.

A script of its own, run as ``python -I -S janitor.py USERS_LOCK SERVER_LOCK SOCKETS PID_FILE STOP...``.
It sleeps in the kernel until nobody shares the first lock. The second is held by every process of
the server, so the work is done when it is free; then the folder of the socket goes as well.

Where somebody removed the whole folder, ``STOP`` cannot find the server any more. So the janitor
remembers its process.
"""

import contextlib
import fcntl
import os
import signal
import sys
import time

_ATTEMPTS = 100
_LOOK_AGAIN = 0.1


def main(users_lock: str, server_lock: str, sockets: str, pid_file: str, *stop: str) -> None:
    """
    Detach, wait for the last user to go, and stop the server.
    """
    users = os.open(users_lock, os.O_RDWR)
    server = os.open(server_lock, os.O_RDWR)
    if os.fork():
        os._exit(0)
    postmaster = _wait_for_the_last(users, pid_file)
    for _ in range(_ATTEMPTS):
        # A server that was launched a moment ago cannot be told to stop yet: hence the attempts.
        try:
            fcntl.flock(server, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if _is_at(users_lock, users):
                os.spawnv(os.P_WAIT, stop[0], stop)  # noqa: S606 - the command comes from our caller
            elif postmaster:
                _end(postmaster, sockets)
            time.sleep(_LOOK_AGAIN)
        else:
            with contextlib.suppress(OSError):
                os.rmdir(sockets)  # noqa: PTH106 - pathlib alone would double the start-up time
            return


def _wait_for_the_last(users: int, pid_file: str) -> int:
    """Wait until nobody uses the server, and return its process, or 0 if that was never seen."""
    while not (postmaster := _pid_in(pid_file)):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOOK_AGAIN)
        else:
            return _pid_in(pid_file)
    fcntl.flock(users, fcntl.LOCK_EX)
    return postmaster


def _end(postmaster: int, sockets: str) -> None:
    """End a server whose folder is gone; another one may have made a new folder by now."""
    other = _pid_in(f"{sockets}/.s.PGSQL.5432.lock")
    # A server that is allowed to tidy up removes the socket, even if that is another's.
    how = signal.SIGKILL if other not in {0, postmaster} else signal.SIGQUIT
    with contextlib.suppress(OSError):
        os.kill(postmaster, how)


def _pid_in(file: str) -> int:
    try:
        with open(file, encoding="ascii") as lines:  # noqa: PTH123 - as above
            return int(lines.readline())
    except (OSError, ValueError):
        return 0


def _is_at(path: str, descriptor: int) -> bool:
    """Tell whether a path still leads to an open file."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))  # noqa: PTH116 - as above
    except OSError:
        return False


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Stops the server once its last user is gone, also when that one was killed.

A script of its own, run as ``python -I -S janitor.py USERS_LOCK SERVER_LOCK SOCKETS STOP...``. It
sleeps in the kernel until nobody shares the first lock. The second is held by every process of the
server, so the work is done when it is free; then the folder of the socket goes as well.
"""

import contextlib
import fcntl
import os
import sys
import time

_ATTEMPTS = 100


def main(users_lock: str, server_lock: str, sockets: str, *stop: str) -> None:
    """
    Detach, wait for the last user to go, and stop the server.
    """
    users = os.open(users_lock, os.O_RDWR)
    server = os.open(server_lock, os.O_RDWR)
    if os.fork():
        os._exit(0)
    fcntl.flock(users, fcntl.LOCK_EX)
    for _ in range(_ATTEMPTS):
        # A server that was launched a moment ago cannot be told to stop yet: hence the attempts.
        try:
            fcntl.flock(server, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            os.spawnv(os.P_WAIT, stop[0], stop)  # noqa: S606 - the command comes from our caller
            time.sleep(0.1)
        else:
            with contextlib.suppress(OSError):
                os.rmdir(sockets)  # noqa: PTH106 - pathlib alone would double the start-up time
            return


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Keeps the server running: it does nothing but use the server until it gets the signal to end.

A separate script, run as ``python -I -S keeper.py FIFO USERS_DESCRIPTOR``. It inherits the locks of
the process that started it, and sleeps in the kernel until somebody opens the fifo for writing, or
until the fifo is gone because somebody removed the folder. Like any other user, it may be killed,
and it does not survive a restart of the machine.
"""

import os
import signal
import sys

_LOOK_EVERY = 1.0


def main(fifo: str, users: str) -> None:
    """
    Detach, wait at the fifo, and release the server.
    """
    made = os.stat(fifo)  # noqa: PTH116 - pathlib alone would double the start-up time
    if os.fork():
        os._exit(0)

    def look(*_: object) -> None:
        try:
            there = os.path.samestat(os.stat(fifo), made)  # noqa: PTH116 - as above
        except OSError:
            there = False
        if not there:
            os._exit(0)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _LOOK_EVERY, _LOOK_EVERY)
    os.open(fifo, os.O_RDONLY)
    # Before the process ends and frees the keeper's lock: whoever waits for that finds this free.
    os.close(int(users))


if __name__ == "__main__":
    main(*sys.argv[1:])

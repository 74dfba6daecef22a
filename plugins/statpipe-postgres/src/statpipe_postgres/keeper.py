"""Uses the server, and nothing else, until it is told to go: that is what keeps the server up.

A script of its own, run as ``python -I -S keeper.py FIFO USERS_DESCRIPTOR``. It inherits the locks
of the process that started it, and sleeps in the kernel until somebody opens the fifo for writing,
or until the fifo is gone because somebody removed the folder. Like any other user it may be killed,
and a restart of the machine leaves no trace of it.
"""

import os
import signal
import sys

_LOOK_EVERY = 1.0


def main(fifo: str, users: str) -> None:
    """
    Detach, wait at the fifo, and let go of the server.
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
    # Before the keeper's own lock goes with the process: who waits for that one finds this free.
    os.close(int(users))


if __name__ == "__main__":
    main(*sys.argv[1:])

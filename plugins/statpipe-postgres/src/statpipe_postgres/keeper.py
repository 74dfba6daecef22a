"""Uses the server, and nothing else, until it is told to go: that is what keeps the server up.

A script of its own, run as ``python -I -S keeper.py FIFO USERS_DESCRIPTOR``. It inherits the locks
of the process that started it, and sleeps in the kernel until somebody opens the fifo for writing.
Like any other user it may be killed, and a restart of the machine leaves no trace of it.
"""

import os
import sys


def main(fifo: str, users: str) -> None:
    """
    Detach, wait at the fifo, and let go of the server.
    """
    if os.fork():
        os._exit(0)
    os.open(fifo, os.O_RDONLY)
    # Before the keeper's own lock goes with the process: who waits for that one finds this free.
    os.close(int(users))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""An upper limit on the time to send a message, whatever the receiver does."""

from __future__ import annotations

import threading
from collections.abc import Callable

from statpipe_notify.not_sent import NotSent

CONNECT_SECONDS, READ_SECONDS = 5, 10
"""Time-outs of one attempt."""

ALL_SECONDS = 30.0


def in_time(work: Callable[[], None], seconds: float = ALL_SECONDS) -> None:
    """
    Do the work, and stop waiting for it after a number of seconds.

    The clients' own time-outs only limit single waits. They do not limit a server that answers byte
    by byte, or another program that fetches a credential.

    :raises NotSent: The work is not done in time. It continues in the background.
    """
    failed: list[BaseException] = []

    def watched() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below, in the caller's thread
            failed.append(error)

    thread = threading.Thread(target=watched, name="statpipe-notify", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        msg = f"no answer within {seconds:g} seconds; check whether the service is up"
        raise NotSent(msg)
    if failed:
        raise failed[0]

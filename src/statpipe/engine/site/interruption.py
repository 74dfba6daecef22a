"""Ctrl-C and SIGTERM at any moment.

Python raises KeyboardInterrupt in the code that runs at that moment. If this is a callback of
another library, such as the one that returns credentials to the S3 client, the library may turn it
into its own error, or drop it:

::

    signal ──▶ our code                    KeyboardInterrupt ──▶ the run ends as interrupted
           └─▶ a library's callback        some other error  ──▶ was_interrupted() tells
                                           no error at all   ──▶ stop_if_interrupted() at the next step

So the signal handler remembers that it was called. Code that decides how a run ended asks here, and
does not rely on the type of an exception.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Handler:
    """Raises KeyboardInterrupt, and remembers it. A second signal raises again."""

    came = False

    def __call__(self, _signal: int, _frame: FrameType | None) -> None:
        self.came = True
        raise KeyboardInterrupt


@contextmanager
def remembering_interrupts() -> Iterator[None]:
    """
    Let Ctrl-C and SIGTERM of a scheduler interrupt the work inside, and remember them.

    Only the main thread receives signals. In other threads, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = _Handler()
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            # None is a handler that was not set from Python and cannot be restored.
            signal.signal(number, signal.SIG_DFL if earlier is None else earlier)


def was_interrupted() -> bool:
    """
    Return whether a signal has asked this process to stop, even if its exception was lost.
    """
    handler = signal.getsignal(signal.SIGTERM)
    return isinstance(handler, _Handler) and handler.came


def stop_if_interrupted() -> None:
    """
    Raise an interruption that was lost.

    :raises KeyboardInterrupt: A signal has asked this process to stop.
    """
    if was_interrupted():
        raise KeyboardInterrupt


def left_to_the_parent() -> None:
    """
    Let a worker process ignore Ctrl-C, which a terminal sends to it too: the parent decides.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

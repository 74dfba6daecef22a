"""A tunnel through the bastion to a private database, held open by AWS's command line."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

LOCAL_PORT = int(os.environ.get("STATPIPE_TUNNEL_PORT") or 15432)
DATABASE_PORT = 5432
SECONDS = float(os.environ.get("STATPIPE_TUNNEL_SECONDS") or 60)
CONFIGURATION, DOWN = 2, 5
"""Exit codes, as statpipe has them."""


class CannotRun(Exception):
    """
    What keeps a run from starting: a line for the reader, and an exit code.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@contextlib.contextmanager
def tunnel(bastion: str, host: str, log: Path) -> Iterator[None]:
    """
    Forward a port of this machine to the database *host*, through the instance *bastion*.

    AWS's command line gets region and credentials from the process environment.

    :raises CannotRun: The port is taken, the command line is missing, or AWS opens no session.
    """
    if is_open():
        msg = f"port {LOCAL_PORT} is in use; end the program that uses it, perhaps an older tunnel"
        raise CannotRun(msg, CONFIGURATION)
    forwarded = f"host={host},portNumber={DATABASE_PORT},localPortNumber={LOCAL_PORT}"
    command = ["aws", "ssm", "start-session", "--target", bastion]
    command += ["--document-name", "AWS-StartPortForwardingSessionToRemoteHost"]
    command += ["--parameters", forwarded]
    with log.open("wb") as told:
        try:
            # A group of its own: the plugin that holds the port is a child of the command.
            session = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except FileNotFoundError:
            msg = "the AWS command line is not installed; install it and its Session Manager plugin"
            raise CannotRun(msg, CONFIGURATION) from None
        try:
            _wait_until_open(session, log)
            yield
        finally:
            _end(session)


def _wait_until_open(session: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_open():
        if session.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
            said = next((line.strip() for line in reversed(lines) if line.strip()), "nothing")
            msg = (
                f"the tunnel to the database does not open; aws said: {said}; check whether the "
                "bastion runs, and whether the role may start a session on it"
            )
            raise CannotRun(msg, DOWN)
        time.sleep(0.2)


def is_open() -> bool:
    """
    Return whether something listens where the tunnel begins.
    """
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", LOCAL_PORT), 1):
        return True
    return False


def _end(session: subprocess.Popen[bytes]) -> None:
    """End the whole group, gently first: that closes the session on AWS's side as well."""
    for end in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(session.pid, end)
        with contextlib.suppress(subprocess.TimeoutExpired):
            session.wait(5)
            return

"""Run a source in an environment as the daily workflow does, and keep the evidence.

    ENV=staging FULL=1 python scripts/ingest.py

Reads the variables ENV, FULL (anything, to look at every figure), SOURCE and OUT (the folder of the
evidence, ``out``). With STATPIPE_BASTION_ID and STATPIPE_RDS_HOST a tunnel leads through the bastion
to the database meanwhile: from port 15432 of this machine (or STATPIPE_TUNNEL_PORT), so the
connection string says ``host=<the database> hostaddr=127.0.0.1 port=15432``. The exit code is
statpipe's.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

LOCAL_PORT = int(os.environ.get("STATPIPE_TUNNEL_PORT") or 15432)
DATABASE_PORT = 5432
TUNNEL_SECONDS = float(os.environ.get("STATPIPE_TUNNEL_SECONDS") or 60)
CONFIGURATION, DOWN = 2, 5
"""Exit codes, as statpipe has them."""


class CannotRun(Exception):
    """What keeps the run from starting: a line for the reader, and an exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def main() -> int:
    """Run, and say why where that cannot be."""
    out = Path(os.environ.get("OUT") or "out")
    out.mkdir(parents=True, exist_ok=True)
    # A scheduler's SIGTERM must close the tunnel as well.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        command = _command()
        with _tunnel(out / "tunnel.log"):
            return _run(command, out)
    except CannotRun as error:
        _tell(str(error), error.code)
        return error.code
    except KeyboardInterrupt:
        _tell("interrupted; run again to complete it", 130)
        return 130


def _command() -> list[str]:
    environment, source = os.environ.get("ENV", ""), os.environ.get("SOURCE") or "bea_pce_state"
    for name, value in (("ENV", environment), ("SOURCE", source)):
        if not re.fullmatch(r"[a-z][a-z0-9_-]*", value):
            msg = f"{name} is {value!r}; name an environment, as in `make ingest ENV=staging`"
            raise CannotRun(msg, CONFIGURATION)
    full = ["--full"] if os.environ.get("FULL") else []
    waiting = ["--wait", "600"]  # another run of the source may be at its end
    return [*_statpipe(), "run", source, "--env", environment, "--json", *waiting, *full]


def _statpipe() -> list[str]:
    return [sys.executable, "-m", "statpipe"]


def _run(command: list[str], out: Path) -> int:
    """Show the log while it is written, and keep it; the manifests go to a file of their own."""
    manifests = out / "manifests.json"
    last = ""
    with manifests.open("wb") as answer, (out / "run.log").open("w", encoding="utf-8") as kept:
        running = subprocess.Popen(
            command,
            stdout=answer,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,  # a Ctrl-C reaches it once, through us
        )
        assert running.stderr is not None
        while True:
            try:
                for line in running.stderr:
                    sys.stderr.write(line)
                    sys.stderr.flush()
                    kept.write(line)
                    last = line.strip() or last
                code = running.wait()
                break
            except KeyboardInterrupt:
                # It ends by itself, recorded and with nothing half-published; we go on listening.
                running.send_signal(signal.SIGTERM)
    if code and not manifests.stat().st_size:
        _annotate(last)  # it never came to a run, so no notifier has told of it
    return code


@contextlib.contextmanager
def _tunnel(log: Path) -> Iterator[None]:
    """Forward a port of this machine to the database, if a bastion is named."""
    bastion, host = (os.environ.get(f"STATPIPE_{name}", "") for name in ("BASTION_ID", "RDS_HOST"))
    if not bastion:
        yield
        return
    if not host:
        msg = (
            "STATPIPE_BASTION_ID is set and STATPIPE_RDS_HOST is not; set it to the database's name"
        )
        raise CannotRun(msg, CONFIGURATION)
    if _is_open():
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
    deadline = time.monotonic() + TUNNEL_SECONDS
    while not _is_open():
        if session.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
            said = next((line.strip() for line in reversed(lines) if line.strip()), "nothing")
            msg = (
                f"the tunnel to the database does not open; aws said: {said}; see whether the "
                "bastion runs, and whether the role may start a session on it"
            )
            raise CannotRun(msg, DOWN)
        time.sleep(0.2)


def _is_open() -> bool:
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


def _tell(message: str, code: int) -> None:
    line = f"statpipe: {message} (exit {code})"
    sys.stderr.write(f"{line}\n")
    _annotate(line)


def _annotate(line: str) -> None:
    """Show a line beside the run, in GitHub Actions; the runner reads one command a line."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        text = line.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        sys.stderr.write(f"::error title=statpipe::{text}\n")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

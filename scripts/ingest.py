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
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from tunnel import CONFIGURATION, CannotRun, tunnel


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
    with tunnel(bastion, host, log):
        yield


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

"""Run sources in an environment as the daily workflow does, and keep the evidence.

    ENV=staging FULL=1 python scripts/ingest.py

Reads the variables ENV, FULL (anything, to look at every figure), SOURCE (names with commas between
them; without it, all that ``statpipe.toml`` configures for the environment), LOG_FORMAT (``json`` for a
machine that reads ``run.log``) and OUT (the folder of the evidence, ``out``) of the process, and all others also of ``.env``, which statpipe reads as well. If the
connection string says ``host=<the database> hostaddr=127.0.0.1 port=15432``, a tunnel leads from that
port of this machine (or STATPIPE_TUNNEL_PORT) through the bastion to the database meanwhile. The exit
code is statpipe's.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from tunnel import CONFIGURATION, CannotRun, tunnel
from way_to_database import way_to_database

from statpipe.api import StatpipeError
from statpipe.engine.site.aws_environment import aws_exported
from statpipe.engine.site.configuration import Configuration, load_configuration


def main() -> int:
    """Run, and say why where that cannot be."""
    out = Path(os.environ.get("OUT") or "out")
    out.mkdir(parents=True, exist_ok=True)
    # A scheduler's SIGTERM must close the tunnel as well.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        environment = os.environ.get("ENV", "")
        environment = _name("ENV", environment, "an environment, as in `make ingest ENV=staging`")
        configuration = load_configuration()
        command = _command(environment, _sources(environment, configuration), out)
        with (
            aws_exported(configuration.variables, configuration.env_file, _warn),
            _tunnel(environment, configuration, out / "tunnel.log"),
        ):
            return _run(command, out)
    except CannotRun as error:
        _tell(str(error), error.code)
        return error.code
    except StatpipeError as error:
        _tell(str(error), error.exit_code)
        return error.exit_code
    except KeyboardInterrupt:
        _tell("interrupted; run again to complete it", 130)
        return 130


def _name(variable: str, value: str, what: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", value):
        msg = f"{variable} is {value!r}; name {what}"
        raise CannotRun(msg, CONFIGURATION)
    return value


def _sources(environment: str, configuration: Configuration) -> list[str]:
    named = os.environ.get("SOURCE", "").replace(",", " ").split()
    what = "a source, as in `make ingest ENV=staging SOURCE=bea_pce_state`"
    sources = [_name("SOURCE", name, what) for name in named] or configuration.sources(environment)
    if not sources:
        msg = (
            f"{configuration.shown} configures no source; add a table [sources.NAME], or set SOURCE"
        )
        raise CannotRun(msg, CONFIGURATION)
    return sources


def _command(environment: str, sources: list[str], out: Path) -> list[str]:
    full = ["--full"] if os.environ.get("FULL") else []
    form = os.environ.get("LOG_FORMAT") or "text"
    waiting = ["--wait", "600"]  # another run of the source may be at its end
    return [
        *_statpipe(),
        "run",
        *sources,
        "--env",
        environment,
        "--json",
        "--report",
        str(out / "report.html"),
        *waiting,
        *full,
        "--log-format",
        form,
    ]


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
                    if not line.startswith(
                        "::"
                    ):  # a command to GitHub's runner: statpipe defuses others
                        kept.write(line)
                        last = line.strip() or last
                code = running.wait()
                break
            except KeyboardInterrupt:
                # It ends by itself, recorded and with nothing half-published; we go on listening.
                running.send_signal(signal.SIGTERM)
    if code and not manifests.stat().st_size:
        _annotate(_plain(last))  # it never came to a run, so no notifier has told of it
    return code


@contextlib.contextmanager
def _tunnel(environment: str, configuration: Configuration, log: Path) -> Iterator[None]:
    """Forward a port of this machine to the database, if it lies behind a bastion."""
    bastion = way_to_database(environment, configuration.variables)
    if bastion is None:
        yield
        return
    with tunnel(bastion.instance, bastion.host, log):
        yield


def _warn(message: str) -> None:
    sys.stderr.write(f"statpipe: warning: {message}\n")


def _tell(message: str, code: int) -> None:
    line = f"statpipe: {message} (exit {code})"
    sys.stderr.write(f"{line}\n")
    _annotate(line)


def _plain(line: str) -> str:
    """Write statpipe's last line as it is without ``--log-format json``."""
    try:
        told = json.loads(line)
        return f"statpipe: {told['event']} (exit {told['exit_code']})"
    except (ValueError, KeyError, TypeError):
        return line


def _annotate(line: str) -> None:
    """Show a line beside the run, in GitHub Actions; the runner reads one command a line."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        text = line.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        sys.stderr.write(f"::error title=statpipe::{text}\n")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

"""The database cluster on disk: created completely or not at all, and of one major version."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from statpipe.api import ConfigError, Unavailable
from statpipe_postgres.binaries import MAJOR
from statpipe_postgres.folder import Folder
from statpipe_postgres.privileges import ServerUser, cannot_become

SUPERUSER = "statpipe"

_LIGHT = {
    "shared_buffers": "64MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "20",
    # No replica reads this WAL. So a first load writes its table once and not twice.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""Settings in postgresql.conf, which the owner may change."""

_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")


def environment() -> dict[str, str]:
    """
    Return the environment variables of the processes that we start: only those that programs need.

    The server may run as another user, and for longer than we do, so it must not get our secrets.
    """
    ours = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return ours | {"LC_ALL": "C", "TZ": "UTC"}


def make_cluster(folder: Folder, binaries: Path, user: ServerUser) -> None:
    """
    Create the cluster if it does not exist. The caller holds the start lock.

    :raises ConfigError: We do not have permission.
    :raises Unavailable: The disk is full, or PostgreSQL fails.
    """
    # The initdb of a killed process may still be writing there. The next start removes the rest.
    for abandoned in folder.root.glob(".init-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    if folder.data.exists():
        return
    workshop = folder.root / f".init-{secrets.token_hex(4)}"
    workshop.mkdir(mode=0o700)
    password = secrets.token_urlsafe(24)
    words = workshop / "password"
    _write_private(words, password)
    user.owns(words)
    user.owns(workshop)
    _initdb(workshop / "pgdata", words, binaries, user)
    _write_private(folder.passfile, f"*:*:*:{SUPERUSER}:{password}\n")
    (workshop / "pgdata").rename(folder.data)
    shutil.rmtree(workshop, ignore_errors=True)


def check_version(folder: Folder) -> None:
    """
    Refuse data that the installed programs cannot read.

    :raises ConfigError: The data is of another major version, or the password file is missing.
    """
    found = (folder.data / "PG_VERSION").read_text(encoding="utf-8").strip()
    if found != MAJOR:
        msg = (
            f"{folder.data} has data of PostgreSQL {found}, but this statpipe has PostgreSQL "
            f"{MAJOR}; move the folder {folder.root} away, and the next run will fill a new one "
            "from the lake"
        )
        raise ConfigError(msg)
    if not folder.passfile.exists():
        msg = (
            f"the password of the embedded PostgreSQL, {folder.passfile}, is missing; restore "
            f"it, or move the folder {folder.root} away, and the next run will fill a new one "
            "from the lake"
        )
        raise ConfigError(msg)


def _initdb(data: Path, password: Path, binaries: Path, user: ServerUser) -> None:
    command = [
        *user.prefix,
        str(binaries / "initdb"),
        f"--pgdata={data}",
        f"--username={SUPERUSER}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # The builtin provider sorts the same way everywhere, so system libraries cannot break an
        # index.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--data-checksums",
        "--no-instructions",
        *(f"--set={name}={value}" for name, value in _LIGHT.items()),
    ]
    done = subprocess.run(  # noqa: S603 - our own programs
        command,
        check=False,
        cwd="/",
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode == 0:
        return
    said = done.stdout.strip().splitlines() or [f"initdb exited with {done.returncode}"]
    if said[0].startswith("setpriv:"):
        raise cannot_become(said[0])
    reason = next((line for line in said if "error:" in line or "FATAL" in line), said[-1])
    msg = f"the embedded PostgreSQL cannot create its data in {data.parent.parent}: {reason}"
    raise Unavailable(msg)


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)

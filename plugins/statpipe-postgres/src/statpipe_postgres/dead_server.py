"""Removes the pid files of a killed server, which PostgreSQL trusts while the pid exists."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from statpipe_postgres.folder import Folder

_LOOKS = 50
_LOOK_AGAIN = 0.02


def forget_dead_server(folder: Folder) -> None:
    """
    Remove the pid files of a dead server, even if its pid now belongs to a zombie or another
    program.

    The caller holds the lock that all processes of our server inherit, so none of them is alive. If
    somebody started a server by hand on this data, PostgreSQL itself refuses a second one.
    """
    for file in (folder.data / "postmaster.pid", folder.sockets / ".s.PGSQL.5432.lock"):
        # A process that was just killed releases its lock before it is seen to be dead.
        for _ in range(_LOOKS):
            if not _names_a_postgres(file):
                file.unlink(missing_ok=True)
                break
            time.sleep(_LOOK_AGAIN)


def _names_a_postgres(file: Path) -> bool:
    """Return whether the process in a pid file is, or may be, a PostgreSQL server."""
    try:
        pid = int(file.read_text(encoding="utf-8").split("\n", 1)[0])
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return sys.platform != "linux" and file.exists()
    except (ValueError, ProcessLookupError):
        return False
    name, _, rest = status.rpartition(")")
    return rest.split()[0] not in ("Z", "X") and name.endswith("(postgres")

"""The user of the embedded server, because PostgreSQL refuses to run as root.

An ordinary user runs the server as itself. Root runs it as the owner of the data, which is
``nobody`` for new data. If that user cannot access a folder on the path to the data or the
programs, such as one in ``/root``, the server's processes get one capability, DAC_OVERRIDE. No
permissions are changed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from statpipe.api import ConfigError

_REMEDY = "run statpipe as an ordinary user, or set a dsn to use your own database"


@frozen(kw_only=True)
class ServerUser:
    """
    The user that the server runs as. ``uid`` is ``None`` if that is the caller.

    ``prefix`` is the beginning of commands that run as that user.
    """

    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()

    def owns(self, path: Path) -> None:
        """
        Make this user the owner of a path that we created.
        """
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def server_user(data: Path, binaries: Path) -> ServerUser:
    """
    Find out which user runs the server on *data*, and how to become that user.

    :raises ConfigError: We are root and cannot become another user.
    """
    if os.geteuid() != 0:
        return ServerUser()
    setpriv = shutil.which("setpriv")
    if setpriv is None or sys.platform != "linux":
        msg = (
            "PostgreSQL refuses to run as root, and the program setpriv (package util-linux), "
            f"with which statpipe needs to run it as another user, is missing; {_REMEDY}"
        )
        raise ConfigError(msg)
    uid, gid = _owner(data)
    prefix = [setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    if not _can_pass(uid, gid, (data, binaries / "postgres")):
        # The programs test paths with access(2), which only honours the capabilities of users other
        # than root under no_setuid_fixup.
        prefix += [
            "--securebits=+no_setuid_fixup",
            "--inh-caps=+dac_override",
            "--ambient-caps=+dac_override",
        ]
    return ServerUser(uid=uid, gid=gid, prefix=(*prefix, "--"))


def cannot_become(said: str) -> ConfigError:
    """
    Return the error for a ``setpriv`` that lacks permission.
    """
    return ConfigError(
        "PostgreSQL refuses to run as root, and root cannot switch to another user here "
        f"({said}); {_REMEDY}"
    )


def _owner(data: Path) -> tuple[int, int]:
    if data.exists():
        status = data.stat()
        if status.st_uid != 0:
            return status.st_uid, status.st_gid
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        msg = f"PostgreSQL refuses to run as root, and the user nobody does not exist; {_REMEDY}"
        raise ConfigError(msg) from None
    return nobody.pw_uid, nobody.pw_gid


def _can_pass(uid: int, gid: int, paths: Iterable[Path]) -> bool:
    """
    Return whether the mode bits let a user access the paths. Paths that do not exist yet are its
    own.
    """
    steps = {step for path in paths for step in (path, *path.parents) if step.exists()}
    return all(_may_enter(step.stat(), uid, gid) for step in steps)


def _may_enter(status: os.stat_result, uid: int, gid: int) -> bool:
    shift = 6 if status.st_uid == uid else 3 if status.st_gid == gid else 0
    return bool((status.st_mode >> shift) & 0o1)

"""The files in the folder of an embedded server."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from statpipe.api import ConfigError, Unavailable
from statpipe_postgres.privileges import ServerUser

_LONGEST_SOCKET = 100
"""Bytes that a Unix socket's path may have on every system (Linux 107, macOS 103)."""

_SHORT_PLACE = Path("/tmp")  # noqa: S108 - all processes must agree on it, whatever their TMPDIR


@frozen
class Folder:
    """
    The places in the folder of an embedded server.
    """

    root: Path

    @property
    def data(self) -> Path:
        """
        The data of the cluster.
        """
        return self.root / "pgdata"

    @property
    def passfile(self) -> Path:
        """
        The password, in libpq's own format.
        """
        return self.root / "pgpass"

    @property
    def log(self) -> Path:
        """
        The server's log.
        """
        return self.root / "server.log"

    @property
    def start_lock(self) -> Path:
        """
        Held while the server is started or stopped.
        """
        return self.root / "start.lock"

    @property
    def users_lock(self) -> Path:
        """
        Shared by all users of the server. The janitor waits for an exclusive lock.
        """
        return self.root / "users.lock"

    @property
    def server_lock(self) -> Path:
        """
        Inherited by every process of the server, so it is free when all of them have ended.
        """
        return self.root / "server.lock"

    @property
    def keeper_lock(self) -> Path:
        """
        Held by the keeper of a server that is kept running.
        """
        return self.root / "keeper.lock"

    @property
    def keeper_fifo(self) -> Path:
        """
        The pipe at which the keeper waits for the signal to end.
        """
        return self.root / "keeper.fifo"

    @property
    def sockets(self) -> Path:
        """
        The private folder of the server's socket: inside our folder, or elsewhere if that path is
        too long.
        """
        own = self.root / "sock"
        if len(os.fsencode(own / ".s.PGSQL.5432")) <= _LONGEST_SOCKET:
            return own
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return _SHORT_PLACE / f"statpipe-pg-{name}"

    def make_sockets(self, user: ServerUser) -> None:
        """
        Create the folder of the socket, and make sure that it is private and belongs to us.

        :raises ConfigError: It belongs to somebody else.
        """
        place = self.sockets
        if not place.is_symlink() and not place.exists():
            place.mkdir(mode=0o700)
            user.owns(place)
        status = place.lstat()
        owner = os.geteuid() if user.uid is None else user.uid
        if (
            not stat.S_ISDIR(status.st_mode)
            or stat.S_IMODE(status.st_mode) != 0o700  # noqa: PLR2004 - as made above
            or status.st_uid != owner
        ):
            msg = (
                f"{place}, the folder for the embedded PostgreSQL's socket, is not private to "
                "the server's user; remove it, and find out who created it"
            )
            raise ConfigError(msg)


@contextmanager
def readable(root: Path) -> Iterator[None]:
    """
    Return in one line what the file system refuses.
    """
    try:
        yield
    except PermissionError as error:
        msg = (
            f"the folder of the embedded PostgreSQL, {root}, cannot be used by this user "
            f"({error.strerror}: {error.filename}); run as its owner, or set `embedded` of the "
            "sink postgres to another folder"
        )
        raise ConfigError(msg) from error
    except OSError as error:
        msg = (
            f"the folder of the embedded PostgreSQL, {root}, failed: {error.strerror or error}; "
            "free some space or repair the disk, and run again"
        )
        raise Unavailable(msg) from error

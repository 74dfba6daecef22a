"""An embedded PostgreSQL in a folder. It runs as long as somebody uses it.

All users of the server share a lock, which the kernel frees when its holder ends in any way. The
last user stops the server. If that one was killed, the janitor stops it: a process that sleeps
until the lock is free. Another lock, which all processes of the server inherit, shows whether the
server is alive. A process id would not be enough, because it may belong to a zombie or to another
program by now.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

from psycopg import pq
from psycopg.conninfo import make_conninfo

from statpipe.api import Unavailable
from statpipe_postgres import locks
from statpipe_postgres.binaries import find_binaries
from statpipe_postgres.cluster import SUPERUSER, check_version, environment, make_cluster
from statpipe_postgres.dead_server import forget_dead_server
from statpipe_postgres.folder import Folder, readable
from statpipe_postgres.privileges import ServerUser, cannot_become, server_user

_START_WITHIN = 120.0
_STOP_WITHIN = 60.0
_LOOK_AGAIN = 0.02
_LARGEST_LOG = 1_000_000
_SCRIPTS = Path(__file__).parent


class EmbeddedPostgres:
    """
    The server of one folder. Any number of objects, in any number of processes, can share it.
    """

    def __init__(self, root: Path) -> None:
        self.folder = Folder(root.resolve())
        self._binaries: Path | None = None
        self._users: int | None = None

    @property
    def conninfo(self) -> str:
        """
        The libpq address. It contains the path of the password file, not the password.
        """
        return make_conninfo(
            host=str(self.folder.sockets),
            port=5432,
            user=SUPERUSER,
            dbname="postgres",
            passfile=str(self.folder.passfile),
            # Given, though empty, so that PGHOSTADDR and PGOPTIONS have no effect.
            hostaddr="",
            options="",
        )

    @property
    def uri(self) -> str:
        """
        The same address for people and their tools.
        """
        host, passfile = (quote(str(p)) for p in (self.folder.sockets, self.folder.passfile))
        return f"postgresql://{SUPERUSER}@/postgres?host={host}&passfile={passfile}"

    @property
    def password(self) -> str:
        """
        The password, for programs that would otherwise use PGPASSWORD. Call it when the server is
        up.
        """
        with readable(self.folder.root):
            return self.folder.passfile.read_text(encoding="utf-8").strip().rpartition(":")[2]

    def start(self) -> None:
        """
        Become a user of the server, and start it if it is not running.

        :raises ConfigError: The programs are missing, the data is of another version, or we may not
            use the folder or the server's user.
        :raises Unavailable: The disk is full, or the server does not start.
        """
        root = self.folder.root
        self._binaries = find_binaries()
        with readable(root):
            # Root's server runs as another user, who needs access.
            root.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
            with locks.alone(self.folder.start_lock):
                if self._users is None:
                    self._users = locks.shared(self.folder.users_lock)
                try:
                    user = server_user(self.folder.data, self._binaries)
                    make_cluster(self.folder, self._binaries, user)
                    check_version(self.folder)
                    self.folder.make_sockets(user)
                    self._bring_up(user)
                except BaseException:
                    self._let_go()
                    raise

    def close(self) -> None:
        """
        Stop using the server. The last user stops it.
        """
        if self._users is None:
            return
        if not self.folder.root.exists():
            # Somebody removed the folder. A server without its data notices it and ends by itself.
            self._let_go()
            return
        with readable(self.folder.root), locks.alone(self.folder.start_lock):
            self._let_go()
            self._stop_unless_used()

    def keep(self) -> None:
        """
        Start the server and keep it running until :meth:`stop`. Raises what :meth:`start` raises.
        """
        self.start()
        with readable(self.folder.root), locks.alone(self.folder.start_lock):
            mine = locks.attempt(self.folder.keeper_lock)
            if mine is None or self._users is None:
                return
            try:
                self.folder.keeper_fifo.unlink(missing_ok=True)
                os.mkfifo(self.folder.keeper_fifo, 0o600)
                fifo, users = str(self.folder.keeper_fifo), self._users
                _detach("keeper.py", fifo, str(users), inherit=(users, mine))
            finally:
                os.close(mine)

    def stop(self) -> bool:
        """
        Stop the server, unless somebody else uses it: then it stops when they end.

        Return whether it has stopped.
        """
        if not self.folder.data.exists():
            return True
        self._binaries = find_binaries()
        with readable(self.folder.root), locks.alone(self.folder.start_lock):
            self._let_go()
            self._dismiss_keeper()
            self._stop_unless_used()
            return locks.is_free(self.folder.server_lock)

    def _let_go(self) -> None:
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def _answers(self) -> bool:
        question = make_conninfo(self.conninfo, connect_timeout=5)
        return pq.PGconn.ping(question.encode()) == pq.Ping.OK

    def _bring_up(self, user: ServerUser) -> None:
        launched = False
        give_up = time.monotonic() + _START_WITHIN
        while True:
            free = locks.attempt(self.folder.server_lock)
            answers = self._answers()
            if free is None and answers:
                return
            if free is not None:
                try:
                    if launched:
                        raise self._failure("did not start")
                    # Otherwise this is a server whose folder was removed; its janitor ends it.
                    if not answers:
                        self._launch(user, free)
                        launched = True
                finally:
                    os.close(free)
            if time.monotonic() > give_up:
                raise self._failure(f"did not answer within {_START_WITHIN:.0f} seconds")
            time.sleep(_LOOK_AGAIN)

    def _launch(self, user: ServerUser, server_lock: int) -> None:
        forget_dead_server(self.folder)
        log = self.folder.log
        os.close(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        if log.stat().st_size > _LARGEST_LOG:
            os.truncate(log, 0)
        launched, tell = os.pipe()
        try:
            self._launch_janitor(user, launched)
            self._launch_server(user, server_lock, tell)
        finally:
            os.close(launched)
            os.close(tell)

    def _launch_janitor(self, user: ServerUser, launched: int) -> None:
        folder = self.folder
        locks_and_sockets = (folder.users_lock, folder.server_lock, folder.sockets)
        _detach(
            "janitor.py",
            str(launched),
            *(str(path) for path in locks_and_sockets),
            *self._stop_command(user),
            inherit=(launched,),
        )

    def _launch_server(self, user: ServerUser, server_lock: int, tell: int) -> None:
        sockets = str(self.folder.sockets).replace('"', '""')
        command = [
            *user.prefix,
            self._program("postgres"),
            "-D",
            str(self.folder.data),
            *("-c", "listen_addresses="),
            *("-c", f'unix_socket_directories="{sockets}"'),
            *("-c", "unix_socket_permissions=0700"),
        ]
        # The shell prints the id of the process that it started, and ends at once, so the server
        # does not become a zombie of ours.
        subprocess.run(  # noqa: S603 - our own programs; nothing is pasted into the shell's text
            ["/bin/sh", "-c", '"$@" >>"$0" 2>&1 & echo $!', str(self.folder.log), *command],
            check=True,
            cwd="/",
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=tell,
            start_new_session=True,
            pass_fds=(server_lock,),
        )

    def _stop_unless_used(self) -> None:
        users = self.folder.users_lock
        last = locks.attempt(users)
        if last is None:
            # Others share it; or the janitor was faster, and then this waits until it is done.
            last = locks.shared(users)
        else:
            self._shut_down()
        os.close(last)
        if locks.is_free(self.folder.server_lock):
            with contextlib.suppress(OSError):
                self.folder.sockets.rmdir()

    def _shut_down(self) -> None:
        user = server_user(self.folder.data, Path(self._program("postgres")).parent)
        give_up = time.monotonic() + _STOP_WITHIN
        while not locks.is_free(self.folder.server_lock):
            if time.monotonic() > give_up:
                raise self._failure(f"did not stop within {_STOP_WITHIN:.0f} seconds")
            subprocess.run(  # noqa: S603 - our own program
                self._stop_command(user),
                check=False,
                cwd="/",
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(_LOOK_AGAIN)

    def _dismiss_keeper(self) -> None:
        give_up = time.monotonic() + _STOP_WITHIN
        while not locks.is_free(self.folder.keeper_lock):
            if time.monotonic() > give_up:
                raise self._failure(
                    "cannot be stopped because its supervising process does not respond"
                )
            with contextlib.suppress(OSError):
                os.close(os.open(self.folder.keeper_fifo, os.O_WRONLY | os.O_NONBLOCK))
            time.sleep(_LOOK_AGAIN)
        self.folder.keeper_fifo.unlink(missing_ok=True)

    def _stop_command(self, user: ServerUser) -> list[str]:
        options = ["-D", str(self.folder.data), "-m", "fast", "-w", "-t", "30"]
        return [*user.prefix, self._program("pg_ctl"), "stop", *options]

    def _program(self, name: str) -> str:
        self._binaries = self._binaries or find_binaries()
        return str(self._binaries / name)

    def _failure(self, what: str) -> Exception:
        lines = self.folder.log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]
        reason = next((line for line in reversed(lines) if "FATAL" in line), (lines or [""])[-1])
        if reason.startswith("setpriv:"):
            return cannot_become(reason)
        return Unavailable(
            f"the embedded PostgreSQL in {self.folder.root} {what}: {reason.strip()}; "
            f"look at {self.folder.log}, and run again"
        )


def _detach(script: str, *arguments: str, inherit: tuple[int, ...] = ()) -> None:
    """Run one of our scripts, which starts a background process and ends."""
    subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-I", "-S", str(_SCRIPTS / script), *arguments],
        check=True,
        cwd="/",
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=inherit,
    )

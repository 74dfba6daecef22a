"""A PostgreSQL for all programs of a benchmark, and what it spends on each of them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg
from psycopg import pq

from statpipe_postgres.binaries import find_binaries
from statpipe_postgres.cluster import environment
from statpipe_postgres.privileges import server_user

STARTS_WITHIN = 60
TICKS = os.sysconf("SC_CLK_TCK")
WRITTEN = """
SELECT relid::bigint, schemaname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables
WHERE schemaname NOT LIKE 'pg_%'
"""
SIZE = """
SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
WHERE relkind = 'r' AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
"""
STALE = """
SELECT count(*) FROM pg_stat_user_tables JOIN pg_class ON oid = relid
WHERE schemaname = ANY(%s) AND n_mod_since_analyze > 50 + 0.1 * greatest(reltuples, 0)
"""
"""Tables that autovacuum would analyse, by its own rule."""
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


@dataclass(frozen=True)
class Usage:
    """
    What the server has done so far: seconds of CPU time of all its processes, bytes of WAL, and the
    rows written to each table, by schema and table.
    """

    cpu: float
    wal: int
    rows: dict[tuple[str, int], int]

    def since(self, before: Usage) -> Usage:
        """Return what was added; a table that is new counts whole."""
        rows = {table: n - before.rows.get(table, 0) for table, n in self.rows.items()}
        return Usage(cpu=self.cpu - before.cpu, wal=self.wal - before.wal, rows=rows)

    def rows_in(self, *schemas: str) -> int:
        """Return how many rows were written to the tables of some schemas."""
        return sum(n for (schema, _), n in self.rows.items() if schema in schemas)


class Server:
    """
    The server, with PostgreSQL's own settings, but no autovacuum: it would work for one program
    while another is measured. Reached by a socket that its owner alone may use.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._data = folder, folder / "pgdata"
        self._binaries = find_binaries()
        self._user = server_user(self._data, self._binaries)

    def __enter__(self) -> Self:
        self._folder.mkdir(mode=0o711, parents=True)
        self._user.owns(self._folder)
        self._initialise()
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*self._user.prefix, str(self._binaries / "postgres"), "-D", str(self._data)],
                cwd="/", env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        give_up = time.monotonic() + STARTS_WITHIN
        while pq.PGconn.ping(self.address("postgres").encode()) != pq.Ping.OK:
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError((self._folder / "log").read_text())
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(60)

    def address(self, database: str) -> str:
        """Return the URI of a database. Some clients insist on a password and on a name of the host."""
        return f"postgresql://postgres:unused@localhost/{database}?host={self._folder}"

    def make(self, database: str, *, like: str = "template0") -> str:
        """Make a database, maybe with all that another one holds, and return its URI."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {database} TEMPLATE {like} STRATEGY file_copy")
        return self.address(database)

    def drop(self, database: str) -> None:
        """Remove a database."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {database} WITH (FORCE)")

    def settle(self) -> None:
        """Have the server write what it owes, so no program pays for the one before."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as admin:
            admin.execute("CHECKPOINT")

    def usage(self, database: str) -> Usage:
        """Return what was spent until now, on whatever database, and the rows of this one."""
        with psycopg.connect(self.address(database), autocommit=True) as reader:
            give_up = time.monotonic() + STARTS_WITHIN
            # A backend says what it wrote when it ends, and it ends after its client.
            while reader.execute(OTHERS, [database]).fetchone() != (0,):
                if time.monotonic() > give_up:
                    raise RuntimeError(f"somebody stays connected to {database}")
                time.sleep(0.02)
            # Without a timeline of its own, the position in the WAL counts bytes.
            (wal,) = reader.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone() or (0,)
            rows = {(schema, table): n for table, schema, n in reader.execute(WRITTEN)}
        return Usage(cpu=self._cpu(), wal=int(wal), rows=rows)

    def size(self, database: str) -> int:
        """Return the bytes of all tables with their indexes."""
        with psycopg.connect(self.address(database)) as reader:
            (size,) = reader.execute(SIZE).fetchone() or (0,)
        return int(size)

    def stale(self, database: str, *schemas: str) -> int:
        """Return how many tables of some schemas have statistics that the planner should not believe."""
        with psycopg.connect(self.address(database)) as reader:
            (number,) = reader.execute(STALE, [list(schemas)]).fetchone() or (0,)
        return int(number)

    def _initialise(self) -> None:
        command = [*self._user.prefix, str(self._binaries / "initdb"), "-D", str(self._data)]
        options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
        settings = {
            "autovacuum": "off",
            "listen_addresses": "",
            "unix_socket_directories": str(self._folder),
            "unix_socket_permissions": "0700",
        }
        chosen = [f"--set={name}={value}" for name, value in settings.items()]
        subprocess.run(
            [*command, *options, *chosen, "--no-instructions", "--no-sync"],
            cwd="/", env=environment(), check=True, capture_output=True,
        )  # fmt: skip

    def _cpu(self) -> float:
        """Add up the processes that live and, in the account of the first, those that ended."""
        parents = {pid: _fields(pid) for pid in _processes()}
        first = self._process.pid
        ours = [f for pid, f in parents.items() if f and (pid == first or f[1] == str(first))]
        # utime, stime, and the same of children that have ended.
        return sum(int(ticks) for fields in ours for ticks in fields[11:15]) / TICKS


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _fields(pid: int) -> list[str]:
    """Return the state of a process and what follows it in its line, or nothing if it has ended."""
    try:
        line = Path("/proc", str(pid), "stat").read_text()
    except OSError:
        return []
    return line.rpartition(")")[2].split()

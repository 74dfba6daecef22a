"""The programs that are compared, each with a home of its own: a folder and a database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

HERE = Path(__file__).parent
OURS = ("BEA_", "STATPIPE_", "PG", "AWS_", "PYTHONDONTWRITEBYTECODE")
"""Variables that programs do not get. Without the last one, users' Python compiles a module once and not each time."""
DATABASE = """
[environments.local.sinks.postgres]
dsn = "${BENCHMARK_PG}"
"""
FOLDER = "[environments.local.sinks.lake]\n"
BEA = "bea_pce_state"
UNBOUNDED = 1_000_000
"""Requests a minute: the agency is our own, and waiting is not work."""

PRODUCT, BEFORE = "statpipe", "before"
"""The product as it is here, and as it was at another commit."""


class Agency(Protocol):
    """Whom programs ask."""

    url: str
    key: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Files:
    """An agency that is a folder."""

    url: str
    key: str = ""
    tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Home:
    """Where a program keeps what it has: a folder, and a database of the home's name."""

    folder: Path
    name: str
    dsn: str
    agency: Agency
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its processes: those of this one without what may be set for others."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        return kept | {"BEA_API_KEY": self.agency.key, "BENCHMARK_PG": self.dsn, **self.variables}


class Program(Protocol):
    """
    Something that brings the agency's figures into a lake and a database.

    ``schemas`` are where the tables of analysts are, and ``folder`` is the lake, below the home.
    ``variables`` are more of its processes'.
    """

    name: str
    schemas: tuple[str, ...]
    folder: str
    variables: Mapping[str, str]

    def prepare(self, home: Home) -> None:
        """Write what it needs to know."""

    def command(self, home: Home) -> Sequence[str]:
        """Say how it is run."""


class Statpipe:
    """
    The product, as its users call it. *lake* is the part of ``statpipe.toml`` on the lake, *settings* more of the
    source's. *code* is the ``PYTHONPATH`` of another commit, which goes by another *name*.
    """

    schemas, folder = ("gold",), ".statpipe/lake"

    def __init__(
        self,
        *,
        source: str = BEA,
        lake: str = FOLDER,
        settings: str = "",
        name: str = PRODUCT,
        code: str = "",
    ) -> None:
        self.name, self.source = name, source
        self.variables = {"PYTHONPATH": code} if code else {}
        self._lake, self._settings = lake, settings

    def prepare(self, home: Home) -> None:
        agency = home.agency
        source = f"[sources.{self.source}]\n{self._settings}"
        if self.source == BEA:
            source += f'api_url = "{agency.url}"\ntables = {list(agency.tables)}\n'
            source += f"requests_per_minute = {UNBOUNDED}\n"
        (home.folder / "statpipe.toml").write_text(self._lake + DATABASE + source)

    def command(self, home: Home, *arguments: str) -> Sequence[str]:  # noqa: ARG002 - as the others
        given = arguments or ("run", self.source)
        return [sys.executable, "-m", "statpipe", *given]

    def backfill(self, home: Home, places: Sequence[Path]) -> Sequence[str]:
        """Say how older releases are loaded."""
        return self.command(home, "backfill", self.source, "--from-archive", *map(str, places))


class Script:
    """A script for this job alone, which imports nothing of the product's. It may need another Python."""

    schemas, folder = ("public", "bea"), "lake"
    variables: Mapping[str, str] = MappingProxyType({})

    def __init__(self, name: str, python: str = sys.executable, script: str = "") -> None:
        self.name = name
        self._python = python
        self._script = HERE / "baselines" / f"{script or name}.py"

    def prepare(self, home: Home) -> None:
        (home.folder / "lake").mkdir()

    def command(self, home: Home) -> Sequence[str]:
        agency = home.agency
        return [self._python, str(self._script), agency.url, "lake", home.dsn, *agency.tables]


BARE = "bare"
PEERS: Mapping[str, str] = {
    "polars_adbc": "polars, adbc_driver_postgresql, httpx",
    "dlt_arrow": "dlt, pyarrow, psycopg2, httpx",
    "dlt_rows": "dlt, psycopg2, httpx",
}
"""Scripts that need what is not among the requirements, and what they import."""


def peers(python: str = sys.executable) -> tuple[list[Script], list[str]]:
    """Return the scripts that another Python can run, and the names of those that it cannot."""
    can = {
        name: subprocess.run(
            [python, "-c", f"import {needs}"], capture_output=True, check=False
        ).returncode
        == 0
        for name, needs in PEERS.items()
    }
    return [Script(name, python) for name, able in can.items() if able], [
        name for name, able in can.items() if not able
    ]

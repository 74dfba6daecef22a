"""Makes homes for programs, and measures what a program does in its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.measure.files import Files
from benchmarks.measure.measured import Measured
from benchmarks.measure.process import spent
from benchmarks.measure.server import Server
from benchmarks.programs import Agency, Home, Program


def none() -> int:
    """Count nothing: nobody is asked."""
    return 0


@dataclass(frozen=True)
class Homes:
    """A folder for all homes, and the server that has their databases."""

    folder: Path
    server: Server

    def make(self, name: str, program: Program, agency: Agency, **variables: str) -> Home:
        """Make an empty home, with more *variables* for its processes."""
        environment = {**program.variables, **variables}
        home = Home(self.folder / name, name, self.server.make(name), agency, environment)
        home.folder.mkdir(parents=True)
        program.prepare(home)
        return home

    def copy(self, home: Home, name: str) -> Home:
        """Make a home that holds what another one does."""
        made = replace(
            home, folder=self.folder / name, name=name, dsn=self.server.make(name, like=home.name)
        )
        shutil.copytree(home.folder, made.folder)
        return made

    def remove(self, homes: Iterable[Home]) -> None:
        """Remove what homes hold."""
        for home in homes:
            self.server.drop(home.name)
            shutil.rmtree(home.folder)

    def measure(
        self,
        scenario: str,
        number: int,
        program: Program,
        home: Home,
        *,
        command: Sequence[str] = (),
        requests: Callable[[], int] = none,
    ) -> Measured:
        """Let a program do its work once, or a *command* in its place; *requests* counts since it was called last."""
        lake = home.folder / program.folder
        files = Files.below(lake)
        self.server.settle()
        before = self.server.usage(home.name)
        requests()
        cost = spent(
            command or program.command(home), folder=home.folder, environment=home.environment
        )
        used, now = self.server.usage(home.name).since(before), Files.below(lake)
        return Measured(
            scenario=scenario,
            program=program.name,
            round=number,
            wall=cost.wall,
            cpu=cost.cpu,
            peak=cost.peak,
            server_cpu=used.cpu,
            wal=used.wal,
            rows=used.rows_in(*program.schemas),
            requests=requests(),
            puts=len(now.put_since(files)),
            lake=now.size,
            tables=self.server.size(home.name),
            stale=self.server.stale(home.name, *program.schemas),
        )

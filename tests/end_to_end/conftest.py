"""The whole of statpipe as a user runs it: the command line, a lake, an embedded PostgreSQL, BEA."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.fake_bea import FakeBea
from support.forked import run_statpipe
from support.once import made_once
from support.tea_home import Tea

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="session")
def _bea() -> Iterator[FakeBea]:
    with FakeBea(DATA / "SAPCE.zip") as running:
        yield running


@pytest.fixture
def bea(_bea: FakeBea) -> Iterator[FakeBea]:
    """A server that answers as BEA does, as new for each test."""
    _bea.reset()
    yield _bea
    _bea.reset()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    The folder of a first run on the bundled sample, without any configuration, to be taken copies of.

    What the run said is in its files ``stdout`` and ``stderr``.
    """

    def make(folder: Path) -> None:
        done = Home(folder).run("run", "bea_pce_state", "--report", "run.html")
        (folder / "stdout").write_text(done.stdout)
        (folder / "stderr").write_text(done.stderr)

    return made_once(tmp_path_factory, "sample", make)


class Home:
    """A folder with a configuration, in which commands are run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("BEA_", "STATPIPE_", "PG"))
        }
        self.environment["XDG_CACHE_HOME"] = str(folder / "cache")

    def configure(self, text: str) -> None:
        (self.folder / "statpipe.toml").write_text(text)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "statpipe", *arguments]

    def run(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        done = run_statpipe(arguments, self.folder, self.environment)
        if code is not None:
            assert done.returncode == code, done.stderr
        return done

    def query(self, sql: str) -> list[dict[str, Any]]:
        answer = json.loads(self.run("db", "query", sql, "--json").stdout)
        assert isinstance(answer, list)
        return answer

    def take(self, sample: Path, *, database: bool = False) -> None:
        """Begin with a copy of the sample's lake, and of its *database*."""
        without = "" if database else " --exclude=./.statpipe/postgres"
        copy = f'tar -c -C "$0"{without} . | tar -x -p -C "$1"'
        subprocess.run(["sh", "-c", copy, str(sample), str(self.folder)], check=True)

    @property
    def lake(self) -> Path:
        return self.folder / ".statpipe" / "lake" / "local"

    def published(self) -> dict[str, bytes]:
        """All of Silver and Gold, file by file."""
        return {
            str(path.relative_to(self.lake)): path.read_bytes()
            for layer in ("silver", "gold")
            for path in sorted((self.lake / layer).rglob("*"))
            if path.is_file()
        }

    def every_byte(self) -> Iterator[tuple[Path, bytes]]:
        """Every file of the folder, also as it is once unpacked."""
        for path in self.folder.rglob("*"):
            if path.is_file():
                body = path.read_bytes()
                yield path, body
                if path.suffix == ".gz":
                    yield path, gzip.decompress(body)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with new_home(tmp_path) as made:
        yield made


@pytest.fixture
def tea(home: Home, tmp_path: Path) -> Tea:
    return Tea(home, tmp_path)


@contextmanager
def new_home(below: Path) -> Iterator[Home]:
    folder = below / "a folder"
    folder.mkdir()
    made = Home(folder)
    yield made
    if (folder / ".statpipe" / "postgres").exists():
        made.run("db", "stop", code=None)

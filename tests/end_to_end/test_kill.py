"""SIGKILL at every write of a run, and one run more: the bytes of a run that nothing disturbed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from support.forked import run_statpipe
from support.installed import TESTS, install_tea
from support.tea import DATASETS, PORTS, TeaAgency, prices

KILLER = '''
"""Imported at the start of the interpreter: counts writes, and kills the process at one of them."""

import os
import signal

kill_at = int(os.environ["KILL_AT"])
count = 0


def reached():
    global count
    count += 1
    with open(os.environ["COUNT_TO"], "w") as file:
        file.write(str(count))
    return count == kill_at


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def counted(original):
    def call(*arguments, **options):
        if reached():
            die()
        return original(*arguments, **options)

    return call


def fdopen(handle, mode="r", *arguments, **options):
    file = original_fdopen(handle, mode, *arguments, **options)
    return Half(file) if mode == "wb" else file


class Half:
    """An object on its way: a death in the middle of it leaves half of it under its staging name."""

    def __init__(self, file):
        self.file = file

    def write(self, body):
        if reached():
            self.file.write(bytes(body)[: len(body) // 2])
            self.file.flush()
            die()
        return self.file.write(body)

    def flush(self):
        self.file.flush()

    def fileno(self):
        return self.file.fileno()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()


original_fdopen, os.fdopen = os.fdopen, fdopen
for name in ("pwrite", "truncate", "unlink", "replace", "rename", "link"):
    setattr(os, name, counted(getattr(os, name)))
'''


class Place:
    """A folder with a lake in it, and the tea agency's plugin installed."""

    def __init__(self, folder: Path, plugins: Path, agency: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "statpipe.toml").write_text("[environments.local.sinks.lake]\n")
        self._counted = folder / "count"
        self._environment = os.environ | {
            "TEA_AGENCY": str(agency),
            "COUNT_TO": str(self._counted),
            "PYTHONPATH": os.pathsep.join(
                [str(plugins), str(TESTS), os.environ.get("PYTHONPATH", "")]
            ),
        }

    @property
    def lake(self) -> Path:
        return self.folder / ".statpipe" / "lake" / "local"

    @property
    def count(self) -> int:
        return int(self._counted.read_text())

    def run(self, kill_at: int = 0) -> int:
        environment = self._environment | {"KILL_AT": str(kill_at)}
        done = run_statpipe(["run", "tea_prices"], self.folder, environment)
        assert done.returncode in {0, -signal.SIGKILL}, done.stderr
        return done.returncode

    def files(self, *layers: str) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.lake)): path.read_bytes()
            for layer in layers
            for path in (self.lake / layer).rglob("*")
            if path.is_file()
        }


def payloads(place: Place) -> set[tuple[str, bytes]]:
    """Bronze less the notes on when it was fetched, and the folders named after that day."""
    kept = place.files("bronze").items()
    return {(Path(n).name, body) for n, body in kept if not n.endswith(".meta.json")}


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    folder = install_tea(tmp_path_factory.mktemp("plugins"))
    (folder / "sitecustomize.py").write_text(KILLER)
    return folder


@pytest.fixture(scope="module")
def agency(tmp_path_factory):
    """Two datasets, so that a release can be torn apart."""
    path = tmp_path_factory.mktemp("agency") / "agency.json"
    made = TeaAgency(ports=PORTS[:1])
    for name in DATASETS:
        made.publish(name, "2024-03-01", prices())
    made.save(path)
    return path


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, plugins, agency):
    place = Place(tmp_path_factory.mktemp("undisturbed") / "here", plugins, agency)
    assert place.run() == 0
    return place


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_a_run_after_a_kill_gives_the_bytes_of_an_undisturbed_run(
    tmp_path, plugins, agency, undisturbed, every
):
    """At every fourth write, the last one, and after it; `make test-all` takes every one."""

    def die_and_recover(moment: int) -> int:
        place = Place(tmp_path / f"moment {moment}", plugins, agency)
        code = place.run(kill_at=moment)
        if code == 0:
            return code
        assert place.run() == 0
        assert place.files("silver", "gold") == undisturbed.files("silver", "gold"), moment
        assert payloads(undisturbed) <= payloads(place)
        assert not [name for name in place.files("bronze", "runs") if "#" in name], moment
        return code

    last = undisturbed.count
    moments = [*range(1, last, every), last]
    codes = [die_and_recover(moment) for moment in [*moments, last + 1]]
    assert codes == [-signal.SIGKILL] * len(moments) + [0]

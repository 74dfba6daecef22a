"""What `statpipe plugins new` refuses, and what it writes."""

from __future__ import annotations

import errno
import socket
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest

import statpipe
from statpipe.cli.app import execute
from statpipe.cli.plugin_template import Role

LICENCE = (Path(__file__).parents[3] / "LICENSE").read_text()


@pytest.fixture
def new(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = execute(["plugins", "new", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.mark.parametrize(
    "name",
    ["Harbour", "2nd", "a-b", "a__b", "a_", "ä", "a/../b", "a" * 31, "a b", "a;rm"],
)
def test_an_invalid_name_is_refused(new, tmp_path, name):
    code, out, err = new("--name", name)
    assert (code, out) == (2, "")
    assert f"{name!r} is not a valid plugin name; use lower-case letters, digits" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["class", "statpipe", "statpipe_x", "tests"])
def test_names_that_mean_something_else_are_refused(new, name):
    code, _, err = new(name)
    assert code == 2
    assert f"{name!r} would clash with names of Python or statpipe; choose another (exit 2)" in err


def test_names_in_use_are_refused(new):
    for name, role, said in (
        (
            "bea_pce_state",
            "source",
            f"statpipe-bea {statpipe.__version__} offers a source named bea_pce_state",
        ),
        (
            "value_range",
            "check",
            f"statpipe-checks {statpipe.__version__} offers a check named value_range",
        ),
        ("bea", "source", "a distribution named statpipe-bea is already installed"),
        (
            "pce_state",
            "model",
            f"statpipe-bea {statpipe.__version__} offers a model named pce_state",
        ),
        ("lake", "lake", f"statpipe-lake {statpipe.__version__} offers a sink named lake"),
        (
            "webhook",
            "notifier",
            f"statpipe-notify {statpipe.__version__} offers a notifier named webhook",
        ),
        ("bea", "check", "a distribution named statpipe-bea is already installed"),
    ):
        code, _, err = new(name, "--role", role)
        assert code == 2
        assert f"{said}; choose another name (exit 2)" in err


def test_an_existing_folder_is_not_changed(new, tmp_path):
    mine = tmp_path / "statpipe-harbour" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    code, _, err = new("harbour")
    assert code == 2
    assert (
        "statpipe: statpipe-harbour exists already; choose another name, or another folder with "
        "--into (exit 2)\n"
    ) in err
    assert [path.name for path in mine.parent.iterdir()] == ["mine.txt"]


def test_an_unwritable_folder_is_reported_and_nothing_is_left(new, tmp_path, monkeypatch):
    written = Path.write_text

    def full(path, *arguments, **keywords):
        if path.name == "source.py":
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(path, *arguments, **keywords)

    monkeypatch.setattr(Path, "write_text", full)
    code, _, err = new("harbour")
    assert code == 2
    assert (
        "statpipe: statpipe-harbour cannot be written (No space left on device); name another "
        "folder with --into (exit 2)\n"
    ) in err
    assert list(tmp_path.iterdir()) == []


def test_the_next_steps_can_be_pasted(new, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    _, out, _ = new("harbour", "--into", "my plugins")
    assert (
        out
        == """\
my plugins/statpipe-harbour is ready. Next, from this folder:

  .venv/bin/python -m pip install --no-build-isolation -e 'my plugins/statpipe-harbour'
  .venv/bin/statpipe plugins test harbour     # run the contract tests; failures say what to do
"""
    )


def test_outside_the_venv_the_next_steps_have_full_paths(new, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/a b/.venv/bin/python")
    _, out, _ = new("harbour")
    assert (
        "  '/a b/.venv/bin/python' -m pip install --no-build-isolation -e statpipe-harbour\n" in out
    )
    assert "  '/a b/.venv/bin/statpipe' plugins test harbour " in out


@pytest.mark.parametrize("role", get_args(Role))
def test_all_names_derive_from_the_given_one(new, tmp_path, role):
    code, out, _ = new("tide_tables", "--role", role, "--into", str(tmp_path / "deep"))
    assert code == 0
    folder = tmp_path / "deep" / "statpipe-tide-tables"
    assert str(folder) in out
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["project"]["name"] == "statpipe-tide-tables"
    assert project["project"]["entry-points"]["statpipe"] == {
        "tide_tables": "statpipe_tide_tables.plugin"
    }
    package = folder / "src" / "statpipe_tide_tables"
    assert (package / "py.typed").is_file()
    for path in folder.rglob("*"):
        assert "{{" not in path.name
        if path.is_file():
            text = path.read_text()
            assert "{{" not in text
            assert "{%" not in text
    assert (folder / "LICENSE").read_text() == LICENCE
    assert not list(folder.rglob("*.template"))


def test_the_plugin_declares_its_versions_of_statpipe(new, tmp_path, monkeypatch):
    for version, since, below in (
        ("0.1.0", "0.1", "0.2"),
        ("0.9.3", "0.9", "0.10"),
        ("1.4.2", "1.4", "2"),
        ("2.0.0rc1", "2.0", "3"),
    ):
        monkeypatch.setattr(statpipe, "__version__", version)
        name = f"made_with_{version[0]}_{version[2]}"
        assert new(name)[0] == 0
        (project,) = tmp_path.glob(f"*{version[0]}-{version[2]}/pyproject.toml")
        groups = tomllib.loads(project.read_text())["project"]["entry-points"]
        assert groups["statpipe.api"] == {"since": since, "below": below}


def test_the_fake_agency_uses_a_free_port(new, tmp_path):
    agency = Path("tests") / "agency.py"
    assert new("harbour", "--into", "one")[0] == 0
    text = (tmp_path / "one" / "statpipe-harbour" / agency).read_text()
    port = int(text.partition("port=")[2].partition(")")[0])
    with socket.create_server(("127.0.0.1", port)):
        assert new("harbour", "--into", "two")[0] == 0
    assert f"port={port + 1})" in (tmp_path / "two" / "statpipe-harbour" / agency).read_text()

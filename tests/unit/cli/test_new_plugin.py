"""What `statpipe plugins new` refuses, and what it writes."""

from __future__ import annotations

import errno
import sys
import tomllib
from pathlib import Path

import pytest

from statpipe.cli.app import execute


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
    ["Harbour", "2nd", "a-b", "a__b", "a_", "ä", "a/../b", "a" * 41, "a b", "a;rm"],
)
def test_what_is_no_name_is_refused(new, tmp_path, name):
    code, out, err = new("--name", name)
    assert (code, out) == (2, "")
    assert f"{name!r} is no name for a plugin; write small letters, digits" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["class", "statpipe", "statpipe_x", "tests"])
def test_names_that_mean_something_else_are_refused(new, name):
    code, _, err = new(name)
    assert code == 2
    assert f"{name!r} would clash with names of Python or statpipe; choose another (exit 2)" in err


def test_names_that_are_taken_are_refused(new):
    for name, role, said in (
        ("bea_pce_state", "source", "statpipe-bea 0.1.0 offers a source named bea_pce_state"),
        ("value_range", "check", "statpipe-checks 0.1.0 offers a check named value_range"),
        ("bea", "source", "a distribution statpipe-bea is installed"),
        ("bea", "check", "a distribution statpipe-bea is installed"),
    ):
        code, _, err = new(name, "--role", role)
        assert code == 2
        assert f"{said}; choose another name (exit 2)" in err


def test_a_folder_that_is_there_is_left_alone(new, tmp_path):
    mine = tmp_path / "statpipe-harbour" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    code, _, err = new("harbour")
    assert code == 2
    assert (
        "statpipe: statpipe-harbour is there already; choose another name, or another folder with "
        "--into (exit 2)\n"
    ) in err
    assert [path.name for path in mine.parent.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_left(new, tmp_path, monkeypatch):
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
  .venv/bin/statpipe plugins test harbour     # the contracts; a failure says what to do
"""
    )


def test_elsewhere_the_next_steps_name_programs_by_their_whole_path(new, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/a b/.venv/bin/python")
    _, out, _ = new("harbour")
    assert (
        "  '/a b/.venv/bin/python' -m pip install --no-build-isolation -e statpipe-harbour\n" in out
    )
    assert "  '/a b/.venv/bin/statpipe' plugins test harbour " in out


@pytest.mark.parametrize("role", ["source", "check"])
def test_names_are_made_of_the_one_that_was_given(new, tmp_path, role):
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
    assert "class TideTables" in "".join(p.read_text() for p in package.glob("*.py"))
    assert not list(folder.rglob("*.template"))

"""What `statpipe plugins new` refuses, and what it writes."""

from __future__ import annotations

import sys
import tomllib

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
    ["Harbour", "2nd", "a-b", "a__b", "a_", "ä", "", "a/../b", "a" * 41, "a b", "a;rm"],
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


def test_without_copier_the_line_says_what_to_install(new, monkeypatch):
    monkeypatch.setitem(sys.modules, "copier", None)
    code, _, err = new("harbour")
    assert code == 2
    assert (
        "statpipe plugins new needs copier, which is not installed; pip install "
        "'statpipe[testing]' (exit 2)"
    ) in err


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
    assert not (folder / "copier.yml").exists()

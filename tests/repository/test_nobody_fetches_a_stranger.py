"""
No page, message or generated file makes pip look for statpipe on a package index.

The package of that name on the public index is another project, and the names of ours are nobody's until
the first release.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from statpipe.cli.app import execute
from statpipe.cli.plugin_template import Role
from statpipe.engine.site.host_bound import HOST, next_incompatible, this_minor

ROOT = Path(__file__).parents[2]
INSTALLS = re.compile(
    r"\b(?:pip3?|pipx|uv|uvx|poetry|pdm|conda|mamba|pixi|hatch)\b[^\n`]{0,40}?\b(?:install|add|download|inject)\b"
    r"([^\n`#]*)"
)
# A folder (-e, or a path) is this repository's own.
STRANGER = re.compile(
    r"(?<![-\w./])(?<!-e )['\"]?statpipe(?:[-_]\w+)*(?:\[[\w, ]*\])?(?![-\w]*/)(?!'s\b)"
)
EXTRA = re.compile(r"\bstatpipe(?:[-_]\w+)*\[\w+\]")
HISTORY = {"CHANGELOG.md"}


def texts():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if path.is_file() and b"\0" not in (body := path.read_bytes()) and path != Path(__file__):
            # A message may be broken over several literals.
            yield name, re.sub(r"[\"']\s*\n\s*f?[\"']", "", body.decode())


def advice(text):
    return [
        found[0]
        for found in INSTALLS.finditer(text)
        if STRANGER.search(found[1]) or EXTRA.search(found[1])
    ]


def test_nothing_advises_to_install_statpipe_from_an_index():
    found = {name: advice(text) for name, text in texts()}
    assert {name: said for name, said in found.items() if said} == {}


def test_no_extra_of_statpipe_is_named():
    assert [name for name, text in texts() if name not in HISTORY and EXTRA.search(text)] == []


@pytest.mark.parametrize(
    "bad",
    [
        "pip install statpipe",
        "pip install 'statpipe[testing]'",
        "pip3 install -U statpipe-postgres",
        "pip install statpipe-core",
        "uvx install statpipe-core",
        "python -m pip install statpipe_bea==0.1",
        "uv pip install statpipe",
        "uv add statpipe",
        "pipx install statpipe",
        "pip install attrs statpipe>=0.1",
    ],
)
def test_advice_is_recognized(bad):
    assert advice(bad)


@pytest.mark.parametrize(
    "good",
    [
        "pip install --no-build-isolation -e statpipe-harbour",
        "pip install -e plugins/statpipe-bea",
        "pip install ./statpipe/",
        "pip install dist/*.whl",
        "pip install ./wheels/statpipe_core-0.1.0-py3-none-any.whl",
        "pip install hypothesis pytest",
        "pip install --no-build-isolation -e .",
    ],
)
def test_installing_from_a_folder_is_accepted(good):
    assert not advice(good)


def dependencies(text):
    project = tomllib.loads(text)
    tables = [project["project"].get("dependencies", []), project["build-system"]["requires"]]
    tables += project["project"].get("optional-dependencies", {}).values()
    tables += project.get("dependency-groups", {}).values()
    return [str(one) for table in tables for one in table]


@pytest.mark.parametrize(
    "path",
    [ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))],
    ids=lambda path: path.parent.name,
)
def test_no_distribution_depends_on_the_stranger(path):
    """A plugin depends on statpipe by the name that is ours, within the bound that it declares."""
    ours = [one for one in dependencies(path.read_text()) if one.startswith("statpipe")]
    bound = f"{HOST}>={this_minor()},<{next_incompatible()}"
    assert ours == ([] if path.parent == ROOT else [bound])


@pytest.mark.parametrize("role", get_args(Role))
def test_no_generated_plugin_depends_on_the_stranger(role, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert execute(["plugins", "new", "harbour", "--role", role]) == 0
    folder = tmp_path / "statpipe-harbour"
    needed = dependencies((folder / "pyproject.toml").read_text())
    assert [one for one in needed if one.startswith("statpipe")] == []
    for path in folder.rglob("*"):
        if path.is_file():
            assert advice(path.read_text()) == []


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.*")), ids=lambda p: p.name)
def test_no_lock_names_statpipe(path):
    assert not re.search(r"^statpipe", path.read_text(), re.MULTILINE)

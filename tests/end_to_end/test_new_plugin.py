"""What `statpipe plugins new` writes passes its contracts and a linter as generated."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from statpipe.cli.app import execute
from statpipe.cli.plugin_template import Role
from support.patience import PATIENCE
from support.runtime_only import runtime_only

RULES = "E4,E7,E9,F,I,B,UP,N,SIM,W"
ROLES = get_args(Role)


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """A plugin of each role, by its role, side by side."""
    folder = tmp_path_factory.mktemp("plugins")
    for role in ROLES:
        command = ["plugins", "new", f"tide_{role}", "--role", role, "--into", str(folder)]
        assert execute(command) == 0
    return {role: folder / f"statpipe-tide-{role}" for role in ROLES}


README = (Path(__file__).parents[2] / "README.md").read_text()
BLOCK = re.search(r"```sh\n([^`]*plugins new harbour.*?)```", README, re.DOTALL).group(1)


def test_the_readmes_way_to_a_plugin_works_as_pasted_right_after_the_demo(tmp_path):
    """With what `make demo` installs, and without a network."""
    runtime_only(tmp_path / ".venv")
    ours = ("STATPIPE_", "PYTEST_", "PIP_", "PYTHON")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    done = subprocess.run(
        ["bash", "-ec", BLOCK],
        cwd=tmp_path,
        env={**environment, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    steps = [line.strip().split("  #")[0].rstrip() for line in done.stdout.splitlines()]
    for line in BLOCK.splitlines()[1:]:
        assert line.split("  #")[0].rstrip() in steps, "the command prints what the README shows"
    assert "Plugin harbour of statpipe-harbour 0.1.0" in done.stdout


def does(folder, *command, **variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def keeps_its_contracts(projects):
    """Run the tests of these plugins in one process, which costs less than one for each."""
    sources = os.pathsep.join(str(project / "src") for project in projects)
    beside = os.pathsep.join(str(project / "tests") for project in projects)
    done = does(
        projects[0],
        *("pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "--import-mode=importlib"),
        *(str(project / "tests") for project in projects),
        PYTHONPATH=f"{sources}{os.pathsep}{beside}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_each_keeps_the_contracts_of_its_role_as_generated(projects):
    keeps_its_contracts([project for role, project in projects.items() if role != "source"])


@pytest.mark.slow
def test_so_does_a_source(projects):
    keeps_its_contracts([projects["source"]])


def test_linter_format_and_strict_types_are_content_with_them_as_generated(projects):
    folder = projects["source"].parent
    sources = [str(project / "src") for project in projects.values()]
    for command in (
        ("ruff", "check", "--no-cache", "."),
        ("ruff", "check", "--no-cache", "--select", RULES, "."),
        ("ruff", "format", "--no-cache", "--check", "."),
        # One run for all of them, with the settings of one, which all share.
        (
            "mypy",
            "--cache-dir",
            os.devnull,
            "--config-file",
            f"{projects['sink']}/pyproject.toml",
            *sources,
        ),
    ):
        done = does(folder, *command, MYPYPATH=os.pathsep.join(sources))
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_says_in_its_readme_what_its_files_are_for(projects):
    for role, project in projects.items():
        told = re.findall(
            r"^\| `(\S+)` \| (\S.*) \|$", (project / "README.md").read_text(), re.MULTILINE
        )
        modules = {
            str(p.relative_to(project)) for p in project.rglob("*.py") if p.name != "__init__.py"
        }
        assert {name for name, _ in told} == modules, role

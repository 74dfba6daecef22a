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
from statpipe.cli.plugin_template import Role, distribution_of, plugin_files
from support.patience import PATIENCE
from support.runtime_only import runtime_only

RULES = "E4,E7,E9,F,I,B,UP,N,SIM,W"
ROLES = get_args(Role)
DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r'```python title="([^"/]+)"\n(.*?)```', re.DOTALL)
"""A file of the reader's own, beside those that are generated."""


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """The plugin of each role's page, by its role, side by side, with what else the page writes."""
    folder = tmp_path_factory.mktemp("pages") / "plugins"
    folder.mkdir()
    made = {}
    for role in ROLES:
        page = DOCS / f"write-a-{role}.md"
        text = page.read_text() if page.exists() else ""  # that of a source is the tutorial
        asked = re.search(rf"^statpipe plugins new (\w+) --role {role}$", text, re.MULTILINE)
        name = asked[1] if asked else "harbour"
        assert execute(["plugins", "new", name, "--role", role, "--into", str(folder)]) == 0
        made[role] = folder / distribution_of(name)
        beside = folder.parent / "beside" / role
        beside.mkdir(parents=True)
        for title, code in BLOCK.findall(text):
            (beside / title).write_text(code)
    return made


README = (Path(__file__).parents[2] / "README.md").read_text()
PASTED = re.search(r"```sh\n([^`]*plugins new harbour.*?)```", README, re.DOTALL).group(1)


def test_the_readmes_way_to_a_plugin_works_as_pasted_right_after_the_demo(tmp_path):
    """With what `make demo` installs, and without a network."""
    runtime_only(tmp_path / ".venv")
    ours = ("STATPIPE_", "PYTEST_", "PIP_", "PYTHON")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    done = subprocess.run(
        ["bash", "-ec", PASTED],
        cwd=tmp_path,
        env={**environment, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    steps = [line.strip().split("  #")[0].rstrip() for line in done.stdout.splitlines()]
    for line in PASTED.splitlines()[1:]:
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
    own = [
        str(path)
        for path in projects[0].parents[1].glob("beside/*")
        if list(path.glob("test_*.py"))
    ]
    own = own if len(projects) > 1 else []
    sources = [str(project / folder) for project in projects for folder in ("src", "tests")]
    done = does(
        projects[0],
        *("pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "--import-mode=importlib"),
        *(str(project / "tests") for project in projects),
        *own,
        PYTHONPATH=os.pathsep.join([*sources, *own]),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    for skipped in re.findall(r"^SKIPPED .*", done.stdout, re.MULTILINE):
        # A workbook is no text, and a file at a fixed address needs no key.
        assert re.search("figures_are_text is False|sends no key|its key is not set", skipped)


def test_each_generated_plugin_passes_its_contracts_with_and_without_its_page(projects):
    keeps_its_contracts([project for role, project in projects.items() if role != "source"])


@pytest.mark.slow
def test_a_generated_source_passes_its_contracts(projects):
    keeps_its_contracts([projects["source"]])


def test_generated_plugins_pass_linter_format_and_strict_types(projects):
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


def test_linter_and_format_are_content_with_names_of_any_length(tmp_path):
    for name in ("x", "abcdefghi_abcdefghi_abcdefghij"):
        for role in ROLES:
            for path, text in plugin_files(name, role).items():
                place = tmp_path / name / role / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
    for command in (("check",), ("format", "--check")):
        done = does(tmp_path, "ruff", *command, "--no-cache", ".")
        assert done.returncode == 0, done.stdout + done.stderr

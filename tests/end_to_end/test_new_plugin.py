"""What `statpipe plugins new` writes passes its contracts and a linter as generated."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from statpipe.cli.app import execute
from support.patience import PATIENCE
from support.runtime_only import runtime_only

RULES = "E4,E7,E9,F,I,B,UP,N,SIM,W"


@pytest.fixture(params=["source", "check"])
def project(request, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert execute(["plugins", "new", "tide_tables", "--role", request.param]) == 0
    return tmp_path / "statpipe-tide-tables"


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


def does(project, *command):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project,
        env={**environment, "PYTHONPATH": str(project / "src")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.slow
def test_it_passes_as_generated(project):
    done = does(project, "pytest", "-q", "-p", "no:cacheprovider", "-W", "error")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
    done = does(project, "ruff", "check", "--no-cache", "--select", RULES, ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_linter_format_and_strict_types_are_content_with_it_as_generated(project):
    for command in (
        ("ruff", "check", "--no-cache", "."),
        ("ruff", "format", "--no-cache", "--check", "."),
        ("mypy", "--cache-dir", os.devnull),
    ):
        done = does(project, *command)
        assert done.returncode == 0, done.stdout + done.stderr

"""What `statpipe plugins new` writes passes its contracts and a linter as generated."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from statpipe.cli.app import execute

RULES = "E4,E7,E9,F,I,B,UP,N,SIM,W"


@pytest.fixture(params=["source", "check"])
def project(request, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert execute(["plugins", "new", "tide_tables", "--role", request.param]) == 0
    return tmp_path / "statpipe-tide-tables"


def does(project, *command):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project,
        env={**environment, "PYTHONPATH": str(project / "src")},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def test_it_passes_as_generated(project):
    done = does(project, "pytest", "-q", "-p", "no:cacheprovider", "-W", "error")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
    done = does(project, "ruff", "check", "--no-cache", "--select", RULES, ".")
    assert done.returncode == 0, done.stdout + done.stderr

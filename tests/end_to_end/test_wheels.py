"""Built files work in an empty environment outside the repository: a project, the demo's run, a figure."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from support.needed import needed
from support.patience import PATIENCE
from support.runtime_only import link

ROOT = Path(__file__).parents[2]
EMBEDDED = "statpipe-postgres[{}]".format("embedded")
WANTED = ("statpipe-bea", "statpipe-checks", "statpipe-lake", EMBEDDED)


def does(*command, cwd):
    ours = ("PYTHON", "PYTEST_", "PIP_", "STATPIPE_", "BEA_", "PG", "VIRTUAL_ENV")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**clean, "PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """An environment with the wheels, and with what they declare to need and nothing else."""
    folder = tmp_path_factory.mktemp("somewhere else")
    does(sys.executable, ROOT / "scripts" / "build_wheels.py", folder / "dist", cwd=folder)
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    for name, one in needed(WANTED).items():
        if not name.startswith("statpipe"):
            link(one, site)
    pip = (sys.executable, "-m", "pip", "--python", folder / "venv" / "bin" / "python", "-q")
    # pip finds statpipe-core itself, since the plugins depend on it.
    does(*pip, "install", "--no-index", "--find-links", folder / "dist", *WANTED, cwd=folder)
    does(*pip, "check", cwd=folder)
    return folder / "venv" / "bin"


def test_a_project_in_an_empty_environment_loads_the_sample_and_shows_a_figure(
    environment, tmp_path
):
    statpipe = environment / "statpipe"
    does(statpipe, "init", "project", cwd=tmp_path)
    project = tmp_path / "project"
    assert "./wheels/statpipe_core-" in (project / "requirements.txt").read_text()
    try:
        assert "BUNDLED SAMPLE" in does(statpipe, "run", "bea_pce_state", cwd=project).stderr
        asked = ("--area", "CA", "--category", "SAPCE1:1", "--period", "2018", "--json")
        assert "1833872.8" in does(statpipe, "show", "pce_state", *asked, cwd=project).stdout
    finally:
        does(statpipe, "db", "stop", cwd=project)
    where = does(environment / "python", "-c", "import statpipe; print(statpipe.__file__)", cwd="/")
    assert Path(where.stdout.strip()).is_relative_to(environment.parent)


def test_without_boto3_a_lake_in_a_bucket_says_which_extra_to_install(environment, tmp_path):
    does(environment / "statpipe", "init", cwd=tmp_path)
    (tmp_path / ".env").write_text("STATPIPE_PROD_LAKE=s3://tea\nAWS_REGION=eu-west-1\n")
    command = [str(environment / "statpipe"), "show", "pce_state", "--env", "prod"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "(the extra aws of statpipe-lake)" in done.stderr
    assert done.stderr.count("\n") == 1

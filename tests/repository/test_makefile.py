"""Each target brings what it needs, says what it is for, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.runtime_only import runtime_only

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
RULE = re.compile(r"^([a-z-]+):([^\n]*)\n((?:\t[^\n]*\n)*)", re.MULTILINE)
RULES = {name: (line, recipe) for name, line, recipe in RULE.findall(MAKEFILE)}
ON_RUNTIME = ("demo", "ingest", "provision", "database", "wheels")


def make(folder, *arguments, **environment):
    ours = ("STATPIPE_", "BEA_", "MAKE", "MFLAGS", "AWS_", "PIP_")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A fresh repository of what this one holds now, with what is not committed yet."""
    folder = tmp_path_factory.mktemp("a clone") / "state pipe"
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    for git in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *git], cwd=folder, check=True)
    who = ["-c", "user.name=x", "-c", "user.email=x@x"]
    subprocess.run(["git", *who, "commit", "-qm", "x"], cwd=folder, check=True)
    return folder


def in_clone(clone, target):
    """Make *target* with the environment that runs the tests, since it has all of it."""
    # A shell's builtin in Python's place: what is installed already is not installed again.
    return make(clone, target, "PYTHON=true", f"BIN={Path(sys.executable).parent}")


def test_help_lists_every_target(tmp_path):
    done = make(ROOT, "help")
    assert done.stderr == ""
    listed = [line.split()[0] for line in done.stdout.splitlines()]
    assert sorted(listed) == sorted(RULES)
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert sorted(phony.split()) == sorted(RULES)


USES_IT = [
    target
    for target, (_, recipe) in RULES.items()
    if re.search(r"\$\((BIN|COMPILE)\)", recipe)
    and target != "clean"  # which looks if there is one
]


@pytest.mark.parametrize("target", USES_IT)
def test_a_target_that_uses_the_environment_creates_it(target):
    prerequisites = RULES[target][0].partition("##")[0].split()
    assert prerequisites == ["runtime" if target in ON_RUNTIME else "dev"]


@pytest.mark.parametrize("level", ["runtime", "dev"])
def test_the_bootstrap_creates_the_environment_in_isolated_mode(level):
    assert RULES[level][1] == f"\t@$(PYTHON) -I scripts/bootstrap.py {level}\n"


def test_what_runs_after_the_demo_needs_no_more_than_the_demo(tmp_path):
    python = runtime_only(tmp_path / "venv") / "python"
    clean = {
        k: v for k, v in os.environ.items() if not k.startswith(("STATPIPE_", "PYTHON", "ENV"))
    }
    for words, code in (
        (["provisioning/provision_aws.py", "--help"], 0),
        (["provisioning/init_database.py", "--help"], 0),
        (["scripts/ingest.py"], 2),
        (["-m", "statpipe", "plugins", "list"], 0),
        (["-c", "from statpipe.testing import *"], 0),
    ):
        done = subprocess.run(
            [python, *words], cwd=ROOT, env=clean, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "target", [pytest.param(name, marks=pytest.mark.slow) for name in ("demo", "docs")]
)
def test_each_target_leaves_nothing_behind(clone, target):
    done = in_clone(clone, target)
    assert done.returncode == 0, done.stdout + done.stderr
    tidy = make(clone, "tidy", f"PYTHON={sys.executable}")
    assert tidy.returncode == 0, tidy.stderr


@pytest.mark.slow
def test_a_benchmark_leaves_nothing_in_the_folder_it_is_called_in(tmp_path):
    """One table stands for all four."""
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "stages" / "normalize.py", "SAPCE3"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "SAPCE3" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_behind_is_named(clone):
    left = [sys.executable, "scripts/left_behind.py", "sh", "-c"]
    script = "echo > 'by product.pickle'; echo >> README.md; exit 3"
    done = subprocess.run([*left, script], cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr == (
        "statpipe: these files were left behind, or changed:\n"
        '   M README.md\n  ?? "by product.pickle"\n'
        "write them below a temporary folder, or name them in .gitignore\n"
    )
    # What was there before is not this command's.
    assert subprocess.run([*left, "true"], cwd=clone, check=False).returncode == 0
    assert make(clone, "tidy", f"PYTHON={sys.executable}").returncode == 2
    subprocess.run(["git", "reset", "--hard", "-q"], cwd=clone, check=True)
    (clone / "by product.pickle").unlink()


def test_clean_removes_ignored_files_except_those_of_people(clone):
    ignored = (clone / ".gitignore").read_text().split()
    places = {name: clone / name.replace("*", "x").lstrip("/") for name in ignored}
    for name, place in places.items():
        if name.endswith("/"):
            place.mkdir(exist_ok=True)
            (place / "inside").touch()
        else:
            place.touch()
    done = make(clone, "clean")
    assert done.returncode == 0, done.stderr
    kept = {name for name, place in places.items() if place.exists()}
    # A plugin that README's sixth step makes here is somebody's work.
    assert kept == {".env", "*.values", "/statpipe-*/"}
    shutil.rmtree(places["/statpipe-*/"])
    for name in (".env", "*.values"):
        places[name].unlink()


def test_make_test_refuses_what_it_leaves_behind():
    for target in ("test", "test-all"):
        for line in RULES[target][1].splitlines():
            assert line.startswith("\t@$(BIN)/python scripts/left_behind.py "), line

"""``statpipe plugins test`` holds installed plugins to their contracts."""

import json
import os
import shlex
import sys

import pytest

from support.forked import run_statpipe
from support.installed import TESTS, install

PLUGIN = """
from statpipe.api import Component, hookimpl

def make(settings):
    from {name}_check import Wet
    return Wet()

@hookimpl
def statpipe_checks():
    {before}
    return [Component(name="{name}", summary="No negative rain", factory=make)]
"""
CHECK = """
from contract.test_mutants_check import {kind}

class Wet({kind}):
    pass
"""
CONTRACTS = """
import pytest
from contract.test_mutants_check import BAD, GOOD
from contract.rain import RAIN
from statpipe.testing import CheckContract, snapshot
from {name}_check import Wet

class TestWet(CheckContract):
    @pytest.fixture
    def check(self):
        return Wet()

    @pytest.fixture
    def good(self):
        return snapshot(RAIN, GOOD)

    @pytest.fixture
    def bad(self):
        return snapshot(RAIN, BAD)
"""


@pytest.fixture
def command(tmp_path):
    """Install a plugin and run ``statpipe plugins test`` on it."""

    def run(*arguments, name="wet", kind="NoNegativeRain", before="pass", contracts=CONTRACTS):
        modules = {name: PLUGIN.format(name=name, before=before)}
        modules[f"{name}_check"] = CHECK.format(kind=kind)
        if contracts:
            modules[f"{name}_contracts"] = contracts.format(name=name)
        folder = install(
            tmp_path / name, name=f"statpipe-{name}", entry_points={name: name}, modules=modules
        )
        path = os.pathsep.join((str(folder), str(TESTS)))
        return run_statpipe(
            ["plugins", "test", *(arguments or (name,))],
            tmp_path,
            {**os.environ, "PYTHONPATH": path},
        )

    return run


def test_a_plugin_that_keeps_its_promises_passes(command):
    done = command()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Plugin wet of statpipe-wet 1.0" in done.stdout
    assert "TestWet" in done.stdout
    assert done.stderr == ""


def test_what_is_broken_is_told_in_plain_words(command):
    done = command(kind="EmptiesTheTable")
    assert done.returncode == 1
    assert "TestWet: the check changes nothing" in done.stdout
    assert "the check changes the snapshot that it judges" in done.stdout
    assert "What to do: work on a copy" in done.stdout
    assert "Traceback" not in done.stdout


def test_json_tells_every_promise(command):
    done = command("wet", "--json", "--quick", kind="AlwaysPasses")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert (told["plugin"], told["distribution"], told["version"]) == ("wet", "statpipe-wet", "1.0")
    failed = [one for one in told["results"] if one["outcome"] == "failed"]
    assert told["failed"] == len(failed) == 1
    assert failed[0]["promise"] == "a bad vintage fails"
    assert failed[0]["roles"] == ["check"]
    (left_out,) = [one for one in told["results"] if "--quick" in one["message"]]
    assert left_out["promise"] == "another process gives the same verdict"
    assert left_out["outcome"] == "not tested"
    assert told["not_tested"] == sum(one["outcome"] == "not tested" for one in told["results"])


def test_a_plugin_without_contract_tests_is_told_what_to_write(command):
    done = command(contracts="")
    assert done.returncode == 2
    assert "has no contract tests for check: inherit CheckContract" in done.stderr
    assert "wet_contracts" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "declarations" in done.stdout


def test_a_plugin_that_loads_what_is_heavy_is_told(command):
    done = command(before="import pyarrow")
    assert done.returncode == 1
    assert "imports numpy, pyarrow" in done.stdout or "imports pyarrow" in done.stdout
    assert "import it inside of the function that needs it" in done.stdout


def test_contracts_that_cannot_be_run_fail(command):
    done = command(contracts="import nowhere_at_all\n")
    assert done.returncode == 1
    assert "nowhere_at_all" in done.stdout


def test_a_process_that_dies_fails(command):
    done = command(
        contracts=CONTRACTS + "\n    def test_zz(self):\n        __import__('os').abort()\n"
    )
    assert done.returncode == 1
    assert "pytest crashes" in done.stdout


def test_a_name_that_is_none_is_told(command):
    done = command("wett")
    assert done.returncode == 2
    assert "no plugin is named 'wett'" in done.stderr
    python = shlex.quote(sys.executable)
    assert (
        "see `statpipe plugins list`, or install it from its folder: "
        f"{python} -m pip install --no-build-isolation -e FOLDER (exit 2)"
    ) in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("absent", ["pytest", "hypothesis"])
def test_without_the_kit_it_says_what_to_install(command, tmp_path, absent):
    (tmp_path / "wet").mkdir()
    (tmp_path / "wet" / f"{absent}.py").write_text(
        f"raise ModuleNotFoundError('no', name={absent!r})"
    )
    done = command()
    assert done.returncode == 2
    assert f"statpipe.testing needs {absent}" in done.stderr
    assert done.stderr.count("\n") == 1

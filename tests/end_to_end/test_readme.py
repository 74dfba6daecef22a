"""Every command of README and First steps runs, in order, and shows the figures that the page shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from support.forked import run_statpipe
from support.patience import PATIENCE

from .conftest import Home

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
FIRST_STEPS = (ROOT / "docs" / "quickstart.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README + FIRST_STEPS, re.DOTALL)
INSTEAD = {
    # What make does besides is to install, which is done already.
    "make demo": ".venv/bin/statpipe run bea_pce_state",
}
ELSEWHERE = (
    "make test",  # this is a part of it
    "BEA_API_KEY=...",  # asks BEA itself; test_bea does it with a server like BEA's
    "harbour",  # test_new_plugin
)


@pytest.fixture(scope="module")
def clone(tmp_path_factory, sample):
    """A folder in which the README's paths lead somewhere, and the demo has run before."""
    made = Home(tmp_path_factory.mktemp("clone"))
    made.take(sample, database=True)
    folder = made.folder
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "tests").symlink_to(ROOT / "tests")
    (folder / "statpipe.toml").write_text((ROOT / "statpipe.toml").read_text())
    return folder


def commands():
    for block in BLOCKS:
        for line in block.splitlines():
            command = line.split("  #")[0].strip()
            if command and not any(part in command for part in ELSEWHERE):
                yield INSTEAD.get(command, command)


def test_all_commands_run_and_print_what_the_page_shows(clone):
    ours = ("STATPIPE_", "BEA_", "AWS_", "PG")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    environment["COLUMNS"] = "200"
    said = {}
    for command in commands():
        if "backfill" in command:  # which takes its time for each table
            settings = clone / "statpipe.toml"
            head, section, rest = settings.read_text().partition("[sources.bea_pce_state]\n")
            settings.write_text(f'{head}{section}tables = ["SAPCE1"]\n{rest}')
        words = shlex.split(command, comments=True)
        if said and words[0] == ".venv/bin/statpipe":
            done = run_statpipe(words[1:], clone, environment)
        else:  # the first one is the installed program itself
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=clone,
                env=environment,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        said[command] = " ".join(done.stdout.split())
    assert len(said) >= 15
    (shown,) = re.findall(r"```\n(year  old_value.*?)```", README, re.DOTALL)
    (revisions,) = [text for command, text in said.items() if "pce_state_revisions" in command]
    assert " ".join(shown.split()) == revisions
    (believed,) = [text for command, text in said.items() if "pce_state_as_of(" in command]
    assert "1852976.3" in believed
    assert (clone / "vintages.svg").read_text() == (ROOT / "docs" / "vintages.svg").read_text()

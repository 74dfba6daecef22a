"""The tutorial does what it says: its files are written, its commands run, its output comes."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from support.patience import PATIENCE
from support.runtime_only import runtime_only

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text()
BLOCK = re.compile(
    r"```(?P<kind>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)```", re.DOTALL
)
BLOCKS = [(m["kind"], m["title"], m["text"]) for m in BLOCK.finditer(PAGE)]
PIP = """#!/bin/sh
# What it needs is there already, and there is no network.
exec "{python}" -m pip "$@" -q --no-index --disable-pip-version-check
"""
STATPIPE = """#!/bin/sh
exec "{python}" -m statpipe "$@"
"""


@pytest.fixture
def shell(tmp_path):
    """Somebody's shell, in an empty folder."""
    own = runtime_only(tmp_path / "venv") / "python"
    tools = tmp_path / "bin"
    tools.mkdir()
    python = '#!/bin/sh\nexec "{python}" "$@"\n'
    pytest_ = '#!/bin/sh\nexec "{python}" -m pytest -p no:cacheprovider "$@"\n'
    for name, text in (
        ("pip", PIP),
        ("statpipe", STATPIPE),
        ("python", python),
        ("pytest", pytest_),
    ):
        (tools / name).write_text(text.format(python=own))
        (tools / name).chmod(0o755)
    ours = ("STATPIPE_", "HARBOUR_", "BEA_", "PYTEST_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    environment |= {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PIP_ROOT_USER_ACTION": "ignore",
        "COLUMNS": "120",
    }

    def run(script: str) -> str:
        # With job control, as at a prompt.
        whole = f"set -em\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{script}"
        done = subprocess.run(
            ["bash", "-c", whole],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


def script() -> str:
    """All commands of the page in their order, with the files that it shows between them."""
    parts = []
    for number, (kind, title, text) in enumerate(BLOCKS):
        if kind == "sh":
            parts.append(text)
        elif kind == "python" and title not in AS_GENERATED:
            parts.append(f"cat > {title} <<'END-OF-FILE-{number}'\n{text}END-OF-FILE-{number}\n")
    return "".join(parts)


AS_GENERATED = ("src/statpipe_harbour/source.py", "src/statpipe_harbour/normalizer.py")


def test_the_tutorial_shows_the_code_that_the_command_writes(shell, tmp_path):
    shell("statpipe plugins new harbour")
    shown = {title: text for kind, title, text in BLOCKS if kind == "python"}
    for path in AS_GENERATED:
        written = (tmp_path / "statpipe-harbour" / path).read_text()
        assert re.sub(r"127\.0\.0\.1:\d+", "", shown[path]) == re.sub(
            r"127\.0\.0\.1:\d+", "", written
        )
    files = next(text for kind, _, text in BLOCKS if kind == "text")
    for line in files.splitlines():
        assert (tmp_path / "statpipe-harbour" / line.split()[0]).is_file()


def test_the_tutorial_works_to_the_end_and_shows_its_output(shell):
    said = " ".join(shell(script()).split())
    expected = [text for kind, _, text in BLOCKS if kind == "text"][1:]
    assert len(expected) >= 5
    for block in expected:
        for line in block.splitlines():
            assert " ".join(line.split()) in said, line
    assert "open-sesame" not in said

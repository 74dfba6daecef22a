"""The container file: pinned, without a key, as another user; and what it copies is enough to build."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "Containerfile").read_text()
WORDS = [shlex.split(line) for line in PAGE.replace("\\\n", " ").splitlines() if line[:1].isupper()]
STAGES = [words for words in WORDS if words[0] == "FROM"]
COPIED = [words[1:] for words in WORDS if words[0] == "COPY" and not words[1].startswith("--")]
IGNORED = re.findall(r"^[^#\n].*", (ROOT / ".dockerignore").read_text(), re.MULTILINE)


def reaches_the_engine(name):
    """As Docker decides: the last pattern that fits the name, or a folder above it, counts."""
    kept = True
    for pattern in IGNORED:
        parts = Path(name).parts
        above = ["/".join(parts[: i + 1]) for i in range(len(parts))]
        if any(
            fnmatch(one, pattern.lstrip("!").removeprefix("**/")) for one in (*above, parts[-1])
        ):
            kept = pattern.startswith("!")
    return kept


def test_every_base_is_the_same_image_pinned_by_digest():
    bases = {words[1] for words in STAGES}
    assert len(bases) == 1
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim-\w+@sha256:[0-9a-f]{64}", *bases)


def test_the_container_runs_as_another_user_and_has_a_health_check():
    last = WORDS[WORDS.index(STAGES[-1]) :]
    assert ["USER", "10001:10001"] in last
    assert ["ENTRYPOINT", "[statpipe]"] in last
    assert any(words[0] == "HEALTHCHECK" and words[-1] == "--version]" for words in last)


def test_only_hashed_packages_are_downloaded():
    assert {words[0] for words in WORDS}.isdisjoint({"ADD", "ARG"})
    installs = re.findall(r"pip install ([^\n]*)", PAGE)
    assert len(installs) == 2
    assert all("--require-hashes" in one or "--no-index" in one for one in installs)


@pytest.mark.parametrize(
    "name", [".env", ".git/config", ".statpipe/lake/x", "out/log", "plugins/statpipe-bea/.env"]
)
def test_no_key_or_data_is_in_the_build_context(name):
    assert not reaches_the_engine(name)


def test_copied_files_exist_and_are_enough_to_build_all_wheels(tmp_path):
    for *sources, into in COPIED:
        for source in sources:
            assert reaches_the_engine(source), source
            target = tmp_path / into / (source if into == "./" else Path(source).name)
            target = tmp_path / into if (ROOT / source).is_dir() else target
            target.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, target)
    for one in tmp_path.glob("plugins/*/tests"):
        assert not reaches_the_engine(str(one.relative_to(tmp_path)))
        shutil.rmtree(one)
    command = [
        sys.executable,
        str(tmp_path / "scripts" / "build_wheels.py"),
        str(tmp_path / "dist"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wheels = {path.name.partition("-")[0] for path in tmp_path.glob("dist/*.whl")}
    assert wheels == {
        "statpipe_core",
        *(path.name.replace("-", "_") for path in (ROOT / "plugins").iterdir() if path.is_dir()),
    }

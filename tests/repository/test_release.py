"""`make release` writes the version, the bounds and the section of the changelog, or nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHANGELOG = """\
# Changelog

## [Unreleased]

### Added

- Tea.

## [0.1.0] - 2026-01-02

- The first.
"""


@pytest.fixture
def checkout(tmp_path):
    """The files that a release changes, of this repository."""
    paths = [ROOT / "scripts" / "release.py", ROOT / "src" / "statpipe" / "__init__.py"]
    for path in [*paths, *ROOT.glob("plugins/*/pyproject.toml")]:
        place = tmp_path / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    version = tmp_path / "src" / "statpipe" / "__init__.py"
    version.write_text(
        re.sub(r'__version__ = "[^"]+"', '__version__ = "0.1.0"', version.read_text())
    )
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def release(checkout, *arguments):
    command = [sys.executable, "-I", "scripts/release.py", *arguments]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def contents(checkout):
    return {p: p.read_bytes() for p in checkout.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("version", "low", "high"),
    [("0.1.1", "0.1", "0.2"), ("0.2.0", "0.2", "0.3"), ("1.0.0", "1.0", "2")],
)
def test_a_release_writes_version_bounds_and_a_section(checkout, version, low, high):
    code, out, err = release(checkout, "cut", version)
    assert (code, err) == (0, "")
    assert f"git tag -s v{version} && git push origin v{version}" in out
    text = (checkout / "src" / "statpipe" / "__init__.py").read_text()
    assert f'__version__ = "{version}"' in text
    plugins = sorted(checkout.glob("plugins/*/pyproject.toml"))
    assert len(plugins) == 7
    for plugin in plugins:
        assert f'"statpipe-core>={low},<{high}"' in plugin.read_text()
        assert f'\nsince = "{low}"\nbelow = "{high}"\n' in plugin.read_text()
    changelog = (checkout / "CHANGELOG.md").read_text()
    today = r"\d{4}-\d{2}-\d{2}"
    assert re.search(
        rf"## \[Unreleased\]\n\n## \[{version}\] - {today}\n\n### Added\n\n- Tea\.\n\n## \[0",
        changelog,
    )


@pytest.mark.parametrize("version", ["0.1.0", "0.0.9", "1.0", "v0.2.0", "0.2.0rc1", ""])
def test_an_invalid_or_earlier_version_changes_nothing(checkout, version):
    before = contents(checkout)
    code, _, err = release(checkout, "cut", version)
    assert (code, err) == (
        2,
        f"statpipe: {version!r} is not a version after 0.1.0; write it as 1.2.3\n",
    )
    assert contents(checkout) == before


def test_without_a_change_there_is_nothing_to_release(checkout):
    release(checkout, "cut", "0.2.0")
    before = contents(checkout)
    code, _, err = release(checkout, "cut", "0.3.0")
    assert (code, "nothing under [Unreleased]" in err) == (2, True)
    assert contents(checkout) == before


def test_the_notes_of_a_tag_are_its_section(checkout):
    release(checkout, "cut", "0.2.0")
    assert release(checkout, "notes", "v0.2.0") == (0, "", "")
    assert (checkout / "build" / "notes.md").read_text() == "### Added\n\n- Tea.\n"


@pytest.mark.parametrize("tag", ["v0.1.0", "0.2.0", "v0.2.0-rc1", "v0.2.0 "])
def test_a_tag_of_another_version_is_refused(checkout, tag):
    release(checkout, "cut", "0.2.0")
    code, _, err = release(checkout, "notes", tag)
    assert code == 2
    assert err.endswith("the version of this commit is 0.2.0; tag it as v0.2.0\n")


def test_a_version_without_a_section_is_refused(checkout):
    (checkout / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n- Tea.\n")
    code, _, err = release(checkout, "notes", "v0.1.0")
    assert (code, "has no section [0.1.0]" in err) == (2, True)


def test_the_changelog_and_the_plugins_of_this_repository_can_be_released(checkout):
    shutil.copy(ROOT / "CHANGELOG.md", checkout)
    assert release(checkout, "cut", "9.0.0")[0] == 0
    assert release(checkout, "notes", "v9.0.0")[0] == 0
    assert len((checkout / "build" / "notes.md").read_text()) > 20

"""Cut a release, or check that a tag belongs to one.

    python3 -I scripts/release.py cut 0.2.0     # the section of CHANGELOG.md, the version, the bounds
    python3 -I scripts/release.py notes v0.2.0  # write the section of that version to build/notes.md

docs/contributing/releases.md has the whole way.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION = ROOT / "src" / "statpipe" / "__init__.py"
CHANGELOG = ROOT / "CHANGELOG.md"
NOTES = ROOT / "build" / "notes.md"
UNRELEASED = "## [Unreleased]\n"


def main() -> int:
    """Do one of both; say in one line what is wrong."""
    try:
        verb, argument = sys.argv[1:]
        {"cut": _cut, "notes": _notes}[verb](argument)
    except (ValueError, KeyError) as error:
        usage = "usage: release.py cut VERSION | notes TAG"
        sys.stderr.write(f"statpipe: {error if isinstance(error, _Wrong) else usage}\n")
        return 2
    return 0


class _Wrong(ValueError):
    """It cannot be released like this."""


def _cut(version: str) -> None:
    before = _version()
    if not re.fullmatch(r"\d+\.\d+\.\d+", version) or _numbers(version) <= _numbers(before):
        msg = f"{version!r} is not a version after {before}; write it as 1.2.3"
        raise _Wrong(msg)
    text = CHANGELOG.read_text("utf-8")
    if not _section(text, "Unreleased").strip():
        msg = "CHANGELOG.md has nothing under [Unreleased]; write there what changed"
        raise _Wrong(msg)
    today = datetime.now(UTC).date()
    CHANGELOG.write_text(text.replace(UNRELEASED, f"{UNRELEASED}\n## [{version}] - {today}\n", 1))
    _replace(VERSION, r'(?<=__version__ = ")[^"]+', version)
    for project in sorted(ROOT.glob("plugins/*/pyproject.toml")):
        _replace(project, r'(?<=^since = ")[^"]+', _minor(version))
        _replace(project, r'(?<=^below = ")[^"]+', _next(version))
        bound = f"{_minor(version)},<{_next(version)}"
        _replace(project, r'(?<="statpipe-core>=)[^"]+', bound)
    print(
        f"statpipe: {before} became {version}. Look at `git diff`, run `make test`, and commit it as "
        f"a pull request. Once it is merged: git tag -s v{version} && git push origin v{version}"
    )


def _notes(tag: str) -> None:
    version = _version()
    if tag != f"v{version}":
        msg = (
            f"the tag is {tag!r}, and the version of this commit is {version}; tag it as v{version}"
        )
        raise _Wrong(msg)
    notes = _section(CHANGELOG.read_text("utf-8"), version).strip()
    if not notes:
        msg = f"CHANGELOG.md has no section [{version}]; run `make release VERSION=...` first"
        raise _Wrong(msg)
    NOTES.parent.mkdir(exist_ok=True)
    NOTES.write_text(f"{notes}\n", "utf-8")


def _section(changelog: str, version: str) -> str:
    """Return what stands below the heading of a version, up to the next heading."""
    heading = rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## \[|\Z)"
    found = re.search(heading, changelog, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def _replace(path: Path, pattern: str, text: str) -> None:
    body, count = re.subn(pattern, text, path.read_text("utf-8"), flags=re.MULTILINE)
    if count != 1:
        msg = f"{path.relative_to(ROOT)} has {count} places for the version; expected one"
        raise _Wrong(msg)
    path.write_text(body, "utf-8")


def _version() -> str:
    found = re.search(r'^__version__ = "([^"]+)"', VERSION.read_text("utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _next(version: str) -> str:
    """Return the next version that may change what plugins use."""
    major, minor, _ = _numbers(version)
    return str(major + 1) if major else f"0.{minor + 1}"


if __name__ == "__main__":
    sys.exit(main())

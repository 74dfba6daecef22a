"""What stands below a folder."""

from __future__ import annotations

from pathlib import Path


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())

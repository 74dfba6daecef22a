"""What a program wrote into a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Files:
    """The files of a folder: size and time of the last change of each."""

    found: dict[str, tuple[int, int]]

    @classmethod
    def below(cls, folder: Path) -> Files:
        """Look at all files but locks, which are nobody's data."""
        paths = [p for p in folder.rglob("*") if p.is_file() and "locks" not in p.parts]
        states = {str(p.relative_to(folder)): p.stat() for p in paths}
        return cls({name: (s.st_size, s.st_mtime_ns) for name, s in states.items()})

    @property
    def size(self) -> int:
        """All bytes."""
        return sum(size for size, _ in self.found.values())

    def put_since(self, before: Files) -> list[str]:
        """Name the files that are new or were written again."""
        return sorted(n for n, state in self.found.items() if before.found.get(n) != state)

"""
How much of a disk each extra takes, as `du` counts it, without the bytecode that Python writes later.

    cd tests && ../.venv/bin/python -m support.sizes

It reads what is installed here, and downloads nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution
from pathlib import Path

from support.needed import needed

ROOT = Path(__file__).parents[2]
HOST = "statpipe-core"
OURS = {HOST: ROOT, **{one.name: one for one in (ROOT / "plugins").iterdir() if one.is_dir()}}
BLOCK = 4096
ALL = tuple(OURS)
EXTRAS = {
    "statpipe-core, the base": [HOST],
    "all eight distributions": ALL,
    "with analysts": [*ALL, f"{HOST}[analysts]"],
    "with testing": [*ALL, f"{HOST}[testing]"],
    "with dask": [*ALL, f"{HOST}[dask]"],
    "with aws": [*ALL, *(f"statpipe-{one}[aws]" for one in ("lake", "notify", "postgres"))],
    "with embedded": [*ALL, "statpipe-postgres[{}]".format("embedded")],
}


def sizes(requirements: Iterable[str]) -> dict[str, float]:
    """Return the MiB of each distribution that *requirements* need, the largest first."""
    found = {name: _blocks(name, one) * BLOCK / 2**20 for name, one in needed(requirements).items()}
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _blocks(name: str, one: Distribution) -> int:
    return sum(-(-path.stat().st_size // BLOCK) for path in _files(name, one))


def _files(name: str, one: Distribution) -> Iterator[Path]:
    """Ours are installed from their folders, and have no list of files."""
    if name in OURS:
        files = [path for path in (OURS[name] / "src").rglob("*") if path.is_file()]
    else:
        files = [Path(str(one.locate_file(file))) for file in one.files or ()]
    yield from (path for path in files if path.suffix != ".pyc")


def main() -> None:
    """Print a line for each extra, and the largest parts of the base."""
    for name, requirements in EXTRAS.items():
        sys.stdout.write(f"{sum(sizes(requirements).values()):6.0f} MiB  {name}\n")
    sys.stdout.write("\nThe base:\n")
    for name, size in list(sizes([HOST]).items())[:8]:
        sys.stdout.write(f"{size:6.1f} MiB  {name}\n")


if __name__ == "__main__":
    main()

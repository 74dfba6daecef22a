"""Plugins that somebody installed beside those of this repository: no verdict may depend on them."""

from __future__ import annotations

import sysconfig
from importlib.metadata import Distribution
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_SITE = Path(sysconfig.get_path("purelib"))
OURS = {"statpipe-core", *(path.parent.name for path in _ROOT.glob("plugins/*/pyproject.toml"))}


def hide_strangers() -> None:
    """Let this process find only our plugins, and those that a test puts on its path."""
    from statpipe.engine.site import registry

    found = registry._entry_points
    registry._entry_points = lambda: {
        key: (distribution, entry)
        for key, (distribution, entry) in found().items()
        if not is_stranger(distribution)
    }


def is_stranger(one: Distribution) -> bool:
    """Whether it is installed in this environment, and is not ours."""
    return one.name not in OURS and Path(str(one.locate_file(""))) == _SITE

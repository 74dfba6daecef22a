"""For which versions of statpipe a plugin was written.

A plugin cannot name statpipe among its dependencies: no package index has it. So it says in its metadata,
as an entry point of the group ``statpipe.api``, below which version it works::

    [project.entry-points."statpipe.api"]
    below = "0.2"
"""

from __future__ import annotations

import re
from importlib.metadata import Distribution

import statpipe
from statpipe.api import PluginError

HOST = "statpipe-core"
"""The distribution of statpipe: on the public index, the name ``statpipe`` is another project's."""

_GROUP, _NAME = "statpipe.api", "below"


def refuse_older_plugin(distribution: Distribution) -> None:
    """
    Refuse a plugin that was written for older versions of statpipe, before any of its code runs.

    :raises PluginError: This version is not below the one that the plugin names.
    """
    for point in distribution.entry_points:
        here = (point.group, point.name) == (_GROUP, _NAME)
        if here and _numbers(statpipe.__version__) >= _numbers(point.value):
            msg = (
                f"it is written for statpipe below {point.value}, and this is {statpipe.__version__}; "
                "install a newer version of it"
            )
            raise PluginError(msg)


def next_incompatible() -> str:
    """
    Return the next version of statpipe that may change what plugins use.
    """
    major, minor, *_ = _numbers(statpipe.__version__)
    return str(major + 1) if major else f"0.{minor + 1}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))

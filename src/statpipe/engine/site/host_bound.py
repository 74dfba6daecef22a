"""The versions of statpipe that a plugin supports.

Plugins import ``statpipe.api``, which has the version of statpipe. A plugin declares in its
metadata, as entry points of the group ``statpipe.api``, the first version with which it works, and
the first one with which it may not::

    [project.entry-points."statpipe.api"]
    since = "0.1"
    below = "0.2"

Both are optional. They are read before any code of the plugin is imported. The requirements of a
distribution are not enough: a plugin may be installed without them, or be in a folder.
"""

from __future__ import annotations

import re
from importlib.metadata import Distribution

import statpipe
from statpipe.api import PluginError

HOST = "statpipe-core"
"""The distribution of statpipe. On the public index, ``statpipe`` is another project."""

_GROUP = "statpipe.api"


def refuse_other_versions(distribution: Distribution) -> None:
    """
    Refuse a plugin for other versions of statpipe before any of its code runs.

    :raises PluginError: The plugin does not support this version.
    """
    named = {one.name: one.value for one in distribution.entry_points if one.group == _GROUP}
    here = _numbers(statpipe.__version__)
    if "below" in named and here >= _numbers(named["below"]):
        bound, remedy = f"below {named['below']}", "install a newer version of it"
    elif "since" in named and here < _numbers(named["since"]):
        bound, remedy = (
            f"{named['since']} or later",
            "update statpipe, or install an older version of it",
        )
    else:
        return
    who = f"{distribution.metadata['Name']} {distribution.version}"
    this = f"and this is {statpipe.__version__}"
    raise PluginError(f"{who} is written for statpipe {bound}, {this}; {remedy}")


def this_minor() -> str:
    """
    Return the current version of statpipe without its patch number.
    """
    return ".".join(str(number) for number in _numbers(statpipe.__version__)[:2])


def next_incompatible() -> str:
    """
    Return the next version of statpipe that may be incompatible with plugins.
    """
    major, minor, *_ = _numbers(statpipe.__version__)
    return str(major + 1) if major else f"0.{minor + 1}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))

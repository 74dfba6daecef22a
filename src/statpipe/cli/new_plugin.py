"""``statpipe plugins new``: a new plugin from a template, which works as generated."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from typing import get_args

from statpipe.api import ConfigError
from statpipe.cli.common_options import CommonOptions
from statpipe.cli.install_command import install_command, program
from statpipe.cli.plugin_template import Role, distribution_of, write_plugin
from statpipe.cli.session import Session, in_session
from statpipe.cli.terminal import say
from statpipe.engine.site.registry import Registry

_LONGEST = 30
"""Longer names would break lines in the generated files."""
_OFFERS: dict[Role, tuple[str, ...]] = {
    **{role: (role,) for role in get_args(Role)},
    "source": ("source",),
    "lake": ("sink",),
}
"""The roles that each kind of plugin offers."""


def new_plugin(
    name: str,
    *,
    role: Role = "source",
    into: Path | None = None,
    options: CommonOptions | None = None,
) -> int:
    """
    Create a new plugin: a distribution with tests that passes its contracts.

    Parameters
    ----------
    name
        Name of the plugin in lower-case letters, digits and underscores, such as harbour.
    role
        What the plugin will offer.
    into
        Parent folder; default: the current one.
    """

    def work(session: Session) -> int:
        _must_be_a_name(name)
        _must_be_free(name, role, session.registry)
        folder = (into or Path()) / distribution_of(name)
        if folder.exists():
            msg = f"{folder} exists already; choose another name, or another folder with --into"
            raise ConfigError(msg)
        write_plugin(name, role, folder)
        for line in _next_steps(name, folder).split("\n"):
            say(line)
        return 0

    return in_session(options or CommonOptions(), work)


def _must_be_a_name(name: str) -> None:
    if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) is None or len(name) > _LONGEST:
        msg = (
            f"{name!r} is not a valid plugin name; use lower-case letters, digits and single "
            f"underscores, {_LONGEST} at most, such as harbour or port_statistics"
        )
        raise ConfigError(msg)
    if keyword.iskeyword(name) or name.split("_", maxsplit=1)[0] in {"statpipe", "test", "tests"}:
        msg = f"{name!r} would clash with names of Python or statpipe; choose another"
        raise ConfigError(msg)


def _must_be_free(name: str, role: Role, registry: Registry) -> None:
    """Refuse a name that another plugin already offers."""
    for offer in registry.offers:
        mine = (name, f"{name}_json")
        if offer.role in _OFFERS[role] and offer.name in mine:
            msg = (
                f"{offer.distribution} {offer.version} offers a {offer.role} named {offer.name}; "
                "choose another name"
            )
            raise ConfigError(msg)
    distribution = distribution_of(name)
    if any(offer.distribution == distribution for offer in registry.offers):
        msg = f"a distribution named {distribution} is already installed; choose another name"
        raise ConfigError(msg)


def _next_steps(name: str, folder: Path) -> str:
    return f"""\
{folder} is ready. Next, from this folder:

  {install_command(folder)}
  {program("statpipe")} plugins test {name}     # run the contract tests; failures say what to do"""

"""The lake and the checks that a worker in another process opens for itself.

Its description is sent with each task and contains no credential: settings refer to variables, and
a worker looks them up in its own environment or its own file ``.env``.
"""

from __future__ import annotations

import json
import os
import platform
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from attrs import field, frozen

import statpipe
from statpipe.api import Check, ConfigError, Environment, Lake
from statpipe.engine.site.aws_environment import aws_environment
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.made import made_of
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import Site, open_lake
from statpipe.engine.site.variables import read_variables

_DECIDING = ("duckdb", "pyarrow")
"""Libraries that affect verdicts and bytes."""


@frozen(kw_only=True)
class Workplace:
    """
    The configuration of an environment's lake and checks. ``document`` is that part of it as JSON.

    ``versions`` are those of the coordinator's plugins and of libraries that affect bytes.
    """

    path: Path | None
    environment: Environment
    document: str = field(repr=False)
    checks: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]


@frozen(kw_only=True)
class Bench:
    """
    What units of work can use.
    """

    lake: Lake
    checks: dict[str, Check] = field(repr=False)


def workplace_of(site: Site) -> Workplace:
    """
    Describe a site's lake and checks for another process.
    """
    configuration, name = site.configuration, site.environment.name
    lake = next(one for one, sink in site.sinks.items() if sink is site.lake)
    own: dict[str, Any] = {
        "embedded": site.environment.embedded,
        "sinks": {lake: dict((configuration.sinks(name) or {}).get(lake, {}))},
        "checks": dict(configuration.table("environments", name, "checks")),
    }
    document = {"environments": {name: own}, "checks": dict(configuration.table("checks"))}
    return Workplace(
        path=configuration.path,
        environment=site.environment,
        document=json.dumps(document, sort_keys=True),
        checks=tuple(site.checks),
        versions=tuple(_versions(site.registry).items()),
    )


@cache
def bench_at(workplace: Workplace) -> Bench:
    """
    Open the lake and make the checks, once in a process.

    :raises ConfigError: They cannot be made here, for example because a plugin or a variable is
    missing, or versions differ.
    """
    environment = workplace.environment
    variables = read_variables(environment.home / ".env", os.environ)
    os.environ.update(aws_environment(variables, os.environ))
    configuration = Configuration(
        path=workplace.path,
        home=environment.home,
        document=json.loads(workplace.document),
        variables=variables,
    )
    registry = Registry.installed()
    _refuse_other_versions(workplace, _versions(registry))
    site = open_lake(configuration, registry, environment.name, environment.scratch)
    checks = {
        name: made_of(registry.find("check", name), configuration, environment)
        for name in workplace.checks
    }
    return Bench(lake=site.lake, checks=checks)


def _versions(registry: Registry) -> dict[str, str]:
    others = {name: metadata.version(name) for name in _DECIDING}
    return {"statpipe": statpipe.__version__, **registry.versions(), **others}


def _refuse_other_versions(workplace: Workplace, here: dict[str, str]) -> None:
    """Refuse other versions, which may make different bytes from the same Bronze."""
    differing = [
        f"{name} {here.get(name, 'is not installed')} instead of {version}"
        for name, version in workplace.versions
        if here.get(name) != version
    ]
    if differing:
        msg = (
            f"a worker on {platform.node()} has {', '.join(differing)}; install the same versions for all "
            "workers"
        )
        raise ConfigError(msg)

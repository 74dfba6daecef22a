"""What a worker in another process opens for itself: the lake, and the checks.

Its description travels with each task and holds no credential: settings refer to variables, and a
worker looks these up in its own environment, or in the file ``.env`` that it sees.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from attrs import field, frozen

from statpipe.api import Check, Environment, Lake
from statpipe.engine.site.aws_environment import aws_environment
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.made import made_of
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import Site, open_lake
from statpipe.engine.site.variables import read_variables


@frozen(kw_only=True)
class Workplace:
    """
    An environment's lake and checks as the configuration has them. ``document`` is that part of it, as JSON.
    """

    path: Path | None
    environment: Environment
    document: str = field(repr=False)
    checks: tuple[str, ...]


@frozen(kw_only=True)
class Bench:
    """
    What units of work have at hand.
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
    )


@cache
def bench_at(workplace: Workplace) -> Bench:
    """
    Open the lake and make the checks, once in a process.

    :raises ConfigError: They cannot be made here, such as for want of a plugin or of a variable.
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
    site = open_lake(configuration, registry, environment.name, environment.scratch)
    checks = {
        name: made_of(registry.find("check", name), configuration, environment)
        for name in workplace.checks
    }
    return Bench(lake=site.lake, checks=checks)

"""A tiny load through every stage, in a separate place that is removed afterwards."""

from __future__ import annotations

import secrets
from contextlib import ExitStack

from statpipe.api import Manifest
from statpipe.engine.runs.run import run_sources
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.registry import Registry
from statpipe.engine.site.site import open_site
from statpipe.engine.stages.options import Options


def smoke(
    configuration: Configuration, registry: Registry, environment: str, name: str
) -> Manifest:
    """
    Run the smallest possible load of a source through an environment's sinks and checks.

    :raises ConfigError: The environment is not configured, or its configuration is wrong.
    """
    scratch = f"smoke_{secrets.token_hex(4)}"
    site = open_site(configuration, registry, environment, scratch=scratch, fetching=[name])
    with ExitStack() as stack:  # do each, even if another fails
        stack.callback(site.close)
        for sink in site.sinks.values():
            stack.callback(sink.remove_scratch)
        (manifest,) = run_sources(site, [name], Options(smallest=True, command="smoke"))
    return manifest

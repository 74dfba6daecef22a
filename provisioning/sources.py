"""The sources that the daily run loads: those of ``statpipe.toml``."""

from __future__ import annotations

from pathlib import Path

from provisioning.failures import Misconfigured
from statpipe.api import ConfigError
from statpipe.engine.site.configuration import load_configuration

FILE = Path(__file__).resolve().parent.parent / "statpipe.toml"


def configured_sources(environment: str) -> tuple[str, ...]:
    """
    Return the sources that an environment configures, in the order of the file.

    :raises Misconfigured: The file is not valid.
    """
    try:
        return tuple(load_configuration(FILE).sources(environment))
    except ConfigError as error:
        raise Misconfigured(str(error)) from None

"""Suggests a flow if the configured one does not exist."""

from __future__ import annotations

from collections.abc import Callable

from statpipe.api import ConfigError, Payload, StatpipeError, nearest
from statpipe_sdmx.ml_structure import flows_in


def named_wrongly(
    flow: str, where: str, service: str, ask: Callable[[], Payload]
) -> ConfigError | None:
    """
    Return what is wrong with the name of a flow, or ``None`` if the list of all flows contains it
    or cannot be fetched. *ask* fetches the list, *where* is the source, and *service* the name of
    the service.
    """
    try:
        there = {one.id for one in flows_in(ask())}
    except StatpipeError:
        return None
    if not there or flow in there:
        return None
    hint = nearest(flow, there)
    end = "" if hint.endswith("?") else "."
    msg = (
        f"{where}: the service has no flow {flow!r} among its {len(there):,}{hint}{end} Look for it with "
        f"`statpipe sdmx flows {service}`, and set `agency` if another agency owns it"
    )
    return ConfigError(msg)

"""Telling lifecycle hooks what happened, so that none can disturb the run or another observer."""

from __future__ import annotations

import structlog

from statpipe.engine.registry import Registry

log = structlog.get_logger("statpipe")


class Observers:
    """
    Calls the implementations of a lifecycle hook one by one.

    pluggy stops at the first one that raises, which would silence those after it.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def tell(self, hook: str, event: object) -> None:
        """
        Tell everybody; log the name of whoever raises.
        """
        caller = getattr(self._registry.manager.hook, hook)
        for implementation in caller.get_hookimpls():
            arguments = [event] if implementation.argnames else []
            try:
                implementation.function(*arguments)
            except Exception as error:  # noqa: BLE001 - an observer must not change the run
                log.warning(
                    "observer failed",
                    hook=hook,
                    plugin=implementation.plugin_name,
                    error=f"{type(error).__name__}: {error}",
                )

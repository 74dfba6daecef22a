"""Calls lifecycle hooks so that none can disturb the run or another observer."""

from __future__ import annotations

import structlog

from statpipe.engine.site.registry import Registry

log = structlog.get_logger("statpipe")


class Observers:
    """
    Calls the implementations of a lifecycle hook one by one.

    pluggy stops at the first one that raises, which would silence those after it.
    """

    def __init__(self, *registries: Registry) -> None:
        self._registries = registries

    def tell(self, hook: str, event: object) -> None:
        """
        Call every observer; log the name of any that raises.
        """
        callers = [getattr(registry.manager.hook, hook) for registry in self._registries]
        for implementation in [one for caller in callers for one in caller.get_hookimpls()]:
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
